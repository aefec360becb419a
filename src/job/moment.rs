//! A time to the millisecond, which is what CodeBuild gives.

use std::num::NonZero;

use jiff::Timestamp;

/// Takes 8 bytes, also where it is optional; an optional [`Timestamp`] takes 24, and each build in flight has a dozen of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(NonZero<i64>);

impl Moment {
    /// The nearest millisecond: CodeBuild's times are fractions of seconds, and of .123 comes .122999906.
    pub fn nearest(time: Timestamp) -> Self {
        let (millis, rest) = (time.as_millisecond(), time.subsec_nanosecond() % 1_000_000);
        let nearest = millis + i64::from(rest >= 500_000) - i64::from(rest < -500_000);
        Self::at(nearest)
    }

    fn at(millis: i64) -> Self {
        // Counted from before all timestamps, it is never 0.
        Self(NonZero::new(millis - Self::first()).unwrap_or(NonZero::<i64>::MIN))
    }

    /// The time.
    pub fn timestamp(self) -> Timestamp {
        Timestamp::from_millisecond(self.0.get() + Self::first()).unwrap_or(Timestamp::MAX)
    }

    fn first() -> i64 {
        Timestamp::MIN.as_millisecond() - 1
    }
}

impl From<Timestamp> for Moment {
    /// The millisecond that the time is in, as times are written.
    fn from(time: Timestamp) -> Self {
        Self::at(time.as_millisecond())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_a_millisecond_and_takes_no_room_for_its_absence() {
        assert_eq!((size_of::<Option<Moment>>(), size_of::<Option<Timestamp>>()), (8, 24));
        for (nanoseconds, millis) in
            [(0, 0), (1_764_154_123_122_999_906, 1_764_154_123_123), (499_999, 0), (500_000, 1), (-400_000, 0), (-1_600_000, -2)]
        {
            let time = Timestamp::from_nanosecond(nanoseconds).unwrap_or_default();
            assert_eq!(Moment::nearest(time).timestamp().as_millisecond(), millis, "{nanoseconds}");
        }
        for time in [Timestamp::MIN, Timestamp::MAX] {
            assert!(Moment::from(time).timestamp().duration_since(time).abs() < jiff::SignedDuration::from_millis(1));
        }
    }
}
