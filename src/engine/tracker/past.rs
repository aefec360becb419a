//! The jobs that have ended lately, bounded by their number and by what they take. When room is needed the tenant that has the most gives
//! up its oldest, so that one tenant's flood does not push out what the others want to look up.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::Arc,
};

use crate::job::{
    JobId,
    standing::{JobDetail, JobStanding},
};

/// What a remembered job takes beside its texts: maps, counters and pointers, rounded up.
const OVERHEAD: usize = 1_024;

/// The jobs that have ended.
#[derive(Debug)]
pub(super) struct Past {
    most: usize,
    most_bytes: usize,
    bytes: usize,
    /// By the number of their end.
    jobs: BTreeMap<u64, Ended>,
    ids: HashMap<JobId, u64>,
    /// By tenant, the numbers of its jobs, the oldest first, and what they take.
    tenants: HashMap<Box<str>, Share>,
    ends: u64,
}

#[derive(Debug, Default)]
struct Share {
    jobs: VecDeque<u64>,
    bytes: usize,
}

#[derive(Debug)]
struct Ended {
    id: JobId,
    tenant: Box<str>,
    standing: Arc<JobStanding>,
    /// The whole as JSON: it takes what it has, and is read only when somebody asks for this job.
    detail: Box<str>,
    secrets: Vec<String>,
    bytes: usize,
}

impl Past {
    pub(super) fn new(most: usize, most_bytes: usize) -> Self {
        Self { most, most_bytes, bytes: 0, jobs: BTreeMap::new(), ids: HashMap::new(), tenants: HashMap::new(), ends: 0 }
    }

    /// Remembers a job, in the place of one of the same id.
    pub(super) fn remember(&mut self, detail: &JobDetail, secrets: Vec<String>) {
        let standing = Arc::clone(&detail.standing);
        let Some(id) = standing.job.id.as_deref().and_then(|id| JobId::parse(id).ok()) else { return };
        if let Some(before) = self.ids.get(&id).copied() {
            self.forget(before);
        }
        // These shapes have text keys only, so they always serialise.
        let detail = serde_json::to_string(detail).unwrap_or_default().into_boxed_str();
        // The standing's texts are a part of the whole's.
        let bytes = 2 * detail.len() + secrets.iter().map(String::len).sum::<usize>() + OVERHEAD;
        let tenant: Box<str> = standing.job.tenant.as_ref().map(crate::job::id::Tenant::as_str).unwrap_or_default().into();
        let number = self.ends;
        self.ends += 1;
        let share = self.tenants.entry(tenant.clone()).or_default();
        share.jobs.push_back(number);
        share.bytes += bytes;
        self.bytes += bytes;
        self.ids.insert(id.clone(), number);
        self.jobs.insert(number, Ended { id, tenant, standing, detail, secrets, bytes });
        while self.jobs.len() > self.most {
            self.give_up(|share| share.jobs.len());
        }
        while self.bytes > self.most_bytes && !self.jobs.is_empty() {
            self.give_up(|share| share.bytes);
        }
    }

    pub(super) fn newest_first(&self) -> impl Iterator<Item = Arc<JobStanding>> {
        self.jobs.values().rev().map(|ended| Arc::clone(&ended.standing))
    }

    pub(super) fn detail(&self, id: &JobId) -> Option<JobDetail> {
        serde_json::from_str(&self.find(id)?.detail).ok()
    }

    pub(super) fn secrets(&self, id: &JobId) -> Option<Vec<String>> {
        Some(self.find(id)?.secrets.clone())
    }

    fn find(&self, id: &JobId) -> Option<&Ended> {
        self.jobs.get(self.ids.get(id)?)
    }

    /// Forgets the oldest job of the tenant that has the most.
    fn give_up(&mut self, size: impl Fn(&Share) -> usize) {
        // Of equals the one whose oldest is the oldest, so that it does not depend on the map's order.
        let largest = self.tenants.values().max_by_key(|share| (size(share), std::cmp::Reverse(share.jobs.front().copied())));
        if let Some(oldest) = largest.and_then(|share| share.jobs.front().copied()) {
            self.forget(oldest);
        }
    }

    fn forget(&mut self, number: u64) {
        let Some(ended) = self.jobs.remove(&number) else { return };
        self.ids.remove(&ended.id);
        self.bytes -= ended.bytes;
        if let Some(share) = self.tenants.get_mut(&ended.tenant) {
            share.jobs.retain(|other| *other != number);
            share.bytes -= ended.bytes;
            if share.jobs.is_empty() {
                self.tenants.remove(&ended.tenant);
            }
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use serde_json::json;

    use super::*;

    /// Of a tenant, with an excerpt of so many bytes.
    fn detail(id: &str, tenant: &str, excerpt: usize) -> JobDetail {
        serde_json::from_value(json!({
            "id": id, "message_id": "m", "tenant": tenant, "labels": {}, "queue": "jobs", "repository": "r", "state": "ended",
            "received_at": "2026-11-22T10:00:00Z", "message": null, "builds": [], "history": [], "from_record": false,
            "log": { "excerpt": "x".repeat(excerpt), "group": "", "stream": "", "lines": 1, "truncated": false, "complete": true, "redactions": 0 },
        }))
        .unwrap()
    }

    fn ids(past: &Past) -> Vec<String> {
        past.newest_first().map(|job| job.job.id.clone().unwrap()).collect()
    }

    #[test]
    fn bytes_are_bounded_and_the_largest_tenant_gives_way() {
        let mut past = Past::new(1_000, 1024 * 1024);
        past.remember(&detail("small", "single", 10), vec!["secret".to_owned()]);
        for n in 0..100 {
            past.remember(&detail(&format!("large-{n}"), "flood", 32 * 1024), Vec::new());
            assert!(past.bytes <= 1024 * 1024);
        }
        let kept = ids(&past);
        assert!(kept.len() > 10 && kept[0] == "large-99" && kept.last().unwrap() == "small", "{kept:?}");
        assert_eq!(past.secrets(&JobId::parse("small").unwrap()), Some(vec!["secret".to_owned()]));
        assert_eq!(past.detail(&JobId::parse("large-99").unwrap()).unwrap().log.unwrap().excerpt.len(), 32 * 1024);
        assert!(past.detail(&JobId::parse("large-0").unwrap()).is_none());
    }

    #[test]
    fn a_job_of_the_same_id_takes_the_place_of_the_one_before_and_nothing_leaks() {
        let mut past = Past::new(2, 1024 * 1024);
        for round in 0..3 {
            past.remember(&detail("app-1", &format!("team-{round}"), 100), Vec::new());
        }
        assert_eq!((ids(&past), past.tenants.len()), (vec!["app-1".to_owned()], 1));
        for id in ["app-2", "app-3"] {
            past.remember(&detail(id, "team-9", 100), Vec::new());
        }
        assert_eq!(ids(&past), ["app-3", "app-1"], "the tenant with two gave up its older one");
        let mut none = Past::new(0, 0);
        none.remember(&detail("app-1", "t", 1), Vec::new());
        assert_eq!((ids(&none).len(), none.bytes, none.ids.len(), none.tenants.len()), (0, 0, 0, 0));
    }
}
