//! What holds for any message, whatever it says: shared by the fuzz target and the property test in `tests/it/hostile.rs`.

use std::collections::BTreeMap;

use slipway::{
    config::Profile,
    job::{
        Job, VariableKind,
        event::{self, Event, Origin},
        message::{self, Message, Rejection},
        order,
        outcome::{Outcome, Status},
    },
};

/// The id that SQS gave the message.
const MESSAGE_ID: &str = "5fea7756-0ea4-451a-a703-a558b933e274";
/// SNS takes this many bytes, attributes included.
const TOPIC_BYTES: usize = 262_144;
/// 50 are listed, and one counts the others.
const MAX_PROBLEMS: usize = 51;
/// 200 characters of a path and 300 of a text at most, four bytes each, and an ellipsis.
const MAX_PATH_BYTES: usize = 4 * 200 + 3;
const MAX_PROBLEM_BYTES: usize = 4 * 300 + 3;

/// The profiles that every message is read under.
fn profiles() -> BTreeMap<String, Profile> {
    let profile = |name: &str, sources: &[&str], timeout_minutes| Profile {
        name: name.to_owned(),
        project: "flex".to_owned(),
        registry: Some("123456789012.dkr.ecr.eu-west-1.amazonaws.com".to_owned()),
        sources: sources.iter().map(|&source| source.to_owned()).collect(),
        secrets: vec!["npm/*".to_owned()],
        platforms: vec!["linux/amd64".to_owned(), "linux/arm64".to_owned()],
        timeout_minutes,
        ..Profile::default()
    };
    let default = profile("default", &["https://github.com/acme/*", "s3://bucket/*"], 60);
    let local = profile("local", &["file:///srv/*"], 2_160);
    [default, local].into_iter().map(|profile| (profile.name.clone(), profile)).collect()
}

/// Reads a message as the daemon does and holds the answer to its promises. Panics on a broken one.
pub(crate) fn check(body: &str) {
    let profiles = profiles();
    match message::read(body, MESSAGE_ID, &profiles) {
        Ok(Message::Job(job)) => check_job(&job, &profiles),
        Ok(Message::Cancel(cancel)) => {
            check_name(cancel.id.as_str());
            assert!(cancel.reason.is_none_or(|reason| is_one_line(&reason) && reason.chars().count() <= 1_000));
        }
        Err(rejection) => check_rejection(&rejection),
    }
}

fn check_rejection(rejection: &Rejection) {
    assert!((1..=MAX_PROBLEMS).contains(&rejection.problems.len()), "{} problems", rejection.problems.len());
    for problem in &rejection.problems {
        assert!(problem.path.is_empty() || problem.path.starts_with('/'), "{problem}");
        assert!(problem.path.len() <= MAX_PATH_BYTES && problem.problem.len() <= MAX_PROBLEM_BYTES, "{problem}");
        assert!(!problem.problem.is_empty() && is_one_line(&problem.to_string()), "{problem:?}");
    }
    check_event(&event::rejected(rejection, &origin(), now()));
}

/// A job that was accepted is one that `CodeBuild` and the shell of its build can be given.
fn check_job(job: &Job, profiles: &BTreeMap<String, Profile>) {
    check_name(job.id.as_str());
    check_name(job.tenant.as_str());
    let profile = &profiles[&job.profile];
    let order = order::translate(job, profile, 1, None);
    assert_eq!(order, order::translate(job, profile, 1, None), "one token, one request");

    assert_eq!(order.project, profile.project, "the operator's, whatever the job says");
    assert!(order.timeout_minutes.is_some_and(|minutes| (5..=profile.timeout_minutes).contains(&minutes)));
    assert!((1..=64).contains(&order.token.len()));
    assert!(order.clone_depth.is_none_or(|depth| depth >= 0));
    for text in order.source_location.iter().chain(&order.source_version) {
        assert!(!text.is_empty() && !text.starts_with('-') && is_one_line(text), "{text:?}");
    }

    let mut names = std::collections::HashSet::new();
    for variable in &order.env {
        let name = variable.name.as_str();
        assert!(is_identifier(name) && names.insert(name), "{name:?}");
        assert!(!name.starts_with("CODEBUILD") && !name.starts_with("AWS_"), "{name:?}");
        assert!(variable.value.chars().count() <= order::MAX_VALUE, "{name}");
        assert!(variable.kind == VariableKind::Plaintext || !variable.value.is_empty(), "{name}");
        assert!(!variable.value.contains(|c: char| c.is_control() && !matches!(c, '\n' | '\t')), "{name}: {:?}", variable.value);
    }
    let own = order.env.iter().filter(|variable| variable.name.starts_with("SLIPWAY")).count();
    assert_eq!(own, 7 + usize::from(job.group.is_some()), "only Slipway's own");

    for image in &job.images {
        for path in [&image.context, &image.dockerfile] {
            let escapes = path.split('/').scan(0_i32, |depth, part| {
                *depth += match part {
                    ".." => -1,
                    "" | "." => 0,
                    _ => 1,
                };
                Some(*depth < 0)
            });
            assert!(!path.starts_with(['/', '-']) && !path.is_empty() && is_one_line(path), "{path:?}");
            assert!(!escapes.into_iter().any(|escaped| escaped), "{path:?}");
        }
        assert!(!image.name.starts_with(['-', '/', '.']) && !image.name.contains([':', '@', ' ']), "{:?}", image.name);
        assert!(image.tags.iter().all(|tag| (1..=128).contains(&tag.len()) && !tag.starts_with(['-', '.'])), "{:?}", image.tags);
        assert!(image.target.as_deref().is_none_or(|target| !target.is_empty() && !target.starts_with('-')));
        let steers = |name: &String| name.to_uppercase().starts_with("BUILDKIT_") || name.to_uppercase().ends_with("_PROXY");
        assert!(image.build_args.keys().all(|name| is_identifier(name)), "{:?}", image.build_args);
        assert!(!image.build_args.keys().any(|name| steers(name) && !name.contains("MY")), "{:?}", image.build_args);
        assert!(image.secrets.iter().all(|name| job.env.iter().any(|variable| variable.name == *name)), "{:?}", image.secrets);
    }

    check_event(&event::queued(job, &origin(), now()));
    let outcome = Outcome { status: Status::Cancelled, failure: None };
    let timings = event::Timings::default();
    let (origin, images) = (origin(), Vec::new());
    let finished = event::Finished {
        job,
        origin: &origin,
        attempt: 0,
        build: None,
        outcome: &outcome,
        log: None,
        images,
        outputs: BTreeMap::default(),
        reason: None,
        superseded_by: None,
        timings,
    };
    check_event(&event::finished(finished, now()));
}

/// SNS takes it.
fn check_event(event: &Event) {
    for max in [TOPIC_BYTES, 4_096] {
        let publication = event.publication(max);
        let attributes: usize = publication.attributes.iter().map(|(name, value)| name.len() + "String".len() + value.len()).sum();
        let size = publication.body.len() + publication.subject.len() + attributes;
        assert!(size <= max, "{size} of {max}");
        assert!(publication.attributes.len() <= 10 && publication.attributes.values().all(|value| !value.is_empty() && is_one_line(value)));
        assert!((1..100).contains(&publication.subject.len()) && publication.subject.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
        assert!(!publication.body.contains(['\u{FFFE}', '\u{FFFF}']), "SQS refuses these");
        let body: serde_json::Value = serde_json::from_str(&publication.body).unwrap_or_default();
        assert_eq!(body["id"], publication.id.as_str());
    }
}

fn origin() -> Origin {
    Origin { message_id: MESSAGE_ID.into(), queue: "slipway-jobs".into(), enqueued_at: Some(now()), last_receive: false, traceparent: None }
}

fn now() -> jiff::Timestamp {
    jiff::Timestamp::UNIX_EPOCH
}

fn check_name(name: &str) {
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    assert!((1..=64).contains(&name.len()) && plain, "{name:?}");
}

fn is_identifier(name: &str) -> bool {
    !name.starts_with(|c: char| c.is_ascii_digit())
        && !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn is_one_line(text: &str) -> bool {
    !text.chars().any(char::is_control)
}
