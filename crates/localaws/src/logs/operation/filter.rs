//! `FilterLogEvents`: the events of a group that match a pattern, by time.

use serde::Deserialize;
use serde_json::{Value, json};

use super::page::{PAGE, PAGE_BYTES, page_size};
use crate::{
    api::{Answer, ApiError, decode},
    logs::{Logs, error::invalid, model::pattern::Pattern},
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FilterLogEvents {
    log_group_name: Option<String>,
    log_group_identifier: Option<String>,
    log_stream_names: Option<Vec<String>>,
    log_stream_name_prefix: Option<String>,
    start_time: Option<u64>,
    end_time: Option<u64>,
    filter_pattern: Option<String>,
    next_token: Option<String>,
    limit: Option<i64>,
}

/// The place of an event in its group: its time, its stream, and its index there. It does not change once the event is visible.
type Place = (u64, String, usize);

impl Logs {
    /// The events of all streams are interleaved: AWS ignores `interleaved`.
    pub(super) fn filter_log_events(&self, input: Value) -> Answer {
        let input: FilterLogEvents = decode(input)?;
        if input.log_stream_names.is_some() && input.log_stream_name_prefix.is_some() {
            return Err(invalid("logStreamNames and logStreamNamePrefix cannot both be given"));
        }
        let limit = page_size(input.limit, PAGE)?;
        let pattern = Pattern::read(input.filter_pattern.as_deref().unwrap_or_default())?;
        let after = input.next_token.as_deref().map(read_token).transpose()?;
        let name = self.group_name(input.log_group_name, input.log_group_identifier)?;
        // The span includes both of its ends here.
        let span = input.start_time.unwrap_or(0)..input.end_time.unwrap_or(u64::MAX).saturating_add(1);
        let prefix = input.log_stream_name_prefix.unwrap_or_default();
        let now = self.clock.millis();
        let mut state = self.state();
        let group = state.group(&name)?;

        let mut found = Vec::new();
        let wanted = |stream: &String| input.log_stream_names.as_ref().is_none_or(|names| names.contains(stream));
        for (name, stream) in group.streams.iter().filter(|(name, _)| name.starts_with(&prefix) && wanted(name)) {
            let seen = stream.visible(now);
            for at in stream.within(seen.len(), &span) {
                let Some(event) = seen.get(at) else { break };
                let is_next = after
                    .as_ref()
                    .is_none_or(|(time, stream, place)| (event.timestamp, name.as_str(), at) > (*time, stream.as_str(), *place));
                if is_next && span.contains(&event.timestamp) && pattern.matches(&event.message) {
                    found.push(((event.timestamp, name.as_str(), at), event));
                }
            }
        }
        found.sort_unstable_by_key(|(place, _)| *place);

        let mut events = Vec::new();
        let mut bytes = 0;
        let mut last = None;
        let mut rest = found.into_iter().peekable();
        while let Some(((time, stream, at), event)) =
            rest.next_if(|(_, event)| events.len() < limit && (events.is_empty() || bytes + event.size() <= PAGE_BYTES))
        {
            bytes += event.size();
            last = Some((time, stream, at));
            events.push(json!({
                "logStreamName": stream,
                "timestamp": time,
                "message": event.message,
                "ingestionTime": event.ingested,
                "eventId": format!("{time:020}{at:036}"),
            }));
        }
        let mut answer = json!({"events": events, "searchedLogStreams": []});
        if let (Some((time, stream, at)), true) = (last, rest.peek().is_some()) {
            answer["nextToken"] = json!(format!("{time}/{at}/{stream}"));
        }
        Ok(answer)
    }
}

fn read_token(token: &str) -> Result<Place, ApiError> {
    let mut parts = token.splitn(3, '/');
    let mut part = || parts.next().ok_or(());
    let mut parse = || Ok::<_, ()>((part()?.parse().map_err(drop)?, part()?.parse().map_err(drop)?, part()?.to_owned()));
    let (time, at, stream) = parse().map_err(|()| invalid("The specified nextToken is invalid."))?;
    Ok((time, stream, at))
}
