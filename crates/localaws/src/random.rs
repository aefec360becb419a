//! Random ids. They are not secret. They come from the thread's generator, so the same seed gives the same ids.

use uuid::{Builder, Uuid};

/// A random UUID, version 4.
pub(crate) fn uuid() -> Uuid {
    Builder::from_random_bytes(fastrand::u128(..).to_ne_bytes()).into_uuid()
}
