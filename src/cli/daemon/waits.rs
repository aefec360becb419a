//! Logs why jobs wait.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use tokio::time::sleep;

use crate::{
    engine::Vitals,
    job::standing::{Cause, JobStanding, State},
    observe,
};

/// The time between two looks. A shorter wait is not logged.
const LOOK: Duration = Duration::from_secs(5);
/// The most lines of one look. A thousand jobs that come at once wait for the same reason, and the metrics count them.
const LINES: usize = 20;

/// Of each waiting job, the reason that was logged last.
#[derive(Debug, Default)]
struct Told(BTreeMap<String, (Cause, Option<String>)>);

/// Logs why each job waits, and again when the reason changes. Runs for ever.
pub(super) async fn tell(vitals: Vitals) {
    let mut told = Told::default();
    loop {
        sleep(LOOK).await;
        if let Some(console) = vitals.console() {
            for (job, why) in told.news(&console.snapshot().jobs) {
                observe::job_waits(&job, &why);
            }
        }
    }
}

impl Told {
    fn news(&mut self, jobs: &[Arc<JobStanding>]) -> Vec<(String, String)> {
        let mut news = Vec::new();
        let mut still = BTreeMap::new();
        for job in jobs.iter().filter(|job| job.state == State::Waiting) {
            let Some(reason) = job.wait.as_ref().and_then(|wait| wait.reasons.first()) else { continue };
            let id = job.job.id.clone().unwrap_or_else(|| job.job.message_id.to_string());
            let why = (reason.reason, reason.name.clone());
            if self.0.get(&id) != Some(&why) {
                if news.len() == LINES {
                    continue;
                }
                news.push((id.clone(), reason.to_string()));
            }
            still.insert(id, why);
        }
        // Jobs that no longer wait are forgotten, which bounds the map.
        self.0 = still;
        news
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn job(id: &str, state: &str, reason: Option<(&str, &str)>) -> Result<Arc<JobStanding>, serde_json::Error> {
        let reasons: Vec<_> =
            reason.iter().map(|(reason, name)| json!({ "reason": reason, "name": name, "running": 4, "limit": 4 })).collect();
        let job = json!({
            "id": id, "message_id": "m", "labels": {}, "queue": "jobs", "repository": "r", "state": state,
            "received_at": "2026-11-22T10:22:00.123Z", "wait": { "reasons": reasons }
        });
        serde_json::from_value(job).map(Arc::new)
    }

    #[test]
    fn each_reason_is_told_once_and_a_new_one_again() -> Result<(), serde_json::Error> {
        let mut told = Told::default();
        let tenant = job("a", "waiting", Some(("tenant", "team-a")))?;
        let jobs = [tenant.clone(), job("b", "waiting", None)?, job("c", "running", Some(("tenant", "team-a")))?];
        assert_eq!(told.news(&jobs), [("a".to_owned(), "tenant team-a runs 4 of 4".to_owned())]);
        assert_eq!(told.news(&jobs), []);
        assert_eq!(told.news(&[job("a", "waiting", Some(("profile", "arm")))?]), [("a".to_owned(), "profile arm runs 4 of 4".to_owned())]);
        assert_eq!(told.news(&[]), []);
        assert_eq!(told.news(&[tenant]).len(), 1, "it waits again");
        let crowd = (0..100).map(|number| job(&format!("job-{number}"), "waiting", Some(("limit", "")))).collect::<Result<Vec<_>, _>>()?;
        let lines: Vec<usize> = (0..6).map(|_| told.news(&crowd).len()).collect();
        assert_eq!(lines, [20, 20, 20, 20, 20, 0], "no look floods the log");
        Ok(())
    }
}
