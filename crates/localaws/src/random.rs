//! Random ids. They are no secrets here; drawn from the thread's generator, they are the same again when it is seeded the same.

use uuid::{Builder, Uuid};

/// A random UUID, version 4.
pub(crate) fn uuid() -> Uuid {
    Builder::from_random_bytes(fastrand::u128(..).to_ne_bytes()).into_uuid()
}
