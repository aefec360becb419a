//! Pages of lists.

use serde_json::{Map, Value};

/// SNS: the most topics or subscriptions on a page.
const PAGE: usize = 100;

/// A page of items in the order of their ARNs. The token is the last ARN of the previous page.
pub(super) fn page<'a>(field: &str, items: impl Iterator<Item = (&'a str, Value)>, token: Option<&str>) -> Value {
    let mut items = items.skip_while(|(arn, _)| token.is_some_and(|token| *arn <= token)).peekable();
    let mut last = "";
    let shown: Vec<Value> = items.by_ref().take(PAGE).inspect(|(arn, _)| last = arn).map(|(_, item)| item).collect();
    let mut answer = Map::from_iter([(field.to_owned(), shown.into())]);
    if items.peek().is_some() {
        answer.insert("NextToken".to_owned(), last.into());
    }
    answer.into()
}
