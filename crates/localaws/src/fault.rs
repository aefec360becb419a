//! Fault injection for tests: errors, lost answers and delays, as AWS may have them.

use std::{fmt, time::Duration};

use crate::api::ApiError;

/// What goes wrong with a call.
#[derive(Debug, Clone)]
pub enum Fault {
    /// The call is answered by this error.
    Error(ApiError),
    /// The connection is cut without an answer.
    Drop,
    /// The call takes longer, and then goes on.
    Delay(Duration),
    /// The call is never answered.
    Hang,
}

/// Decides which calls fail. Services are `sqs`, `sns`, `sts`, `codebuild` and `logs`.
pub trait Faults: fmt::Debug + Send + Sync {
    /// Asked before an operation: it is not carried out, unless the fault is a delay. `None`: no fault.
    fn before(&self, _service: &str, _operation: &str) -> Option<Fault> {
        None
    }

    /// Asked after an operation was carried out: only its answer is lost, late or replaced. `None`: no fault.
    fn after(&self, _service: &str, _operation: &str) -> Option<Fault> {
        None
    }
}

/// A call whose connection was cut without an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the connection was cut")]
pub struct Dropped;
