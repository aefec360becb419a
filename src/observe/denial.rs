//! Denied calls are logged once for each operation, and then every ten minutes.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use super::Seldom;

/// By operation, which bounds the map.
static DENIED: Mutex<BTreeMap<&'static str, Seldom>> = Mutex::new(BTreeMap::new());

/// Whether to log now that an operation is denied.
pub(super) fn is_due(operation: &'static str) -> bool {
    DENIED.lock().unwrap_or_else(PoisonError::into_inner).entry(operation).or_default().is_due("denied")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn each_operation_that_is_denied_is_told_once_then_seldom() {
        for (minutes, operation, expected) in
            [(0, "a.Publish", true), (9, "a.Publish", false), (0, "a.Delete", true), (1, "a.Publish", true), (8, "a.Delete", false)]
        {
            tokio::time::advance(Duration::from_mins(minutes)).await;
            assert_eq!(is_due(operation), expected, "{operation} {minutes}");
        }
    }
}
