//! Reads a form whose parameter names are paths, such as `Tags.member.1.Key`, into a tree of bounded depth and size.

use std::{borrow::Cow, collections::BTreeMap};

use crate::api::ApiError;

/// SNS has the longest names: `PublishBatchRequestEntries.member.1.MessageAttributes.entry.1.Value.StringValue` has 8 parts.
const DEPTH_MAX: usize = 10;
/// More than any call needs: a batch of ten messages with ten attributes each has 400.
const PARAMETERS_MAX: usize = 10_000;
/// How many characters of a name an error shows.
const SHOWN: usize = 60;

/// The value of a parameter, and the parameters below its name.
#[derive(Debug, Default)]
pub(super) struct Node {
    pub(super) text: String,
    pub(super) children: BTreeMap<String, Node>,
}

/// The form's parameters in their order.
pub(super) type Parameters<'a> = Vec<(Cow<'a, str>, Cow<'a, str>)>;

/// Reads the body and then the query of the URL.
///
/// # Errors
/// There are too many parameters.
pub(super) fn parameters<'a>(body: &'a [u8], query: &'a str) -> Result<Parameters<'a>, ApiError> {
    let mut all = form_urlencoded::parse(body).chain(form_urlencoded::parse(query.as_bytes()));
    let parameters = all.by_ref().take(PARAMETERS_MAX).collect();
    if all.next().is_some() {
        return Err(malformed(format!("the request has more than {PARAMETERS_MAX} parameters")));
    }
    Ok(parameters)
}

impl Node {
    pub(super) fn read(parameters: &Parameters<'_>) -> Result<Self, ApiError> {
        let mut root = Self::default();
        for (name, value) in parameters {
            if name.split('.').nth(DEPTH_MAX).is_some() {
                let shown: String = name.chars().take(SHOWN).collect();
                return Err(malformed(format!("the name of the parameter {shown} has more than {DEPTH_MAX} parts")));
            }
            let mut node = &mut root;
            for part in name.split('.') {
                node = node.children.entry(part.to_owned()).or_default();
            }
            node.text = value.clone().into_owned();
        }
        Ok(root)
    }

    /// The children `1`, `2`, ... in the order of their numbers.
    pub(super) fn numbered(self) -> impl Iterator<Item = Self> {
        let mut children: Vec<(usize, Self)> =
            self.children.into_iter().filter_map(|(number, child)| Some((number.parse().ok()?, child))).collect();
        children.sort_by_key(|(number, _)| *number);
        children.into_iter().map(|(_, child)| child)
    }
}

fn malformed(message: String) -> ApiError {
    ApiError::new("MalformedInput", message)
}
