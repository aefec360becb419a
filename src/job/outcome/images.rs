//! Whether a build that succeeded has reported all images that it was started for.

use std::collections::BTreeSet;

use crate::job::{
    Image,
    build::Build,
    event::image::image_results,
    outcome::{Failure, FailureKind},
};

/// The value of `failure.code`.
const CODE: &str = "IMAGES_MISSING";

/// How many references a message names; the others are counted.
const NAMED: usize = 10;

/// The failure of a build that does not report all images that it was started for. `None`: all are reported. The report may have more
/// images, and name another registry.
pub(super) fn missing(build: &Build) -> Option<Failure> {
    let requested: Vec<Image> = serde_json::from_str(build.requested_images.as_deref()?).unwrap_or_default();
    let requested: BTreeSet<_> = requested.iter().flat_map(|image| image.tags.iter().map(|tag| format!("{}:{tag}", image.name))).collect();
    let results = image_results(build);
    let mut reported: Vec<_> = results.images.iter().map(|image| image.reference.as_str()).collect();
    // Each report counts for one image. The longest names come first: `x/team/app:1` also ends with `team/app:1` and `app:1`.
    let mut longest_first: Vec<_> = requested.iter().collect();
    longest_first.sort_by_key(|reference| std::cmp::Reverse(reference.len()));
    let mut missing = BTreeSet::new();
    for reference in longest_first {
        let is_it = |reported: &&str| reported.strip_suffix(reference.as_str()).is_some_and(|host| host.is_empty() || host.ends_with('/'));
        match reported.iter().position(is_it) {
            Some(at) => drop(reported.swap_remove(at)),
            None => drop(missing.insert(reference.as_str())),
        }
    }
    (!missing.is_empty()).then(|| failure(build, &missing, requested.len(), results.malformed))
}

fn failure(build: &Build, missing: &BTreeSet<&str>, requested: usize, malformed: bool) -> Failure {
    let mut names = missing.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    if missing.len() > NAMED {
        names = format!("{names} and {} more", missing.len() - NAMED);
    }
    let report = if malformed { "its SLIPWAY_RESULT cannot be read" } else { "its SLIPWAY_RESULT does not name them" };
    let (kind, advice) = if build.is_operators {
        (FailureKind::Platform, "the operator should let the buildspec of jobs with images push them and export their references there")
    } else {
        (
            FailureKind::Build,
            "let the repository's buildspec push them and export their references there, or ask the operator for the central buildspec",
        )
    };
    let message = format!("the build succeeded without {} of {requested} images, {names}: {report} ({advice})", missing.len());
    Failure { kind, phase: None, code: Some(CODE.to_owned()), message, command: None }
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::job::event::image::RESULT_VARIABLE;

    fn build(requested: &str, result: Option<&str>) -> Build {
        Build {
            requested_images: Some(requested.into()),
            is_operators: true,
            exported: result.map(|result| (RESULT_VARIABLE.to_owned(), result.to_owned())).into_iter().collect(),
            ..Build::default()
        }
    }

    #[test]
    fn every_requested_image_must_be_reported_by_name_and_tag() {
        let two = r#"[{"name":"app","tags":["1","latest"]},{"name":"team/app","tags":["1"]}]"#;
        let report = |references: &[&str]| {
            let images: Vec<_> = references.iter().map(|reference| format!(r#"{{"reference":"{reference}"}}"#)).collect();
            format!("[{}]", images.join(","))
        };
        for (reported, expected) in [
            (&["r/x/app:1", "r/x/app:latest", "r/x/team/app:1"][..], None),
            (&["app:latest", "other:1", "team/app:1", "app:1"], None),
            (&["r/team/app:1", "r/app:latest"], Some("1 of 3 images, app:1:")),
            (&["r/app:1", "r/app:latest"], Some("1 of 3 images, team/app:1:")),
            (&["r/myapp:1", "r/app:12", "r/app:latest", "r/team/app:1"], Some("1 of 3 images, app:1:")),
            (&[], Some("3 of 3 images, app:1, app:latest, team/app:1:")),
        ] {
            let failure = missing(&build(two, Some(&report(reported))));
            let reason = failure.map(|failure| failure.message);
            match (reason, expected) {
                (None, None) => {}
                (Some(reason), Some(expected)) => assert!(reason.contains(expected), "{reported:?}: {reason}"),
                (reason, expected) => panic!("{reported:?}: {reason:?}, not {expected:?}"),
            }
        }
        assert_eq!(missing(&Build::default()), None);
    }

    #[test]
    fn missing_images_are_the_fault_of_the_buildspecs_owner() {
        let one = r#"[{"name":"app","tags":["1"]}]"#;
        let operators = missing(&build(one, None)).expect("a failure");
        assert_eq!((operators.kind, operators.code.as_deref()), (FailureKind::Platform, Some("IMAGES_MISSING")));
        assert!(operators.message.contains("does not name them (the operator should"), "{}", operators.message);
        let senders = missing(&Build { is_operators: false, ..build(one, Some("nonsense")) }).expect("a failure");
        assert_eq!(senders.kind, FailureKind::Build);
        assert!(senders.message.contains("cannot be read (let the repository's buildspec"), "{}", senders.message);
        let tags: Vec<_> = (0..20).map(|n| format!("\"t{n}\"")).collect();
        let many = missing(&build(&format!(r#"[{{"name":"app","tags":[{}]}}]"#, tags.join(",")), None)).expect("a failure");
        assert!(many.message.contains(" and 10 more: "), "{}", many.message);
    }
}
