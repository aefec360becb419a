#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::job::{
    JobId, Priority, SourceUrl, Tenant,
    build::{LogLocation, Phase},
    group::OnConflict,
    outcome::FailureKind,
    schema,
};

static SCHEMA: LazyLock<jsonschema::Validator> = LazyLock::new(|| jsonschema::validator_for(&schema::event()).unwrap());

fn now() -> Timestamp {
    "2026-11-22T10:22:00.123456Z".parse().unwrap()
}

fn job() -> Job {
    Job {
        id: JobId::parse("app-4711").unwrap(),
        source: crate::job::Source {
            url: SourceUrl::parse("https://github.com/acme/app.git").unwrap(),
            revision: Some("main".into()),
            depth: 1,
            submodules: false,
        },
        images: vec![],
        profile: "default".into(),
        env: vec![],
        timeout_minutes: None,
        tenant: Tenant::parse("team-a").unwrap(),
        priority: Priority::Normal,
        group: Some(crate::job::Group { key: "k".into(), on_conflict: OnConflict::Queue }),
        labels: [("release".to_owned(), "1.4.2".to_owned())].into(),
    }
}

fn origin() -> Origin {
    Origin {
        message_id: "5fea7756".into(),
        queue: "slipway-jobs".into(),
        enqueued_at: Some("2026-11-22T10:20:00Z".parse().unwrap()),
        traceparent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".into()),
        last_receive: false,
    }
}

fn build() -> Build {
    Build {
        id: "flex:u-1".into(),
        arn: "arn:aws:codebuild:eu-west-1:123456789012:build/flex:u-1".into(),
        number: Some(17),
        project: "flex".into(),
        status: "FAILED".into(),
        complete: true,
        phases: vec![Phase { name: "BUILD".into(), status: Some("FAILED".into()), seconds: Some(71.5), ..Phase::default() }],
        started_at: Some(now()),
        commit: Some("9f1c3b7".into()),
        log: Some(LogLocation::default()),
        ..Build::default()
    }
}

fn failed() -> Outcome {
    let failure = Failure {
        kind: FailureKind::Build,
        phase: Some("BUILD".into()),
        code: Some("COMMAND_EXECUTION_ERROR".into()),
        message: "exit status 1".into(),
        command: Some("docker build .".into()),
    };
    Outcome { status: Status::Failed, failure: Some(failure) }
}

fn log(excerpt: &str) -> Log {
    Log { excerpt: excerpt.into(), group: "g".into(), stream: "s".into(), lines: excerpt.lines().count(), complete: true, ..Log::default() }
}

/// An end of which nothing is known but how.
fn nothing<'a>(job: &'a Job, origin: &'a Origin, outcome: &'a Outcome) -> Finished<'a> {
    Finished {
        job,
        origin,
        attempt: 0,
        build: None,
        outcome,
        log: None,
        images: vec![],
        outputs: BTreeMap::new(),
        reason: None,
        superseded_by: None,
        timings: Timings::default(),
    }
}

fn finish(job: &Job, build: &Build, outcome: &Outcome, log: Log) -> Event {
    let (origin, timings) = (origin(), Timings::default().with_build(build));
    finished(Finished { attempt: 2, build: Some(build), outcome, log: Some(log), timings, ..nothing(job, &origin, outcome) }, now())
}

#[test]
fn a_finished_job_is_told_as_the_contract_says() {
    let publication = finish(&job(), &build(), &failed(), log("the log")).publication(262_144);
    let body: Value = serde_json::from_str(&publication.body).unwrap();
    let expected = json!({
        "specversion": "1.0", "id": "app-4711/finished", "source": "urn:slipway:slipway-jobs", "type": "slipway.job.finished",
        "subject": "app-4711", "time": "2026-11-22T10:22:00.123Z", "datacontenttype": "application/json",
        "data": {
            "version": 1, "status": "failed",
            "job": {
                "id": "app-4711", "message_id": "5fea7756", "tenant": "team-a", "profile": "default", "priority": "normal",
                "source": { "url": "https://github.com/acme/app.git", "revision": "main", "commit": "9f1c3b7" },
                "labels": { "release": "1.4.2" }, "group": "k", "enqueued_at": "2026-11-22T10:20:00.000Z",
            },
            "attempt": 2,
            "build": {
                "id": "flex:u-1", "arn": "arn:aws:codebuild:eu-west-1:123456789012:build/flex:u-1", "number": 17, "project": "flex",
                "started_at": "2026-11-22T10:22:00.123Z",
                "console_url": "https://eu-west-1.console.aws.amazon.com/codesuite/codebuild/123456789012/projects/flex/build/flex%3Au-1/?region=eu-west-1",
                "phases": [{ "name": "BUILD", "status": "FAILED", "seconds": 71.5 }],
            },
            "failure": {
                "kind": "build", "phase": "BUILD", "code": "COMMAND_EXECUTION_ERROR", "message": "exit status 1", "command": "docker build .",
            },
            "log": {
                "excerpt": "the log", "group": "g", "stream": "s", "lines": 1, "truncated": false, "complete": true, "redactions": 0,
            },
            "timings": { "building_seconds": 71.5 },
        },
    });
    assert_eq!(body, expected);
    assert!(SCHEMA.is_valid(&body));
    assert_eq!(
        (publication.id.as_str(), publication.group.as_str(), publication.subject.as_str()),
        ("app-4711/finished", "app-4711", "app-4711 failed")
    );
    let attributes: Vec<_> = publication.attributes.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let expected = [
        ("job_id", "app-4711"),
        ("profile", "default"),
        ("repository", "github.com/acme/app"),
        ("status", "failed"),
        ("tenant", "team-a"),
        ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
        ("type", "slipway.job.finished"),
        ("version", "1"),
    ];
    assert_eq!(attributes, expected);
}

#[test]
fn the_schema_knows_what_each_status_has_and_a_cancelled_job_has_a_reason() {
    let of = |status, failure: Option<Failure>| {
        let event = finish(&job(), &build(), &Outcome { status, failure }, log(""));
        serde_json::to_value(&event).unwrap()
    };
    let cancelled = of(Status::Cancelled, None);
    assert!(cancelled["data"]["reason"].as_str().unwrap().starts_with("its build was stopped in CodeBuild"), "{cancelled}");
    for (event, is_valid) in [
        (of(Status::Succeeded, None), true),
        (of(Status::Failed, failed().failure), true),
        (of(Status::Failed, None), false),
        (of(Status::TimedOut, None), false),
        (of(Status::Errored, None), false),
        (cancelled, true),
        (of(Status::Superseded, None), false),
    ] {
        assert_eq!(SCHEMA.is_valid(&event), is_valid, "{event}");
    }
}

#[test]
fn each_event_has_its_id_its_subject_and_what_applies() {
    let rejection = |id: Option<&str>| Rejection {
        id: id.map(|id| JobId::parse(id).unwrap()),
        tenant: None,
        profile: None,
        problems: vec![Problem { path: "/version".into(), problem: "is required".into() }],
    };
    for (event, id, subject, status) in [
        (queued(&job(), &origin(), now()), "app-4711/queued", "app-4711 queued", None),
        (started(&job(), &origin(), 2, &build(), now()), "app-4711/2/started", "app-4711 started", None),
        (
            finish(&job(), &build(), &Outcome { status: Status::TimedOut, ..failed() }, log("")),
            "app-4711/finished",
            "app-4711 timed_out",
            Some("timed_out"),
        ),
        (rejected(&rejection(Some("a")), &origin(), now()), "a/rejected", "a rejected", None),
        (rejected(&rejection(None), &origin(), now()), "5fea7756/rejected", "5fea7756 rejected", None),
    ] {
        let publication = event.publication(262_144);
        assert_eq!((publication.id.as_str(), publication.subject.as_str()), (id, subject));
        assert_eq!(publication.attributes.get("status").map(String::as_str), status);
        let body: Value = serde_json::from_str(&publication.body).unwrap();
        assert!(SCHEMA.is_valid(&body), "{body}");
        assert_eq!(body["data"]["problems"].is_array(), id.ends_with("rejected"), "{body}");
        assert_eq!(body["type"], publication.attributes["type"]);
    }
    let stopped = Outcome { status: Status::Cancelled, failure: None };
    let (job, origin) = (job(), origin());
    let never_built = nothing(&job, &origin, &stopped);
    let data = serde_json::to_value(finished(never_built, now()).data).unwrap();
    assert!(
        ["attempt", "build", "log", "failure", "images", "outputs", "artifacts", "superseded_by"].iter().all(|key| data.get(key).is_none()),
        "{data}"
    );
}

#[test]
fn the_excerpt_gives_way_first_and_keeps_the_failure() {
    let mut lines: Vec<_> = (0..300).map(|n| format!("line {n} \"quoted\" ü")).collect();
    lines.insert(200, "[Container] 2026/01/28 20:47:37.1 Phase complete: BUILD State: FAILED".into());
    let event = finish(&job(), &build(), &failed(), log(&lines.join("\n")));
    let publication = event.publication(4_096);
    let told: Event = serde_json::from_str(&publication.body).unwrap();
    let told_log = told.data.log.unwrap();
    assert!(
        told_log.truncated && told_log.excerpt.contains("State: FAILED") && told_log.excerpt.contains("lines left out"),
        "{told_log:?}"
    );
    assert!(told_log.lines > 10 && publication.body.len() > 3_000, "what fits is used: {}", publication.body.len());
    assert_eq!((told.data.failure, told.data.job.labels), (event.data.failure, job().labels));
}

fn size(publication: &Publication) -> usize {
    let attributes: usize = publication.attributes.iter().map(|(name, value)| name.len() + "String".len() + value.len()).sum();
    publication.body.len() + publication.subject.len() + attributes
}

#[test]
fn not_a_byte_too_many_and_few_too_little() {
    let event = finish(&job(), &build(), &failed(), log(&"x\n".repeat(3_000)));
    for max in 4_096..4_160 {
        let size = size(&event.publication(max));
        assert!((max - 32..=max).contains(&size), "{size} of {max}");
    }
}

/// Text of any kind and, now and then, of any length.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "\\PC{0,20}",
        1 => "[\u{0}-\u{1f}\"\\\\\u{fffe}\u{ffff}😀]{0,50}",
        1 => ("[\u{0}\"xü\n]", 1_usize..40_000).prop_map(|(text, times)| text.repeat(times)),
    ]
}

prop_compose! {
    fn any_event()(
        texts in prop::collection::vec(text(), 15),
        phases in 0_usize..20, images in 0_usize..20, problems in 0_usize..20, succeeded: bool,
    ) -> Event {
        let mut texts = texts.into_iter();
        let mut next = || texts.next().unwrap_or_default();
        let status = if succeeded { Status::Succeeded } else { Status::Errored };
        let failure = Failure { kind: FailureKind::Platform, phase: Some(next()), code: Some(next()), message: next(), command: Some(next()) };
        let phase = Phase { name: next().into(), status: Some(next().into()), ..Phase::default() };
        let mut job = job();
        job.profile = next();
        job.labels = (0..10).map(|n| (format!("k{n}"), next().chars().take(256).collect())).collect();
        let build = Build { phases: vec![phase; phases], commit: Some(next()), ..build() };
        let mut event = finish(&job, &build, &Outcome { status, failure: Some(failure) }, log(&next()));
        event.traceparent = Some(next());
        event.data.outputs = vec![(next(), next()); images].into_iter().enumerate().map(|(n, (name, value))| (format!("{n}{name}"), value)).collect();
        event.data.reason = Some(next());
        event.data.images = vec![ImageResult { reference: next(), digest: Some(next()) }; images];
        event.data.problems = vec![Problem { path: next(), problem: next() }; problems];
        event
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn every_event_fits(event in any_event(), max in prop_oneof![Just(262_144_usize), 4_096_usize..20_000]) {
        let publication = event.publication(max);
        prop_assert!(size(&publication) <= max, "{} of {max}", size(&publication));
        let body: Value = serde_json::from_str(&publication.body).unwrap();
        prop_assert_eq!(&body["id"], "app-4711/finished");
        prop_assert!(SCHEMA.is_valid(&body));
        prop_assert!(publication.subject.len() < 100 && publication.subject.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
        prop_assert!(publication.attributes.len() <= 10 && publication.attributes.values().all(|value| !value.is_empty()));
        let refused = publication.body.contains(['\u{FFFE}', '\u{FFFF}']);
        prop_assert!(!refused);
    }
}

#[test]
fn a_finished_job_tells_why_it_was_stopped_and_what_it_left_behind() {
    let (job, origin) = (job(), origin());
    let superseded = Outcome { status: Status::Superseded, failure: None };
    let uploaded = Phase { name: "UPLOAD_ARTIFACTS".into(), status: Some("SUCCEEDED".into()), ..Phase::default() };
    let artifacts = crate::job::build::Artifacts { location: "arn:aws:s3:::builds/app.zip".into(), sha256: None };
    let mut build = Build { artifacts: Some(artifacts), ..build() };
    let told = |build: &Build| {
        let outputs = [("VERSION".to_owned(), "1.4.2".to_owned())].into();
        let (reason, superseded_by) = (Some("superseded by app-4712".to_owned()), JobId::parse("app-4712").ok());
        let finished = Finished { build: Some(build), outputs, reason, superseded_by, ..nothing(&job, &origin, &superseded) };
        let body: Value = serde_json::from_str(&super::finished(finished, now()).publication(262_144).body).unwrap();
        assert!(SCHEMA.is_valid(&body), "{body}");
        body["data"].clone()
    };
    assert!(told(&build).get("artifacts").is_none(), "nothing is uploaded yet");
    build.phases.push(uploaded);
    let data = told(&build);
    assert_eq!(data["artifacts"], json!({ "location": "arn:aws:s3:::builds/app.zip" }));
    assert_eq!((&data["outputs"], &data["reason"]), (&json!({ "VERSION": "1.4.2" }), &json!("superseded by app-4712")));
    assert_eq!((&data["superseded_by"], &data["job"]["group"]), (&json!("app-4712"), &json!("k")));
}

#[test]
fn a_commit_that_the_revision_names_in_full_is_known_at_the_start() {
    let commit = "c0ffee0123".repeat(4);
    for (revision, fetched, expected) in [
        (commit.clone(), None, Some(commit.as_str())),
        (format!("refs/pull/25/head^{{{commit}}}"), None, Some(&commit)),
        ("main".to_owned(), Some("4f2a"), Some("4f2a")),
        ("main".to_owned(), None, None),
    ] {
        let mut job = job();
        job.source.revision = Some(revision.clone());
        let build = Build { commit: fetched.map(str::to_owned), ..build() };
        let event = started(&job, &origin(), 1, &build, now());
        assert_eq!(event.data.job.source.unwrap().commit.as_deref(), expected, "{revision}");
    }
}

#[test]
fn each_type_of_event_has_its_own_shape() {
    let valid = |event: &Value| SCHEMA.is_valid(event);
    let body = |event: Event| serde_json::from_str::<Value>(&event.publication(262_144).body).unwrap();
    let whole = body(finish(&job(), &build(), &failed(), log("x")));
    assert!(valid(&whole));
    for pointer in ["/data/status", "/data/timings", "/data/job/id", "/data/job/tenant", "/data/job/source", "/data/job/message_id"] {
        let mut event = whole.clone();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        event.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(name).unwrap();
        assert!(!valid(&event), "without {pointer}");
    }
    let begun = body(started(&job(), &origin(), 1, &build(), now()));
    for (name, wrong) in [("type", json!("slipway.job.started")), ("type", json!("slipway.job.rejected")), ("specversion", json!("2.0"))] {
        let mut event = body(queued(&job(), &origin(), now()));
        assert!(valid(&event) && valid(&begun));
        event[name] = wrong;
        assert!(!valid(&event), "{event}");
    }
    // What may grow is open.
    let mut event = whole;
    event["data"]["status"] = "paused".into();
    event["data"]["news"] = json!({});
    assert!(valid(&event));
}
