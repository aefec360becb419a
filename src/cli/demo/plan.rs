//! The messages of the demo, and how each must end.

use std::time::Duration;

use serde_json::{Value, json};

use super::repository::Repositories;
use crate::job::outcome::Status;

/// Builds at once.
pub(super) const RUNNING: usize = 2;
/// The tenant whose jobs are more than there are places for.
pub(super) const CROWD: &str = "nightly";

/// A message, and what must come of it.
#[derive(Debug)]
pub(super) struct Planned {
    /// On the screen; also the job's id, where the message has one.
    pub(super) name: &'static str,
    /// What it is there to show.
    pub(super) about: &'static str,
    pub(super) body: String,
    /// How often the same message is sent.
    pub(super) copies: usize,
    /// How long after its start the job is to be cancelled.
    pub(super) cancel_after: Option<Duration>,
    pub(super) expected: Expected,
}

/// What the terminal event must say.
#[derive(Debug, Default)]
pub(super) struct Expected {
    /// `None`: rejected.
    pub(super) status: Option<Status>,
    pub(super) commit: Option<String>,
    /// A part of the reference of what the build says it made.
    pub(super) made: Option<&'static str>,
    pub(super) phase: Option<&'static str>,
    pub(super) code: Option<&'static str>,
    /// A part of the failure's message.
    pub(super) says: Option<&'static str>,
    pub(super) command: Option<&'static str>,
    /// Lines of the log's excerpt, CodeBuild's times aside.
    pub(super) excerpt: &'static [&'static str],
    /// The paths of a rejected message's problems.
    pub(super) problems: &'static [&'static str],
}

impl Planned {
    fn new(name: &'static str, about: &'static str, mut job: Value, expected: Expected) -> Self {
        job["version"] = json!(1);
        job["id"] = json!(name);
        Self { name, about, body: job.to_string(), copies: 1, cancel_after: None, expected }
    }

    /// Whether a build must come of it.
    pub(super) fn is_built(&self) -> bool {
        self.expected.status.is_some()
    }
}

/// Everything that needs nothing but git and a shell, in the order in which it is sent.
pub(super) fn plan(repositories: &Repositories) -> Vec<Planned> {
    let url = |name: &str| repositories.get(name).map(|it| it.url.clone());
    let commit = |name: &str| repositories.get(name).map(|it| it.commit.clone());
    let succeeded = || Expected { status: Some(Status::Succeeded), ..Expected::default() };
    let nightly = |name| {
        let job = json!({ "source": { "url": url("nightly") }, "tenant": CROWD });
        Planned::new(name, "one tenant's three jobs wait in turn", job, succeeded())
    };
    vec![
        Planned::new(
            "endless",
            "takes longer than it may",
            json!({ "source": { "url": url("endless") }, "tenant": "ops", "priority": "high", "timeout_minutes": 5 }),
            Expected { status: Some(Status::TimedOut), phase: Some("BUILD"), code: Some("BUILD_TIMED_OUT"), ..Expected::default() },
        ),
        Planned {
            copies: 2,
            ..Planned::new(
                "hello",
                "sent twice, built once",
                json!({ "source": { "url": url("hello") }, "tenant": "web" }),
                Expected { commit: commit("hello"), made: Some("hello.tar"), ..succeeded() },
            )
        },
        Planned::new(
            "website",
            "builds a tag",
            json!({ "source": { "url": url("website"), "revision": "v1.2.0" }, "tenant": "web" }),
            Expected { commit: commit("website"), ..succeeded() },
        ),
        Planned::new(
            "cart",
            "a test fails, and the event says which",
            json!({ "source": { "url": url("cart") }, "tenant": "shop" }),
            Expected {
                status: Some(Status::Failed),
                phase: Some("BUILD"),
                code: Some("COMMAND_EXECUTION_ERROR"),
                says: Some("discount 250 10 is 240"),
                command: Some("sh test.sh"),
                excerpt: &[
                    "[Container] Running command sh test.sh",
                    "test ten_per_cent_off ... FAILED",
                    "error: assertion failed: discount 250 10 is 240",
                    "test result: FAILED. 2 passed; 1 failed",
                ],
                ..Expected::default()
            },
        ),
        Planned::new(
            "typo",
            "asks for a branch that is not there",
            json!({ "source": { "url": url("website"), "revision": "mian" }, "tenant": "web" }),
            Expected {
                status: Some(Status::Failed),
                phase: Some("DOWNLOAD_SOURCE"),
                code: Some("REVISION_NOT_FOUND"),
                says: Some("mian"),
                ..Expected::default()
            },
        ),
        Planned {
            cancel_after: Some(Duration::from_secs(1)),
            ..Planned::new(
                "forgotten",
                "a message stops it while it runs",
                json!({ "source": { "url": url("endless") }, "tenant": "ops" }),
                Expected { status: Some(Status::Cancelled), ..Expected::default() },
            )
        },
        nightly("nightly-1"),
        nightly("nightly-2"),
        nightly("nightly-3"),
        Planned::new(
            "careless",
            "every problem is told at once",
            json!({
                "source": { "url": "https://git.example.com/acme/app" },
                "images": [{ "name": "Team/App", "dockerfile": "../Dockerfile" }],
                "env": [{ "name": "AWS_PROFILE", "value": "admin" }],
                "timeout_minutes": 3,
                "privileged": true,
            }),
            Expected {
                problems: &["/env/0/name", "/images/0/dockerfile", "/images/0/name", "/privileged", "/source/url", "/timeout_minutes"],
                ..Expected::default()
            },
        ),
        Planned {
            body: r#"{ "version": 1, "id": "garbled", "source": "#.to_owned(),
            ..Planned::new("garbled", "is not even JSON", json!({}), Expected { problems: &[""], ..Expected::default() })
        },
    ]
}

/// The job that needs a container engine.
pub(super) fn image(repositories: &Repositories, engine: &str) -> Planned {
    let repository = repositories.get("image");
    let job = json!({
        "source": { "url": repository.map(|it| &it.url) },
        "tenant": "shop",
        "env": [{ "name": "CONTAINER_ENGINE", "value": engine }],
    });
    let expected = Expected {
        status: Some(Status::Succeeded),
        commit: repository.map(|it| it.commit.clone()),
        made: Some("slipway-demo"),
        ..Expected::default()
    };
    Planned::new(IMAGE, "builds a real image", job, expected)
}

/// The name of that job.
pub(super) const IMAGE: &str = "image";

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests;
