//! The environment of a build's commands.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
};

use super::workspace::Workspace;
use crate::runner::{Assignment, Stored, buildspec::Buildspec, transcript::Mishap, vault::Vault};

/// The variables of this process's environment that builds get. None of them is a credential.
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

/// The variables and the directory that a command passes to the next one.
#[derive(Debug, Clone)]
pub(super) struct Environment {
    pub(super) exported: BTreeMap<OsString, OsString>,
    /// The variables that only the shells have, and their programs do not. Their names are valid in a shell.
    pub(super) unexported: BTreeMap<OsString, OsString>,
    pub(super) directory: PathBuf,
}

/// The variables of this process that builds get.
#[expect(clippy::disallowed_methods, reason = "builds inherit only these variables")]
pub(super) fn inherited() -> Vec<(OsString, OsString)> {
    INHERITED.iter().filter_map(|name| Some((OsString::from(name), std::env::var_os(name)?))).collect()
}

impl Environment {
    /// The environment of all processes of a build, including git.
    pub(super) fn base(inherited: &[(OsString, OsString)], workspace: &Workspace) -> Self {
        let (exported, unexported) = (inherited.iter().cloned().collect(), BTreeMap::new());
        let mut base = Self { exported, unexported, directory: workspace.source() };
        base.set("HOME", workspace.home());
        base.set("TMPDIR", workspace.temporary());
        base.set("TERM", "dumb");
        base
    }

    /// The environment of the first phase. The build's variables replace those of the buildspec, and CodeBuild's own replace both. Also
    /// returns the values that came from stores.
    pub(super) fn of_build(
        mut self,
        assignment: &Assignment,
        spec: &Buildspec,
        vault: &Vault,
        commit: Option<&str>,
    ) -> Result<(Self, Vec<String>), Mishap> {
        self.set("AWS_REGION", &assignment.region);
        self.set("AWS_DEFAULT_REGION", &assignment.region);
        let plain = |variables: &BTreeMap<String, String>| variables.clone().into_iter();
        let parameters = spec.parameters.iter().map(|(name, parameter)| (name, Stored::Parameter(parameter.clone())));
        let secrets = spec.secrets.iter().map(|(name, reference)| (name, Stored::Secret(reference.clone())));
        let own = open(vault, parameters.chain(secrets))?;
        let given = open(vault, assignment.stored.iter().map(|(name, stored)| (name, stored.clone())))?;
        let values = own.iter().chain(&given).map(|(_, value)| value.clone()).collect();
        for (name, value) in plain(&spec.variables).chain(own).chain(plain(&assignment.environment)).chain(given) {
            self.set(name, value);
        }
        self.set_codebuild(assignment, commit);
        Ok((self, values))
    }

    fn set_codebuild(&mut self, assignment: &Assignment, commit: Option<&str>) {
        let source = &assignment.source;
        let log = assignment.build_id.rsplit_once(':').map_or(assignment.build_id.as_str(), |(_, uuid)| uuid);
        for (name, value) in [
            ("CODEBUILD_BUILD_ARN", Some(assignment.build_arn.as_str())),
            ("CODEBUILD_BUILD_ID", Some(assignment.build_id.as_str())),
            ("CODEBUILD_BUILD_IMAGE", assignment.image.as_deref()),
            ("CODEBUILD_BUILD_NUMBER", Some(assignment.number.to_string().as_str())),
            ("CODEBUILD_BUILD_SUCCEEDING", Some("1")),
            ("CODEBUILD_CI", Some("true")),
            ("CODEBUILD_INITIATOR", Some(assignment.initiator.as_str())),
            ("CODEBUILD_KMS_KEY_ID", Some(assignment.encryption_key.as_str())),
            ("CODEBUILD_LOG_PATH", Some(log)),
            ("CODEBUILD_RESOLVED_SOURCE_VERSION", commit),
            ("CODEBUILD_SOURCE_REPO_URL", source.location.as_deref()),
            ("CODEBUILD_SOURCE_VERSION", source.version.as_deref().or(commit)),
            ("CODEBUILD_START_TIME", Some(assignment.start_time_ms.to_string().as_str())),
        ] {
            if let Some(value) = value {
                self.set(name, value);
            }
        }
        let directory = self.directory.clone();
        self.set("CODEBUILD_SRC_DIR", directory);
    }

    /// The value of a variable, exported or not.
    pub(super) fn value(&self, name: &str) -> Option<&OsStr> {
        let name = OsStr::new(name);
        self.exported.get(name).or_else(|| self.unexported.get(name)).map(OsString::as_os_str)
    }

    /// The full path of a program, which is found even if PATH changes later.
    pub(super) fn program(&self, name: &str) -> PathBuf {
        let path = self.exported.get(OsStr::new("PATH")).map(OsString::as_os_str).unwrap_or_default();
        let mut candidates = std::env::split_paths(path).map(|directory| directory.join(name));
        candidates.find(|file| file.is_file()).unwrap_or_else(|| Path::new("/usr/bin").join(name))
    }

    /// Sets a variable, if the name and the value are possible.
    pub(super) fn set(&mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) {
        let (name, value) = (name.as_ref(), value.as_ref());
        let bytes = name.as_encoded_bytes();
        let possible = !bytes.is_empty() && !bytes.contains(&b'=') && !bytes.contains(&0) && !value.as_encoded_bytes().contains(&0);
        if possible {
            self.unexported.remove(name);
            self.exported.insert(name.to_owned(), value.to_owned());
        }
    }
}

/// The variables with the values that the stores hold for them.
fn open<'a>(vault: &Vault, variables: impl Iterator<Item = (&'a String, Stored)>) -> Result<Vec<(String, String)>, Mishap> {
    variables.map(|(name, stored)| Ok((name.clone(), vault.open(&stored)?))).collect()
}
