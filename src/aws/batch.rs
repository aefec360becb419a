//! A generic batching actor: each caller awaits one item, and AWS gets batches.

use std::{future::Future, time::Duration};

use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, sleep_until},
};

use super::error::{AwsError, Class};
use crate::pulse::{Pulse, Pulses};

/// The most concurrent batches of one actor.
const IN_FLIGHT: usize = 8;
/// How often an idle actor beats its pulse.
const IDLE: Duration = Duration::from_secs(30);
/// After so long a batch counts as stuck: longer than a batch takes with all its tries.
const LONGEST: Duration = Duration::from_mins(2);

/// A batched AWS operation.
pub trait Batch: Send + Sync + 'static {
    /// One item of a batch.
    type Item: Send + 'static;
    /// The result of one item.
    type Reply: Send + 'static;
    /// The operation's name, for logs and health.
    const NAME: &'static str;
    /// The most items in a batch: AWS's limit.
    const MAX: usize;

    /// The greatest total size of the items, in the unit of [`Batch::weight`].
    fn max_weight(&self) -> usize {
        usize::MAX
    }

    /// An item's size.
    fn weight(&self, _item: &Self::Item) -> usize {
        0
    }

    /// Sends one batch. The answer has one result for each item, in the items' order.
    fn send(&self, items: Vec<Self::Item>) -> impl Future<Output = Vec<Result<Self::Reply, AwsError>>> + Send;
}

type Reply<B> = oneshot::Sender<Result<<B as Batch>::Reply, AwsError>>;
type Entry<B> = (<B as Batch>::Item, Reply<B>);

/// The handle of the callers. Cheap to clone.
#[derive(Debug)]
pub struct Batcher<B: Batch> {
    entries: mpsc::Sender<Entry<B>>,
}

impl<B: Batch> Clone for Batcher<B> {
    fn clone(&self) -> Self {
        Self { entries: self.entries.clone() }
    }
}

impl<B: Batch> Batcher<B> {
    /// The handle, and the actor to spawn. The actor waits at most `linger` for further items, and ends when no handle is left.
    pub fn new(batch: B, linger: Duration, pulses: &Pulses) -> (Self, impl Future<Output = ()> + Send + use<B>) {
        let (entries, inbox) = mpsc::channel(B::MAX * IN_FLIGHT);
        (Self { entries }, serve(batch, inbox, linger, pulses.start(B::NAME, LONGEST)))
    }

    /// Sends one item as part of a batch, and waits for its result.
    ///
    /// # Errors
    /// The batch failed, or AWS refused the item.
    pub async fn call(&self, item: B::Item) -> Result<B::Reply, AwsError> {
        let gone = || AwsError::local(Class::Transient, B::NAME, "the batching actor has ended");
        let (reply, answer) = oneshot::channel();
        self.entries.send((item, reply)).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }
}

async fn serve<B: Batch>(batch: B, mut inbox: mpsc::Receiver<Entry<B>>, linger: Duration, pulse: Pulse) {
    let mut under_way = FuturesUnordered::new();
    let mut held: Option<Entry<B>> = None;
    let mut open = true;
    while open || held.is_some() || !under_way.is_empty() {
        pulse.beat();
        let room = under_way.len() < IN_FLIGHT;
        if held.is_none() {
            tokio::select! {
                biased;
                entry = inbox.recv(), if open && room => {
                    open = entry.is_some();
                    held = entry;
                }
                Some(()) = under_way.next() => {}
                () = tokio::time::sleep(IDLE) => {}
            }
        }
        if room && let Some(first) = held.take() {
            let (entries, rest) = gather(&batch, first, &mut inbox, linger, &mut under_way).await;
            held = rest;
            under_way.push(deliver(&batch, entries));
        } else if held.is_some() {
            under_way.next().await;
        }
    }
}

/// Gathers a batch that begins with `first`. The entry that no longer fits begins the next batch.
async fn gather<B: Batch>(
    batch: &B,
    first: Entry<B>,
    inbox: &mut mpsc::Receiver<Entry<B>>,
    linger: Duration,
    under_way: &mut FuturesUnordered<impl Future<Output = ()>>,
) -> (Vec<Entry<B>>, Option<Entry<B>>) {
    let deadline = Instant::now() + linger;
    let mut weight = batch.weight(&first.0);
    let mut entries = vec![first];
    while entries.len() < B::MAX {
        tokio::select! {
            biased;
            entry = inbox.recv() => match entry {
                Some(entry) => {
                    weight = weight.saturating_add(batch.weight(&entry.0));
                    if weight > batch.max_weight() {
                        return (entries, Some(entry));
                    }
                    entries.push(entry);
                }
                None => break,
            },
            Some(()) = under_way.next() => {}
            () = sleep_until(deadline) => break,
        }
    }
    (entries, None)
}

async fn deliver<B: Batch>(batch: &B, entries: Vec<Entry<B>>) {
    let (items, replies): (Vec<_>, Vec<_>) = entries.into_iter().unzip();
    let mut results = batch.send(items).await.into_iter();
    for reply in replies {
        let result = results.next().unwrap_or_else(|| Err(unnamed(B::NAME)));
        // The caller may be gone.
        drop(reply.send(result));
    }
}

/// An entry's id within its batch: its position.
pub(super) fn entry_id(at: usize) -> String {
    at.to_string()
}

/// The answer to a batch, by the ids of its entries.
#[derive(Debug, Default)]
pub(super) struct Answer {
    pub(super) successful: Vec<String>,
    pub(super) failed: Vec<Refused>,
}

/// An entry that was refused.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) id: String,
    pub(super) code: String,
    pub(super) message: Option<String>,
    pub(super) sender_fault: bool,
}

/// The result of each entry. A call that succeeded may have failed entries. Only entries that the answer names as successful have
/// succeeded; of an entry that it does not name nothing is known.
pub(super) fn results(operation: &'static str, count: usize, answer: Result<Answer, AwsError>) -> Vec<Result<(), AwsError>> {
    let Answer { successful, failed } = match answer {
        Ok(answer) => answer,
        Err(error) => return vec![Err(error); count],
    };
    let mut results = vec![Err(unnamed(operation)); count];
    let successful = successful.into_iter().map(|id| (id, Ok(())));
    let failed = failed.into_iter().map(|it| {
        let status = if it.sender_fault { 400 } else { 500 };
        let error = AwsError::named(operation, &it.code, it.message.as_deref(), status);
        (it.id, Err(error))
    });
    for (id, result) in successful.chain(failed) {
        if let Some(entry) = id.parse::<usize>().ok().and_then(|at| results.get_mut(at)) {
            *entry = result;
        }
    }
    results
}

/// The error of an entry that the answer does not name.
pub(super) fn unnamed(operation: &'static str) -> AwsError {
    AwsError::local(Class::Transient, operation, "the answer does not name this entry")
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// Doubles numbers, refuses odd ones, and keeps what it was sent.
    #[derive(Debug, Default)]
    struct Double(Arc<Mutex<Vec<Vec<usize>>>>);

    impl Batch for Double {
        type Item = usize;
        type Reply = usize;
        const NAME: &'static str = "double";
        const MAX: usize = 3;

        fn max_weight(&self) -> usize {
            100
        }

        fn weight(&self, item: &usize) -> usize {
            *item
        }

        async fn send(&self, items: Vec<usize>) -> Vec<Result<usize, AwsError>> {
            self.0.lock().map(|mut sent| sent.push(items.clone())).ok();
            tokio::time::sleep(Duration::from_secs(1)).await;
            items.into_iter().map(|n| if n % 2 == 0 { Ok(n * 2) } else { Err(AwsError::local(Class::Invalid, "double", "odd")) }).collect()
        }
    }

    async fn run(items: &[usize]) -> (Vec<Result<usize, Class>>, Vec<Vec<usize>>) {
        let sent = Arc::default();
        let (batcher, actor) = Batcher::new(Double(Arc::clone(&sent)), Duration::from_millis(10), &Pulses::default());
        let calls = items.iter().map(|item| {
            let batcher = batcher.clone();
            async move { batcher.call(*item).await }
        });
        let calls = futures_util::future::join_all(calls.collect::<Vec<_>>());
        drop(batcher);
        let (results, ()) = tokio::join!(calls, actor);
        let sent = sent.lock().map(|sent| sent.clone()).unwrap_or_default();
        (results.into_iter().map(|result| result.map_err(|error| error.class)).collect(), sent)
    }

    #[tokio::test(start_paused = true)]
    async fn batches_fill_to_the_limit_and_each_caller_gets_its_own_answer() {
        let (results, sent) = run(&[2, 3, 4, 6]).await;
        assert_eq!(results, [Ok(4), Err(Class::Invalid), Ok(8), Ok(12)]);
        assert_eq!(sent, [vec![2, 3, 4], vec![6]]);
    }

    #[tokio::test(start_paused = true)]
    async fn an_item_over_the_weight_opens_the_next_batch() {
        let (results, sent) = run(&[60, 60, 2]).await;
        assert_eq!(results, [Ok(120), Ok(120), Ok(4)]);
        assert_eq!(sent, [vec![60], vec![60, 2]]);
    }
}
