//! Pauses between tries that double, with jitter, so that many tasks do not try at the same time.

use std::time::Duration;

/// A pause that doubles from `first` to `longest`.
#[derive(Debug, Clone)]
pub struct Backoff {
    next: Duration,
    longest: Duration,
}

/// The longest pause of [`Backoff::patient`].
pub const PATIENT: Duration = Duration::from_mins(1);

impl Backoff {
    /// Pauses from `first`, doubling up to `longest`.
    pub fn new(first: Duration, longest: Duration) -> Self {
        Self::after(0, first, longest)
    }

    /// The same after so many pauses.
    pub fn after(pauses: u32, first: Duration, longest: Duration) -> Self {
        Self { next: first.saturating_mul(2_u32.saturating_pow(pauses)).min(longest), longest }
    }

    /// Pauses for what is tried until it succeeds: from a second to a minute.
    pub fn patient() -> Self {
        Self::new(Duration::from_secs(1), PATIENT)
    }

    /// The next pause: a random time between half of the step and the whole step.
    pub fn pause(&mut self) -> Duration {
        let step = self.next;
        self.next = (step * 2).min(self.longest);
        step.mul_f64(0.5 + 0.5 * fastrand::f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_the_longest_and_stay_within_half_of_a_step() {
        let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(5));
        for step in [1, 2, 4, 5, 5].map(Duration::from_secs) {
            let pause = backoff.pause();
            assert!(pause >= step / 2 && pause <= step, "{pause:?} is not within half of {step:?}");
        }
        for (pauses, step) in [(0, 1), (2, 4), (3, 5), (u32::MAX, 5)] {
            let pause = Backoff::after(pauses, Duration::from_secs(1), Duration::from_secs(5)).pause();
            assert!((step * 500..=step * 1000).contains(&pause.as_millis()), "{pause:?} after {pauses} pauses");
        }
    }
}
