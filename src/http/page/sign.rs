//! Icons of states, whose outlines differ without colour.

use maud::{Markup, PreEscaped, html};

use crate::job::{
    outcome::Status,
    standing::{JobStanding, State},
};

/// The meaning of an icon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    Waiting,
    Running,
    Reporting,
    Succeeded,
    Failed,
    TimedOut,
    Errored,
    Cancelled,
    Superseded,
    Paused,
    DeadLetter,
    Elsewhere,
}

impl Sign {
    /// How a job ended.
    pub(super) fn of_status(status: Status) -> Self {
        match status {
            Status::Succeeded => Self::Succeeded,
            Status::Failed => Self::Failed,
            Status::TimedOut => Self::TimedOut,
            Status::Errored => Self::Errored,
            Status::Cancelled => Self::Cancelled,
            Status::Superseded => Self::Superseded,
        }
    }

    /// Where a job is, or how it ended.
    pub(super) fn of(job: &JobStanding) -> Self {
        match job.state {
            State::Waiting if is_paused(job) => Self::Paused,
            State::Waiting => Self::Waiting,
            State::Running => Self::Running,
            State::Reporting => Self::Reporting,
            State::Ended => job.status.map_or(Self::Reporting, Self::of_status),
        }
    }

    /// Its name in a word.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Reporting => "reporting",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::TimedOut => "timed out",
            Self::Errored => "errored",
            Self::Cancelled => "cancelled",
            Self::Superseded => "superseded",
            Self::Paused => "paused",
            Self::DeadLetter => "dead letter",
            Self::Elsewhere => "on another site",
        }
    }

    /// The class of its colour.
    pub(super) fn tone(self) -> &'static str {
        match self {
            Self::Running | Self::Elsewhere => "run",
            Self::Succeeded => "ok",
            Self::Failed | Self::TimedOut => "fail",
            Self::Errored | Self::Paused | Self::DeadLetter => "warn",
            Self::Waiting | Self::Reporting | Self::Cancelled | Self::Superseded => "muted",
        }
    }

    fn outline(self) -> &'static str {
        match self {
            Self::Waiting => r#"<circle cx="8" cy="8" r="5.6" stroke-dasharray="2.4 2"/>"#,
            Self::Running => r#"<circle cx="8" cy="8" r="5.6"/><path d="M8 2.4a5.6 5.6 0 0 1 0 11.2z" fill="currentColor" stroke="none"/>"#,
            Self::Reporting => r#"<path d="M2.5 8h7.5M7 4.8 10.2 8 7 11.2M13.2 3.4v9.2"/>"#,
            Self::Succeeded => r#"<path d="m3 8.6 3.3 3.3L13 5"/>"#,
            Self::Failed => r#"<path d="m4 4 8 8M12 4l-8 8"/>"#,
            Self::TimedOut => r#"<circle cx="8" cy="8" r="5.6"/><path d="M8 4.8V8l2.2 1.4"/>"#,
            Self::Errored => r#"<path d="M8 2.6 14 13H2zM8 6.6v3"/><path d="M8 11.2v.2"/>"#,
            Self::Cancelled => r#"<circle cx="8" cy="8" r="5.6"/><path d="m4.2 11.8 7.6-7.6"/>"#,
            Self::Superseded => r#"<path d="m3.4 4 4 4-4 4M8.4 4l4 4-4 4"/>"#,
            Self::Paused => r#"<path d="M5.4 3.4v9.2M10.6 3.4v9.2" stroke-width="2.2"/>"#,
            Self::DeadLetter => r#"<path d="M2.4 4h11.2v8.2H2.4zM2.6 4.4 8 8.8l5.4-4.4"/>"#,
            Self::Elsewhere => r#"<path d="M9 3H3v10h10V8M10 2.6h3.4V6M13.2 2.8 7.6 8.4"/>"#,
        }
    }

    fn svg(self, name: Option<&str>) -> Markup {
        html! {
            svg.sign.(self.tone()) viewBox="0 0 16 16" role=[name.map(|_| "img")] aria-label=[name] aria-hidden=[name.is_none().then_some("true")] {
                (PreEscaped(self.outline()))
            }
        }
    }

    /// The icon with an accessible name.
    pub(super) fn named(self) -> Markup {
        self.svg(Some(self.word()))
    }

    /// The icon beside its name, without an accessible name of its own.
    pub(super) fn bare(self) -> Markup {
        self.svg(None)
    }
}

/// Whether somebody must resume it before it can start.
pub(super) fn is_paused(job: &JobStanding) -> bool {
    use crate::job::standing::Cause;
    job.wait.as_ref().is_some_and(|wait| wait.reasons.iter().any(|reason| reason.reason == Cause::Paused))
}
