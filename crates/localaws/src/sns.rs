//! SNS: topics and subscriptions in memory.

use std::sync::Arc;

use serde_json::Value;

use crate::{
    api::{Answer, ApiError},
    clock::Clock,
    sqs::Sqs,
};

/// The service.
#[derive(Debug)]
pub struct Sns {
    clock: Clock,
    region: String,
    account: String,
    sqs: Arc<Sqs>,
}

impl Sns {
    pub fn new(clock: Clock, region: String, account: String, sqs: Arc<Sqs>) -> Self {
        Self { clock, region, account, sqs }
    }

    pub(crate) fn call(&self, operation: &str, _input: Value) -> Answer {
        Err(ApiError::unknown_action(operation))
    }
}
