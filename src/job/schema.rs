//! The JSON Schemas of what others write and read, from the types themselves.

use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::Value;

use super::{event::Event, message::wire::QueueMessage};

/// The schema of a message on the job queue. It says what can be said of a shape; what depends on the profile or on several fields
/// together only [`super::message::read`] finds.
pub fn job() -> Value {
    of::<QueueMessage>("Slipway job")
}

/// The schema of an event on the topic.
pub fn event() -> Value {
    of::<Event>("Slipway event")
}

fn of<T: JsonSchema>(title: &str) -> Value {
    let mut schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>();
    schema.insert("title".to_owned(), title.into());
    schema.to_value()
}
