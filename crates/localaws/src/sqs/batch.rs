//! What the batch operations share: the rules for their entries, and answers that succeed in part.

use std::collections::HashSet;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{
    api::{Answer, ApiError},
    sqs::error,
};

/// SQS: 1 to 10 entries.
const ENTRIES_MAX: usize = 10;
/// SQS: an entry's id has at most 80 characters.
const ID_MAX: usize = 80;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", bound = "T: Deserialize<'de>")]
pub(super) struct Batch<T> {
    pub(super) queue_url: Option<String>,
    #[serde(default = "Vec::new")]
    pub(super) entries: Vec<Entry<T>>,
}

#[derive(Debug, Deserialize)]
#[serde(bound = "T: Deserialize<'de>")]
pub(super) struct Entry<T> {
    #[serde(default, rename = "Id")]
    pub(super) id: String,
    #[serde(flatten)]
    pub(super) request: T,
}

impl<T> Batch<T> {
    /// Checks what must hold for the batch as a whole. `kind` is the entries' name in the API.
    pub(super) fn check(&self, kind: &str) -> Result<(), ApiError> {
        if self.entries.is_empty() {
            return Err(error::empty_batch(kind));
        }
        if self.entries.len() > ENTRIES_MAX {
            return Err(error::too_many_entries(self.entries.len()));
        }
        let mut seen = HashSet::new();
        for Entry { id, .. } in &self.entries {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
            if id.is_empty() || id.len() > ID_MAX || !id.bytes().all(plain) {
                return Err(error::bad_entry_id());
            }
            if !seen.insert(id.as_str()) {
                return Err(error::repeated_id(id));
            }
        }
        Ok(())
    }

    /// Answers each entry by itself.
    pub(super) fn answer(self, mut each: impl FnMut(T) -> Answer) -> Value {
        let (mut successful, mut failed) = (Vec::new(), Vec::new());
        for Entry { id, request } in self.entries {
            match each(request) {
                Ok(mut answer) => {
                    answer["Id"] = id.into();
                    successful.push(answer);
                }
                Err(error) => failed.push(json!({
                    "Id": id,
                    "Code": error.query_code.unwrap_or(&error.code),
                    "Message": error.message,
                    "SenderFault": error.status < 500,
                })),
            }
        }
        let mut answer = Map::new();
        for (name, entries) in [("Successful", successful), ("Failed", failed)] {
            if !entries.is_empty() {
                answer.insert(name.to_owned(), entries.into());
            }
        }
        answer.into()
    }
}
