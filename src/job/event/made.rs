//! The results of a build besides images: artifacts and exported variables.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::job::{
    Job, VariableKind,
    build::{Build, Phase},
    redact::Redactor,
    variable::speaks_of_secrets,
};

/// The files that a build uploaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Artifacts {
    /// Their location: an ARN in S3.
    pub location: String,
    /// The SHA-256 digest of an artifact that is one file, if CodeBuild reports it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub sha256: Option<String>,
}

impl Artifacts {
    /// The files that a build uploaded.
    pub fn of(build: &Build) -> Option<Self> {
        let is_uploaded = |phase: &Phase| &*phase.name == "UPLOAD_ARTIFACTS" && phase.status.as_deref() == Some("SUCCEEDED");
        let artifacts = build.artifacts.as_ref().filter(|_| build.phases.iter().any(is_uploaded))?;
        Some(Self { location: artifacts.location.clone(), sha256: artifacts.sha256.clone() })
    }
}

/// The largest number of variables in an event.
const MAX_OUTPUTS: usize = 50;
/// The largest size of all names and values, in bytes.
const MAX_BYTES: usize = 32 * 1024;

/// The variables that a build exported, by name. Left out are Slipway's own, those that are secret by their names or because the job takes
/// their values from a secret store, and those that do not fit.
pub fn outputs(job: &Job, build: &Build, redactor: &mut Redactor) -> BTreeMap<String, String> {
    let is_kept_elsewhere = |name: &str| job.env.iter().any(|variable| variable.name == name && variable.kind != VariableKind::Plaintext);
    let is_open = |name: &str| !name.starts_with("SLIPWAY_") && !speaks_of_secrets(name) && !is_kept_elsewhere(name);
    let mut bytes = 0;
    let open = build.exported.iter().filter(|(name, _)| is_open(name)).filter(|(name, value)| {
        let room = bytes + name.len() + value.len();
        let fits = room <= MAX_BYTES;
        if fits {
            bytes = room;
        }
        fits
    });
    open.take(MAX_OUTPUTS).map(|(name, value)| (name.clone(), redactor.text(value))).collect()
}

#[cfg(test)]
mod tests {
    use std::iter::repeat_n;

    use serde_json::json;

    use super::*;
    use crate::job::message::sample::job_with;

    fn job() -> Job {
        job_with(&json!({ "env": [
            { "name": "DB", "value": "db/url", "type": "SECRETS_MANAGER" }, { "name": "NPM_TOKEN", "value": "hunter2hunter2" },
        ] }))
    }

    fn published(exported: &[(&str, &str)]) -> BTreeMap<String, String> {
        let exported = exported.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let job = job();
        let mut redactor = Redactor::new(job.secrets());
        outputs(&job, &Build { exported, ..Build::default() }, &mut redactor)
    }

    #[test]
    fn outputs_are_the_exported_variables_without_secrets() {
        let exported = [
            ("VERSION", "1.4.2\nfinal"),
            ("LEAK", "token is hunter2hunter2"),
            ("NPM_TOKEN", "x"),
            ("DB", "postgres://user:x@host"),
            ("SLIPWAY_RESULT", "[]"),
            ("SLIPWAY_COMMIT", "c0ffee"),
        ];
        let published = published(&exported);
        assert_eq!(published.keys().collect::<Vec<_>>(), ["LEAK", "VERSION"]);
        assert_eq!(published["VERSION"], "1.4.2\nfinal");
        assert!(!published["LEAK"].contains("hunter2"), "{published:?}");
    }

    #[test]
    fn outputs_are_bounded_in_number_and_size() {
        let names: Vec<_> = (0..80).map(|n| format!("V{n:02}")).collect();
        let many: Vec<_> = names.iter().map(|name| (name.as_str(), "x")).collect();
        assert_eq!(published(&many).len(), MAX_OUTPUTS);
        let long: String = repeat_n('x', MAX_BYTES - 10).collect();
        let large = published(&[("A", &long), ("B", &long), ("C", "small")]);
        assert_eq!(large.keys().collect::<Vec<_>>(), ["A", "C"], "a value that does not fit is left out, not cut");
    }
}
