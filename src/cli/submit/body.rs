//! A job message as its sender follows it: under an id that is known before it is sent.

use serde_json::Value;

use crate::{cli::Usage, job::JobId};

/// A message to be followed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Body {
    pub(super) text: String,
    /// The job's id. `None`: it has none that can be read, so that the message will be rejected under its own.
    pub(super) id: Option<JobId>,
}

/// The body, with the id that `name` gives if the sender names none: the topic's events can then be chosen by it from the first one on.
pub(super) fn followed(text: String, name: impl FnOnce() -> String) -> Result<Body, Usage> {
    let Ok(Value::Object(mut job)) = serde_json::from_str(&text) else { return Ok(Body { text, id: None }) };
    if job.contains_key("cancel") {
        return Err(Usage("a message that cancels has nothing to follow".to_owned()));
    }
    match job.get("id") {
        Some(Value::String(id)) => Ok(Body { id: JobId::parse(id).ok(), text }),
        Some(_) => Ok(Body { text, id: None }),
        None => {
            let id = name();
            job.insert("id".to_owned(), Value::String(id.clone()));
            Ok(Body { text: Value::Object(job).to_string(), id: JobId::parse(&id).ok() })
        }
    }
}

/// A name that no other job has.
pub(super) fn new_name() -> String {
    format!("submit-{:016x}", fastrand::u64(..))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_is_followed_under_its_own_id_or_under_a_new_one() {
        for (text, expected, id) in [
            (r#"{ "id": "app-1", "version": 1 }"#, r#"{ "id": "app-1", "version": 1 }"#, Some("app-1")),
            (r#"{ "version": 1 }"#, r#"{"id":"new","version":1}"#, Some("new")),
            (r#"{ "id": "a b" }"#, r#"{ "id": "a b" }"#, None),
            (r#"{ "id": 7 }"#, r#"{ "id": 7 }"#, None),
            ("[1]", "[1]", None),
            ("not JSON", "not JSON", None),
        ] {
            let body = followed(text.to_owned(), || "new".to_owned()).map_err(|error| error.0);
            assert_eq!(body, Ok(Body { text: expected.to_owned(), id: id.and_then(|id| JobId::parse(id).ok()) }));
        }
        assert!(followed(r#"{ "version": 1, "cancel": "app-1" }"#.to_owned(), new_name).is_err());
        assert!(JobId::parse(&new_name()).is_ok());
    }
}
