//! How many builds CodeBuild lets run at once, learned from what it accepts and refuses: additive increase, multiplicative decrease.

/// A learned limit, between 1 and what the operator configured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capacity {
    limit: usize,
    most: usize,
}

impl Capacity {
    /// Nothing is known yet: as many as the operator allows.
    pub fn new(most: usize) -> Self {
        Self { limit: most, most }
    }

    /// How many builds to run at once.
    pub fn limit(self) -> usize {
        self.limit
    }

    /// The operator allows another number. What was learned holds where it is less.
    pub fn allow(&mut self, most: usize) {
        self.limit = if self.limit == self.most { most } else { self.limit.min(most) };
        self.most = most;
    }

    /// A start was refused while `running` builds of ours ran: an eighth fewer are tried next, so that others get on too.
    pub fn refused(&mut self, running: usize) {
        self.limit = self.limit.min(running - running / 8).max(1);
    }

    /// A start was accepted, and `running` builds run with it: at the limit, one more is tried next.
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
    fn a_refusal_lowers_the_limit_by_an_eighth_and_never_to_nothing() {
        for (running, limit) in [(80, 70), (8, 7), (7, 7), (1, 1), (0, 1)] {
            let mut capacity = Capacity::new(100);
            capacity.refused(running);
            assert_eq!(capacity.limit(), limit, "{running} running");
        }
    }

    #[test]
    fn another_number_is_allowed_and_what_was_learned_holds() {
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
    fn refusals_of_one_burst_count_by_what_really_runs() {
        // 40 were started at once, and CodeBuild took 10: those that are refused leave one after the other.
        let mut capacity = Capacity::new(40);
        for running in (10..40).rev() {
            capacity.refused(running);
        }
        assert_eq!(capacity.limit(), 9);
    }

    #[test]
    fn the_limit_grows_by_one_for_each_start_at_the_limit_up_to_what_is_configured() {
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
