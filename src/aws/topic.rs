//! SNS: batched publishes.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use aws_sdk_sns::{
    Client,
    types::{BatchResultErrorEntry, MessageAttributeValue, PublishBatchRequestEntry},
};

use super::{
    batch::{Answer, Batch, Refused, entry_id, results},
    call::call,
    error::{AwsError, Class},
};
use crate::job::event::Publication;

/// One topic. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Topic {
    client: Client,
    arn: Arc<str>,
}

impl Topic {
    pub(super) fn new(client: Client, arn: &str) -> Self {
        Self { client, arn: arn.into() }
    }
}

/// The largest call that a topic accepts, in bytes. Clones share it.
#[derive(Debug, Clone)]
pub struct Room(Arc<AtomicUsize>);

impl Room {
    /// The limit of every topic by default. A topic can be set up for more.
    pub const EVERY_TOPIC: usize = 256 * 1024;

    /// As configured.
    pub fn new(bytes: usize) -> Self {
        Self(Arc::new(AtomicUsize::new(bytes)))
    }

    /// In bytes.
    pub fn bytes(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    /// Notes that the topic has the default limit. The answer is whether that is new.
    pub fn shrink(&self) -> bool {
        self.0.fetch_min(Self::EVERY_TOPIC, Ordering::Relaxed) > Self::EVERY_TOPIC
    }
}

/// Publishes to one topic.
#[derive(Debug)]
pub struct Publishes {
    /// The topic.
    pub topic: Topic,
    /// The limit of one call: a batch counts as a whole.
    pub room: Room,
    /// Whether messages need a group and a deduplication id.
    pub fifo: bool,
}

impl Batch for Publishes {
    type Item = Arc<Publication>;
    type Reply = ();
    const NAME: &'static str = "sns.PublishBatch";
    /// SNS takes at most 10 entries.
    const MAX: usize = 10;

    fn max_weight(&self) -> usize {
        self.room.bytes()
    }

    fn weight(&self, publication: &Arc<Publication>) -> usize {
        let attributes = publication.attributes.iter().map(|(name, value)| name.len() + value.len() + "String".len());
        publication.body.len() + publication.subject.len() + attributes.sum::<usize>()
    }

    async fn send(&self, publications: Vec<Arc<Publication>>) -> Vec<Result<(), AwsError>> {
        let count = publications.len();
        let entries: Result<Vec<_>, AwsError> = publications.iter().enumerate().map(|(at, it)| self.entry(at, it)).collect();
        let request = match entries {
            Ok(entries) => {
                let topic = &self.topic;
                topic.client.publish_batch().topic_arn(&*topic.arn).set_publish_batch_request_entries(Some(entries))
            }
            Err(error) => return vec![Err(error); count],
        };
        let answer = call(Self::NAME, || request.clone().send()).await;
        let refused = |it: BatchResultErrorEntry| Refused { id: it.id, code: it.code, message: it.message, sender_fault: it.sender_fault };
        let answer = answer.map(|answer| Answer {
            successful: answer.successful.unwrap_or_default().into_iter().filter_map(|entry| entry.id).collect(),
            failed: answer.failed.unwrap_or_default().into_iter().map(refused).collect(),
        });
        results(Self::NAME, count, answer)
    }
}

impl Publishes {
    fn entry(&self, at: usize, publication: &Publication) -> Result<PublishBatchRequestEntry, AwsError> {
        let invalid = |error: &dyn std::error::Error| AwsError::local(Class::Invalid, Self::NAME, error.to_string());
        let mut entry = PublishBatchRequestEntry::builder().id(entry_id(at)).message(&publication.body).subject(&publication.subject);
        if self.fifo {
            entry = entry.message_group_id(&publication.group).message_deduplication_id(&publication.id);
        }
        for (name, value) in &publication.attributes {
            let value = MessageAttributeValue::builder().data_type("String").string_value(value).build();
            entry = entry.message_attributes(name, value.map_err(|error| invalid(&error))?);
        }
        entry.build().map_err(|error| invalid(&error))
    }
}
