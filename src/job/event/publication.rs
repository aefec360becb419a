//! An event as an SNS message within SNS's limits.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::job::{excerpt, outcome::Status};

use super::Event;

/// The parameters of an SNS `Publish`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publication {
    /// The event's id. On FIFO topics it is the deduplication id.
    pub id: String,
    /// The job's id. On FIFO topics it is the message group id.
    pub group: String,
    /// One line of ASCII, under 100 characters.
    pub subject: String,
    /// The event as JSON.
    pub body: String,
    /// The message attributes for filter policies. No value is empty.
    pub attributes: BTreeMap<String, String>,
}

/// The SNS type of every attribute. Its bytes count towards the size.
const ATTRIBUTE_TYPE: &str = "String";

/// The longest value of an attribute, in bytes. Attributes are for filters; the body has the whole values.
const MAX_ATTRIBUTE: usize = 256;

/// SNS allows fewer than 100 characters.
const MAX_SUBJECT: usize = 99;

/// How texts and lists are cut if an event is too large without its excerpt: in each round, texts to this many characters, and lists to a
/// sixteenth of it.
const ROUNDS: [usize; 6] = [8_192, 2_048, 1_024, 256, 64, 16];

impl Event {
    /// The event as a message of at most `max_bytes`, attributes and subject included. Every event fits into 4 KiB. The log's excerpt is
    /// cut first, then the outputs, then all other texts and lists.
    pub fn publication(&self, max_bytes: usize) -> Publication {
        let attributes = self.attributes();
        let subject = self.subject_line();
        let attributes_bytes: usize = attributes.iter().map(|(name, value)| name.len() + ATTRIBUTE_TYPE.len() + value.len()).sum();
        let body = self.body(max_bytes.saturating_sub(attributes_bytes + subject.len()));
        Publication { id: self.id.clone(), group: self.subject.clone(), subject, body, attributes }
    }

    fn body(&self, max_bytes: usize) -> String {
        let mut body = json(self);
        if body.len() <= max_bytes {
            return body;
        }
        let mut event = self.clone();
        while let Some(log) = event.data.log.as_mut().filter(|log| body.len() > max_bytes && !log.excerpt.is_empty()) {
            let excess = body.len() - max_bytes;
            let failed = event.data.status != Some(Status::Succeeded);
            let short = excerpt::shorten(&log.excerpt, failed, json(&log.excerpt).len().saturating_sub(excess + 2));
            // The JSON can grow: `false` becomes `true`, and the mark may count more lines. A second round may be needed, and must be
            // smaller.
            let is_shorter = short.text.len() < log.excerpt.len();
            log.excerpt = if is_shorter { short.text } else { String::new() };
            log.lines = if log.excerpt.is_empty() { 0 } else { short.lines };
            log.truncated = true;
            body = json(&event);
        }
        while body.len() > max_bytes && event.data.outputs.pop_last().is_some() {
            body = json(&event);
        }
        if body.len() <= max_bytes {
            return body;
        }
        let mut value = serde_json::to_value(&event).unwrap_or_default();
        for room in ROUNDS {
            cut(&mut value["data"], room);
            body = json(&value);
            if body.len() <= max_bytes {
                break;
            }
        }
        body
    }

    /// The attributes by which filter policies can choose.
    fn attributes(&self) -> BTreeMap<String, String> {
        let job = &self.data.job;
        let all = [
            ("type", Some(self.kind.as_str().to_owned())),
            ("version", Some(self.data.version.to_string())),
            ("status", self.data.status.map(|status| status.as_str().to_owned())),
            ("tenant", job.tenant.as_ref().map(ToString::to_string)),
            ("profile", job.profile.clone()),
            ("repository", job.repository.as_deref().map(str::to_owned)),
            ("job_id", job.id.clone()),
            ("traceparent", self.traceparent.clone()),
        ];
        let value = |text: String| -> String {
            let plain = text.chars().filter(|c| !c.is_control());
            let mut bytes = 0;
            plain
                .take_while(|c| {
                    bytes += c.len_utf8();
                    bytes <= MAX_ATTRIBUTE
                })
                .collect()
        };
        let values = all.into_iter().filter_map(|(name, text)| Some((name.to_owned(), value(text?))));
        values.filter(|(_, value)| !value.is_empty()).collect()
    }

    /// One line of ASCII: `app-4711 failed`.
    fn subject_line(&self) -> String {
        let word = self.data.status.map_or(self.kind.word(), Status::as_str);
        let room = MAX_SUBJECT - word.len() - 1;
        // SNS demands a letter, digit or punctuation at the beginning.
        let name: String = self.subject.chars().filter(char::is_ascii_graphic).take(room).collect();
        format!("{name} {word}").trim_start().to_owned()
    }
}

/// The value as JSON, without the two characters that SQS refuses in a message.
fn json(value: &impl serde::Serialize) -> String {
    // All keys are strings, so serialisation cannot fail.
    let text = serde_json::to_string(value).unwrap_or_default();
    // The first byte of both in UTF-8. Few texts contain it.
    if memchr::memchr(0xEF, text.as_bytes()).is_none() {
        return text;
    }
    text.replace(['\u{FFFE}', '\u{FFFF}'], "\u{FFFD}")
}

/// Cuts every text and list in a value.
fn cut(value: &mut Value, room: usize) {
    match value {
        Value::String(text) => {
            if let Some((end, _)) = text.char_indices().nth(room) {
                text.truncate(end);
                text.push('…');
            }
        }
        Value::Array(list) => {
            list.truncate(room / 16);
            for value in list {
                cut(value, room);
            }
        }
        Value::Object(map) => {
            for value in map.values_mut() {
                cut(value, room);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
