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
    job::standing::{JobStanding, State as JobState},
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
    let snapshot = console(&pages)?.snapshot();
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
    Ok(Json(JobList { time: snapshot.time.clone(), jobs, total, counts, page, per_page, pages: total.div_ceil(per_page).max(1) }))
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
}
