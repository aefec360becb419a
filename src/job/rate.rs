//! How many builds may be started each second, learned from CodeBuild's throttling. It is a token bucket. Each accepted start raises the
//! rate, and each throttled one lowers it by as much as twenty accepted ones raise it: a few throttled starts among many, which no rate
//! would avoid, do not slow the others down. Several throttled starts in a row halve the rate.

/// The rate before the first throttling, in starts a second.
const FIRST: f64 = 20.0;
const LEAST: f64 = 0.5;
const MOST: f64 = 1000.0;
/// By how much an accepted start raises a rate that is used in full, in starts a second.
const GROWTH: f64 = 0.05;
/// By how much a throttled start lowers the rate: by half of it at most.
const LOSS: f64 = 1.0;
/// So many throttled starts, none accepted between them, are an overload.
const OVERLOAD: u32 = 3;
/// Nothing starts for so long after an overload. Those that are throttled within it belong to the same one.
const CLOSED_MS: i64 = 1_000;

/// The learned rate. Times are milliseconds since 1970, and may repeat.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    per_second: f64,
    tokens: f64,
    at_ms: i64,
    /// The time before which nothing starts.
    closed_until_ms: i64,
    /// How many throttled starts have come since the last accepted one.
    throttled_in_a_row: u32,
    /// Until the first overload the rate doubles each second.
    is_exploring: bool,
}

impl Default for Rate {
    fn default() -> Self {
        Self { per_second: FIRST, tokens: FIRST, at_ms: i64::MIN, closed_until_ms: i64::MIN, throttled_in_a_row: 0, is_exploring: true }
    }
}

impl Rate {
    /// The rate, in starts a second.
    pub fn per_second(self) -> f64 {
        self.per_second
    }

    /// The time of the next start. A time up to `now_ms` means: now.
    pub fn opens_ms(&mut self, now_ms: i64) -> i64 {
        self.fill(now_ms);
        let missing = (1.0 - self.tokens).max(0.0) / self.per_second * 1000.0;
        #[expect(clippy::cast_possible_truncation, reason = "less than a day in milliseconds")]
        let filled_ms = now_ms.saturating_add(missing.ceil() as i64);
        filled_ms.max(self.closed_until_ms)
    }

    /// Counts a start.
    pub fn take(&mut self, now_ms: i64) {
        self.fill(now_ms);
        self.tokens -= 1.0;
    }

    /// CodeBuild accepted a start.
    pub fn accepted(&mut self, now_ms: i64) {
        self.fill(now_ms);
        self.throttled_in_a_row = 0;
        // A rate that is not used in full does not grow.
        if self.tokens < 1.0 && now_ms >= self.closed_until_ms {
            let growth = if self.is_exploring { 1.0 } else { GROWTH };
            self.per_second = (self.per_second + growth).min(MOST);
        }
    }

    /// CodeBuild throttled a start.
    pub fn throttled(&mut self, now_ms: i64) {
        self.fill(now_ms);
        self.tokens = self.tokens.min(0.0);
        if now_ms < self.closed_until_ms {
            return;
        }
        self.throttled_in_a_row += 1;
        let half = self.per_second / 2.0;
        if self.throttled_in_a_row < OVERLOAD {
            self.per_second = (self.per_second - LOSS).max(half).max(LEAST);
        } else {
            self.per_second = half.max(LEAST);
            self.closed_until_ms = now_ms.saturating_add(CLOSED_MS);
            self.throttled_in_a_row = 0;
            self.is_exploring = false;
        }
    }

    fn fill(&mut self, now_ms: i64) {
        let passed_ms = now_ms.saturating_sub(self.at_ms).clamp(0, 60_000);
        #[expect(clippy::cast_precision_loss, reason = "at most a minute")]
        let filled = passed_ms as f64 / 1000.0 * self.per_second;
        self.tokens = (self.tokens + filled).min(self.per_second.max(1.0));
        self.at_ms = self.at_ms.max(now_ms);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;

    /// Starts as many builds as the rate allows, at most `wanted` in a second. `most`: what CodeBuild accepts in any second. `one_in`: of so
    /// many that it would accept, it throttles one. Returns the starts and throttled starts of each second.
    fn seconds(rate: &mut Rate, from_ms: i64, count: i64, most: usize, (one_in, wanted): (usize, usize)) -> Vec<(usize, usize)> {
        let mut taken = VecDeque::new();
        let mut accepted = 0;
        let mut second = |from_ms: i64| {
            let (mut starts, mut throttles) = (0, 0);
            for now_ms in from_ms..from_ms + 1000 {
                while starts < wanted && rate.opens_ms(now_ms) <= now_ms {
                    rate.take(now_ms);
                    while taken.pop_front_if(|at| *at <= now_ms - 1000).is_some() {}
                    accepted += usize::from(taken.len() < most);
                    if taken.len() < most && !accepted.is_multiple_of(one_in) {
                        taken.push_back(now_ms);
                        starts += 1;
                        rate.accepted(now_ms);
                    } else {
                        throttles += 1;
                        rate.throttled(now_ms);
                    }
                }
            }
            (starts, throttles)
        };
        (0..count).map(|number| second(from_ms + number * 1000)).collect()
    }

    const STEADY: (usize, usize) = (usize::MAX, usize::MAX);

    fn sum(seconds: &[(usize, usize)]) -> (usize, usize) {
        seconds.iter().fold((0, 0), |sum, second| (sum.0 + second.0, sum.1 + second.1))
    }

    #[test]
    fn the_rate_doubles_until_codebuild_throttles_several_starts_in_a_row() {
        let mut rate = Rate::default();
        let starts: Vec<usize> = seconds(&mut rate, 0, 5, usize::MAX, STEADY).into_iter().map(|(starts, _)| starts).collect();
        assert!(starts[0] >= 20 && starts[4] >= 200, "{starts:?}");
        let full = rate.per_second();
        for _ in 0..OVERLOAD {
            rate.throttled(5_000);
        }
        let before = rate.per_second();
        assert!((full / 2.0 - 2.0..=full / 2.0).contains(&before), "{before} after {full}");
        for _ in 0..OVERLOAD {
            rate.throttled(5_500);
        }
        assert_eq!((rate.per_second(), rate.opens_ms(5_500)), (before, 6_000), "one overload counts once");
    }

    #[test]
    fn the_rate_that_codebuild_accepts_is_found_with_few_throttled_starts() {
        for most in [1, 5, 40, 200] {
            let mut rate = Rate::default();
            seconds(&mut rate, 0, 60, most, STEADY);
            let (starts, throttles) = sum(&seconds(&mut rate, 60_000, 600, most, STEADY));
            assert!(starts >= 600 * most / 2, "{starts} starts where {} were possible", 600 * most);
            assert!(throttles * 20 <= starts + 600, "{throttles} throttles beside {starts} starts");
        }
    }

    #[test]
    fn a_few_throttled_starts_among_many_do_not_slow_the_others_down() {
        for wanted in [100, usize::MAX] {
            let mut rate = Rate::default();
            let starts: Vec<usize> = seconds(&mut rate, 0, 120, usize::MAX, (40, wanted)).into_iter().map(|(starts, _)| starts).collect();
            assert!(starts[10..].iter().all(|starts| *starts >= 95), "{starts:?}");
        }
        // Also after an overload, from which the rate has to recover.
        let mut rate = Rate::default();
        seconds(&mut rate, 0, 60, 10, STEADY);
        let recovered = seconds(&mut rate, 60_000, 180, usize::MAX, (40, 100));
        assert!(recovered[170..].iter().all(|(starts, _)| *starts >= 95), "{recovered:?}");
    }
}
