//! Operations on queues: create, find, purge, delete, attributes, tags.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    api::{Answer, ApiError, decode, required},
    sqs::{
        Sqs, error,
        model::{queue::Queue, setting::Settings},
        state::{State, name_of},
    },
};

/// SQS: the time between two purges.
const PURGE_INTERVAL_MS: u64 = 60_000;
/// SQS: the most queues on a page.
const PAGE_MAX: usize = 1_000;
/// SQS: the most tags of a queue.
const TAGS_MAX: usize = 50;
/// SQS: the longest name of a queue, in characters.
const NAME_MAX: usize = 80;
const STANDARD_NAME: &str = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length";
const FIFO_NAME: &str = "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with .fifo \
                         suffix and be 1 to 80 in length.";

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CreateQueue {
    queue_name: Option<String>,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
    // Only this operation has the name in lower case in JSON.
    #[serde(default, rename = "tags", alias = "Tags")]
    tags: BTreeMap<String, String>,
}

/// The input of operations that need little more than a queue.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OnQueue {
    queue_url: Option<String>,
    queue_name: Option<String>,
    #[serde(default)]
    attribute_names: Vec<String>,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
    #[serde(default)]
    tag_keys: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Page {
    queue_url: Option<String>,
    #[serde(default)]
    queue_name_prefix: String,
    next_token: Option<String>,
    max_results: Option<usize>,
}

impl Sqs {
    pub(super) fn create_queue(&self, input: Value, host: &str) -> Answer {
        let input: CreateQueue = decode(input)?;
        let name = required(input.queue_name.as_deref(), "QueueName", error::missing)?;
        let fifo = name.strip_suffix(".fifo").is_some();
        check_name(name, fifo)?;
        check_tags(&input.tags)?;
        let names: Vec<String> = input.attributes.keys().cloned().collect();
        if fifo != input.attributes.get("FifoQueue").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
            return Err(error::invalid(if fifo { STANDARD_NAME } else { FIFO_NAME }));
        }
        let settings = Settings::new(fifo, input.attributes)?;
        let mut state = self.state();
        if let Some(queue) = state.queues.get(name) {
            if let Some(attribute) = queue.settings.first_difference(&settings, names.iter()) {
                return Err(error::queue_name_exists(attribute));
            }
        } else {
            check_target(&state, &settings)?;
            let queue = Queue::new(name.to_owned(), self.arn(name), settings, input.tags, self.clock.millis() / 1000, self.journal.clone());
            queue.keep();
            state.queues.insert(name.to_owned(), queue);
        }
        Ok(json!({ "QueueUrl": self.url(host, name) }))
    }

    pub(super) fn get_queue_url(&self, input: Value, host: &str) -> Answer {
        let input: OnQueue = decode(input)?;
        let name = required(input.queue_name.as_deref(), "QueueName", error::missing)?;
        if !self.state().queues.contains_key(name) {
            return Err(error::no_such_queue());
        }
        Ok(json!({ "QueueUrl": self.url(host, name) }))
    }

    pub(super) fn list_queues(&self, input: Value, host: &str) -> Answer {
        let page: Page = decode(input)?;
        let state = self.state();
        let names = state.queues.keys().filter(|name| name.starts_with(&page.queue_name_prefix)).map(String::as_str);
        self.page("QueueUrls", names, &page, host)
    }

    pub(super) fn list_dead_letter_source_queues(&self, input: Value, host: &str) -> Answer {
        let page: Page = decode(input)?;
        let mut state = self.state();
        let arn = state.queue(page.queue_url.as_deref(), self.clock.millis())?.arn.clone();
        let feeds = |queue: &&Queue| queue.settings.redrive.as_ref().is_some_and(|redrive| redrive.target_arn == arn);
        let names = state.queues.values().filter(feeds).map(|queue| queue.name.as_str());
        self.page("queueUrls", names, &page, host)
    }

    /// A page of queue URLs. The token is the name of the last queue of the previous page.
    fn page<'a>(&self, key: &str, names: impl Iterator<Item = &'a str>, page: &Page, host: &str) -> Answer {
        let size = page.max_results.unwrap_or(PAGE_MAX);
        if !(1..=PAGE_MAX).contains(&size) {
            return Err(error::invalid_value(size, "MaxResults", "MaxResults must be an integer between 1 and 1000."));
        }
        let mut names = names.skip_while(|name| page.next_token.as_deref().is_some_and(|token| *name <= token)).peekable();
        let mut last = "";
        let urls: Vec<String> = names.by_ref().take(size).inspect(|name| last = name).map(|name| self.url(host, name)).collect();
        let mut answer = if urls.is_empty() { json!({}) } else { json!({ (key): urls }) };
        // Without MaxResults, SQS never returns a token.
        if page.max_results.is_some() && names.peek().is_some() {
            answer["NextToken"] = last.into();
        }
        Ok(answer)
    }

    pub(super) fn get_queue_attributes(&self, input: Value) -> Answer {
        let input: OnQueue = decode(input)?;
        let mut state = self.state();
        let queue = state.queue(input.queue_url.as_deref(), self.clock.millis())?;
        let all = attributes(queue);
        let mut answer = serde_json::Map::new();
        for name in &input.attribute_names {
            if name == "All" {
                answer.extend(all.iter().map(|(name, value)| (name.clone(), value.clone().into())));
            } else if let Some(value) = all.get(name) {
                answer.insert(name.clone(), value.clone().into());
            } else if !Settings::knows(name) {
                return Err(error::unknown_attribute(name));
            }
        }
        Ok(if answer.is_empty() { json!({}) } else { json!({ "Attributes": answer }) })
    }

    pub(super) fn set_queue_attributes(&self, input: Value) -> Answer {
        let input: OnQueue = decode(input)?;
        let now_ms = self.clock.millis();
        let mut state = self.state();
        let queue = state.queue(input.queue_url.as_deref(), now_ms)?;
        if input.attributes.is_empty() {
            return Err(error::missing("Attribute.Name"));
        }
        let name = queue.name.clone();
        let settings = queue.settings.with(input.attributes)?;
        check_target(&state, &settings)?;
        if let Some(queue) = state.queues.get_mut(&name) {
            queue.settings = settings;
            queue.modified_s = now_ms / 1000;
            queue.keep();
        }
        Ok(json!({}))
    }

    pub(super) fn tag_queue(&self, input: Value) -> Answer {
        let input: OnQueue = decode(input)?;
        let mut state = self.state();
        let queue = state.queue(input.queue_url.as_deref(), self.clock.millis())?;
        let mut tags = queue.tags.clone();
        tags.extend(input.tags);
        check_tags(&tags)?;
        queue.tags = tags;
        queue.keep();
        Ok(json!({}))
    }

    pub(super) fn untag_queue(&self, input: Value) -> Answer {
        let input: OnQueue = decode(input)?;
        let mut state = self.state();
        let queue = state.queue(input.queue_url.as_deref(), self.clock.millis())?;
        queue.tags.retain(|key, _| !input.tag_keys.contains(key));
        queue.keep();
        Ok(json!({}))
    }

    pub(super) fn list_queue_tags(&self, input: Value) -> Answer {
        let input: OnQueue = decode(input)?;
        let mut state = self.state();
        let queue = state.queue(input.queue_url.as_deref(), self.clock.millis())?;
        Ok(if queue.tags.is_empty() { json!({}) } else { json!({ "Tags": queue.tags }) })
    }

    pub(super) fn purge_queue(&self, input: Value) -> Answer {
        let input: OnQueue = decode(input)?;
        let now_ms = self.clock.millis();
        let mut state = self.state();
        let queue = state.queue(input.queue_url.as_deref(), now_ms)?;
        if queue.purged_ms.is_some_and(|purged_ms| now_ms < purged_ms + PURGE_INTERVAL_MS) {
            return Err(error::purge_in_progress(&queue.name));
        }
        queue.purge(now_ms);
        Ok(json!({}))
    }

    pub(super) fn delete_queue(&self, input: Value) -> Answer {
        let input: OnQueue = decode(input)?;
        let mut state = self.state();
        let queue = state.queue(input.queue_url.as_deref(), self.clock.millis())?;
        queue.wake.notify_waiters();
        queue.forget();
        let name = queue.name.clone();
        state.queues.remove(&name);
        Ok(json!({}))
    }
}

/// All attributes of a queue, in the form of the API.
fn attributes(queue: &Queue) -> BTreeMap<String, String> {
    let counts = queue.backlog.counts();
    let computed = [
        ("ApproximateNumberOfMessages", counts.visible.to_string()),
        ("ApproximateNumberOfMessagesDelayed", counts.delayed.to_string()),
        ("ApproximateNumberOfMessagesNotVisible", counts.in_flight.to_string()),
        ("CreatedTimestamp", queue.created_s.to_string()),
        ("LastModifiedTimestamp", queue.modified_s.to_string()),
        ("QueueArn", queue.arn.clone()),
    ];
    let mut all = queue.settings.given().clone();
    all.extend(computed.map(|(name, value)| (name.to_owned(), value)));
    all
}

fn check_name(name: &str, fifo: bool) -> Result<(), ApiError> {
    let stem = name.strip_suffix(".fifo").unwrap_or(name);
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if !stem.is_empty() && name.len() <= NAME_MAX && stem.bytes().all(plain) {
        return Ok(());
    }
    Err(error::invalid(if fifo { FIFO_NAME } else { STANDARD_NAME }))
}

fn check_tags(tags: &BTreeMap<String, String>) -> Result<(), ApiError> {
    if tags.len() > TAGS_MAX {
        return Err(error::invalid(format!("Too many tags added for queue: at most {TAGS_MAX} are allowed.")));
    }
    Ok(())
}

/// A dead-letter queue must exist and be of the same kind as its source.
fn check_target(state: &State, settings: &Settings) -> Result<(), ApiError> {
    let Some(redrive) = &settings.redrive else { return Ok(()) };
    let policy = settings.given().get("RedrivePolicy").map(String::as_str).unwrap_or_default();
    let invalid = |reason: &str| Err(error::invalid_value(policy, "RedrivePolicy", reason));
    match state.queues.get(name_of(&redrive.target_arn)) {
        Some(target) if target.arn == redrive.target_arn && target.settings.fifo == settings.fifo => Ok(()),
        Some(target) if target.arn == redrive.target_arn => invalid("Dead-letter queue must be same type of queue as the source."),
        _ => invalid("Dead letter target does not exist."),
    }
}
