//! What CodeBuild has room for in one project: a learned limit, and a pause after each refusal.

use std::time::Duration;

use tokio::time::Instant;

use super::trouble::Trouble;
use crate::{backoff::Backoff, job::capacity::Capacity, observe};

/// Between a refusal and the next start.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// For this long after a refusal the limit does not grow: builds must end first.
const HOLD: Duration = Duration::from_mins(1);
/// Of a refusal's words as much as is shown.
const WORDS: usize = 500;

/// The room in one project.
#[derive(Debug)]
pub(super) struct Room {
    project: String,
    most: usize,
    capacity: Capacity,
    pauses: Backoff,
    /// Nothing starts before.
    closed_until: Option<Instant>,
    /// The limit does not grow before.
    held_until: Option<Instant>,
    /// CodeBuild's last refusal: when, and in which words.
    pub(super) refusal: Option<(Instant, String)>,
    /// CodeBuild starts nothing here, whatever the room, until somebody changes something.
    pub(super) trouble: Option<Trouble>,
}

impl Room {
    pub(super) fn new(project: &str, most: usize) -> Self {
        observe::capacity_learned(project, most);
        Self {
            project: project.to_owned(),
            most,
            capacity: Capacity::new(most),
            pauses: pauses(),
            closed_until: None,
            held_until: None,
            refusal: None,
            trouble: None,
        }
    }

    /// When it opens again; `None`: it is open.
    pub(super) fn opens_at(&self) -> Option<Instant> {
        self.closed_until
    }

    /// Opens when its time has come; whether it has.
    pub(super) fn settle(&mut self) -> bool {
        let is_over = self.closed_until.is_some_and(|until| until <= Instant::now());
        if is_over {
            self.closed_until = None;
        }
        is_over
    }

    /// How many builds it takes, where that is less than the operator allows.
    pub(super) fn learned(&self) -> Option<usize> {
        let limit = self.capacity.limit();
        (limit < self.most).then_some(limit)
    }

    /// CodeBuild took a build, with which so many run.
    pub(super) fn accepted(&mut self, running: usize) {
        self.pauses = pauses();
        self.trouble = None;
        if self.held_until.is_none_or(|until| until <= Instant::now()) {
            self.held_until = None;
            self.capacity.accepted(running);
            observe::capacity_learned(&self.project, self.capacity.limit());
        }
    }

    /// CodeBuild refused a build, whose place is still taken. Refusals of one burst are one.
    pub(super) fn refused(&mut self, running: usize, words: &str) {
        let now = Instant::now();
        self.capacity.refused(running.saturating_sub(1));
        self.held_until = Some(now + HOLD);
        if self.closed_until.is_none_or(|until| until <= now) {
            self.closed_until = Some(now + self.pauses.pause());
        }
        self.refusal = Some((now, words.chars().take(WORDS).collect()));
        observe::start_refused(&self.project, self.capacity.limit());
    }

    /// CodeBuild starts nothing here.
    pub(super) fn denied(&mut self, words: &str) {
        Trouble::again(&mut self.trouble, words, Duration::MAX);
    }

    /// Another number is allowed; what was learned holds where it is less.
    pub(super) fn allow(&mut self, most: usize) {
        self.most = most;
        self.capacity.allow(most);
        observe::capacity_learned(&self.project, self.capacity.limit());
    }
}

fn pauses() -> Backoff {
    Backoff::new(FIRST_PAUSE, LONGEST_PAUSE)
}
