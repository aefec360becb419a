//! Pushed build events: a queue that EventBridge feeds. They may be late, doubled, out of order or missing; each only makes the
//! watcher look at its build sooner.

use std::time::Duration;

use serde::Deserialize;
use tokio::time::sleep;

use super::watcher::Watcher;
use crate::{
    aws::{
        batch::Batcher,
        queue::{BATCH, Deletes, Queue},
    },
    backoff::Backoff,
    observe,
    pulse::Pulse,
};

/// A lost event costs nothing, so it need not come back soon.
const VISIBILITY: Duration = Duration::from_mins(1);

/// What matters of an EventBridge event.
#[derive(Debug, Deserialize)]
struct Envelope {
    detail: Detail,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Detail {
    /// The build's ARN, not its id.
    build_id: String,
}

/// Receives events, for ever. It may be dropped at any time: an event that it had taken comes back and is not needed.
pub(crate) async fn serve(queue: Queue, deletes: Batcher<Deletes>, watcher: Watcher, wait: Duration, pulse: Pulse) {
    let mut backoff = Backoff::patient();
    loop {
        pulse.beat();
        match queue.receive(BATCH, VISIBILITY, wait).await {
            Ok(deliveries) => {
                backoff = Backoff::patient();
                for delivery in &deliveries {
                    if let Some(id) = build_id(&delivery.body) {
                        watcher.nudge(&id);
                    }
                }
                let done = deliveries.into_iter().map(|delivery| deletes.call(delivery.receipt));
                // What is not deleted comes again and nudges once more.
                futures_util::future::join_all(done).await;
            }
            Err(error) => {
                observe::receive_failed(queue.url(), &error);
                sleep(backoff.pause()).await;
            }
        }
    }
}

/// The id (`project:uuid`) of the build that an event is about.
fn build_id(body: &str) -> Option<String> {
    let envelope: Envelope = serde_json::from_str(body).ok()?;
    envelope.detail.build_id.rsplit_once("build/").map(|(_, id)| id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::build_id;

    #[test]
    fn the_build_is_read_from_its_arn_and_noise_is_ignored() {
        let body = r#"{"source":"aws.codebuild","detail":{"build-status":"FAILED",
            "build-id":"arn:aws:codebuild:eu-west-1:123456789012:build/flex:8745a7a9-c340-456a-9166-edf953571bee"}}"#;
        assert_eq!(build_id(body).as_deref(), Some("flex:8745a7a9-c340-456a-9166-edf953571bee"));
        for noise in ["", "{}", "[]", r#"{"detail":{"build-id":7}}"#, r#"{"detail":{"build-id":"flex"}}"#] {
            assert_eq!(build_id(noise), None, "{noise}");
        }
    }
}
