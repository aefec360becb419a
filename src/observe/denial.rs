//! Which denials of calls the log tells: of each operation the first, and then seldom.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// When it was told last that an operation is denied: as many entries as there are operations.
static DENIED: Mutex<BTreeMap<&'static str, Instant>> = Mutex::new(BTreeMap::new());
/// What lasts is told again after so long.
const AGAIN: Duration = Duration::from_mins(10);

fn is_due_at(told: &mut BTreeMap<&'static str, Instant>, operation: &'static str, now: Instant) -> bool {
    let is_due = told.get(operation).is_none_or(|told| now >= *told + AGAIN);
    if is_due {
        told.insert(operation, now);
    }
    is_due
}

/// Whether the log should tell now that an operation is denied.
pub(super) fn is_due(operation: &'static str) -> bool {
    is_due_at(&mut DENIED.lock().unwrap_or_else(PoisonError::into_inner), operation, Instant::now())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_operation_that_is_denied_is_told_once_then_seldom() {
        let (mut told, start) = (BTreeMap::new(), Instant::now());
        for (operation, minutes, is_due) in [
            ("sns.PublishBatch", 0, true),
            ("sns.PublishBatch", 9, false),
            ("sqs.DeleteMessage", 9, true),
            ("sns.PublishBatch", 10, true),
            ("sqs.DeleteMessage", 18, false),
        ] {
            assert_eq!(is_due_at(&mut told, operation, start + Duration::from_mins(minutes)), is_due, "{operation} {minutes}");
        }
    }
}
