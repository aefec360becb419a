//! The JSON Schema of the file, derived from its types.

use schemars::{
    Schema,
    generate::SchemaSettings,
    transform::{RecursiveTransform, RestrictFormats},
};
use serde_json::Value;

use super::Raw;

/// The JSON Schema of the file, without references.
pub fn schema() -> Value {
    let mut schema = SchemaSettings::draft2020_12()
        .with(|settings| settings.inline_subschemas = true)
        .with_transform(RecursiveTransform(without_null))
        .with_transform(RestrictFormats::default())
        .into_generator()
        .into_root_schema_for::<Raw>();
    schema.insert("$id".to_owned(), "urn:slipway:schema:config".into());
    schema.to_value()
}

/// TOML has no null: an optional key is one that may be left out, nothing more.
fn without_null(schema: &mut Schema) {
    let Some(keys) = schema.as_object_mut() else { return };
    if let Some(Value::Array(types)) = keys.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            keys.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(choices)) = keys.remove("anyOf") {
        let sections = choices.into_iter().filter(|choice| choice["type"] != "null");
        for (key, value) in sections.filter_map(|choice| choice.as_object().cloned()).flatten() {
            keys.entry(key).or_insert(value);
        }
    }
}
