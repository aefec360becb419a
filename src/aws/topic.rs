//! SNS: batched publishes.

use std::sync::Arc;

use aws_sdk_sns::{
    Client,
    types::{MessageAttributeValue, PublishBatchRequestEntry},
};

use super::{
    batch::Batch,
    call::call,
    error::{AwsError, Class},
    queue::id,
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

/// Publishes to one topic.
#[derive(Debug)]
pub struct Publishes {
    /// The topic.
    pub topic: Topic,
    /// What the topic takes in one call, in bytes: a batch counts as a whole.
    pub max_bytes: usize,
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
        self.max_bytes
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
        match call(Self::NAME, || request.clone().send()).await {
            Err(error) => vec![Err(error); count],
            Ok(answer) => {
                let mut results = vec![Ok(()); count];
                for entry in answer.failed.unwrap_or_default() {
                    if let Some(result) = entry.id.parse::<usize>().ok().and_then(|at| results.get_mut(at)) {
                        let status = if entry.sender_fault { 400 } else { 500 };
                        *result = Err(AwsError::named(Self::NAME, &entry.code, entry.message.as_deref(), status));
                    }
                }
                results
            }
        }
    }
}

impl Publishes {
    fn entry(&self, at: usize, publication: &Publication) -> Result<PublishBatchRequestEntry, AwsError> {
        let invalid = |error: &dyn std::error::Error| AwsError::local(Class::Invalid, Self::NAME, error.to_string());
        let mut entry = PublishBatchRequestEntry::builder().id(id(at)).message(&publication.body).subject(&publication.subject);
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
