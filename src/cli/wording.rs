//! How jobs are put into words for a terminal: where one stands, why, and for how long still.

use jiff::Timestamp;

use super::paint::Tone;
use crate::job::{
    outcome::Status,
    standing::{JobStanding, Pause, PauseScope, State},
};

/// A job's state in a word, and how that feels.
pub(super) fn state(job: &JobStanding) -> (&'static str, Tone) {
    match (job.state, job.status) {
        (State::Waiting | State::Running, _) if job.cancelling_since.is_some() => ("cancelling", Tone::Warn),
        (State::Waiting, _) => ("waiting", Tone::Dim),
        (State::Running, _) => ("running", Tone::Plain),
        (State::Reporting, _) => ("reporting", Tone::Warn),
        (State::Ended, Some(Status::Succeeded)) => ("succeeded", Tone::Good),
        (State::Ended, Some(Status::Cancelled)) => ("cancelled", Tone::Dim),
        (State::Ended, Some(Status::Superseded)) => ("superseded", Tone::Dim),
        (State::Ended, Some(status)) => (status.as_str(), Tone::Bad),
        (State::Ended, None) => ("ended", Tone::Plain),
    }
}

/// What a job's row says last: why and for how long still, or what broke it.
pub(super) fn about(job: &JobStanding) -> String {
    let mut parts = Vec::new();
    match job.state {
        State::Waiting => {
            let wait = job.wait.as_ref();
            parts.extend(wait.and_then(|wait| wait.position).map(|position| format!("#{position}")));
            parts.push(wait.and_then(|wait| wait.reasons.first()).map_or_else(|| "is about to start".to_owned(), ToString::to_string));
            parts.extend(wait.and_then(|wait| wait.estimate_seconds).map(|range| format!("in {}", span(range))));
        }
        State::Running => {
            parts.extend(job.phase.clone());
            parts.extend(job.left_seconds.map(|range| format!("{} left", span(range))));
        }
        State::Reporting | State::Ended => {
            let by = job.superseded_by.as_ref().map(|by| format!("by {by}"));
            parts.extend(by.or_else(|| job.cancel_reason.clone()).or_else(|| job.decisive_line.clone()));
            if job.status == Some(Status::Succeeded) {
                parts.extend(job.pushed.first().cloned());
            }
        }
    }
    parts.join(", ")
}

/// How long it has waited or run, or ran.
pub(super) fn age(job: &JobStanding, now: Timestamp) -> String {
    let at = |text: Option<&str>| text.and_then(|text| text.parse::<Timestamp>().ok());
    let end = at(job.ended_at.as_deref()).filter(|_| job.state >= State::Reporting).unwrap_or(now);
    let since = at(job.started_at.as_deref()).or_else(|| at(Some(&job.received_at)));
    since.map(|since| seconds(u64::try_from(end.duration_since(since).as_secs()).unwrap_or_default())).unwrap_or_default()
}

/// What is paused: "tenant team-g".
pub(super) fn scope(pause: &Pause) -> String {
    match &pause.scope {
        PauseScope::All => "everything".to_owned(),
        PauseScope::Queue(name) => format!("queue {name}"),
        PauseScope::Tenant(name) => format!("tenant {name}"),
        PauseScope::Profile(name) => format!("profile {name}"),
    }
}

/// A range of seconds: "1-3m".
pub(super) fn span([least, most]: [u64; 2]) -> String {
    let (least, most) = (least.min(most), least.max(most));
    if seconds(least) == seconds(most) { seconds(most) } else { format!("{} to {}", seconds(least), seconds(most)) }
}

/// Seconds as people say them: "42s", "3m 05s", "2h 10m", "3d 4h".
pub(super) fn seconds(seconds: u64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3_600 => format!("{minutes}m {:02}s", seconds % 60),
        3_600..86_400 => format!("{hours}h {:02}m", minutes % 60),
        _ => format!("{days}d {}h", hours % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_short_and_ranges_say_no_more_than_they_know() {
        for (of, expected) in [(0, "0s"), (59, "59s"), (185, "3m 05s"), (7_800, "2h 10m"), (273_600, "3d 4h")] {
            assert_eq!(seconds(of), expected);
        }
        assert_eq!((span([60, 180]), span([5, 5]), span([9, 3])), ("1m 00s to 3m 00s".into(), "5s".into(), "3s to 9s".into()));
    }
}
