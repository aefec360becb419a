#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;
use crate::cli::Exit;

const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/config/slipway.toml");
const QUEUE: &str = "https://sqs.eu-west-1.amazonaws.com/123456789012/slipway-jobs";
const TOPIC: &str = "arn:aws:sns:eu-west-1:123456789012:slipway-events";

fn environment<'a>(pairs: &[(&'a str, &'a str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn site(queue: &str, topic: &str, project: &str) -> Site {
    Site { queue: Some(queue.into()), topic: Some(topic.into()), projects: [project.to_owned()].into(), ..Site::default() }
}

#[test]
fn local_mode_is_known_by_its_endpoint() {
    let none = Location::default();
    for (endpoint, region, queue, topic) in [
        (
            "http://127.0.0.1:4566",
            ("AWS_REGION", ""),
            "http://127.0.0.1:4566/000000000000/slipway-jobs",
            "arn:aws:sns:us-east-1:000000000000:slipway-events",
        ),
        (
            "http://localhost:5000/",
            ("AWS_DEFAULT_REGION", "eu-west-1"),
            "http://localhost:5000/000000000000/slipway-jobs",
            "arn:aws:sns:eu-west-1:000000000000:slipway-events",
        ),
    ] {
        let found = none.site(environment(&[("AWS_ENDPOINT_URL", endpoint), region])).unwrap();
        assert_eq!(found, site(queue, topic, "slipway"));
    }
    for endpoint in ["https://sqs.eu-west-1.amazonaws.com", "", "127.0.0.1:4566"] {
        let found = none.site(environment(&[("AWS_ENDPOINT_URL", endpoint)])).unwrap();
        assert_eq!(found, Site::default(), "{endpoint}");
        let (queue, projects) = (found.queue().unwrap_err(), found.projects().unwrap_err());
        assert!(queue.0.contains("`slipway local`") && projects.0.contains("--client"), "{}", queue.0);
    }
}

#[test]
fn the_closest_word_wins() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("client.toml");
    std::fs::write(&file, format!("queue_url = \"{QUEUE}\"\ntopic_arn = \"{TOPIC}\"\nprojects = [\"arm\"]\n")).unwrap();
    let path = file.to_str().unwrap();
    let local = ("AWS_ENDPOINT_URL", "http://127.0.0.1:4566");
    let of_config = |location: &Location, pairs: &[_]| location.site(environment(pairs)).unwrap();

    let client = Location { client: Some(file.clone()), ..Location::default() };
    let of_file = Site { file: Some(file.clone()), ..site(QUEUE, TOPIC, "arm") };
    assert_eq!(of_config(&client, &[local, ("SLIPWAY_CONFIG", EXAMPLE)]), of_file);
    assert_eq!(of_config(&Location::default(), &[local, ("SLIPWAY_CLIENT", path)]), of_file);
    let config = Location { config: Some(EXAMPLE.into()), ..Location::default() };
    let found = of_config(&config, &[local, ("SLIPWAY_CLIENT", path)]);
    assert!(found.config.is_some() && found.projects == ["codebuild-flex".to_owned()].into());

    let named = Location { queue_url: Some("url".into()), projects: vec!["a".into(), "b".into()], ..client };
    let found = of_config(&named, &[]);
    assert_eq!((found.queue.as_deref(), found.topic.as_deref()), (Some("url"), Some(TOPIC)));
    assert_eq!(found.projects, ["a".to_owned(), "b".to_owned()].into());
    assert_eq!(named.typed(), ["--queue-url", "url", "--project", "a,b", "--client", path]);

    let missing = Location { config: Some("/nowhere.toml".into()), ..Location::default() };
    assert_eq!(Exit::of(&missing.site(environment(&[])).unwrap_err()), Exit::Configuration);
}

#[test]
fn what_is_missing_to_follow_a_job_is_told_with_the_place_to_add_it() {
    let file = Some(PathBuf::from("client.toml"));
    let (projects, topic) = ("projects = [\"NAME\"]", "topic_arn = \"ARN\"");
    for (file, known, words, absent) in [
        (file.clone(), None, vec!["client.toml names the queue alone", projects, topic, "--project NAME --topic-arn ARN"], "--client"),
        (file, Some(TOPIC), vec!["client.toml", projects, "--project NAME"], "ARN"),
        (None, None, vec!["the queue alone is named", "--project NAME --topic-arn ARN", "--client FILE"], "projects ="),
        (None, Some(TOPIC), vec!["--project NAME", "--client FILE"], "ARN"),
    ] {
        let site = Site { queue: Some(QUEUE.into()), topic: known.map(str::to_owned), file, ..Site::default() };
        let told = site.projects().unwrap_err().0;
        assert!(words.iter().all(|word| told.contains(word)) && !told.contains(absent) && !told.contains('\n'), "{told}");
    }
}
