//! The message of a job to follow: its id is known before it is sent.

use serde_json::Value;

use crate::{cli::Usage, job::JobId};

/// A message to be followed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Body {
    pub(super) text: String,
    /// The job's id.
    pub(super) id: JobId,
    /// Whether the sender gave it: another message may have had it before.
    pub(super) is_named: bool,
}

/// A valid message. If it has no id, it gets one from `name`, so that the subscription can filter events by it from the first one on.
pub(super) fn followed(text: String, name: impl FnOnce() -> String) -> Result<Body, Usage> {
    let invalid = |rule: &str| Usage(format!("the message's id {rule}"));
    let Ok(Value::Object(mut job)) = serde_json::from_str(text.trim_start_matches('\u{feff}')) else {
        return Err(Usage("the message is no JSON object".to_owned()));
    };
    if job.contains_key("cancel") {
        return Err(Usage("a message that cancels has nothing to follow: send it without --follow".to_owned()));
    }
    if let Some(id) = job.get("id") {
        let id = JobId::parse(id.as_str().unwrap_or_default()).map_err(invalid)?;
        return Ok(Body { text, id, is_named: true });
    }
    let id = JobId::parse(&name()).map_err(invalid)?;
    job.insert("id".to_owned(), Value::String(id.to_string()));
    Ok(Body { text: Value::Object(job).to_string(), id, is_named: false })
}

/// An id that no other job has.
pub(super) fn new_name() -> String {
    format!("submit-{:016x}", fastrand::u64(..))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_is_followed_under_its_own_id_or_under_a_new_one() {
        for (text, expected, id, is_named) in [
            (r#"{ "id": "app-1", "version": 1 }"#, r#"{ "id": "app-1", "version": 1 }"#, "app-1", true),
            (r#"{ "version": 1 }"#, r#"{"id":"new","version":1}"#, "new", false),
        ] {
            let body = followed(text.to_owned(), || "new".to_owned()).map_err(|error| error.0);
            let body = body.map(|body| (body.text, body.id.to_string(), body.is_named));
            assert_eq!(body, Ok((expected.to_owned(), id.to_owned(), is_named)));
        }
        for text in [r#"{ "version": 1, "cancel": "app-1" }"#, r#"{ "id": 7 }"#, "[1]"] {
            assert!(followed(text.to_owned(), new_name).is_err(), "{text}");
        }
        assert!(JobId::parse(&new_name()).is_ok());
    }
}
