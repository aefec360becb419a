//! What the batch operations share.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{
    api::Answer,
    batch::{self, Entry},
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", bound = "T: Deserialize<'de>")]
pub(super) struct Batch<T> {
    pub(super) queue_url: Option<String>,
    #[serde(default = "Vec::new")]
    pub(super) entries: Vec<Entry<T>>,
}

impl<T> Batch<T> {
    /// Answers each entry separately. SQS leaves out empty lists.
    pub(super) fn answer(self, each: impl FnMut(T) -> Answer) -> Value {
        let outcome = batch::answer(self.entries, each);
        let lists = [("Successful", outcome.successful), ("Failed", outcome.failed)];
        let lists = lists.into_iter().filter(|(_, entries)| !entries.is_empty());
        lists.map(|(name, entries)| (name.to_owned(), entries.into())).collect::<Map<_, _>>().into()
    }
}
