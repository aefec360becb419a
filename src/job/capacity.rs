//! How many builds CodeBuild lets run at once, learned from what it accepts and refuses: additive increase, multiplicative decrease.

/// The learned limit: between 1 and the configured limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capacity {
    limit: usize,
    most: usize,
}

impl Capacity {
    /// Nothing is learned yet: the limit is `most`.
    pub fn new(most: usize) -> Self {
        Self { limit: most, most }
    }

    /// How many builds may run at once.
    pub fn limit(self) -> usize {
        self.limit
    }

    /// Changes the configured limit. A lower learned limit stays.
    pub fn allow(&mut self, most: usize) {
        self.limit = if self.limit == self.most { most } else { self.limit.min(most) };
        self.most = most;
    }

    /// CodeBuild refused a start while `running` of our builds ran. The limit becomes seven eighths of that, so that other users of the
    /// account have room too.
    pub fn refused(&mut self, running: usize) {
        self.limit = self.limit.min(running - running / 8).max(1);
    }

    /// CodeBuild accepted a start, and `running` builds run with it. At the limit, the limit grows by one.
    pub fn accepted(&mut self, running: usize) {
        if running >= self.limit {
            self.limit = (self.limit + 1).min(self.most);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_lowers_the_limit_by_an_eighth_but_not_below_one() {
        for (running, limit) in [(80, 70), (8, 7), (7, 7), (1, 1), (0, 1)] {
            let mut capacity = Capacity::new(100);
            capacity.refused(running);
            assert_eq!(capacity.limit(), limit, "{running} running");
        }
    }

    #[test]
    fn a_changed_configured_limit_keeps_a_lower_learned_limit() {
        for (learned, most, limit) in [(None, 20, 20), (None, 5, 5), (Some(7), 20, 7), (Some(7), 5, 5)] {
            let mut capacity = Capacity::new(10);
            if let Some(running) = learned {
                capacity.refused(running);
            }
            capacity.allow(most);
            assert_eq!(capacity.limit(), limit, "learned {learned:?}, then {most} allowed");
        }
    }

    #[test]
    fn refusals_of_one_burst_lower_the_limit_by_the_builds_that_run() {
        // 40 starts at once, of which CodeBuild accepts 10: the refusals arrive one by one.
        let mut capacity = Capacity::new(40);
        for running in (10..40).rev() {
            capacity.refused(running);
        }
        assert_eq!(capacity.limit(), 9);
    }

    #[test]
    fn each_start_at_the_limit_raises_it_by_one_up_to_the_configured_limit() {
        let mut capacity = Capacity::new(4);
        capacity.refused(2);
        capacity.accepted(1);
        assert_eq!(capacity.limit(), 2, "below the limit nothing is learned");
        for (running, limit) in [(2, 3), (3, 4), (4, 4)] {
            capacity.accepted(running);
            assert_eq!(capacity.limit(), limit);
        }
    }
}
