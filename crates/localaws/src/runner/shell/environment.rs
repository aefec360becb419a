//! The environment in which a build's commands run.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
};

use super::room::Room;
use crate::runner::{Assignment, buildspec::Buildspec, transcript::Mishap};

/// All that builds see of this process's environment: no credentials are among it.
const INHERITED: [&str; 12] = [
    "PATH",
    "LANG",
    "DOCKER_HOST",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "ALL_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "all_proxy",
    "SSL_CERT_FILE",
];

/// Variables by name, and the directory: what a shell hands on to the next.
#[derive(Debug, Clone)]
pub(super) struct Environment {
    pub(super) variables: BTreeMap<OsString, OsString>,
    pub(super) directory: PathBuf,
}

/// The operator's values for what a buildspec takes from AWS's stores.
#[derive(Debug, Clone, Default)]
pub(super) struct Vault {
    pub(super) parameters: BTreeMap<String, String>,
    pub(super) secrets: BTreeMap<String, String>,
}

/// The variables that this process hands on.
#[expect(clippy::disallowed_methods, reason = "builds inherit these few, whoever the caller is")]
pub(super) fn inherited() -> Vec<(OsString, OsString)> {
    INHERITED.iter().filter_map(|name| Some((OsString::from(name), std::env::var_os(name)?))).collect()
}

impl Environment {
    /// What every process of the build gets, git as well as the commands.
    pub(super) fn base(inherited: &[(OsString, OsString)], room: &Room) -> Self {
        let mut base = Self { variables: inherited.iter().cloned().collect(), directory: room.source() };
        base.set("HOME", room.home());
        base.set("TMPDIR", room.temporary());
        base.set("TERM", "dumb");
        base
    }

    /// The environment of the first phase: the buildspec's variables below the build's, and CodeBuild's own above all.
    pub(super) fn of_build(
        mut self,
        assignment: &Assignment,
        spec: &Buildspec,
        vault: &Vault,
        commit: Option<&str>,
    ) -> Result<Self, Mishap> {
        self.set("AWS_REGION", &assignment.region);
        self.set("AWS_DEFAULT_REGION", &assignment.region);
        for (name, value) in &spec.variables {
            self.set(name, value);
        }
        for (name, parameter) in &spec.parameters {
            let value = vault.parameters.get(parameter).ok_or_else(|| {
                Mishap::new(
                    "Decrypted Variables Error",
                    format!("parameter does not exist: {parameter} (local mode knows none by this name)"),
                )
            })?;
            self.set(name, value);
        }
        for (name, reference) in &spec.secrets {
            let value = vault.secret(reference).map_err(|why| Mishap::new("Secrets Manager Error", why))?;
            self.set(name, value);
        }
        for (name, value) in &assignment.environment {
            self.set(name, value);
        }
        self.set_codebuild(assignment, commit);
        Ok(self)
    }

    fn set_codebuild(&mut self, assignment: &Assignment, commit: Option<&str>) {
        let source = &assignment.source;
        let log = assignment.build_id.rsplit_once(':').map_or(assignment.build_id.as_str(), |(_, uuid)| uuid);
        for (name, value) in [
            ("CODEBUILD_BUILD_ARN", Some(assignment.build_arn.as_str())),
            ("CODEBUILD_BUILD_ID", Some(assignment.build_id.as_str())),
            ("CODEBUILD_BUILD_NUMBER", Some(assignment.number.to_string().as_str())),
            ("CODEBUILD_BUILD_SUCCEEDING", Some("1")),
            ("CODEBUILD_CI", Some("true")),
            ("CODEBUILD_INITIATOR", Some(assignment.initiator.as_str())),
            ("CODEBUILD_LOG_PATH", Some(log)),
            ("CODEBUILD_RESOLVED_SOURCE_VERSION", commit),
            ("CODEBUILD_SOURCE_REPO_URL", source.location.as_deref()),
            ("CODEBUILD_SOURCE_VERSION", source.version.as_deref()),
            ("CODEBUILD_START_TIME", Some(assignment.start_time_ms.to_string().as_str())),
        ] {
            if let Some(value) = value {
                self.set(name, value);
            }
        }
        let directory = self.directory.clone();
        self.set("CODEBUILD_SRC_DIR", directory);
    }

    /// The full path of a program, so that it is found whatever becomes of PATH later.
    pub(super) fn program(&self, name: &str) -> PathBuf {
        let path = self.variables.get(OsStr::new("PATH")).map(OsString::as_os_str).unwrap_or_default();
        let mut candidates = std::env::split_paths(path).map(|directory| directory.join(name));
        candidates.find(|file| file.is_file()).unwrap_or_else(|| Path::new("/usr/bin").join(name))
    }

    /// Sets a variable, if there can be one of this name and value.
    pub(super) fn set(&mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) {
        let (name, value) = (name.as_ref(), value.as_ref());
        let bytes = name.as_encoded_bytes();
        let possible = !bytes.is_empty() && !bytes.contains(&b'=') && !bytes.contains(&0) && !value.as_encoded_bytes().contains(&0);
        if possible {
            self.variables.insert(name.to_owned(), value.to_owned());
        }
    }
}

impl Vault {
    /// `secret-id:json-key:version-stage:version-id`, of which the id may be an ARN. The operator's values have no versions.
    fn secret(&self, reference: &str) -> Result<String, String> {
        let parts: Vec<_> = reference.split(':').collect();
        let (id, rest) = parts.split_at(if reference.starts_with("arn:") { parts.len().min(7) } else { 1 });
        let id = id.join(":");
        let secret = self.secrets.get(&id).ok_or_else(|| {
            format!("ResourceNotFoundException: Secrets Manager can't find the specified secret: {id} (local mode knows none by this name)")
        })?;
        let Some(key) = rest.first().filter(|key| !key.is_empty()) else { return Ok(secret.clone()) };
        let value: serde_json::Value =
            serde_json::from_str(secret).map_err(|_| format!("the secret {id} is not JSON, but its key {key} is asked for"))?;
        match value.get(key) {
            Some(serde_json::Value::String(text)) => Ok(text.clone()),
            Some(other) => Ok(other.to_string()),
            None => Err(format!("the secret {id} has no key {key}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Vault;

    #[test]
    fn a_secret_is_found_by_id_and_key() {
        let arn = "arn:aws:secretsmanager:eu-west-1:1:secret:app-Ab12";
        let json = r#"{"user":"me","port":5432}"#;
        let vault = Vault {
            secrets: [("app", json), ("raw", "s3cret"), (arn, json)].map(|(id, value)| (id.into(), value.into())).into(),
            ..Vault::default()
        };
        for (reference, expected) in [
            ("raw", Ok("s3cret")),
            ("app", Ok(json)),
            ("app:user", Ok("me")),
            ("app:port:AWSCURRENT", Ok("5432")),
            ("app::AWSCURRENT", Ok(json)),
            (arn, Ok(json)),
            (&format!("{arn}:user::"), Ok("me")),
            ("app:missing", Err("has no key missing")),
            ("raw:user", Err("is not JSON")),
            ("other", Err("ResourceNotFoundException")),
        ] {
            match (vault.secret(reference), expected) {
                (Ok(value), Ok(expected)) => assert_eq!(value, expected, "{reference}"),
                (Err(error), Err(expected)) => assert!(error.contains(expected), "{reference}: {error}"),
                (found, expected) => panic!("{reference}: {found:?} instead of {expected:?}"),
            }
        }
    }
}
