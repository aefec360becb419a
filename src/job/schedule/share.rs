//! Use of what is shared: build-seconds divided by a weight. After each half-life, half of earlier use counts.

use std::cmp::Ordering;

/// Less than this is nothing: a charge that is taken back leaves a rounding error.
const NOTHING: f64 = 1e-3;

/// Use as an order: smaller use comes first. All use decays at the same rate, so the order of two shares stays the same at every time. The
/// value is the logarithm of the use without any decay since 1970, so it neither changes with time nor leaves the range of a number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Share(f64);

/// The rate of decay.
#[derive(Debug, Clone, Copy)]
pub(super) struct Decay {
    half_life_ms: f64,
}

/// The decay for use over days.
pub(super) const DAILY: Decay = Decay { half_life_ms: 24.0 * 3_600_000.0 };

impl Default for Share {
    fn default() -> Self {
        Self(f64::NEG_INFINITY)
    }
}

impl Eq for Share {}

impl Ord for Share {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl PartialOrd for Share {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Decay {
    pub(super) fn new(half_life: std::time::Duration) -> Self {
        Self { half_life_ms: half_life.as_secs_f64().max(1.0) * 1000.0 }
    }

    /// The use that counts at a time, in seconds.
    pub(super) fn usage(self, share: Share, now_ms: i64) -> f64 {
        (share.0 - self.age(now_ms)).exp2()
    }

    /// The use of one who always has one build running, in seconds.
    pub(super) fn steady_seconds(self) -> f64 {
        self.half_life_ms / 1000.0 / std::f64::consts::LN_2
    }

    /// The part of any use that still counts after a number of seconds.
    pub(super) fn kept(self, seconds: f64) -> f64 {
        (-seconds * 1000.0 / self.half_life_ms).exp2()
    }

    /// The share after a charge (or a refund, if `seconds` is negative) at a time.
    pub(super) fn charged(self, share: Share, seconds: f64, now_ms: i64) -> Share {
        let usage = self.usage(share, now_ms) + seconds;
        if usage < NOTHING { Share::default() } else { Share(usage.log2() + self.age(now_ms)) }
    }

    /// How much of a charge still counts now, in seconds.
    pub(super) fn left(self, seconds: f64, charged_ms: i64, now_ms: i64) -> f64 {
        seconds * (self.age(charged_ms) - self.age(now_ms)).min(0.0).exp2()
    }

    #[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 are far below 2^52")]
    fn age(self, now_ms: i64) -> f64 {
        now_ms as f64 / self.half_life_ms
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const NOW: i64 = 1_795_000_000_000;
    const HOUR: i64 = 3_600_000;

    #[test]
    fn use_halves_with_each_half_life_and_the_order_stays() {
        let decay = Decay::new(Duration::from_hours(1));
        let (one, two) = (decay.charged(Share::default(), 100.0, NOW), decay.charged(Share::default(), 300.0, NOW - HOUR));
        assert!((decay.usage(one, NOW) - 100.0).abs() < 1e-6);
        assert!((decay.usage(two, NOW) - 150.0).abs() < 1e-6);
        assert!((decay.usage(two, NOW + 2 * HOUR) - 37.5).abs() < 1e-6);
        assert!(Share::default() < one && one < two);
    }

    #[test]
    fn a_refunded_charge_leaves_nothing() {
        let decay = Decay::new(Duration::from_hours(1));
        let charged = decay.charged(Share::default(), 600.0, NOW);
        let later = NOW + 10 * 60_000;
        assert_eq!(decay.charged(charged, -decay.left(600.0, NOW, later), later), Share::default());
    }

    #[test]
    fn years_of_usage_stay_in_range() {
        let decay = Decay::new(Duration::from_mins(1));
        let mut share = Share::default();
        for day in 0..4000 {
            share = decay.charged(share, 60.0, NOW + day * 24 * HOUR);
        }
        assert!((decay.usage(share, NOW + 3999 * 24 * HOUR) - 60.0).abs() < 1e-3);
    }
}
