//! Lists groups and streams.

use serde::Deserialize;
use serde_json::{Value, json};

use super::page::page_size;
use crate::{
    api::{Answer, ApiError, decode},
    logs::{Logs, error::invalid, model::stream::Stream},
};

/// AWS: the most groups or streams on one page.
const PAGE: usize = 50;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DescribeLogGroups {
    log_group_name_prefix: Option<String>,
    log_group_name_pattern: Option<String>,
    next_token: Option<String>,
    limit: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DescribeLogStreams {
    log_group_name: Option<String>,
    log_group_identifier: Option<String>,
    log_stream_name_prefix: Option<String>,
    #[serde(default)]
    order_by: OrderBy,
    #[serde(default)]
    descending: bool,
    next_token: Option<String>,
    limit: Option<i64>,
}

#[derive(Deserialize, Default, PartialEq, Eq)]
enum OrderBy {
    #[default]
    LogStreamName,
    LastEventTime,
}

impl Logs {
    pub(super) fn describe_log_groups(&self, input: Value) -> Answer {
        let input: DescribeLogGroups = decode(input)?;
        if input.log_group_name_prefix.is_some() && input.log_group_name_pattern.is_some() {
            return Err(invalid("logGroupNamePrefix and logGroupNamePattern cannot both be given"));
        }
        let prefix = input.log_group_name_prefix.unwrap_or_default();
        // AWS searches for the pattern as a substring, without regard to case.
        let pattern = input.log_group_name_pattern.unwrap_or_default().to_lowercase();
        let state = self.state();
        let groups = state.groups.iter().filter(|(name, _)| name.starts_with(&prefix) && name.to_lowercase().contains(&pattern));
        let (page, next) = page(groups, input.next_token.as_deref(), page_size(input.limit, PAGE)?)?;
        let groups = page.into_iter().map(|(name, group)| {
            let arn = self.group_arn(name);
            let mut view = json!({
                "logGroupName": name,
                "creationTime": group.created,
                "metricFilterCount": 0,
                "arn": format!("{arn}:*"),
                "logGroupArn": arn,
                "storedBytes": group.streams.values().map(|stream| stream.bytes).sum::<usize>(),
                "logGroupClass": group.class,
            });
            if let Some(days) = group.retention {
                view["retentionInDays"] = json!(days);
            }
            view
        });
        Ok(with_token(json!({"logGroups": groups.collect::<Vec<_>>()}), next))
    }

    pub(super) fn describe_log_streams(&self, input: Value) -> Answer {
        let input: DescribeLogStreams = decode(input)?;
        let by_time = input.order_by == OrderBy::LastEventTime;
        if by_time && input.log_stream_name_prefix.is_some() {
            return Err(invalid("Cannot order by LastEventTime with a logStreamNamePrefix."));
        }
        let group_name = self.group_name(input.log_group_name, input.log_group_identifier)?;
        let prefix = input.log_stream_name_prefix.unwrap_or_default();
        let now = self.clock.millis();
        let mut state = self.state();
        let group = state.group(&group_name)?;
        let mut streams: Vec<_> = group.streams.iter().filter(|(name, _)| name.starts_with(&prefix)).collect();
        if by_time {
            streams.sort_by_key(|(_, stream)| stream.visible(now).last().map(|event| event.timestamp));
        }
        if input.descending {
            streams.reverse();
        }
        let (page, next) = page(streams.into_iter(), input.next_token.as_deref(), page_size(input.limit, PAGE)?)?;
        let arn = self.group_arn(&group_name);
        let streams = page.into_iter().map(|(name, stream)| describe(name, stream, &arn, now));
        Ok(with_token(json!({"logStreams": streams.collect::<Vec<_>>()}), next))
    }
}

fn describe(name: &str, stream: &Stream, group_arn: &str, now: u64) -> Value {
    let mut view = json!({
        "logStreamName": name,
        "creationTime": stream.created,
        "arn": format!("{group_arn}:log-stream:{name}"),
        "storedBytes": stream.bytes,
    });
    if let [first, ..] = stream.visible(now)
        && let [.., last] = stream.visible(now)
    {
        view["firstEventTimestamp"] = json!(first.timestamp);
        view["lastEventTimestamp"] = json!(last.timestamp);
        view["lastIngestionTime"] = json!(last.ingested);
    }
    view
}

type Page<T> = (Vec<T>, Option<String>);

/// A page, and the token of the next one: how many items came before that.
fn page<T>(mut items: impl Iterator<Item = T>, token: Option<&str>, size: usize) -> Result<Page<T>, ApiError> {
    let start = match token {
        None => 0,
        Some(token) => token.parse::<usize>().map_err(|_| invalid("The specified nextToken is invalid."))?,
    };
    let page: Vec<_> = items.by_ref().skip(start).take(size).collect();
    let next = items.next().map(|_| (start + size).to_string());
    Ok((page, next))
}

fn with_token(mut answer: Value, token: Option<String>) -> Value {
    if let Some(token) = token {
        answer["nextToken"] = json!(token);
    }
    answer
}
