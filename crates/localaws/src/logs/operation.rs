//! The operations of CloudWatch Logs by name.

mod describe;
mod filter;
mod group;
mod page;
mod put;
mod read;
mod tag;

use serde_json::Value;

use super::Logs;
use crate::api::{Answer, ApiError};

impl Logs {
    /// Runs an operation of the API.
    pub(crate) fn call(&self, operation: &str, input: Value) -> Answer {
        match operation {
            "CreateLogGroup" => self.create_log_group(input),
            "CreateLogStream" => self.create_log_stream(input),
            "DeleteLogGroup" => self.delete_log_group(input),
            "DeleteLogStream" => self.delete_log_stream(input),
            "DeleteRetentionPolicy" => self.delete_retention_policy(input),
            "DescribeLogGroups" => self.describe_log_groups(input),
            "DescribeLogStreams" => self.describe_log_streams(input),
            "FilterLogEvents" => self.filter_log_events(input),
            "GetLogEvents" => self.get_log_events(input),
            "ListTagsForResource" => self.list_tags_for_resource(input),
            "PutLogEvents" => self.put_log_events(input),
            "PutRetentionPolicy" => self.put_retention_policy(input),
            "TagResource" => self.tag_resource(input),
            "UntagResource" => self.untag_resource(input),
            _ => Err(ApiError::new("UnknownOperationException", format!("CloudWatch Logs has no operation {operation} here"))),
        }
    }
}
