//! Jobs as text for a terminal: the state, the reason, and the time that is left.

use jiff::Timestamp;

use super::paint::Tone;
use crate::job::{
    outcome::Status,
    standing::{JobStanding, Pause, PauseScope, State},
};

/// A job's state in a word, with its style.
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

/// The last column of a job's row: why it waits and for how long still, or why it failed.
pub(super) fn about(job: &JobStanding) -> String {
    let mut parts = Vec::new();
    match job.state {
        State::Waiting => {
            let wait = job.wait.as_ref();
            parts.extend(wait.and_then(|wait| wait.position).map(|position| format!("#{position}")));
            // A narrow terminal cuts the end, so the reason comes first.
            parts.extend(wait.and_then(|wait| wait.estimate_seconds).map(|range| format!("in {}", span(range))));
            parts.push(wait.and_then(|wait| wait.reasons.first()).map_or_else(|| "is about to start".to_owned(), ToString::to_string));
        }
        State::Running => {
            parts.extend(job.phase.as_deref().map(str::to_owned));
            parts.extend(job.left_seconds.map(|range| format!("{} left", span(range))));
        }
        State::Reporting | State::Ended => {
            let by = job.superseded_by.as_ref().map(|by| format!("by {by}"));
            parts.extend(by.or_else(|| job.cancel_reason.as_deref().or(job.decisive_line.as_deref()).map(str::to_owned)));
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
    // Count from the time it was sent: a restarted daemon receives it again.
    let since = job.started_at.as_deref().or(job.job.enqueued_at.as_deref()).unwrap_or(&job.received_at);
    let since = at(Some(since));
    since.map(|since| seconds(u64::try_from(end.duration_since(since).as_secs()).unwrap_or_default())).unwrap_or_default()
}

/// What is paused: "tenant team-g".
fn scope(pause: &Pause) -> String {
    match &pause.scope {
        PauseScope::All => "everything".to_owned(),
        PauseScope::Queue(name) => format!("queue {name}"),
        PauseScope::Tenant(name) => format!("tenant {name}"),
        PauseScope::Profile(name) => format!("profile {name}"),
    }
}

/// "paused: tenant team-g since 2026-11-22T10:22:00.123Z: no capacity".
pub(super) fn paused(pause: &Pause) -> String {
    let since = pause.since.as_deref().map(|since| format!(" since {since}")).unwrap_or_default();
    let reason = pause.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
    format!("paused: {}{since}{reason}", scope(pause))
}

/// A range of seconds, "20s to 50s"; from a minute on in whole minutes, "1m to 3m".
pub(super) fn span([least, most]: [u64; 2]) -> String {
    const MINUTE: u64 = 60;
    let (least, most) = (least.min(most), least.max(most));
    if seconds(least) == seconds(most) {
        return seconds(most);
    }
    let least = if least < MINUTE { least } else { least / MINUTE * MINUTE };
    let most = if most < MINUTE { most } else { most.div_ceil(MINUTE) * MINUTE };
    let [least, most] = [least, most].map(seconds);
    format!("{} to {}", least.trim_end_matches(" 00s"), most.trim_end_matches(" 00s"))
}

/// A duration: "42s", "3m 05s", "2h 10m", "3d 4h".
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
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn times_are_short_and_ranges_say_no_more_than_they_know() {
        for (of, expected) in [(0, "0s"), (59, "59s"), (185, "3m 05s"), (7_800, "2h 10m"), (273_600, "3d 4h")] {
            assert_eq!(seconds(of), expected);
        }
        for (of, expected) in [
            ([60, 180], "1m to 3m"),
            ([149, 345], "2m to 6m"),
            ([40, 61], "40s to 2m"),
            ([7_200, 9_000], "2h 00m to 2h 30m"),
            ([185, 185], "3m 05s"),
            ([9, 3], "3s to 9s"),
        ] {
            assert_eq!(span(of), expected);
        }
    }

    #[test]
    fn a_job_has_waited_since_it_was_sent_whichever_process_received_it() {
        let mut job: JobStanding = serde_json::from_value(serde_json::json!({
            "id": "app-1", "message_id": "m", "labels": {}, "queue": "jobs", "repository": "r", "state": "waiting",
            "received_at": "2026-11-22T10:50:00Z", "enqueued_at": "2026-11-22T10:00:00Z",
        }))
        .unwrap();
        let now = "2026-11-22T11:00:00Z".parse().unwrap();
        assert_eq!(age(&job, now), "1h 00m");
        job.started_at = Some("2026-11-22T10:55:00Z".into());
        assert_eq!(age(&job, now), "5m 00s", "and runs since its build began");
    }
}
