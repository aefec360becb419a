//! `GET jobs`: the jobs that are held or remembered, filtered and in pages.

use std::sync::Arc;

use axum::{Json, extract::State, http::Uri};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::console;
use crate::{
    http::{
        Pages,
        filter::{self, Filter, NAMES},
        problem::Problem,
    },
    job::standing::{JobStanding, Snapshot, State as JobState},
};

/// Jobs on a page unless asked otherwise, and at most.
pub(super) const PER_PAGE: usize = 100;
pub(super) const MOST_PER_PAGE: usize = 1_000;
pub(super) const MOST_PAGES: usize = 1_000_000;

/// A page of jobs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct JobList {
    /// When they stood so: RFC 3339 in UTC with milliseconds; a second ago at most, as a rule.
    #[schemars(extend("format" = "date-time"))]
    pub time: String,
    /// Those that wait in the order of their turn, then those that run, the oldest first, then those that have ended, the newest first.
    pub jobs: Vec<Arc<JobStanding>>,
    /// How many fit, on all pages.
    pub total: usize,
    /// How many fit in each state, whichever states are asked for.
    pub counts: Counts,
    /// This page, from 1.
    pub page: usize,
    /// Jobs on a page at most.
    pub per_page: usize,
    /// How many pages there are; at least one.
    pub pages: usize,
}

/// Jobs by state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Counts {
    /// They have no build yet.
    pub waiting: usize,
    /// Their builds run.
    pub running: usize,
    /// They have ended, and their events are not accepted yet.
    pub reporting: usize,
    /// They have ended, and are remembered.
    pub ended: usize,
}

impl Counts {
    fn count(&mut self, state: JobState) {
        *match state {
            JobState::Waiting => &mut self.waiting,
            JobState::Running => &mut self.running,
            JobState::Reporting => &mut self.reporting,
            JobState::Ended => &mut self.ended,
        } += 1;
    }
}

pub(super) async fn list(State(pages): State<Pages>, uri: Uri) -> Result<Json<JobList>, Problem> {
    let (filter, page, per_page) = query(uri.query().unwrap_or_default())?;
    Ok(Json(page_of(&console(&pages)?.snapshot(), &filter, page, per_page)))
}

/// The jobs of a snapshot that fit, from 1 the page of them.
fn page_of(snapshot: &Snapshot, filter: &Filter, page: usize, per_page: usize) -> JobList {
    let mut counts = Counts::default();
    let (mut total, mut jobs) = (0, Vec::new());
    let first = (page - 1).saturating_mul(per_page);
    for job in snapshot.jobs.iter().filter(|job| filter.matches_besides_state(job)) {
        counts.count(job.state);
        if filter.fits_state(job) {
            if total >= first && jobs.len() < per_page {
                jobs.push(Arc::clone(job));
            }
            total += 1;
        }
    }
    JobList { time: snapshot.time.clone(), jobs, total, counts, page, per_page, pages: total.div_ceil(per_page).max(1) }
}

/// The filter, the page and how much is on it.
fn query(query: &str) -> Result<(Filter, usize, usize), Problem> {
    let (mut rest, mut page, mut per_page) = (Filter::default(), None, None);
    for (count, (name, value)) in filter::pairs(query).enumerate() {
        if count >= filter::VALUES {
            return Err(filter::too_many());
        }
        let number = |most: usize| {
            let number = value.parse().ok().filter(|number| (1..=most).contains(number));
            number.ok_or_else(|| filter::wrong(&name, &format!("must be a whole number from 1 to {most}")))
        };
        let before = match name.as_str() {
            "page" => page.replace(number(MOST_PAGES)?),
            "per_page" => per_page.replace(number(MOST_PER_PAGE)?),
            _ if rest.take(&name, &value)? => None,
            _ => return Err(filter::unknown(&name, NAMES.iter().copied().chain(["page", "per_page"]))),
        };
        if before.is_some() {
            return Err(filter::wrong(&name, "must be given once"));
        }
    }
    Ok((rest, page.unwrap_or(1), per_page.unwrap_or(PER_PAGE)))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_query_is_a_filter_and_a_page_and_nothing_else() {
        let (read, page, per_page) =
            query("state=waiting&state=running&tenant=a%20b&label=release=1&label=x&page=3&per_page=10&q=Acme&group=").unwrap();
        assert_eq!((page, per_page), (3, 10));
        assert_eq!(read.states, [JobState::Waiting, JobState::Running].into());
        assert_eq!(read.tenants, ["a b"]);
        assert_eq!(read.labels, [("release".to_owned(), Some("1".to_owned())), ("x".to_owned(), None)]);
        assert_eq!((read.texts.as_slice(), read.groups.len()), (&["acme".to_owned()][..], 0));
        for (wrong, word) in [
            ("status=good", "succeeded, failed"),
            ("state=Waiting", "waiting, running"),
            ("reason=x", "limit, tenant"),
            ("tennant=a", "\"tennant\" is no parameter"),
            ("page=0", "1 to"),
            ("page=1&page=2", "once"),
            ("per_page=1001", "1 to 1000"),
            ("per_page=-1", "1 to 1000"),
        ] {
            let problem = query(wrong).unwrap_err();
            assert_eq!(problem.status, 400);
            assert!(problem.detail.contains(word), "{wrong}: {}", problem.detail);
        }
        let many = "tenant=a&".repeat(filter::VALUES + 1);
        assert!(query(&many).unwrap_err().detail.contains("at most"));
    }

    /// A job of ten tenants' and four states' ten thousand.
    fn standing(number: usize) -> Arc<JobStanding> {
        let state = ["waiting", "running", "reporting", "ended"][number % 4];
        let mut job = json!({
            "id": format!("app-{number}"), "message_id": format!("m-{number}"), "tenant": format!("team-{}", number % 10), "profile": "default",
            "source": { "url": "https://github.com/acme/app", "revision": format!("release/{}", number / 1_000) },
            "labels": { "parity": if number.is_multiple_of(2) { "even" } else { "odd" } },
            "queue": "jobs", "repository": "github.com/acme/app", "state": state, "received_at": "2026-11-22T10:00:00Z",
        });
        if state == "waiting" {
            job["wait"] =
                json!({ "reasons": [{ "reason": "tenant", "name": "team-a", "running": 4, "limit": 4 }, { "reason": "paused" }] });
        } else if state == "ended" {
            job["status"] = "failed".into();
            job["decisive_line"] = "error[E0308]: <script>alert(1)</script>\u{1b}[2J".into();
        }
        Arc::new(serde_json::from_value(job).unwrap())
    }

    #[test]
    fn ten_thousand_jobs_are_filtered_counted_and_paged() {
        let snapshot = Snapshot {
            time: "2026-11-22T10:00:00.000Z".to_owned(),
            started_at: String::new(),
            jobs: (0..10_000).map(standing).collect(),
            limits: <_>::default(),
            notices: Vec::new(),
        };
        let list = |text: &str| {
            let (filter, page, per_page) = query(text).unwrap();
            page_of(&snapshot, &filter, page, per_page)
        };
        let all = list("");
        assert_eq!((all.total, all.jobs.len(), all.pages), (10_000, 100, 100));
        assert_eq!(all.counts, Counts { waiting: 2_500, running: 2_500, reporting: 2_500, ended: 2_500 });
        // The counts are of all states, so that one can turn to another.
        let waiting = list("state=waiting&tenant=team-2&per_page=1000");
        assert_eq!((waiting.total, waiting.counts.waiting, waiting.counts.reporting), (500, 500, 500));
        assert!(waiting.jobs.iter().all(|job| job.state == JobState::Waiting && job.job.tenant.as_ref().unwrap().as_str() == "team-2"));
        for (text, total) in [
            ("tenant=team-1&tenant=team-2", 2_000),
            ("tenant=team-1&state=waiting", 0),
            ("label=parity%3Deven&state=waiting", 2_500),
            ("label=parity=odd&state=waiting", 0),
            ("label=parity", 10_000),
            ("label=nothing", 0),
            ("reason=paused", 2_500),
            ("reason=group", 0),
            ("status=failed&status=errored", 2_500),
            ("q=RELEASE/7", 1_000),
            ("q=%3Cscript%3E&state=ended", 2_500),
            ("q=app-9999", 1),
            ("repository=github.com/acme/app&group=x", 0),
        ] {
            assert_eq!(list(text).total, total, "{text}");
        }
        let end = list("page=100&per_page=100");
        assert_eq!((end.jobs[99].job.id.as_deref(), list("page=101").jobs.len()), (Some("app-9999"), 0));
        let ids: Vec<_> =
            (1..=10).flat_map(|page| list(&format!("page={page}&per_page=1000")).jobs).map(|job| job.job.id.clone()).collect();
        assert_eq!((ids.len(), ids.iter().collect::<std::collections::BTreeSet<_>>().len()), (10_000, 10_000));
    }
}
