//! STS: who is calling.

use serde_json::json;

use crate::api::{Answer, ApiError};

/// Runs an operation. Any credentials are those of the account's root.
pub(crate) fn call(operation: &str, account: &str) -> Answer {
    match operation {
        "GetCallerIdentity" => Ok(json!({ "UserId": account, "Account": account, "Arn": format!("arn:aws:iam::{account}:root") })),
        _ => Err(ApiError::unknown_action(operation)),
    }
}
