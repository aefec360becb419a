//! Tags of groups.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    api::{Answer, ApiError, decode},
    logs::{Logs, error::no_resource, row},
};

/// AWS: the most tags of a resource.
const TAG_LIMIT: usize = 50;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Tagging {
    resource_arn: String,
    #[serde(default)]
    tags: BTreeMap<String, String>,
    #[serde(default)]
    tag_keys: Vec<String>,
}

impl Logs {
    pub(super) fn tag_resource(&self, input: Value) -> Answer {
        self.with_tags(input, |tags, input| {
            let mut merged = tags.clone();
            merged.extend(input.tags);
            if merged.len() > TAG_LIMIT {
                return Err(ApiError::new("TooManyTagsException", format!("A resource can have no more than {TAG_LIMIT} tags")));
            }
            *tags = merged;
            Ok(json!({}))
        })
    }

    pub(super) fn untag_resource(&self, input: Value) -> Answer {
        self.with_tags(input, |tags, input| {
            tags.retain(|key, _| !input.tag_keys.contains(key));
            Ok(json!({}))
        })
    }

    pub(super) fn list_tags_for_resource(&self, input: Value) -> Answer {
        let name = self.tagged(&decode::<Tagging>(input)?)?;
        Ok(json!({ "tags": self.state().group(&name)?.tags }))
    }

    fn tagged(&self, input: &Tagging) -> Result<String, ApiError> {
        let name = self.in_arn(&input.resource_arn).ok_or_else(|| no_resource("The specified resource does not exist."))?;
        Ok(name.to_owned())
    }

    fn with_tags(&self, input: Value, change: impl FnOnce(&mut BTreeMap<String, String>, Tagging) -> Answer) -> Answer {
        let input: Tagging = decode(input)?;
        let name = self.tagged(&input)?;
        let mut state = self.state();
        let group = state.group(&name)?;
        let answer = change(&mut group.tags, input)?;
        self.journal.record(|| row::group(&name, group));
        Ok(answer)
    }
}
