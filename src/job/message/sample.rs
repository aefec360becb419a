//! Jobs for tests.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use serde_json::Value;

use super::{Message, read};
use crate::{config::Profile, job::Job};

/// The job of a message, read with a profile `default` that allows all sources and secrets.
pub(crate) fn job(body: &Value) -> Job {
    let any = || vec!["*".to_owned()];
    let profile = Profile {
        name: "default".into(),
        registry: Some("123456789012.dkr.ecr.eu-west-1.amazonaws.com".into()),
        sources: any(),
        revisions: any(),
        secrets: any(),
        platforms: vec!["linux/amd64".into(), "linux/arm64".into()],
        timeout_minutes: 60,
        ..Profile::default()
    };
    match read(&body.to_string(), "message-1", &[(profile.name.clone(), profile)].into()) {
        Ok(Message::Job(job)) => *job,
        other => panic!("{other:?}"),
    }
}

/// The job of a message with these fields and the required ones.
pub(crate) fn job_with(more: &Value) -> Job {
    let mut body = serde_json::json!({ "version": 1, "id": "app-1", "source": { "url": "https://github.com/acme/app" } });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    job(&body)
}
