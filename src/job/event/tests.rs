#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod shape;
mod size;

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::*;
use crate::job::{
    JobId, Priority, SourceUrl, Tenant,
    build::{Arn, LogLocation, Phase},
    group::OnConflict,
    moment::Moment,
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
        arn: Arn::of("arn:aws:codebuild:eu-west-1:123456789012:build/flex:u-1", "flex:u-1"),
        number: Some(17),
        project: "flex".into(),
        status: "FAILED".into(),
        complete: true,
        phases: vec![Phase {
            name: "BUILD".into(),
            status: Some("FAILED".into()),
            started: Some(Moment::from(Timestamp::UNIX_EPOCH)),
            ended: Timestamp::from_millisecond(71_500).ok().map(Moment::from),
            ..Phase::default()
        }],
        started: Some(Moment::from(now())),
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

/// A finished job without a build, a log or results.
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
fn the_event_of_a_finished_job_has_the_documented_fields() {
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
fn each_event_has_its_id_its_subject_and_the_fields_of_its_type() {
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
fn a_finished_event_has_the_cancel_reason_the_outputs_and_the_artifacts() {
    let (job, origin) = (job(), origin());
    let superseded = Outcome { status: Status::Superseded, failure: None };
    let uploaded = Phase { name: "UPLOAD_ARTIFACTS".into(), status: Some("SUCCEEDED".into()), ..Phase::default() };
    let artifacts = crate::job::build::Artifacts { location: "arn:aws:s3:::builds/app.zip".into(), sha256: None };
    let mut build = Build { artifacts: Some(Box::new(artifacts)), ..build() };
    let data_of = |build: &Build| {
        let outputs = [("VERSION".to_owned(), "1.4.2".to_owned())].into();
        let (reason, superseded_by) = (Some("superseded by app-4712".to_owned()), JobId::parse("app-4712").ok());
        let finished = Finished { build: Some(build), outputs, reason, superseded_by, ..nothing(&job, &origin, &superseded) };
        let body: Value = serde_json::from_str(&super::finished(finished, now()).publication(262_144).body).unwrap();
        assert!(SCHEMA.is_valid(&body), "{body}");
        body["data"].clone()
    };
    assert!(data_of(&build).get("artifacts").is_none(), "nothing is uploaded yet");
    build.phases.push(uploaded);
    let data = data_of(&build);
    assert_eq!(data["artifacts"], json!({ "location": "arn:aws:s3:::builds/app.zip" }));
    assert_eq!((&data["outputs"], &data["reason"]), (&json!({ "VERSION": "1.4.2" }), &json!("superseded by app-4712")));
    assert_eq!((&data["superseded_by"], &data["job"]["group"]), (&json!("app-4712"), &json!("k")));
}

#[test]
fn a_revision_that_is_a_whole_commit_is_the_commit_in_the_started_event() {
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
