//! The messages that the daemon holds, and their limits.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The messages that the daemon holds. It receives no more while one of these limits is reached.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Held {
    /// Jobs that could start and wait for their turn. Jobs that a limit of their own or a pause keeps back are not counted.
    pub waiting: usize,
    /// `limits.waiting`.
    pub waiting_limit: usize,
    /// The memory of all messages that are held, and the room that is reserved for those that are being received, in bytes.
    pub bytes: usize,
    /// `limits.waiting_bytes`.
    pub bytes_limit: usize,
}

/// For people, such as "23 of 1000 places to wait and 1.2 of 64.0 MiB are taken".
impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mebibytes = |bytes: usize| format!("{}.{}", bytes >> 20, ((bytes % (1 << 20)) * 10) >> 20);
        let (bytes, most) = (mebibytes(self.bytes), mebibytes(self.bytes_limit));
        write!(f, "{} of {} places to wait and {bytes} of {most} MiB are taken", self.waiting, self.waiting_limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_shown_in_tenths_of_a_mebibyte() {
        let held = Held { waiting: 23, waiting_limit: 1000, bytes: (1 << 20) + (1 << 18), bytes_limit: 64 << 20 };
        assert_eq!(held.to_string(), "23 of 1000 places to wait and 1.2 of 64.0 MiB are taken");
    }
}
