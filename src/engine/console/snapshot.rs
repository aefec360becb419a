//! All jobs and limits at one moment. All viewers share one snapshot.

use std::{
    cmp::Reverse,
    collections::HashMap,
    sync::{Arc, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use super::Console;
use crate::{
    config::Config,
    job::{
        event::rfc3339,
        standing::{JobStanding, Snapshot, State, Wait},
    },
};

/// The greatest age of a snapshot ...
const FRESH: Duration = Duration::from_secs(1);
/// ... or so many times the time that it took to make, if that is more. Snapshots so take at most half a percent of a core.
const SHARE: u32 = 200;
/// The length of an RFC 3339 time in UTC down to its seconds.
const SECOND: usize = "2026-11-22T10:22:00".len();

/// A snapshot that was taken.
#[derive(Debug)]
pub(super) struct Taken {
    snapshot: Arc<Snapshot>,
    /// The configuration of that moment. After a reload a new snapshot is made, so that whoever reloaded sees the change.
    config: Arc<Config>,
    stale_at: Instant,
}

impl Console {
    /// All jobs and limits, as a rule at most a second old, and never older than the last reload, pause or resume. It is made on demand and
    /// makes no call.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        // Others wait for the snapshot that is being made.
        let mut taken = self.shared.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let config = self.config();
        let holds = |taken: &&Taken| {
            now < taken.stale_at
                && Arc::ptr_eq(&taken.config, &config)
                && taken.snapshot.limits.pauses == self.parts().worker.scheduler.pauses()
        };
        if let Some(taken) = taken.as_ref().filter(holds) {
            return Arc::clone(&taken.snapshot);
        }
        let snapshot = Arc::new(self.take());
        let cost = now.elapsed();
        *taken = Some(Taken { snapshot: Arc::clone(&snapshot), config, stale_at: now + FRESH.max(cost * SHARE) });
        snapshot
    }

    fn take(&self) -> Snapshot {
        let parts = self.parts();
        let scheduler = &parts.worker.scheduler;
        let standing = scheduler.standing();
        let mut waits: HashMap<u64, Wait> = standing.waiting.into_iter().map(|waiting| (waiting.arrival, waiting.wait)).collect();
        let mut jobs = self.tracker().all(|shown| {
            let wait = shown.arrival.and_then(|arrival| waits.remove(&arrival));
            shown.refresh(wait, scheduler);
        });
        jobs.sort_by(|one, other| key(one).cmp(&key(other)));
        let now = parts.worker.clock.now();
        let limits = standing.limits;
        let notices = self.notices(&limits, &jobs, standing.troubles, now);
        Snapshot { time: rfc3339(now), started_at: rfc3339(self.shared.started_at), jobs, limits, notices }
    }
}

/// The order of the jobs: waiting jobs in the order of their turns, then running and reported ones with the oldest first, then ended ones
/// with the newest first.
fn key(job: &JobStanding) -> (State, usize, &str, Reverse<&str>, [Option<&str>; 2]) {
    let position = job.wait.as_ref().and_then(|wait| wait.position).unwrap_or(usize::MAX);
    let started = job.started_at.as_deref().unwrap_or(&job.received_at);
    // Starts are sent concurrently, so their order within a second is random. Within a second the job that was sent first comes first.
    let sent = [job.job.enqueued_at.as_deref(), job.job.id.as_deref()];
    match job.state {
        State::Waiting => (State::Waiting, position, &job.received_at, Reverse(""), sent),
        State::Running | State::Reporting => (job.state, 0, started.get(..SECOND).unwrap_or(started), Reverse(""), sent),
        State::Ended => (State::Ended, 0, "", Reverse(job.ended_at.as_deref().unwrap_or_default()), sent),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use serde_json::json;

    use super::*;

    fn running(id: &str, enqueued: &str, started: Option<&str>) -> JobStanding {
        let at = |time: &str| format!("2026-11-22T10:00:{time}Z");
        let mut job = json!({
            "id": id, "message_id": id, "queue": "jobs", "repository": "github.com/acme/app", "state": "running", "labels": {},
            "enqueued_at": at(enqueued), "received_at": at("00.900"),
        });
        if let Some(started) = started {
            job["started_at"] = at(started).into();
        }
        serde_json::from_value(job).unwrap()
    }

    #[test]
    fn of_builds_that_began_in_the_same_second_the_job_that_was_sent_first_is_the_oldest() {
        let mut jobs = [
            running("later-second", "00.100", Some("03.000")),
            running("third", "00.503", Some("02.017")),
            running("first", "00.501", Some("02.999")),
            running("second", "00.502", Some("02.016")),
            running("earlier-second", "00.900", Some("01.999")),
            running("no-start-known", "00.950", None),
        ];
        jobs.sort_by(|one, other| key(one).cmp(&key(other)));
        let ids: Vec<_> = jobs.iter().map(|job| job.job.id.as_deref().unwrap()).collect();
        assert_eq!(ids, ["no-start-known", "earlier-second", "first", "second", "third", "later-second"]);
    }
}
