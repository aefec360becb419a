//! Topics, subscriptions and unfinished notifications as rows of the store.

use crate::{
    change::{Cell, Change},
    deduplication,
    sns::model::{post::Post, subscription::Subscription, topic::Topic},
};

/// Writes a topic.
pub(super) fn topic(topic: &Topic) -> [Change; 1] {
    let sql =
        "INSERT INTO topic VALUES (?, ?, ?, ?) ON CONFLICT (arn) DO UPDATE SET attributes = excluded.attributes, tags = excluded.tags";
    let values = [topic.arn.as_str().into(), Cell::json(&topic.attributes), Cell::json(&topic.tags), topic.last_sequence.into()];
    [Change::new(sql, values)]
}

pub(super) fn no_topic(arn: &str) -> [Change; 3] {
    [
        Change::new("DELETE FROM topic WHERE arn = ?", [arn.into()]),
        Change::new("DELETE FROM subscription WHERE topic_arn = ?", [arn.into()]),
        Change::new("DELETE FROM deduplication WHERE owner = ?", [arn.into()]),
    ]
}

/// Writes the answer for a message of a FIFO topic.
pub(super) fn published(topic: &Topic, key: &str, now_ms: u64, id: &str, sequence: &str) -> [Change; 3] {
    let [forgotten, remembered] = deduplication::row(&topic.arn, key, now_ms, id, Some(sequence));
    let values = [topic.last_sequence.into(), topic.arn.as_str().into()];
    [forgotten, remembered, Change::new("UPDATE topic SET last_sequence = ? WHERE arn = ?", values)]
}

/// Writes a subscription.
pub(super) fn subscription(arn: &str, subscription: &Subscription) -> [Change; 1] {
    let sql = "INSERT INTO subscription VALUES (?, ?, ?, ?, ?, ?) \
               ON CONFLICT (arn) DO UPDATE SET token = excluded.token, attributes = excluded.attributes";
    let values = [
        arn.into(),
        subscription.topic_arn.as_str().into(),
        subscription.protocol.name().into(),
        subscription.endpoint.as_str().into(),
        subscription.token.as_ref().into(),
        Cell::json(subscription.settings.given()),
    ];
    [Change::new(sql, values)]
}

pub(super) fn no_subscription(arn: &str) -> [Change; 1] {
    [Change::new("DELETE FROM subscription WHERE arn = ?", [arn.into()])]
}

pub(super) fn post(post: &Post) -> [Change; 1] {
    let values = [
        post.id.as_str().into(),
        post.url.as_str().into(),
        Cell::json(&post.headers),
        post.body.as_str().into(),
        post.dead_letter_arn.as_ref().into(),
    ];
    [Change::new("INSERT INTO post VALUES (?, ?, ?, ?, ?)", values)]
}

pub(super) fn no_post(id: &str) -> [Change; 1] {
    [Change::new("DELETE FROM post WHERE id = ?", [id.into()])]
}
