//! The rule over all addresses of a configuration: each queue has one purpose, and all are in one region.

use crate::config::{Queue, Topic, address, document::Document};

/// The purpose of a queue.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Jobs,
    DeadLetters,
    BuildEvents,
}

/// A queue of the configuration, and its key.
struct Named<'a> {
    key: String,
    purpose: Purpose,
    url: &'a str,
}

/// Compares every queue with those before it, and the regions of all addresses.
pub(super) fn check(document: &mut Document, queues: &[Option<Queue>], events: Option<&str>, topic: Option<&Topic>) {
    let named = named(queues, events);
    for (at, queue) in named.iter().enumerate() {
        let same = |other: &&Named<'_>| address::is_same_queue(other.url, queue.url);
        // Queues may share a dead-letter queue, but nothing else.
        let clashes = |other: &&Named<'_>| (other.purpose, queue.purpose) != (Purpose::DeadLetters, Purpose::DeadLetters);
        if let Some(other) = named[..at].iter().filter(same).find(clashes) {
            document.fault(&queue.key, rule(queue, other));
        }
    }
    for (index, queue) in queues.iter().enumerate().filter_map(|(index, queue)| Some((index, queue.as_ref()?))) {
        let is_fifo = |url: &str| url.strip_suffix(".fifo").is_some();
        if queue.dead_letter_url.as_deref().is_some_and(|url| is_fifo(url) != is_fifo(&queue.url)) {
            let rule = "must be a FIFO queue where the job queue is one, and a standard queue otherwise";
            document.fault(&format!("queues[{index}].dead_letter_url"), rule);
        }
    }
    let topic = topic.map(|topic| ("topic.arn", topic.arn.as_str()));
    let all = named.iter().map(|queue| (queue.key.as_str(), queue.url)).chain(topic);
    let mut first: Option<(&str, &str)> = None;
    for (key, region) in all.filter_map(|(key, address)| Some((key, address::region(address)?))) {
        match first {
            None => first = Some((key, region)),
            Some((other, wanted)) if wanted != region => {
                document.fault(key, format!("is in {region}, and {other} in {wanted}: all must be in the region that the daemon calls"));
            }
            Some(_) => {}
        }
    }
}

fn named<'a>(queues: &'a [Option<Queue>], events: Option<&'a str>) -> Vec<Named<'a>> {
    let queues = || queues.iter().enumerate().filter_map(|(index, queue)| Some((index, queue.as_ref()?)));
    let jobs = queues().map(|(index, queue)| Named { key: format!("queues[{index}].url"), purpose: Purpose::Jobs, url: &queue.url });
    let dead_letters = queues().filter_map(|(index, queue)| {
        let url = queue.dead_letter_url.as_deref()?;
        Some(Named { key: format!("queues[{index}].dead_letter_url"), purpose: Purpose::DeadLetters, url })
    });
    let events = events.map(|url| Named { key: "watch.events_queue_url".to_owned(), purpose: Purpose::BuildEvents, url });
    jobs.chain(dead_letters).chain(events).collect()
}

fn rule(queue: &Named<'_>, other: &Named<'_>) -> String {
    match other.purpose {
        Purpose::Jobs if queue.purpose == Purpose::Jobs => format!("is {} already; name each queue once", other.key),
        Purpose::Jobs => format!("must not be a queue that jobs come from, as {} is", other.key),
        Purpose::DeadLetters | Purpose::BuildEvents => format!("must not be a queue that rejected messages go to, as {} is", other.key),
    }
}
