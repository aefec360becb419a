#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;

fn build(number: i64) -> Build {
    Build {
        id: format!("flex:{number}").into(),
        status: "SUCCEEDED".into(),
        job: Some(JobId::parse(&format!("job-{number}")).unwrap()),
        started: Some(Timestamp::from_second(number).unwrap().into()),
        ..Build::default()
    }
}

#[test]
fn the_newest_builds_are_kept_and_the_older_ones_count_as_unread() {
    let mut project = Project { read: Some((Instant::now(), Timestamp::MIN)), ..Project::default() };
    for number in 0..50 {
        project.add(&build(number));
        project.known.insert(build(number).id, build(number).started_at().unwrap());
    }
    project.prune(10);
    assert!((10..=20).contains(&project.known.len()), "{}", project.known.len());
    assert_eq!(project.known.len(), project.jobs.len());
    assert_eq!(project.sightings, project.jobs.len());
    let oldest = project.known.values().min().copied().unwrap();
    assert_eq!(project.read.unwrap().1, oldest);
    assert!(project.known.contains_key("flex:49"));
}

#[test]
fn builds_that_no_reading_has_met_are_forgotten_too() {
    let mut project = Project::default();
    for number in 0..100 {
        project.add(&build(number));
        project.prune(20);
        assert!(project.jobs.len() <= 25, "{}", project.jobs.len());
    }
    assert!(project.jobs.len() >= 20 && project.jobs.contains_key(&JobId::parse("job-99").unwrap()));
}
