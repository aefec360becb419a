//! How many builds may be started each second, learned from CodeBuild's throttling. It is a token bucket. Each accepted start raises the
//! rate, and each throttled one lowers it by as much as twenty accepted ones raise it: a few throttled starts among many, which no rate
//! would avoid, do not slow the others down. Several throttled starts with few accepted ones between them halve the rate.

/// The rate before the first throttling, in starts a second.
const FIRST: f64 = 20.0;
const LEAST: f64 = 0.5;
const MOST: f64 = 1000.0;
/// By how much an accepted start raises a rate that is used in full, in starts a second.
const GROWTH: f64 = 0.05;
/// By how much a throttled start lowers the rate: by half of it at most.
const LOSS: f64 = 1.0;
/// So many throttled starts are an overload. Each accepted one between them takes a quarter of one away.
const OVERLOAD: u32 = 3;
const OF_ACCEPTED: u32 = 4;
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
    /// How near an overload is: [`OF_ACCEPTED`] for each throttled start, less one for each accepted one.
    pressure: u32,
    /// Until the first overload the rate doubles each second.
    is_exploring: bool,
}

impl Default for Rate {
    fn default() -> Self {
        Self { per_second: FIRST, tokens: FIRST, at_ms: i64::MIN, closed_until_ms: i64::MIN, pressure: 0, is_exploring: true }
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
        self.pressure = self.pressure.saturating_sub(1);
        // A rate that leaves starts unused does not grow.
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
        self.pressure += OF_ACCEPTED;
        let half = self.per_second / 2.0;
        if self.pressure < OVERLOAD * OF_ACCEPTED {
            self.per_second = (self.per_second - LOSS).max(half).max(LEAST);
        } else {
            self.per_second = half.max(LEAST);
            self.closed_until_ms = now_ms.saturating_add(CLOSED_MS);
            self.pressure = 0;
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

    /// Starts as many builds as the rate allows, at most `wanted` in a second. `accepts` is asked at each start's time. Returns the starts
    /// and throttled starts of each second.
    fn seconds(rate: &mut Rate, from_ms: i64, count: i64, wanted: usize, accepts: &mut dyn FnMut(i64) -> bool) -> Vec<(usize, usize)> {
        let mut second = |from_ms: i64| {
            let (mut starts, mut throttles) = (0, 0);
            for now_ms in from_ms..from_ms + 1000 {
                while starts < wanted && rate.opens_ms(now_ms) <= now_ms {
                    rate.take(now_ms);
                    if accepts(now_ms) {
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

    const ALL: usize = usize::MAX;

    /// Accepts so many in any second.
    fn window(most: usize) -> impl FnMut(i64) -> bool {
        let mut taken = VecDeque::new();
        move |now_ms| {
            while taken.pop_front_if(|at| *at <= now_ms - 1000).is_some() {}
            let accepts = taken.len() < most;
            if accepts {
                taken.push_back(now_ms);
            }
            accepts
        }
    }

    /// A bucket of so many, filled again in each second.
    fn bucket(most: u32) -> impl FnMut(i64) -> bool {
        let most = f64::from(most);
        let (mut tokens, mut at_ms) = (most, 0);
        move |now_ms| {
            #[expect(clippy::cast_precision_loss, reason = "at most minutes")]
            let filled = (now_ms - at_ms) as f64 / 1000.0 * most;
            (tokens, at_ms) = ((tokens + filled).min(most), now_ms);
            let accepts = tokens >= 1.0;
            if accepts {
                tokens -= 1.0;
            }
            accepts
        }
    }

    /// Throttles one of so many.
    fn all_but_one_in(many: usize) -> impl FnMut(i64) -> bool {
        let mut asked = 0_usize;
        move |_| {
            asked += 1;
            !asked.is_multiple_of(many)
        }
    }

    fn sum(seconds: &[(usize, usize)]) -> (usize, usize) {
        seconds.iter().fold((0, 0), |sum, second| (sum.0 + second.0, sum.1 + second.1))
    }

    #[test]
    fn the_rate_doubles_until_codebuild_throttles_several_starts() {
        let mut rate = Rate::default();
        let starts: Vec<usize> = seconds(&mut rate, 0, 5, ALL, &mut |_| true).into_iter().map(|(starts, _)| starts).collect();
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
            let limits: [&mut dyn FnMut(i64) -> bool; 2] = [&mut window(most as usize), &mut bucket(most)];
            for accepts in limits {
                let mut rate = Rate::default();
                seconds(&mut rate, 0, 60, ALL, accepts);
                let (starts, throttles) = sum(&seconds(&mut rate, 60_000, 600, ALL, accepts));
                assert!(starts >= 300 * most as usize, "{starts} starts where {} were possible", 600 * most);
                assert!(throttles * 20 <= starts + 600, "{throttles} throttles beside {starts} starts");
            }
        }
    }

    /// What is wanted grows slowly beyond what CodeBuild takes, so that no burst is throttled at first.
    #[test]
    fn a_rate_at_which_every_other_start_is_throttled_is_an_overload() {
        let (mut rate, mut accepts) = (Rate::default(), bucket(10));
        for second in 0..30_u32 {
            seconds(&mut rate, i64::from(second) * 1000, 1, second as usize + 1, &mut accepts);
        }
        let (starts, throttles) = sum(&seconds(&mut rate, 30_000, 60, ALL, &mut accepts));
        assert!(throttles * 20 <= starts + 60, "{throttles} throttles beside {starts} starts");
    }

    #[test]
    fn a_few_throttled_starts_among_many_do_not_slow_the_others_down() {
        for wanted in [100, ALL] {
            let mut rate = Rate::default();
            let starts = seconds(&mut rate, 0, 120, wanted, &mut all_but_one_in(40));
            assert!(starts[10..].iter().all(|(starts, _)| *starts >= 95), "{starts:?}");
        }
        // Also after an overload, from which the rate has to recover.
        let mut rate = Rate::default();
        seconds(&mut rate, 0, 60, ALL, &mut window(10));
        let recovered = seconds(&mut rate, 60_000, 180, 100, &mut all_but_one_in(40));
        assert!(recovered[170..].iter().all(|(starts, _)| *starts >= 95), "{recovered:?}");
    }
}
