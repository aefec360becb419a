//! What happens to a message that is no valid job: its event with every problem, then the dead-letter queue with the reasons.

use std::collections::BTreeMap;

use tokio::time::sleep;

use super::{dead_letters::DeadLetters, reporter::Reporter};
use crate::{
    aws::queue::{Delivery, MESSAGE_BYTES, Queue},
    backoff::Backoff,
    job::{event::Origin, message::Rejection, problem::Problem},
    observe,
};

/// The attribute that says in the dead-letter queue why a message is there.
pub const REASONS: &str = "slipway.problems";
/// SQS takes at most 10 attributes with a message.
const ATTRIBUTES: usize = 10;
/// The reasons' share of a message at most: an attribute is for reading.
const REASONS_BYTES: usize = 16 * 1024;
/// An attribute's name and data type count too.
const ATTRIBUTE_OVERHEAD: usize = REASONS.len() + "String".len();

/// Rejects a message; returns when its event is accepted and it has a new home.
pub(crate) async fn reject(delivery: &Delivery, rejection: &Rejection, origin: &Origin, dead_letters: &DeadLetters, reporter: &Reporter) {
    reporter.rejected(rejection, origin).await;
    if let Some(queue) = dead_letters.queue().await {
        bury(queue, delivery, &rejection.problems).await;
    }
}

async fn bury(queue: &Queue, delivery: &Delivery, problems: &[Problem]) {
    let attributes = attributes(delivery, problems);
    let mut backoff = Backoff::patient();
    while let Err(error) = queue.send(&delivery.body, &attributes).await {
        observe::dead_letter_failed(&delivery.message_id, &error);
        sleep(backoff.pause()).await;
    }
}

/// The sender's attributes and the reasons, as far as SQS's limits leave room: the original body always goes whole.
fn attributes(delivery: &Delivery, problems: &[Problem]) -> BTreeMap<String, String> {
    let mut attributes = delivery.attributes.clone();
    attributes.remove(REASONS);
    while attributes.len() >= ATTRIBUTES {
        attributes.pop_last();
    }
    let size = |attributes: &BTreeMap<String, String>| -> usize {
        attributes.iter().map(|(name, value)| name.len() + value.len() + "String".len()).sum()
    };
    let room = MESSAGE_BYTES.saturating_sub(delivery.body.len() + size(&attributes));
    let room = room.saturating_sub(ATTRIBUTE_OVERHEAD).min(REASONS_BYTES);
    let reasons = reasons(problems, room);
    if !reasons.is_empty() {
        attributes.insert(REASONS.to_owned(), reasons);
    }
    attributes
}

/// One problem a line, as many as there is room for.
fn reasons(problems: &[Problem], room: usize) -> String {
    let mut text = String::new();
    for problem in problems {
        let line = problem.to_string();
        let more = line.len() + usize::from(!text.is_empty());
        if text.len() + more > room {
            break;
        }
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&line);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivery(body_bytes: usize, attributes: usize) -> Delivery {
        Delivery {
            message_id: "m".to_owned(),
            receipt: "r".to_owned(),
            body: "x".repeat(body_bytes),
            sent_at: None,
            receive_count: 1,
            attributes: (0..attributes).map(|n| (format!("a{n:02}"), "v".to_owned())).collect(),
            trace_header: None,
        }
    }

    fn problems(count: usize) -> Vec<Problem> {
        (0..count).map(|n| Problem { path: format!("/labels/{n}"), problem: "is not a string".to_owned() }).collect()
    }

    #[test]
    fn the_reasons_travel_with_the_senders_attributes() {
        let attributes = attributes(&delivery(10, 2), &problems(2));
        assert_eq!(attributes.len(), 3);
        assert_eq!(attributes[REASONS].lines().count(), 2);
    }

    #[test]
    fn the_limits_of_sqs_hold_for_any_message() {
        for (body, count, listed) in [(MESSAGE_BYTES, 0, 0), (MESSAGE_BYTES - 100, 0, 2), (10, 10, 50), (MESSAGE_BYTES - 130, 10, 0)] {
            let delivery = delivery(body, count);
            let attributes = attributes(&delivery, &problems(50));
            let size: usize = attributes.iter().map(|(name, value)| name.len() + value.len() + "String".len()).sum();
            assert!(body + size <= MESSAGE_BYTES || !attributes.contains_key(REASONS), "{body} bytes with {count} attributes");
            assert!(attributes.len() <= ATTRIBUTES);
            assert_eq!(
                attributes.get(REASONS).map_or(0, |reasons| reasons.lines().count()),
                listed,
                "{body} bytes with {count} attributes"
            );
        }
    }
}
