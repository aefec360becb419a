//! `GetLogEvents`: the pages of a stream, forward and backward.

use std::ops::Range;

use serde::Deserialize;
use serde_json::{Value, json};

use super::page::{PAGE, PAGE_BYTES, page_size};
use crate::{
    api::{Answer, ApiError, decode},
    logs::{Logs, error::invalid, model::stream::Event},
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct GetLogEvents {
    log_group_name: Option<String>,
    log_group_identifier: Option<String>,
    log_stream_name: String,
    start_time: Option<u64>,
    end_time: Option<u64>,
    next_token: Option<String>,
    limit: Option<i64>,
    #[serde(default)]
    start_from_head: bool,
}

/// A place between two events, and the direction of reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token {
    /// Forward from this place. `rested`: an empty page was sent for it.
    Forward { at: usize, rested: bool },
    /// Backward from this place.
    Backward { at: usize },
}

impl Token {
    /// In the form of AWS: a direction, 56 digits and a letter.
    fn write(self) -> String {
        match self {
            Self::Forward { at, rested } => format!("f/{at:056}/{}", if rested { 'e' } else { 's' }),
            Self::Backward { at } => format!("b/{at:056}/s"),
        }
    }

    fn read(text: &str) -> Result<Self, ApiError> {
        let parse = || {
            let (way, rest) = text.split_once('/')?;
            let (at, mark) = rest.split_once('/')?;
            let at = at.parse().ok()?;
            match (way, mark) {
                ("f", "s" | "e") => Some(Self::Forward { at, rested: mark == "e" }),
                ("b", "s") => Some(Self::Backward { at }),
                _ => None,
            }
        };
        parse().ok_or_else(|| invalid("The specified nextToken is invalid."))
    }
}

impl Logs {
    pub(super) fn get_log_events(&self, input: Value) -> Answer {
        let input: GetLogEvents = decode(input)?;
        let limit = page_size(input.limit, PAGE)?;
        let group = self.group_name(input.log_group_name, input.log_group_identifier)?;
        let span = input.start_time.unwrap_or(0)..input.end_time.unwrap_or(u64::MAX);
        let now = self.clock.millis();
        let mut state = self.state();
        let empty_pages = state.empty_pages;
        let stream = state.stream(&group, &input.log_stream_name)?;
        let seen = stream.visible(now);
        let bounds = stream.within(seen.len(), &span);
        let token = match input.next_token {
            Some(token) => Token::read(&token)?,
            None if input.start_from_head => Token::Forward { at: bounds.start, rested: false },
            None => Token::Backward { at: bounds.end },
        };
        let page = match token {
            Token::Forward { at, rested } => {
                let page = forward(seen, at.max(bounds.start)..bounds.end, &span, limit);
                if page.taken.is_empty() {
                    // AWS repeats the token when there are no more events.
                    return Ok(answer(&[], Token::Backward { at }, token));
                }
                if empty_pages && !rested {
                    return Ok(answer(&[], Token::Backward { at }, Token::Forward { at, rested: true }));
                }
                page
            }
            Token::Backward { at } => backward(seen, bounds.start..at.min(bounds.end), &span, limit),
        };
        let ends = (Token::Backward { at: page.place.start }, Token::Forward { at: page.place.end, rested: false });
        Ok(answer(&page.taken, ends.0, ends.1))
    }
}

/// The events of the time span on a page, and the places that the page covers.
struct Page<'a> {
    taken: Vec<&'a Event>,
    place: Range<usize>,
}

fn forward<'a>(events: &'a [Event], range: Range<usize>, span: &Range<u64>, limit: usize) -> Page<'a> {
    let mut taken = Vec::new();
    let start = range.start;
    let mut end = start;
    let mut bytes = 0;
    for event in events.get(range).unwrap_or_default() {
        if span.contains(&event.timestamp) {
            bytes += event.size();
            if taken.len() == limit || (bytes > PAGE_BYTES && !taken.is_empty()) {
                break;
            }
            taken.push(event);
        }
        end += 1;
    }
    Page { taken, place: start..end }
}

fn backward<'a>(events: &'a [Event], range: Range<usize>, span: &Range<u64>, limit: usize) -> Page<'a> {
    let mut taken = Vec::new();
    let end = range.end;
    let mut start = end;
    let mut bytes = 0;
    for event in events.get(range).unwrap_or_default().iter().rev() {
        if span.contains(&event.timestamp) {
            bytes += event.size();
            if taken.len() == limit || (bytes > PAGE_BYTES && !taken.is_empty()) {
                break;
            }
            taken.push(event);
        }
        start -= 1;
    }
    taken.reverse();
    Page { taken, place: start..end }
}

fn answer(events: &[&Event], backward: Token, forward: Token) -> Value {
    let events: Vec<_> = events
        .iter()
        .map(|event| json!({"timestamp": event.timestamp, "message": event.message, "ingestionTime": event.ingested}))
        .collect();
    json!({"events": events, "nextForwardToken": forward.write(), "nextBackwardToken": backward.write()})
}
