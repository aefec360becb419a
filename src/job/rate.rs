//! How many builds may be started each second, learned from CodeBuild's throttling. It is a token bucket: the rate grows while it is used
//! in full without throttling, and is halved when CodeBuild throttles.

/// The rate before the first throttling, in starts a second.
const FIRST: f64 = 20.0;
const LEAST: f64 = 0.5;
const MOST: f64 = 1000.0;
/// Throttled starts within this time are one burst, and count once. Nothing starts in that time.
const BURST_MS: i64 = 1_000;
/// By which part of itself the rate grows in a second in which all of it is used.
const GROWTH: f64 = 0.05;

/// The learned rate. Times are milliseconds since 1970, and may repeat.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    per_second: f64,
    tokens: f64,
    at_ms: i64,
    /// The time before which nothing starts.
    closed_until_ms: i64,
    /// Until the first throttling the rate doubles each second.
    is_exploring: bool,
}

impl Default for Rate {
    fn default() -> Self {
        Self { per_second: FIRST, tokens: FIRST, at_ms: i64::MIN, closed_until_ms: i64::MIN, is_exploring: true }
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
        // A rate that is not used in full does not grow.
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

    /// Starts as many builds as the rate allows. `most`: what CodeBuild accepts in a second. Returns the starts and throttled starts of
    /// each second.
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
    fn the_rate_doubles_until_codebuild_throttles() {
        let mut rate = Rate::default();
        let starts: Vec<usize> = seconds(&mut rate, 0, 5, usize::MAX).into_iter().map(|(starts, _)| starts).collect();
        assert!(starts[0] >= 20 && starts[4] >= 200, "{starts:?}");
        rate.throttled(5_000);
        let before = rate.per_second();
        rate.throttled(5_500);
        assert_eq!((rate.per_second(), rate.opens_ms(5_500)), (before, 6_000), "one burst counts once");
    }

    #[test]
    fn the_rate_that_codebuild_accepts_is_found_with_few_throttled_starts() {
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
