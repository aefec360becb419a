//! How many builds to start in a second, learned from what CodeBuild throttles: a token bucket whose rate grows while it is used up and
//! nothing is throttled, and is halved by a throttle.

/// Until CodeBuild throttles for the first time.
const FIRST: f64 = 20.0;
const LEAST: f64 = 0.5;
const MOST: f64 = 1000.0;
/// Throttles within so many milliseconds are of one burst, and count once; nothing starts meanwhile.
const BURST_MS: i64 = 1_000;
/// The part by which the rate grows in a second in which all of it is used.
const GROWTH: f64 = 0.05;

/// Times are milliseconds since 1970, and may stand still.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    per_second: f64,
    tokens: f64,
    at_ms: i64,
    /// Nothing starts before.
    closed_until_ms: i64,
    /// The rate doubles each second until the first throttle.
    is_exploring: bool,
}

impl Default for Rate {
    fn default() -> Self {
        Self { per_second: FIRST, tokens: FIRST, at_ms: i64::MIN, closed_until_ms: i64::MIN, is_exploring: true }
    }
}

impl Rate {
    /// Starts in a second.
    pub fn per_second(self) -> f64 {
        self.per_second
    }

    /// When the next start may go: now, if that is not later.
    pub fn opens_ms(&mut self, now_ms: i64) -> i64 {
        self.fill(now_ms);
        let missing = (1.0 - self.tokens).max(0.0) / self.per_second * 1000.0;
        #[expect(clippy::cast_possible_truncation, reason = "less than a day in milliseconds")]
        let filled_ms = now_ms.saturating_add(missing.ceil() as i64);
        filled_ms.max(self.closed_until_ms)
    }

    /// A start goes.
    pub fn take(&mut self, now_ms: i64) {
        self.fill(now_ms);
        self.tokens -= 1.0;
    }

    /// CodeBuild took a start.
    pub fn accepted(&mut self, now_ms: i64) {
        self.fill(now_ms);
        // What is not used up says nothing.
        if self.tokens < 1.0 && now_ms >= self.closed_until_ms {
            let growth = if self.is_exploring { 1.0 } else { GROWTH };
            self.per_second = (self.per_second + growth).min(MOST);
        }
    }

    /// CodeBuild throttled a start.
    pub fn throttled(&mut self, now_ms: i64) {
        self.fill(now_ms);
        self.is_exploring = false;
        if now_ms >= self.closed_until_ms {
            self.per_second = (self.per_second / 2.0).max(LEAST);
            self.closed_until_ms = now_ms.saturating_add(BURST_MS);
        }
        self.tokens = self.tokens.min(0.0);
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
    use super::*;

    /// Starts as many as may, for so many seconds; `most`: what CodeBuild takes in any second. The starts and throttles of each second.
    fn seconds(rate: &mut Rate, from_ms: i64, count: i64, most: usize) -> Vec<(usize, usize)> {
        let mut taken: Vec<i64> = Vec::new();
        let mut second = |from_ms: i64| {
            let (mut starts, mut throttles) = (0, 0);
            for now_ms in from_ms..from_ms + 1000 {
                while rate.opens_ms(now_ms) <= now_ms {
                    rate.take(now_ms);
                    taken.retain(|at| *at > now_ms - 1000);
                    if taken.len() < most {
                        taken.push(now_ms);
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

    #[test]
    fn the_rate_doubles_until_the_first_throttle() {
        let mut rate = Rate::default();
        let starts: Vec<usize> = seconds(&mut rate, 0, 5, usize::MAX).into_iter().map(|(starts, _)| starts).collect();
        assert!(starts[0] >= 20 && starts[4] >= 200, "{starts:?}");
        rate.throttled(5_000);
        let before = rate.per_second();
        rate.throttled(5_500);
        assert_eq!((rate.per_second(), rate.opens_ms(5_500)), (before, 6_000), "one burst counts once");
    }

    #[test]
    fn what_codebuild_takes_is_found_with_few_throttles() {
        for most in [1, 5, 40] {
            let mut rate = Rate::default();
            seconds(&mut rate, 0, 60, most);
            let later = seconds(&mut rate, 60_000, 600, most);
            let (starts, throttles) = later.iter().fold((0, 0), |sum, second| (sum.0 + second.0, sum.1 + second.1));
            assert!(starts >= 600 * most / 2, "{starts} starts where {} were possible", 600 * most);
            assert!(throttles * 20 <= starts + 600, "{throttles} throttles beside {starts} starts");
        }
    }
}
