//! A build: its settings and its present state.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio::time::Duration;
use tokio_util::sync::CancellationToken;

use super::{
    merge::text,
    phase::{Phase, PhaseStatus},
    transcript::Transcript,
};
use crate::{
    clock::Clock,
    journal::{Held, Journal},
};

/// A build. Its settings do not change; its state is behind [`Build::live`].
#[derive(Debug)]
pub(crate) struct Build {
    /// The order of starts in the account.
    pub(crate) sequence: u64,
    /// `project:uuid`.
    pub(crate) id: String,
    pub(crate) arn: String,
    pub(crate) number: u64,
    pub(crate) project: String,
    /// The input of `StartBuild` without its token, for retries.
    pub(crate) request: Map<String, Value>,
    /// The project's members after the overrides.
    pub(crate) settings: Map<String, Value>,
    pub(crate) timeout: Duration,
    pub(crate) queued_timeout: Duration,
    pub(crate) retry: Retry,
    /// Cancelled to end the build before its runner does.
    pub(crate) interrupt: CancellationToken,
    pub(crate) clock: Clock,
    /// Records the changes of the live state.
    pub(crate) journal: Journal,
    live: Mutex<Live>,
}

/// The place of a build in its chain of automatic retries.
#[derive(Debug, Clone, Default)]
pub(crate) struct Retry {
    /// The largest number of retries.
    pub(crate) limit: u64,
    /// The number of the retry; 0 for the first build.
    pub(crate) number: u64,
    /// The ARN of the build that this one retries.
    pub(crate) previous: Option<String>,
}

/// The state of a build, which changes while it runs.
#[derive(Debug)]
pub(crate) struct Live {
    pub(crate) status: Status,
    pub(crate) phases: Vec<Record>,
    pub(crate) end_ms: Option<u64>,
    pub(crate) resolved: Option<String>,
    pub(crate) exported: Vec<(String, String)>,
    pub(crate) transcript: Transcript,
    /// The ARN of the build that retries this one.
    pub(crate) next_retry: Option<String>,
    /// The build's place among the project's active builds. Dropped at the end.
    pub(crate) active: Option<Arc<()>>,
}

/// CodeBuild's statuses, as far as AWS was seen to use them. A build that timed out is `FAILED`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    InProgress,
    Succeeded,
    Failed,
    Fault,
    Stopped,
}

impl Status {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::InProgress => "IN_PROGRESS",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::Fault => "FAULT",
            Self::Stopped => "STOPPED",
        }
    }

    /// The status with this name.
    #[cfg(feature = "data")]
    pub(crate) fn named(name: &str) -> Self {
        let all = [Self::InProgress, Self::Succeeded, Self::Failed, Self::Fault, Self::Stopped];
        all.into_iter().find(|status| status.name() == name).unwrap_or(Self::Fault)
    }
}

/// A phase that has begun.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) phase: Phase,
    pub(crate) start_ms: u64,
    /// `None` while the phase lasts. For COMPLETED always `None`.
    pub(crate) end: Option<(u64, PhaseStatus)>,
    pub(crate) context: Option<(String, String)>,
}

/// How a build ended by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Every phase succeeded.
    Succeeded,
    /// A phase failed.
    Failed,
    /// The platform failed.
    Fault,
}

/// Why a build has ended.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Verdict {
    Ended(Ending),
    /// The runner ended without an [`Ending`].
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

/// The settings of a new build.
#[derive(Debug)]
pub(crate) struct Start {
    pub(crate) sequence: u64,
    pub(crate) id: String,
    pub(crate) arn: String,
    pub(crate) number: u64,
    pub(crate) project: String,
    pub(crate) request: Map<String, Value>,
    pub(crate) settings: Map<String, Value>,
    pub(crate) retry: Retry,
    pub(crate) clock: Clock,
    /// The length of a minute in the timeouts.
    pub(crate) minute: Duration,
    pub(crate) journal: Journal,
}

impl Build {
    /// A build that waits for its turn.
    pub(crate) fn submitted(start: Start, transcript: Transcript, active: Arc<()>) -> Self {
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

    /// A build in the state `live`.
    pub(crate) fn new(start: Start, live: Live) -> Self {
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

    pub(crate) fn live(&self) -> Held<'_, Live> {
        Held::new(&self.live, &self.journal)
    }

    /// The variables in the form of the API: those of the project, replaced by those of the start.
    pub(crate) fn given_variables(&self) -> impl Iterator<Item = &Value> {
        let environment = self.settings.get("environment").unwrap_or(&Value::Null);
        environment["environmentVariables"].as_array().into_iter().flatten()
    }

    /// The variables as they were given. Where a store holds the value, it is the reference.
    pub(crate) fn variables(&self) -> BTreeMap<String, String> {
        let pair = |variable| (text(variable, "name").to_owned(), text(variable, "value").to_owned());
        self.given_variables().map(pair).collect()
    }
}

impl Live {
    pub(crate) fn is_over(&self) -> bool {
        self.status != Status::InProgress
    }

    pub(crate) fn current_phase(&self) -> Phase {
        self.phases.last().map_or(Phase::Submitted, |record| record.phase)
    }

    /// Ends the build.
    pub(crate) fn finish(&mut self, now: u64, verdict: Verdict) {
        let (status, phase, context) = verdict.outcome();
        self.close(now, phase, context);
        self.phases.push(Record { phase: Phase::Completed, start_ms: now, end: None, context: None });
        self.status = status;
        self.end_ms = Some(now);
        self.active = None;
    }

    /// Begins a phase. If another still lasts, it has succeeded.
    pub(crate) fn open(&mut self, now: u64, phase: Phase) {
        self.close(now, PhaseStatus::Succeeded, None);
        self.phases.push(Record { phase, start_ms: now, end: None, context: None });
    }

    /// Ends the present phase, if there is one.
    pub(crate) fn close(&mut self, now: u64, status: PhaseStatus, context: Option<(&str, &str)>) {
        if let Some(record) = self.phases.last_mut().filter(|record| record.end.is_none()) {
            record.end = Some((now, status));
            record.context = context.map(|(code, message)| (code.to_owned(), message.to_owned()));
        }
    }
}
