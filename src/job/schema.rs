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

#[cfg(test)]
mod tests {
    use super::*;

    /// `SLIPWAY_WRITE_SCHEMAS=1 cargo test schema` brings the files up to date.
    #[test]
    #[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    fn the_committed_schemas_are_current() {
        for (name, schema) in [("job", job()), ("event", event())] {
            let path = format!("{}/docs/schemas/{name}.schema.json", env!("CARGO_MANIFEST_DIR"));
            let text = format!("{schema:#}\n");
            if std::env::var_os("SLIPWAY_WRITE_SCHEMAS").is_some() {
                std::fs::write(&path, &text).unwrap();
            }
            let committed: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
            assert_eq!(committed, schema, "{path} is out of date: run with SLIPWAY_WRITE_SCHEMAS=1");
        }
    }
}
