//! The JSON Schemas of messages and events, made from the types.

mod event;

use schemars::{JsonSchema, generate::SchemaSettings, transform::RestrictFormats};
use serde_json::Value;

use super::{event::Event, message::wire::QueueMessage};

/// The schema of a message on the job queue. It has all rules that concern a shape. Rules that depend on the profile or on several fields
/// are checked only by [`super::message::read`].
pub fn job() -> Value {
    of::<QueueMessage>("job")
}

/// The schema of an event on the topic: one shape for each type of event.
pub fn event() -> Value {
    event::by_type(of::<Event>("event"))
}

/// Removes the formats of Rust's numbers, which a strict validator refuses.
fn of<T: JsonSchema>(name: &str) -> Value {
    let settings = SchemaSettings::draft2020_12().with_transform(RestrictFormats::default());
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    schema.insert("$id".to_owned(), format!("urn:slipway:schema:{name}").into());
    schema.insert("title".to_owned(), format!("Slipway {name}").into());
    schema.to_value()
}
