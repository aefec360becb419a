//! Pushed build events, from a queue that EventBridge feeds. They may be late, repeated, out of order or missing: each only makes the
//! watcher read its build's status sooner.

use std::time::Duration;

use serde::Deserialize;
use tokio::time::sleep;

use super::{notices::cure, watcher::Watcher};
use crate::{
    aws::{
        batch::Batcher,
        queue::{BATCH, Deletes, Queue},
    },
    backoff::Backoff,
    observe::{self, Seldom},
    pulse::Pulse,
};

/// The visibility timeout. It is long, because a lost event costs nothing.
const VISIBILITY: Duration = Duration::from_mins(1);

/// The fields of an EventBridge event that are read.
#[derive(Debug, Deserialize)]
struct Envelope {
    detail: Detail,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Detail {
    /// The build's ARN, not its id.
    build_id: String,
    build_status: Option<String>,
}

/// The envelope of an event that comes through a topic without raw message delivery.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Notification {
    message: String,
}

/// The meaning of an event.
#[derive(Debug, PartialEq, Eq)]
struct News {
    /// `project:uuid`.
    build_id: String,
    /// Whether the event is more than the build's start. A build that has started is followed already.
    worth_a_look: bool,
}

/// Receives events, for ever. It may be dropped at any time: an event that was received and not deleted comes back, and does no harm. A
/// message that is no build event stays on the queue: it may belong to others.
pub(crate) async fn serve(queue: Queue, deletes: Batcher<Deletes>, watcher: Watcher, wait: Duration, pulse: Pulse) {
    let mut backoff = Backoff::patient();
    let mut all_understood = true;
    let mut log = Seldom::default();
    loop {
        pulse.beat();
        match queue.receive(BATCH, VISIBILITY, wait).await {
            Ok(deliveries) => {
                log.is_over();
                let mut done = Vec::new();
                let was_idle = deliveries.is_empty();
                for delivery in deliveries {
                    let Some(news) = read(&delivery.body) else {
                        observe::push_not_understood(queue.url(), &delivery.message_id, all_understood);
                        all_understood = false;
                        continue;
                    };
                    if news.worth_a_look {
                        watcher.nudge(&news.build_id);
                    }
                    done.push(deletes.call(delivery.receipt));
                }
                if done.is_empty() && !was_idle {
                    // If the queue has only others' messages, receive more slowly.
                    sleep(backoff.pause()).await;
                    continue;
                }
                backoff = Backoff::patient();
                // If the delete fails, the event comes again and causes one more read.
                futures_util::future::join_all(done).await;
            }
            Err(error) => {
                if log.is_due(error.class.name()) {
                    observe::receive_failed(queue.url(), &format_args!("{error}{}", cure(&error).unwrap_or_default()));
                }
                sleep(backoff.pause()).await;
            }
        }
    }
}

/// The build of an event, and whether the event is more than the build's start. `None`: it is no build event.
fn read(body: &str) -> Option<News> {
    let envelope = match serde_json::from_str::<Envelope>(body) {
        Ok(envelope) => envelope,
        Err(_) => serde_json::from_str(&serde_json::from_str::<Notification>(body).ok()?.message).ok()?,
    };
    let Detail { build_id, build_status } = envelope.detail;
    let (_, id) = build_id.rsplit_once("build/")?;
    Some(News { build_id: id.to_owned(), worth_a_look: build_status.as_deref() != Some("IN_PROGRESS") })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{News, read};

    const ID: &str = "flex:8745a7a9-c340-456a-9166-edf953571bee";

    #[test]
    fn the_build_is_read_from_its_arn_and_noise_is_none() {
        let event = |status: &str| {
            let arn = format!("arn:aws:codebuild:eu-west-1:123456789012:build/{ID}");
            json!({ "source": "aws.codebuild", "detail": { "build-status": status, "build-id": arn } }).to_string()
        };
        let wrapped = |text: &str| json!({ "Type": "Notification", "MessageId": "m", "Message": text }).to_string();
        for (status, worth_a_look) in [("FAILED", true), ("SUCCEEDED", true), ("STOPPED", true), ("IN_PROGRESS", false)] {
            let news = News { build_id: ID.to_owned(), worth_a_look };
            assert_eq!(read(&event(status)).as_ref(), Some(&news), "{status}");
            assert_eq!(read(&wrapped(&event(status))), Some(news), "{status} by way of a topic");
        }
        for noise in
            ["", "{}", "[]", r#"{"detail":{"build-id":7}}"#, r#"{"detail":{"build-id":"flex"}}"#, &wrapped("hello"), &wrapped("{}")]
        {
            assert_eq!(read(noise), None, "{noise}");
        }
    }
}
