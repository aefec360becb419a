//! The batched calls: deletes, and changes of the visibility timeout.

use std::{sync::Arc, time::Duration};

use aws_sdk_sqs::types::{BatchResultErrorEntry, ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry};

use super::{BATCH, Queue, invalid, seconds};
use crate::aws::{
    batch::{Answer, Batch, Refused, entry_id, results},
    call::call,
    error::AwsError,
};

/// Deletes by receipt handle.
#[derive(Debug)]
pub struct Deletes(pub Queue);

impl Batch for Deletes {
    type Item = Arc<str>;
    type Reply = ();
    const NAME: &'static str = "sqs.DeleteMessageBatch";
    const MAX: usize = BATCH;

    async fn send(&self, receipts: Vec<Arc<str>>) -> Vec<Result<(), AwsError>> {
        let entry =
            |(at, receipt): (usize, Arc<str>)| DeleteMessageBatchRequestEntry::builder().id(entry_id(at)).receipt_handle(&*receipt).build();
        let count = receipts.len();
        let entries: Result<Vec<_>, _> = receipts.into_iter().enumerate().map(entry).collect();
        let request = match entries {
            Ok(entries) => self.0.client.delete_message_batch().queue_url(&*self.0.url).set_entries(Some(entries)),
            Err(error) => return vec![Err(invalid(Self::NAME, &error)); count],
        };
        let answer = call(Self::NAME, || request.clone().send()).await;
        let answer = answer.map(|answer| each(answer.successful.into_iter().map(|entry| entry.id), answer.failed));
        results(Self::NAME, count, answer)
    }
}

/// Changes of the visibility timeout, by receipt handle: for how long from now. Zero gives the message back.
#[derive(Debug)]
pub struct Extensions(pub Queue);

impl Batch for Extensions {
    type Item = (Arc<str>, Duration);
    type Reply = ();
    const NAME: &'static str = "sqs.ChangeMessageVisibilityBatch";
    const MAX: usize = BATCH;

    async fn send(&self, items: Vec<Self::Item>) -> Vec<Result<(), AwsError>> {
        let entry = |(at, (receipt, time)): (usize, Self::Item)| {
            let entry = ChangeMessageVisibilityBatchRequestEntry::builder().id(entry_id(at)).receipt_handle(&*receipt);
            entry.visibility_timeout(seconds(time)).build()
        };
        let count = items.len();
        let entries: Result<Vec<_>, _> = items.into_iter().enumerate().map(entry).collect();
        let request = match entries {
            Ok(entries) => self.0.client.change_message_visibility_batch().queue_url(&*self.0.url).set_entries(Some(entries)),
            Err(error) => return vec![Err(invalid(Self::NAME, &error)); count],
        };
        let answer = call(Self::NAME, || request.clone().send()).await;
        let answer = answer.map(|answer| each(answer.successful.into_iter().map(|entry| entry.id), answer.failed));
        results(Self::NAME, count, answer)
    }
}

/// The result of each entry.
fn each(successful: impl Iterator<Item = String>, failed: Vec<BatchResultErrorEntry>) -> Answer {
    let refused =
        |entry: BatchResultErrorEntry| Refused { id: entry.id, code: entry.code, message: entry.message, sender_fault: entry.sender_fault };
    Answer { successful: successful.collect(), failed: failed.into_iter().map(refused).collect() }
}
