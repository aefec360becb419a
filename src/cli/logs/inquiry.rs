//! Asks the daemon about a job that has no build among the newest: whether it waits, has ended without a build, or was rejected.

use std::time::Duration;

use tokio::time::{Instant, timeout};
use url::Url;

use crate::{
    cli::{
        client::{Client, Daemon, Failure},
        wording,
    },
    http::api::DeadLetterList,
    job::{
        JobId,
        plain::plain,
        reference::segment,
        standing::{DeadLetter, JobDetail, State},
    },
};

/// How long to wait for a job that the daemon does not know: it may be on the queue, or was never sent.
pub(in crate::cli) const UNKNOWN: Duration = Duration::from_mins(30);

/// The time limit of a request: a daemon without an answer must not delay the job's events.
const ANSWER: Duration = Duration::from_secs(5);

/// Asks one daemon about one job.
#[derive(Debug)]
pub(in crate::cli) struct Inquiry {
    client: Client,
    url: Url,
    job: JobId,
    /// Since when the daemon does not know the job.
    unknown_since: Option<Instant>,
}

/// What is known of the job.
#[derive(Debug)]
pub(in crate::cli) enum Known {
    /// It has a build; this is the latest.
    Built(String),
    /// It has no build yet; the text says why.
    Waits(String),
    /// It has ended without a build.
    Ended(Box<JobDetail>),
    /// Its message was rejected.
    Rejected(Box<DeadLetter>),
    /// The daemon does not know the job, or does not answer; the text says which.
    Unknown(String),
}

impl Inquiry {
    pub(in crate::cli) fn new(daemon: &Daemon, job: &JobId) -> anyhow::Result<Self> {
        Ok(Self { client: Client::new(daemon)?, url: daemon.url.clone(), job: job.clone(), unknown_since: None })
    }

    pub(in crate::cli) async fn ask(&self) -> Known {
        let late = |_| Known::Unknown(format!("no answer from the daemon at {} within {} s (--daemon)", self.url, ANSWER.as_secs()));
        timeout(ANSWER, self.answer()).await.unwrap_or_else(late)
    }

    async fn answer(&self) -> Known {
        match self.client.get::<JobDetail>(&format!("/jobs/{}", segment(self.job.as_str()))).await {
            Ok(detail) => of_detail(detail),
            Err(Failure::Refused(problem)) if problem.status == 404 => match self.letter().await {
                Some(letter) => Known::Rejected(Box::new(letter)),
                None => Known::Unknown(format!("the daemon at {} does not know {}", self.url, self.job)),
            },
            Err(failure) => Known::Unknown(failure.to_string()),
        }
    }

    /// The job's dead letter, if the daemon has one.
    async fn letter(&self) -> Option<DeadLetter> {
        let list = self.client.get::<DeadLetterList>("/dead-letters").await.ok()?;
        let job = self.job.as_str();
        list.letters.into_iter().rev().find(|letter| letter.job.as_deref() == Some(job) || letter.id == job)
    }

    /// Takes an answer. A text is for the user: the daemon does not know the job from now on. An error: that has lasted too long.
    pub(in crate::cli) fn heard(&mut self, known: &Known) -> anyhow::Result<Option<String>> {
        let Known::Unknown(why) = known else {
            self.unknown_since = None;
            return Ok(None);
        };
        match self.unknown_since {
            None => {
                self.unknown_since = Some(Instant::now());
                let minutes = UNKNOWN.as_secs() / 60;
                Ok(Some(format!(
                    "no build of {} yet, and {why}\n  whether it waits on the queue, has ended without a build, or was never sent, is not known; its build is waited for \
                     {minutes} minutes at most",
                    self.job
                )))
            }
            Some(since) if since.elapsed() >= UNKNOWN => anyhow::bail!(
                "{why}, and nothing was heard of the job for {} minutes: it waits on the queue, has ended without a build, or was never \
                 sent; ask the daemon that holds it (--daemon URL), or look whether it was rejected (slipway dlq ls)",
                UNKNOWN.as_secs() / 60
            ),
            Some(_) => Ok(None),
        }
    }
}

/// The state of a job that the daemon knows.
fn of_detail(detail: JobDetail) -> Known {
    let standing = &detail.standing;
    if let Some(build) = standing.build_ids.last() {
        return Known::Built(build.to_string());
    }
    match standing.state {
        State::Waiting => Known::Waits(format!("it waits: {}", plain(&wording::about(standing)))),
        State::Running => Known::Waits("its build has only just begun".to_owned()),
        State::Reporting | State::Ended => Known::Ended(Box::new(detail)),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use clap::Parser;
    use serde_json::json;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        daemon: Daemon,
    }

    #[test]
    fn a_job_without_a_build_waits_or_has_ended() {
        let known = |more: serde_json::Value| {
            let mut detail = json!({
                "id": "app-1", "message_id": "m", "labels": {}, "queue": "jobs", "repository": "r", "received_at": "2026-11-22T10:00:00Z",
                "message": null, "builds": [], "history": [], "from_record": false,
            });
            detail.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            match of_detail(serde_json::from_value(detail).unwrap()) {
                Known::Built(build) => format!("built {build}"),
                Known::Waits(why) => why,
                Known::Ended(detail) => format!("ended {}", detail.standing.status.unwrap().as_str()),
                Known::Rejected(_) | Known::Unknown(_) => String::new(),
            }
        };
        let reason = json!({ "reason": "tenant", "name": "team-a", "running": 4, "limit": 4 });
        for (more, expected) in [
            (json!({ "state": "waiting", "wait": { "reasons": [reason] } }), "it waits: tenant team-a runs 4 of 4"),
            (json!({ "state": "running" }), "its build has only just begun"),
            (json!({ "state": "running", "build_ids": ["flex:1", "flex:2"] }), "built flex:2"),
            (json!({ "state": "ended", "status": "failed", "build_ids": ["flex:1"] }), "built flex:1"),
            (json!({ "state": "ended", "status": "cancelled" }), "ended cancelled"),
            (json!({ "state": "reporting", "status": "superseded" }), "ended superseded"),
        ] {
            assert_eq!(known(more), expected);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_job_that_nobody_knows_is_told_of_once_and_not_waited_for_for_ever() {
        let daemon = Line::parse_from(["slipway", "--daemon", "http://127.0.0.1:1"]).daemon;
        let mut inquiry = Inquiry::new(&daemon, &JobId::parse("app-1").unwrap()).unwrap();
        let (unknown, waits) = (Known::Unknown("no daemon answers".to_owned()), Known::Waits("it waits".to_owned()));
        let told = inquiry.heard(&unknown).unwrap().unwrap();
        assert!(told.starts_with("no build of app-1 yet, and no daemon answers\n") && told.ends_with("30 minutes at most"), "{told}");
        assert_eq!(inquiry.heard(&unknown).unwrap(), None);
        tokio::time::advance(UNKNOWN / 2).await;
        assert_eq!(inquiry.heard(&waits).unwrap(), None);
        assert!(inquiry.heard(&unknown).unwrap().is_some(), "it is another outage");
        tokio::time::advance(UNKNOWN / 2).await;
        assert_eq!(inquiry.heard(&unknown).unwrap(), None);
        tokio::time::advance(UNKNOWN / 2).await;
        let end = inquiry.heard(&unknown).unwrap_err().to_string();
        assert!(end.contains("--daemon URL") && end.contains("slipway dlq ls"), "{end}");
    }
}
