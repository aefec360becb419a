//! A daemon in the middle of its day, as the pictures of the design show it.

mod detail;
mod hostile;
mod jobs;
mod limits;

use serde_json::{Value, json};

use self::{
    detail::failed,
    jobs::{ended, job, running, waiting},
    limits::{letters, limits},
};
pub(super) use self::{
    detail::{detail, running_detail},
    hostile::hostile,
};
use super::super::{Daemon, Scene};
use crate::{
    engine::dead_letter::Look,
    job::standing::{JobDetail, Snapshot},
};

pub(super) const NOW: &str = "2026-11-24T14:32:07.250Z";
/// Which forms are the page's own.
pub(super) const TOKEN: &str = "0123456789abcdef";

/// Everything that a view is made from.
pub(super) struct Sample {
    pub(super) snapshot: Snapshot,
    pub(super) daemon: Daemon,
    pub(super) letters: Option<Look>,
    pub(super) failed: JobDetail,
}

impl Sample {
    pub(super) fn scene(&self) -> Scene<'_> {
        Scene {
            snapshot: &self.snapshot,
            daemon: &self.daemon,
            letters: self.letters.as_ref(),
            now: NOW.parse().unwrap(),
            may_steer: true,
            token: TOKEN,
        }
    }
}

/// A time so many seconds before now.
pub(super) fn ago(seconds: i64) -> String {
    let now: jiff::Timestamp = NOW.parse().unwrap();
    format!("{:.3}", now - jiff::SignedDuration::from_secs(seconds))
}

fn sample(jobs: &[Value], limits: &Value, letters: Value, failed: JobDetail) -> Sample {
    let notice = json!({
        "severity": "warning", "kind": "capacity_learned", "since": ago(727),
        "text": "CodeBuild takes 12 builds of flex-images at once: the others wait; ask AWS for a higher quota on concurrent builds, or lower limits.running",
    });
    let snapshot = json!({ "time": NOW, "started_at": "2026-11-24T09:12:00Z", "jobs": jobs, "limits": limits, "notices": [notice] });
    Sample {
        snapshot: serde_json::from_value(snapshot).unwrap(),
        daemon: Daemon {
            queues: vec!["slipway-jobs".into()],
            region: Some("eu-west-1".into()),
            submit: "slipway submit --url …".into(),
            history: 1_000,
        },
        letters: Some(Look { time: NOW.parse().unwrap(), letters: serde_json::from_value(letters).unwrap(), complete: true }),
        failed,
    }
}

/// A daemon with all that the pictures show.
pub(super) fn busy() -> Sample {
    let before = |id: &str, at: i64| {
        let line = "ERROR: failed to solve: team/base:node22: docker.io/team/base:node22: not found";
        let more = json!({ "state": "ended", "status": "failed", "decisive_line": line, "started_at": ago(at + 200), "ended_at": ago(at) });
        job(id, "acme/storefront", "release/1.4", "team-a", at + 300, more)
    };
    let jobs: Vec<_> = [waiting(), running(), ended(), vec![before("storefront-5102", 12_500), before("storefront-5088", 17_400)]].concat();
    sample(&jobs, &limits(), letters(), failed())
}
