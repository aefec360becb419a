//! STS: who is calling.

use serde_json::json;

use crate::api::{Answer, ApiError};

/// Carries an operation out. Any credentials are the account's root.
pub(crate) fn call(operation: &str, account: &str) -> Answer {
    match operation {
        "GetCallerIdentity" => Ok(json!({ "UserId": account, "Account": account, "Arn": format!("arn:aws:iam::{account}:root") })),
        _ => Err(ApiError::unknown_action(operation)),
    }
}
