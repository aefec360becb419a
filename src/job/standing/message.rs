//! A job's message as the API shows it: without the values of its variables.

use serde_json::Value;

use crate::job::{Job, message::wire::JobMessage, redact::Redactor};

impl Job {
    /// The message as the daemon reads it, with its defaults filled in. The values of variables are left out, and secrets are removed from
    /// build arguments.
    pub fn shown(&self) -> Value {
        let mut images = self.images.clone();
        let mut redactor = Redactor::new(self.secrets());
        for value in images.iter_mut().flat_map(|image| image.build_args.values_mut()) {
            *value = redactor.text(value);
        }
        let message = JobMessage {
            version: 1,
            id: Some(self.id.clone()),
            source: self.source.clone(),
            images,
            profile: self.profile.clone(),
            env: self.env.clone(),
            timeout_minutes: self.timeout_minutes,
            tenant: Some(self.tenant.clone()),
            priority: self.priority,
            group: self.group.clone(),
            labels: self.labels.clone(),
        };
        // All keys are strings, so serialisation cannot fail.
        let mut message = serde_json::to_value(message).unwrap_or_default();
        for variable in message["env"].as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut) {
            variable.remove("value");
        }
        message
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use serde_json::json;

    use crate::{
        config::Profile,
        job::message::{self, Message},
    };

    #[test]
    fn a_shown_message_has_no_values_of_variables() {
        let profile = Profile {
            name: "default".into(),
            sources: vec!["*".into()],
            registry: Some("r.test".into()),
            platforms: vec!["linux/amd64".into()],
            timeout_minutes: 60,
            ..Profile::default()
        };
        let body = json!({
            "version": 1, "id": "app-1", "source": { "url": "https://github.com/acme/app" },
            "env": [{ "name": "NPM_TOKEN", "value": "hunter2hunter2" }, { "name": "MODE", "value": "quick" }],
            "images": [{ "name": "team/app", "build_args": { "API_TOKEN": "swordfish-9000", "RUST_VERSION": "1.95" } }],
        });
        let read = message::read(&body.to_string(), "m", &[("default".to_owned(), profile)].into());
        let Ok(Message::Job(job)) = read else { panic!("{read:?}") };
        let shown = job.shown();
        assert_eq!(shown["env"], json!([{ "name": "NPM_TOKEN", "type": "PLAINTEXT" }, { "name": "MODE", "type": "PLAINTEXT" }]));
        assert_eq!(shown["images"][0]["build_args"]["RUST_VERSION"], "1.95");
        let text = shown.to_string();
        assert!(!text.contains("hunter2") && !text.contains("swordfish") && !text.contains("quick"), "{text}");
        assert_eq!(shown["source"]["url"], body["source"]["url"]);
        assert!(shown["tenant"].as_str().unwrap().contains("acme"), "defaults are filled in");
    }
}
