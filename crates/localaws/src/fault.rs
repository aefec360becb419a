//! Fault injection for tests: errors, lost answers and delays, like those of AWS.

use std::{fmt, time::Duration};

use crate::api::ApiError;

/// A fault of a call.
#[derive(Debug, Clone)]
pub enum Fault {
    /// The call is answered by this error.
    Error(ApiError),
    /// The connection is cut without an answer.
    Drop,
    /// The call is delayed, and then carried out.
    Delay(Duration),
    /// The call is never answered.
    Hang,
}

/// Decides which calls fail. Services are `sqs`, `sns`, `sts`, `codebuild` and `logs`.
pub trait Faults: fmt::Debug + Send + Sync {
    /// Asked before an operation. With a fault other than a delay the operation is not carried out. `None`: no fault.
    fn before(&self, _service: &str, _operation: &str) -> Option<Fault> {
        None
    }

    /// Asked after an operation. The operation was carried out; only its answer is lost, delayed or replaced. `None`: no fault.
    fn after(&self, _service: &str, _operation: &str) -> Option<Fault> {
        None
    }
}

/// The connection of a call was cut without an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the connection was cut")]
pub struct Dropped;
