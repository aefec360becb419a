//! Reads topics, subscriptions and unfinished notifications from the store.

use std::sync::Arc;

use rusqlite::Row;

use crate::{
    sns::{
        Sns,
        model::{
            post::Post,
            subscription::{Protocol, Settings, Subscription},
            topic::Topic,
        },
        operation::webhook,
        state::State,
    },
    store::{Error, Json, Store, unfit},
};

impl Sns {
    /// Reads the state from the store, and sends the unfinished notifications. To be called before any operation.
    pub(crate) fn load(&self, store: &Store) -> Result<(), Error> {
        let mut state = self.state();
        store.each("SELECT * FROM topic", |row| {
            let (Json(attributes), Json(tags)) = (row.get("attributes")?, row.get("tags")?);
            let mut topic = Topic::new(row.get("arn")?, attributes, tags);
            topic.last_sequence = row.get("last_sequence")?;
            state.topics.insert(topic.arn.clone(), topic);
            Ok(())
        })?;
        store.each("SELECT * FROM deduplication ORDER BY since_ms", |row| state.remember(row))?;
        store.each("SELECT * FROM subscription", |row| {
            state.subscriptions.insert(row.get("arn")?, subscription(row)?);
            Ok(())
        })?;
        let mut posts = Vec::new();
        store.each("SELECT * FROM post", |row| {
            posts.push(post(row)?);
            Ok(())
        })?;
        for post in posts {
            webhook::spawn(post, Arc::clone(&self.sqs));
        }
        Ok(())
    }
}

impl State {
    fn remember(&mut self, row: &Row<'_>) -> rusqlite::Result<()> {
        // The other owners are queues.
        if let Some(topic) = self.topics.get_mut(row.get_ref("owner")?.as_str()?) {
            topic.deduplication.remember(row.get("key")?, row.get("since_ms")?, (row.get("message_id")?, row.get("sequence")?));
        }
        Ok(())
    }
}

fn subscription(row: &Row<'_>) -> rusqlite::Result<Subscription> {
    let Json(attributes) = row.get("attributes")?;
    Ok(Subscription {
        topic_arn: row.get("topic_arn")?,
        protocol: if row.get_ref("protocol")?.as_str()? == Protocol::Sqs.name() { Protocol::Sqs } else { Protocol::Http },
        endpoint: row.get("endpoint")?,
        token: row.get("token")?,
        settings: Settings::default().with(attributes).map_err(unfit)?,
    })
}

fn post(row: &Row<'_>) -> rusqlite::Result<Post> {
    let Json(headers) = row.get("headers")?;
    Ok(Post { id: row.get("id")?, url: row.get("url")?, headers, body: row.get("body")?, dead_letter_arn: row.get("dead_letter_arn")? })
}
