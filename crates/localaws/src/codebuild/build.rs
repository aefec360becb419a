//! One build: what it was started with, and where it stands.

use std::sync::{Arc, Mutex};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio::time::Duration;
use tokio_util::sync::CancellationToken;

use super::{
    phase::{Phase, PhaseStatus},
    row,
    transcript::Transcript,
};
use crate::{
    clock::Clock,
    journal::{Held, Journal},
    runner::Ending,
};

/// A build. What was given at its start stays; the rest is behind [`Build::live`].
#[derive(Debug)]
pub(super) struct Build {
    /// The order of starts in the account.
    pub(super) sequence: u64,
    /// `project:uuid`.
    pub(super) id: String,
    pub(super) arn: String,
    pub(super) number: u64,
    pub(super) project: String,
    /// The input of `StartBuild`, without its token: what a retry starts again.
    pub(super) request: Map<String, Value>,
    /// The project's members after the overrides.
    pub(super) settings: Map<String, Value>,
    pub(super) timeout: Duration,
    pub(super) queued_timeout: Duration,
    pub(super) retry: Retry,
    /// Cancelled when the build must end before its runner says so.
    pub(super) interrupt: CancellationToken,
    pub(super) clock: Clock,
    /// Of the changes of what is live.
    pub(super) journal: Journal,
    live: Mutex<Live>,
}

/// Where a build stands among its automatic retries.
#[derive(Debug, Clone, Default)]
pub(super) struct Retry {
    /// How many retries at most.
    pub(super) limit: u64,
    /// 0 for the build that somebody started.
    pub(super) number: u64,
    /// The ARN of the build that this one repeats.
    pub(super) previous: Option<String>,
}

/// What changes while a build runs.
#[derive(Debug)]
pub(super) struct Live {
    pub(super) status: Status,
    pub(super) phases: Vec<Record>,
    pub(super) end_ms: Option<u64>,
    pub(super) resolved: Option<String>,
    pub(super) exported: Vec<(String, String)>,
    pub(super) transcript: Transcript,
    /// The ARN of the automatic retry.
    pub(super) next_retry: Option<String>,
    /// Counts as active in its project until the build ends.
    pub(super) active: Option<Arc<()>>,
}

/// CodeBuild's build statuses, as far as AWS was seen to use them: a build out of time is `FAILED`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    InProgress,
    Succeeded,
    Failed,
    Fault,
    Stopped,
}

impl Status {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::InProgress => "IN_PROGRESS",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::Fault => "FAULT",
            Self::Stopped => "STOPPED",
        }
    }

    /// The status that was written by its name.
    #[cfg(feature = "data")]
    pub(super) fn named(name: &str) -> Self {
        let all = [Self::InProgress, Self::Succeeded, Self::Failed, Self::Fault, Self::Stopped];
        all.into_iter().find(|status| status.name() == name).unwrap_or(Self::Fault)
    }
}

/// A phase that has begun.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Record {
    pub(super) phase: Phase,
    pub(super) start_ms: u64,
    /// `None` while it lasts, and for COMPLETED for ever.
    pub(super) end: Option<(u64, PhaseStatus)>,
    pub(super) context: Option<(String, String)>,
}

/// Why a build is over.
#[derive(Debug, Clone, Copy)]
pub(super) enum Verdict {
    Ended(Ending),
    /// The runner was lost before it said how the build ended.
    Lost,
    Stopped,
    TimedOut,
}

impl Verdict {
    fn outcome(self) -> (Status, PhaseStatus, Option<(&'static str, &'static str)>) {
        match self {
            Self::Ended(Ending::Succeeded) => (Status::Succeeded, PhaseStatus::Succeeded, None),
            Self::Ended(Ending::Failed) => (Status::Failed, PhaseStatus::Failed, None),
            Self::Ended(Ending::Fault) => (Status::Fault, PhaseStatus::Fault, None),
            Self::Lost => (Status::Fault, PhaseStatus::Fault, Some(("INTERNAL_SERVICE_ERROR", "CodeBuild is experiencing an issue"))),
            Self::Stopped => (Status::Stopped, PhaseStatus::Stopped, None),
            Self::TimedOut => (Status::Failed, PhaseStatus::TimedOut, Some(("BUILD_TIMED_OUT", "Build has timed out."))),
        }
    }
}

/// What a build is started with.
#[derive(Debug)]
pub(super) struct Start {
    pub(super) sequence: u64,
    pub(super) id: String,
    pub(super) arn: String,
    pub(super) number: u64,
    pub(super) project: String,
    pub(super) request: Map<String, Value>,
    pub(super) settings: Map<String, Value>,
    pub(super) retry: Retry,
    pub(super) clock: Clock,
    /// How long a minute of the timeouts lasts.
    pub(super) minute: Duration,
    pub(super) journal: Journal,
}

impl Build {
    /// A build that waits for its turn.
    pub(super) fn submitted(start: Start, transcript: Transcript, active: Arc<()>) -> Self {
        let now = start.clock.millis();
        let submitted = Record { phase: Phase::Submitted, start_ms: now, end: Some((now, PhaseStatus::Succeeded)), context: None };
        let queued = Record { phase: Phase::Queued, start_ms: now, end: None, context: None };
        let live = Live {
            status: Status::InProgress,
            phases: vec![submitted, queued],
            end_ms: None,
            resolved: None,
            exported: Vec::new(),
            transcript,
            next_retry: None,
            active: Some(active),
        };
        Self::new(start, live)
    }

    /// A build that has come as far as `live` says.
    pub(super) fn new(start: Start, live: Live) -> Self {
        let minutes = |member: &str| {
            let minutes = start.settings.get(member).and_then(Value::as_u64).unwrap_or_default();
            start.minute.saturating_mul(u32::try_from(minutes).unwrap_or(u32::MAX))
        };
        Self {
            sequence: start.sequence,
            timeout: minutes("timeoutInMinutes"),
            queued_timeout: minutes("queuedTimeoutInMinutes"),
            id: start.id,
            arn: start.arn,
            number: start.number,
            project: start.project,
            request: start.request,
            settings: start.settings,
            retry: start.retry,
            interrupt: CancellationToken::new(),
            clock: start.clock,
            journal: start.journal,
            live: Mutex::new(live),
        }
    }

    pub(super) fn live(&self) -> Held<'_, Live> {
        Held::new(&self.live, &self.journal)
    }

    /// Keeps where the build stands.
    pub(super) fn keep(&self, live: &Live) {
        self.journal.record(|| row::progress(self.sequence, live));
    }

    /// Ends the build, once: `false` if it had ended before.
    pub(super) fn finish(&self, verdict: Verdict) -> bool {
        let now = self.clock.millis();
        let mut live = self.live();
        if live.status != Status::InProgress {
            return false;
        }
        let (status, phase, context) = verdict.outcome();
        live.close(now, phase, context);
        live.transcript.flush(now);
        live.phases.push(Record { phase: Phase::Completed, start_ms: now, end: None, context: None });
        live.status = status;
        live.end_ms = Some(now);
        live.active = None;
        self.keep(&live);
        true
    }
}

impl Live {
    pub(super) fn is_over(&self) -> bool {
        self.status != Status::InProgress
    }

    pub(super) fn current_phase(&self) -> Phase {
        self.phases.last().map_or(Phase::Submitted, |record| record.phase)
    }

    /// Begins a phase; one that still lasts has then succeeded.
    pub(super) fn open(&mut self, now: u64, phase: Phase) {
        self.close(now, PhaseStatus::Succeeded, None);
        self.phases.push(Record { phase, start_ms: now, end: None, context: None });
    }

    /// Ends the phase that lasts, if one does.
    pub(super) fn close(&mut self, now: u64, status: PhaseStatus, context: Option<(&str, &str)>) {
        if let Some(record) = self.phases.last_mut().filter(|record| record.end.is_none()) {
            record.end = Some((now, status));
            record.context = context.map(|(code, message)| (code.to_owned(), message.to_owned()));
        }
    }
}
