//! The environment in which a build's commands run.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
};

use super::room::Room;
use crate::runner::{Assignment, Stored, buildspec::Buildspec, transcript::Mishap, vault::Vault};

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
            self.set(name, vault.open(&Stored::Parameter(parameter.clone()))?);
        }
        for (name, reference) in &spec.secrets {
            self.set(name, vault.open(&Stored::Secret(reference.clone()))?);
        }
        for (name, value) in &assignment.environment {
            self.set(name, value);
        }
        for (name, stored) in &assignment.stored {
            self.set(name, vault.open(stored)?);
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
