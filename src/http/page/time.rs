//! Times, durations and estimates as text. All times of a page have one zone: UTC, or the reader's if the script converts them.

use jiff::{Timestamp, tz::TimeZone};
use maud::{Markup, html};

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// The steps of an estimate, in minutes: a range changes only by a step.
const LOW: [u64; 12] = [0, 1, 2, 3, 4, 5, 8, 10, 15, 20, 30, 45];
const HIGH: [u64; 12] = [1, 2, 3, 5, 8, 10, 15, 20, 30, 45, 60, 90];

/// A time of an event or a standing.
pub(super) fn parse(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}

/// Whole seconds from one time to another; 0 where clocks disagree.
pub(super) fn seconds(from: Timestamp, to: Timestamp) -> u64 {
    u64::try_from(to.as_second() - from.as_second()).unwrap_or_default()
}

/// Whole seconds from a time that is written out.
pub(super) fn since(from: Option<&str>, to: Timestamp) -> Option<u64> {
    Some(seconds(parse(from?)?, to))
}

/// `48s`, `4m 12s`, `2h 10m`, `3d 4h`
pub(super) fn duration(seconds: u64) -> String {
    match seconds {
        0..MINUTE => format!("{seconds}s"),
        MINUTE..HOUR => format!("{}m {:02}s", seconds / MINUTE, seconds % MINUTE),
        HOUR..DAY => format!("{}h {:02}m", seconds / HOUR, seconds % HOUR / MINUTE),
        _ => format!("{}d {}h", seconds / DAY, seconds % DAY / HOUR),
    }
}

/// `12s ago`, `4 min ago`, `5 h ago`, `2 days ago`
pub(super) fn age(seconds: u64) -> String {
    format!("{} ago", span(seconds))
}

/// `12s`, `4 min`, `5 h`, `2 days`
pub(super) fn span(seconds: u64) -> String {
    match seconds {
        0..MINUTE => format!("{seconds}s"),
        MINUTE..HOUR => format!("{} min", seconds / MINUTE),
        HOUR..DAY => format!("{} h", seconds / HOUR),
        _ if seconds < 2 * DAY => "1 day".to_owned(),
        _ => format!("{} days", seconds / DAY),
    }
}

/// `0–1 min`, `10–20 min`, `1–2 h`: at least and at most, in seconds.
pub(super) fn range([low, high]: [u64; 2]) -> String {
    let (low, high) = (low.min(high), high.max(1));
    let above = high.div_ceil(MINUTE);
    match HIGH.into_iter().find(|step| *step >= above) {
        Some(high) => {
            let below = low / MINUTE;
            let low = LOW.into_iter().rev().find(|step| *step <= below && *step < high).unwrap_or_default();
            format!("{low}–{high} min")
        }
        None => format!("{}–{} h", low / HOUR, high.div_ceil(HOUR)),
    }
}

/// `14:32:07`
pub(super) fn clock(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%H:%M:%S").to_string()
}

/// `14:32`; with the day, where it is not the day of `now`.
pub(super) fn minute(at: Timestamp, now: Timestamp) -> String {
    let (at, now) = (at.to_zoned(TimeZone::UTC), now.to_zoned(TimeZone::UTC));
    at.strftime(if at.date() == now.date() { "%H:%M" } else { "%b %-d, %H:%M" }).to_string()
}

/// The whole time, with its zone.
fn full(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// How the script updates a time: counting, or converted to the reader's zone.
#[derive(Debug, Clone, Copy)]
enum Format {
    Age,
    Elapsed,
    Clock,
    Minute,
}

fn element(at: Timestamp, format: Format, text: &str) -> Markup {
    let name = match format {
        Format::Age => "age",
        Format::Elapsed => "elapsed",
        Format::Clock => "clock",
        Format::Minute => "minute",
    };
    html! { time datetime=(format!("{at:.0}")) title=(full(at)) data-time=(name) { (text) } }
}

/// How long ago it was. The browser keeps counting.
pub(super) fn ago(at: Timestamp, now: Timestamp) -> Markup {
    element(at, Format::Age, &age(seconds(at, now)))
}

/// How long it has taken. The browser keeps counting.
pub(super) fn elapsed(at: Timestamp, now: Timestamp) -> Markup {
    element(at, Format::Elapsed, &duration(seconds(at, now)))
}

/// The time of the page itself. The script's clock begins with it.
pub(super) fn now(at: Timestamp) -> Markup {
    html! { time datetime=(format!("{at:.3}")) title=(full(at)) data-now { (clock(at)) } }
}

/// The time of day, to the second.
pub(super) fn at_second(at: Timestamp) -> Markup {
    element(at, Format::Clock, &clock(at))
}

/// The time of day.
pub(super) fn at_minute(at: Timestamp, now: Timestamp) -> Markup {
    element(at, Format::Minute, &minute(at, now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_and_ages_are_words() {
        for (seconds, expected, words) in [
            (0, "0s", "0s"),
            (48, "48s", "48s"),
            (252, "4m 12s", "4 min"),
            (3_600, "1h 00m", "1 h"),
            (7_800, "2h 10m", "2 h"),
            (86_400, "1d 0h", "1 day"),
            (273_600, "3d 4h", "3 days"),
        ] {
            assert_eq!((duration(seconds), span(seconds)), (expected.to_owned(), words.to_owned()));
        }
    }

    #[test]
    fn an_estimate_is_a_range_of_steps_that_holds_what_is_estimated() {
        for (estimate, expected) in [
            ([0, 0], "0–1 min"),
            ([20, 55], "0–1 min"),
            ([60, 120], "1–2 min"),
            ([61, 179], "1–3 min"),
            ([130, 290], "2–5 min"),
            ([250, 470], "4–8 min"),
            ([660, 1_150], "10–20 min"),
            ([3_600, 5_500], "1–2 h"),
            ([9, 3], "0–1 min"),
        ] {
            assert_eq!(range(estimate), expected, "{estimate:?}");
        }
        for low in (0..8_000).step_by(7) {
            for high in (low..low * 3 + 60).step_by(61) {
                let shown = range([low, high]);
                let (range, unit) = shown.split_once(' ').unwrap_or_default();
                let unit = if unit == "h" { HOUR } else { MINUTE };
                let ends = range.split_once('–').and_then(|(low, high)| Some((low.parse::<u64>().ok()?, high.parse::<u64>().ok()?)));
                assert!(ends.is_some_and(|(from, to)| from * unit <= low && high <= to * unit), "{low} {high} {shown}");
            }
        }
    }
}
