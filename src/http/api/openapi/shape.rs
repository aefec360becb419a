//! The shapes that the operations name, made of the types that they read and write.

use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value};

/// The shapes that the operations name.
pub(super) struct Shapes {
    /// What the daemon writes ...
    written: SchemaGenerator,
    /// ... and what it reads, where fields with a default may be left out.
    read: SchemaGenerator,
}

impl Shapes {
    pub(super) fn new() -> Self {
        let settings = || SchemaSettings::draft2020_12().with(|settings| settings.definitions_path = "/components/schemas".into());
        Self { written: settings().for_serialize().into_generator(), read: settings().for_deserialize().into_generator() }
    }

    pub(super) fn written<T: JsonSchema>(&mut self) -> Value {
        self.written.subschema_for::<T>().to_value()
    }

    pub(super) fn read<T: JsonSchema>(&mut self) -> Value {
        self.read.subschema_for::<T>().to_value()
    }

    /// All of them. One that is read and written is as it is read, which takes all that is written.
    pub(super) fn finish(mut self) -> Map<String, Value> {
        let mut all = self.written.take_definitions(true);
        all.extend(self.read.take_definitions(true));
        all
    }
}
