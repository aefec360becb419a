//! One job that is held: where it stands, and what is known of it.

use std::sync::Arc;

use jiff::Timestamp;

use super::history::History;
use crate::{
    engine::{deduplication::JobHandle, scheduler::Scheduler},
    job::{
        Job,
        build::Build,
        event::{Data, JobSummary, Origin, Run, rfc3339},
        redact::Redactor,
        standing::{JobDetail, JobStanding, State, Wait},
    },
};

/// A held job.
#[derive(Debug)]
pub(super) struct Entry {
    standing: Arc<JobStanding>,
    job: Arc<Job>,
    handle: Arc<JobHandle>,
    /// Its number in line, while it waits there.
    arrival: Option<u64>,
    /// One for each attempt: `retry.attempts` at most, and one that an earlier process started. The newest last.
    builds: Vec<Arc<Build>>,
    /// How it ended, once it has.
    end: Option<Box<Data>>,
    history: History,
}

/// A held job, for what is only known when somebody looks.
#[derive(Debug)]
pub(crate) struct Shown<'a> {
    pub(crate) arrival: Option<u64>,
    now: Timestamp,
    entry: &'a mut Entry,
}

impl Shown<'_> {
    /// Sets its place in line, what its build usually takes, and how long that still runs. What is as it was is not copied.
    pub(crate) fn refresh(&mut self, wait: Option<Wait>, scheduler: &Scheduler) {
        let Entry { standing, history, builds, .. } = &mut *self.entry;
        let waits = standing.state == State::Waiting;
        let wait = if waits { Some(Box::new(wait.unwrap_or_default())) } else { None };
        let profile = standing.job.profile.as_deref().unwrap_or_default();
        let usual = if standing.state < State::Reporting { scheduler.usual(&standing.repository, profile) } else { standing.usual_seconds };
        let since = builds.last().filter(|_| standing.state == State::Running).and_then(|build| build.started_at());
        let elapsed = since.and_then(|since| self.now.duration_since(since).try_into().ok());
        let left = elapsed.and_then(|elapsed| scheduler.left(&standing.repository, profile, elapsed));
        if let Some(reason) = wait.as_ref().and_then(|wait| wait.reasons.first()) {
            let before = standing.wait.as_ref().and_then(|wait| wait.reasons.first());
            // Figures change with every start; only another reason is news.
            if before.map(|before| (before.reason, &before.name)) != Some((reason.reason, &reason.name)) {
                history.note(self.now, &format!("waits: {reason}"));
            }
        }
        if (&standing.wait, standing.usual_seconds, standing.left_seconds) != (&wait, usual, left) {
            let standing = Arc::make_mut(standing);
            (standing.wait, standing.usual_seconds, standing.left_seconds) = (wait, usual, left);
        }
    }
}

impl Entry {
    pub(super) fn new(job: &Arc<Job>, origin: &Origin, handle: &Arc<JobHandle>, now: Timestamp) -> Self {
        let summary = JobSummary::of(job, origin, None);
        let standing = JobStanding {
            queue: Arc::clone(&origin.queue),
            repository: summary.repository.clone().unwrap_or_default(),
            job: Arc::new(summary),
            state: State::Waiting,
            status: None,
            received_at: shown(now),
            wait: Some(Box::default()),
            attempt: None,
            build_ids: Vec::new(),
            started_at: None,
            ended_at: None,
            phase: None,
            building_since: None,
            left_seconds: None,
            usual_seconds: None,
            cancelling_since: None,
            decisive_line: None,
            pushed: Vec::new(),
            cancel_reason: None,
            superseded_by: None,
        };
        let mut entry = Self {
            standing: Arc::new(standing),
            job: Arc::clone(job),
            handle: Arc::clone(handle),
            arrival: None,
            builds: Vec::new(),
            end: None,
            history: History::default(),
        };
        if let Some(enqueued) = origin.enqueued_at {
            entry.note(enqueued, "was sent");
        }
        entry.note(now, &format!("was received from {}", origin.queue));
        entry
    }

    pub(super) fn standing(&self) -> &Arc<JobStanding> {
        &self.standing
    }

    pub(super) fn job(&self) -> &Job {
        &self.job
    }

    pub(super) fn build(&self) -> Option<&Arc<Build>> {
        self.builds.last()
    }

    pub(super) fn shown(&mut self, now: Timestamp) -> Shown<'_> {
        if let Some(why) = self.handle.reason().filter(|_| self.standing.cancelling_since.is_none() && self.end.is_none()) {
            // It was asked for a moment ago, and the job's task has not turned to it yet.
            let standing = Arc::make_mut(&mut self.standing);
            standing.cancelling_since = Some(shown(now));
            standing.cancel_reason = redacted(&self.job, &why.reason);
        }
        Shown { arrival: self.arrival, now, entry: self }
    }

    /// What it says may come from the sender, or from AWS's words about what the sender sent.
    pub(super) fn note(&mut self, now: Timestamp, text: &str) {
        self.history.note(now, &Redactor::new(self.job.secrets()).text(text));
    }

    pub(super) fn waits(&mut self, arrival: u64) {
        self.arrival = Some(arrival);
    }

    /// The next attempt waits for its turn.
    pub(super) fn waits_again(&mut self) {
        let standing = Arc::make_mut(&mut self.standing);
        standing.state = State::Waiting;
        standing.wait = Some(Box::default());
        (standing.started_at, standing.phase, standing.building_since, standing.left_seconds) = (None, None, None, None);
    }

    pub(super) fn runs(&mut self, attempt: u32, build: &Arc<Build>) {
        self.has(build);
        let standing = Arc::make_mut(&mut self.standing);
        standing.state = State::Running;
        standing.wait = None;
        standing.attempt = Some(attempt);
        standing.started_at = build.started_at().map(shown);
        progress(standing, build);
    }

    /// A build of its own; one is all that most jobs have.
    fn has(&mut self, build: &Arc<Build>) {
        self.builds.reserve_exact(1);
        self.builds.push(Arc::clone(build));
        let ids = &mut Arc::make_mut(&mut self.standing).build_ids;
        ids.reserve_exact(1);
        ids.push(Arc::clone(&build.id));
    }

    /// Whether lists show it.
    pub(super) fn seen(&mut self, now: Timestamp, build: &Arc<Build>) -> bool {
        match self.builds.last_mut() {
            Some(latest) if latest.id == build.id => *latest = Arc::clone(build),
            _ => self.has(build),
        }
        if self.standing.phase.as_deref() == build.current_phase.as_deref() && new_commit(&self.standing, build).is_none() {
            return false;
        }
        progress(Arc::make_mut(&mut self.standing), build);
        if let Some(phase) = &build.current_phase {
            self.history.note(now, &format!("phase {phase}"));
        }
        true
    }

    pub(super) fn cancelling(&mut self, now: Timestamp, text: &str) {
        let reason = self.handle.reason();
        let standing = Arc::make_mut(&mut self.standing);
        standing.cancelling_since.get_or_insert_with(|| shown(now));
        if let Some(why) = reason {
            standing.cancel_reason = redacted(&self.job, &why.reason);
            standing.superseded_by = why.by.map(|id| id.as_str().into());
        }
        self.note(now, text);
    }

    pub(super) fn reports(&mut self, now: Timestamp, data: &Data) {
        let standing = Arc::make_mut(&mut self.standing);
        standing.state = State::Reporting;
        standing.status = data.status;
        standing.job = Arc::new(data.job.clone());
        standing.attempt = data.attempt;
        standing.ended_at = data.build.as_ref().and_then(|build| build.ended_at.as_deref().map(Into::into)).or_else(|| Some(shown(now)));
        standing.started_at = data.build.as_ref().and_then(|build| build.started_at.as_deref().map(Into::into));
        (standing.wait, standing.phase, standing.left_seconds, standing.cancelling_since) = (None, None, None, None);
        standing.decisive_line = data.failure.as_ref().map(|failure| failure.message.as_str().into());
        standing.pushed = data.images.iter().map(|image| image.reference.clone()).collect();
        standing.cancel_reason = data.reason.as_deref().map(Into::into);
        standing.superseded_by = data.superseded_by.as_deref().map(Into::into);
        self.end = Some(Box::new(data.clone()));
        let status = data.status.map(crate::job::outcome::Status::as_str).unwrap_or_default();
        self.history.note(now, &format!("ended: {status}"));
    }

    pub(super) fn detail(&self) -> JobDetail {
        self.detail_with(self.end.as_deref().cloned())
    }

    fn detail_with(&self, end: Option<Data>) -> JobDetail {
        let mut builds: Vec<Run> = self.builds.iter().map(|build| Run::of(build)).collect();
        let mut detail = JobDetail {
            standing: Arc::clone(&self.standing),
            message: self.job.shown(),
            images: Vec::new(),
            outputs: <_>::default(),
            artifacts: None,
            failure: None,
            log: None,
            timings: None,
            history: self.history.entries(),
            builds: Vec::new(),
            from_record: false,
        };
        if let Some(end) = end {
            // The event's own account of the last build is the last word.
            if let Some(last) = end.build {
                builds.retain(|build| build.id != last.id);
                builds.push(last);
            }
            (detail.images, detail.outputs, detail.artifacts) = (end.images, end.outputs, end.artifacts);
            (detail.failure, detail.log, detail.timings) = (end.failure, end.log, end.timings);
        }
        JobDetail { builds, ..detail }
    }

    /// What is to be remembered, and the values that its log must not repeat.
    pub(super) fn ended(mut self, now: Timestamp) -> (JobDetail, Vec<String>) {
        Arc::make_mut(&mut self.standing).state = State::Ended;
        self.history.note(now, "its event is accepted");
        let end = self.end.take().map(|end| *end);
        (self.detail_with(end), self.job.secrets().collect())
    }
}

fn shown(time: Timestamp) -> Box<str> {
    rfc3339(time).into()
}

/// The reason of a cancellation. `None`: nothing is left of it.
fn redacted(job: &Job, reason: &str) -> Option<Box<str>> {
    let reason = Redactor::new(job.secrets()).text(reason);
    (!reason.is_empty()).then(|| reason.into())
}

/// How far a build is, and which commit it builds: that of an adopted one is known from its first look.
fn progress(standing: &mut JobStanding, build: &Build) {
    standing.phase = build.current_phase.as_deref().map(Into::into);
    standing.building_since = build.building_since().map(shown);
    if let Some(commit) = new_commit(standing, build)
        && let Some(source) = Arc::make_mut(&mut standing.job).source.as_mut()
    {
        source.commit = Some(commit);
    }
}

/// The commit, where it is not shown yet.
fn new_commit(standing: &JobStanding, build: &Build) -> Option<String> {
    let shown = standing.job.source.as_ref()?;
    build.source_commit().filter(|commit| shown.commit.as_ref() != Some(commit))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_commit_of_a_build_that_runs_already_is_shown() {
        let mut standing: JobStanding = serde_json::from_value(json!({
            "id": "app-1", "message_id": "m", "tenant": "t", "labels": {}, "queue": "jobs", "repository": "r", "state": "running",
            "received_at": "2026-11-22T10:00:00Z", "source": { "url": "https://github.com/acme/app" },
        }))
        .unwrap();
        let commit = Some("9f3c2a71d0e4b5c6d7e8f9a0b1c2d3e4f5a6b7c8".to_owned());
        progress(&mut standing, &Build { commit: commit.clone(), current_phase: Some("BUILD".into()), ..Build::default() });
        assert_eq!(standing.job.source.as_ref().unwrap().commit, commit);
        assert_eq!(standing.phase.as_deref(), Some("BUILD"));
    }
}
