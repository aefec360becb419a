//! Compares this machine's clock with AWS's, which refuses signatures of another time.

use std::time::Duration;

use jiff::Timestamp;

use crate::clock::Clock;

/// The difference from which to warn. AWS refuses signatures from 5 minutes on.
const NOTABLE: Duration = Duration::from_mins(1);

/// The difference of the clocks as a text. `None`: it is small. `answered`: the time in an answer that has just come.
pub(super) fn skew(answered: Timestamp) -> Option<String> {
    told(Clock::system().now(), answered)
}

fn told(now: Timestamp, answered: Timestamp) -> Option<String> {
    let off = now.duration_since(answered);
    let side = if off.is_negative() { "behind" } else { "ahead of" };
    let off = off.unsigned_abs();
    (off >= NOTABLE).then(|| {
        format!(
            "the clock is {} s {side} the time in AWS's answer, and AWS refuses signatures that are 300 s off: set the clock",
            off.as_secs()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_off_is_told_before_aws_refuses_it() {
        let now = Timestamp::UNIX_EPOCH;
        let at = |seconds| now + Duration::from_secs(seconds);
        assert_eq!(told(now, now), None);
        assert_eq!(told(at(59), now), None);
        assert!(told(at(95), now).is_some_and(|text| text.starts_with("the clock is 95 s ahead of ")));
        assert!(told(now, at(95)).is_some_and(|text| text.starts_with("the clock is 95 s behind ")));
    }
}
