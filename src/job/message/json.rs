//! Parses JSON, and finds keys that are given twice, which `serde_json::Value` does not.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::reader::{self, Problems};

/// Parses a whole text. A key that is given twice becomes a problem, and its later value is used.
pub(super) fn parse(text: &str, problems: &Problems) -> Result<Value, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = Node { path: &Path::Root, problems }.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}

/// The place of the parser in the text. It becomes a JSON pointer only for a problem.
enum Path<'a> {
    Root,
    Key(&'a Path<'a>, &'a str),
    Index(&'a Path<'a>, usize),
}

impl Path<'_> {
    fn pointer(&self) -> String {
        match self {
            Self::Root => String::new(),
            Self::Key(parent, key) => reader::pointer(&parent.pointer(), key),
            Self::Index(parent, index) => reader::pointer(&parent.pointer(), &index.to_string()),
        }
    }
}

struct Node<'a> {
    path: &'a Path<'a>,
    problems: &'a Problems,
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    /// A whole number is an integer in any notation, as in JSON Schema.
    #[expect(clippy::cast_possible_truncation, reason = "only what an i64 holds exactly")]
    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        /// Above 2^53 a float cannot hold every integer.
        const EXACT: f64 = 9_007_199_254_740_992.0;
        if value.trunc().total_cmp(&value).is_eq() && value.abs() <= EXACT {
            return Ok((value as i64).into());
        }
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(Node { path: &Path::Index(self.path, list.len()), problems: self.problems })? {
            list.push(item);
        }
        Ok(list.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            let path = Path::Key(self.path, &key);
            let value = entries.next_value_seed(Node { path: &path, problems: self.problems })?;
            if map.contains_key(&key) {
                self.problems.add(|| path.pointer(), "is given twice");
            }
            map.insert(key, value);
        }
        Ok(map.into())
    }
}
