//! CloudWatch Logs: pages of one stream.

use aws_sdk_cloudwatchlogs::Client;

use super::{
    call::call,
    error::{AwsError, Class},
};
use crate::job::build::LogLocation;

/// The builds' logs. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Logs {
    client: Client,
}

/// A page of a stream, oldest line first.
#[derive(Debug, Default)]
pub struct Page {
    pub lines: Vec<String>,
    /// Where to go on; equal to the token that was sent when nothing more is there now.
    pub next: Option<String>,
}

impl Logs {
    pub(super) fn new(client: Client) -> Self {
        Self { client }
    }

    /// The page after `token`, or the stream's first. A stream that does not exist (yet) has no lines.
    pub async fn page(&self, log: &LogLocation, token: Option<&str>) -> Result<Page, AwsError> {
        let request = self.client.get_log_events().log_group_name(&log.group).log_stream_name(&log.stream);
        let request = request.start_from_head(true).set_next_token(token.map(str::to_owned));
        match call("logs.GetLogEvents", || request.clone().send()).await {
            Ok(answer) => Ok(Page {
                lines: answer.events.unwrap_or_default().into_iter().filter_map(|event| event.message).collect(),
                next: answer.next_forward_token,
            }),
            Err(error) if error.class == Class::NotFound => Ok(Page { lines: Vec::new(), next: token.map(str::to_owned) }),
            Err(error) => Err(error),
        }
    }
}
