//! A time axis: from when to when, and where its grid lines are.

use jiff::Timestamp;

/// Between two grid lines, in seconds: whole minutes, hours or days once there is room.
const STEPS: [i64; 20] =
    [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 21_600, 43_200, 86_400, 172_800, 604_800];
/// Grid lines at most.
const LINES: i64 = 7;

/// A stretch of time, drawn to scale.
#[derive(Debug, Clone, Copy)]
pub(super) struct Axis {
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
}

impl Axis {
    /// At least one second long.
    pub(super) fn new(from: Timestamp, to: Timestamp) -> Self {
        let least = from + jiff::SignedDuration::from_secs(1);
        Self { from, to: to.max(least) }
    }

    /// Where a time is, in percent.
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of a job's life are far below 2^52")]
    pub(super) fn at(self, time: Timestamp) -> f64 {
        let whole = (self.to.as_millisecond() - self.from.as_millisecond()).max(1) as f64;
        let part = (time.as_millisecond() - self.from.as_millisecond()) as f64;
        (part * 100.0 / whole).clamp(0.0, 100.0)
    }

    fn step(self) -> i64 {
        let seconds = self.to.as_second() - self.from.as_second();
        STEPS.into_iter().find(|step| seconds / step <= LINES).unwrap_or(seconds / LINES + 1)
    }

    /// Whether its lines are on whole minutes.
    pub(super) fn is_by_minute(self) -> bool {
        self.step() % 60 == 0
    }

    /// Where the grid lines are.
    pub(super) fn lines(self) -> impl Iterator<Item = Timestamp> {
        let step = self.step();
        let first = (self.from.as_second() / step + 1) * step;
        (0..=LINES)
            .map(move |index| first + index * step)
            .filter_map(|second| Timestamp::from_second(second).ok())
            .take_while(move |at| *at <= self.to)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn grid_lines_are_whole_and_few() {
        let from: Timestamp = "2026-11-24T14:21:39Z".parse().unwrap();
        for (seconds, first, count) in
            [(373, "14:22:00", 6), (4, "14:21:40", 4), (7_200, "14:30:00", 4), (90_000, "16:00:00", 6), (0, "14:21:40", 1)]
        {
            let axis = Axis::new(from, from + jiff::SignedDuration::from_secs(seconds));
            let lines: Vec<_> = axis.lines().collect();
            assert_eq!(lines.len(), count, "{seconds}: {lines:?}");
            assert!(lines[0].to_string().contains(first), "{seconds}: {lines:?}");
            assert!(lines.iter().all(|line| (0.0..=100.0).contains(&axis.at(*line))));
        }
    }
}
