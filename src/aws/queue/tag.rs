//! Tags of a queue. Only the queue's own account can read and set them.

use std::collections::BTreeMap;

use super::{super::call::call, AwsError, Queue};

impl Queue {
    /// The queue's tags.
    pub async fn tags(&self) -> Result<BTreeMap<String, String>, AwsError> {
        let request = self.client.list_queue_tags().queue_url(&*self.url);
        let answer = call("sqs.ListQueueTags", || request.clone().send()).await?;
        Ok(answer.tags.unwrap_or_default().into_iter().collect())
    }

    /// Sets one tag. It replaces a tag of the same key.
    pub async fn tag(&self, key: &str, value: &str) -> Result<(), AwsError> {
        let request = self.client.tag_queue().queue_url(&*self.url).tags(key, value);
        call("sqs.TagQueue", || request.clone().send()).await.map(drop)
    }

    /// Removes one tag, if there is one.
    pub async fn untag(&self, key: &str) -> Result<(), AwsError> {
        let request = self.client.untag_queue().queue_url(&*self.url).tag_keys(key);
        call("sqs.UntagQueue", || request.clone().send()).await.map(drop)
    }
}
