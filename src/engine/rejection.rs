//! Rejects a message that is no valid job: publishes its event with every problem, then moves it to the dead-letter queue with the reasons.

use tokio::time::sleep;

use super::{dead_letters::DeadLetters, reporter::Reporter};
use crate::{
    aws::{
        Class,
        queue::{ATTRIBUTES, Attribute, Attributes, Delivery, MESSAGE_BYTES, Queue},
    },
    backoff::Backoff,
    job::{
        event::Origin,
        message::{Rejection, is_own_event},
        problem::Problem,
    },
    observe::{self, Seldom},
};

/// The attribute with the reasons of a message in the dead-letter queue.
pub const REASONS: &str = "slipway.problems";
/// The most bytes of reasons in a message.
const REASONS_BYTES: usize = 16 * 1024;
/// The bytes of the attribute's name and data type, which SQS counts too.
const ATTRIBUTE_OVERHEAD: usize = REASONS.len() + "String".len();

/// Rejects a message. Returns when its event is accepted and the message is on the dead-letter queue, if there is one.
pub(crate) async fn reject(delivery: &Delivery, rejection: &Rejection, origin: &Origin, dead_letters: &DeadLetters, reporter: &Reporter) {
    // An event of ours on the jobs queue gets no event: that one would come back too, without end.
    if !is_own_event(&delivery.body) {
        reporter.rejected(rejection, origin).await;
    }
    if let Some(queue) = dead_letters.queue().await {
        bury(queue, delivery, &rejection.problems).await;
    }
}

async fn bury(queue: &Queue, delivery: &Delivery, problems: &[Problem]) {
    let mut attributes = with_reasons(delivery, problems);
    let (mut backoff, mut log) = (Backoff::patient(), Seldom::default());
    while let Err(error) = queue.pass_on(delivery, &attributes).await {
        // A queue may have a lower size limit than SQS. Then the message is moved without our reasons.
        if error.class == Class::Invalid && attributes.remove(REASONS).is_some() {
            continue;
        }
        let is_due = log.is_due(error.class.name());
        if error.class.is_refusal() {
            observe::dead_letter_refused(&delivery.message_id, &error, is_due);
        } else if is_due {
            observe::dead_letter_failed(&delivery.message_id, &error);
        }
        sleep(backoff.pause()).await;
    }
}

/// All attributes of the sender, and the reasons as far as SQS's limits leave room.
pub(crate) fn with_reasons(delivery: &Delivery, problems: &[Problem]) -> Attributes {
    let mut attributes = delivery.attributes.clone();
    attributes.remove(REASONS);
    let size: usize = attributes.iter().map(|(name, attribute)| name.len() + attribute.size()).sum();
    let room = MESSAGE_BYTES.saturating_sub(delivery.body.len() + size);
    let room = room.saturating_sub(ATTRIBUTE_OVERHEAD).min(REASONS_BYTES);
    let reasons = reasons(problems, room);
    if attributes.len() < ATTRIBUTES && !reasons.is_empty() {
        attributes.insert(REASONS.to_owned(), Attribute::string(reasons));
    }
    attributes
}

/// The problems, one a line, as many as fit.
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
            message_id: "m".into(),
            receipt: "r".into(),
            body: "x".repeat(body_bytes),
            sent_at: None,
            receive_count: 1,
            attributes: (0..attributes).map(|n| (format!("a{n:02}"), Attribute::string("v"))).collect(),
            trace_header: None,
            group: None,
            moved_from: None,
        }
    }

    fn problems(count: usize) -> Vec<Problem> {
        (0..count).map(|n| Problem { path: format!("/labels/{n}"), problem: "is not a string".to_owned() }).collect()
    }

    #[test]
    fn the_reasons_travel_with_the_senders_attributes() {
        let attributes = with_reasons(&delivery(10, 2), &problems(2));
        assert_eq!(attributes.len(), 3);
        assert_eq!(attributes[REASONS].text().map(|reasons| reasons.lines().count()), Some(2));
    }

    #[test]
    fn the_limits_of_sqs_hold_for_any_message() {
        for (body, count, listed) in
            [(MESSAGE_BYTES, 0, 0), (MESSAGE_BYTES - 100, 0, 2), (10, 9, 50), (10, 10, 0), (MESSAGE_BYTES - 130, 9, 0)]
        {
            let delivery = delivery(body, count);
            let attributes = with_reasons(&delivery, &problems(50));
            let size: usize = attributes.iter().map(|(name, value)| name.len() + value.size()).sum();
            assert!(body + size <= MESSAGE_BYTES || !attributes.contains_key(REASONS), "{body} bytes with {count} attributes");
            assert!(attributes.len() <= ATTRIBUTES && delivery.attributes.iter().all(|(name, value)| attributes.get(name) == Some(value)));
            assert_eq!(
                attributes.get(REASONS).and_then(Attribute::text).map_or(0, |reasons| reasons.lines().count()),
                listed,
                "{body} bytes with {count} attributes"
            );
        }
    }
}
