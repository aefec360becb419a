//! An environment variable of a build.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use super::redact::speaks_of_secrets;
use super::rule;

/// A variable for the build, as CodeBuild takes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Variable {
    /// Its name; `CODEBUILD*`, `SLIPWAY*` and `AWS_*` are reserved, and what shells, the linker, docker, git and TLS obey is refused.
    #[schemars(length(min = 1, max = 256), regex(pattern = r"^[A-Za-z_][A-Za-z0-9_]*$"))]
    pub name: String,
    /// Its value, or where its value is kept.
    #[schemars(length(max = 4096))]
    pub value: String,
    /// What `value` means.
    #[serde(rename = "type", default)]
    pub kind: VariableKind,
}

/// What a variable's value means.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum VariableKind {
    /// The value itself. CodeBuild shows it in the console.
    #[default]
    Plaintext,
    /// The name of a parameter in Systems Manager.
    ParameterStore,
    /// `secret-id:json-key:version-stage:version-id`
    SecretsManager,
}

/// What shells, the dynamic linker, docker, git and TLS libraries obey before any command of a buildspec: who sets these chooses what runs,
/// or whom it trusts.
const OBEYED: [&str; 23] = [
    "BASH_ENV",
    "BASHOPTS",
    "SHELLOPTS",
    "PS4",
    "IFS",
    "PATH",
    "HOME",
    "DOCKER_HOST",
    "DOCKER_CONFIG",
    "DOCKER_CONTEXT",
    "DOCKER_CERT_PATH",
    "DOCKER_TLS_VERIFY",
    "CURL_CA_BUNDLE",
    "CURL_HOME",
    "REQUESTS_CA_BUNDLE",
    "PYTHONHOME",
    "PYTHONPATH",
    "PYTHONSTARTUP",
    "GCONV_PATH",
    "ALL_PROXY",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
];
/// The beginnings of families of such names.
const OBEYED_FAMILIES: [&str; 6] = ["LD_", "GIT_SSL_", "OPENSSL_", "SSL_CERT_", "BUILDX_", "BUILDKIT_"];

/// A name that is not CodeBuild's, Slipway's or the SDKs', nor one that the build's tools obey.
pub fn check_name(name: &str) -> Result<(), &'static str> {
    rule::identifier(name)?;
    let upper = name.to_ascii_uppercase();
    if ["CODEBUILD", "SLIPWAY", "AWS_"].iter().any(|prefix| upper.starts_with(prefix)) {
        return Err("must not begin with CODEBUILD, SLIPWAY or AWS_, which are reserved");
    }
    if OBEYED.contains(&upper.as_str()) || OBEYED_FAMILIES.iter().any(|family| upper.starts_with(family)) {
        return Err("must not be a variable that changes which commands a build runs, such as PATH, BASH_ENV or DOCKER_HOST");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_names_are_refused() {
        for good in ["NPM_TOKEN", "_x", "MY_AWS_REGION", "AWSOME", "ENV", "DOCKER_BUILDKIT", "MY_PATH", "GIT_COMMIT"] {
            assert_eq!(check_name(good), Ok(()), "{good}");
        }
        for bad in [
            "CODEBUILD_SRC_DIR",
            "CODEBUILDER",
            "SLIPWAY_IMAGES",
            "SLIPWAY",
            "AWS_REGION",
            "aws_region",
            "BASH_ENV",
            "LD_PRELOAD",
            "OPENSSL_CONF",
            "GIT_SSL_CAINFO",
            "https_proxy",
            "DOCKER_HOST",
            "PATH",
            "A=B",
            "-x",
            "A\nB",
            "",
        ] {
            assert!(check_name(bad).is_err(), "{bad:?}");
        }
    }
}
