//! An environment variable of a build.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use super::redact::speaks_of_secrets;
use super::rule;

/// CodeBuild's limit for the value of a variable, in characters.
pub const MAX_VALUE: usize = 4_096;

/// An environment variable of the build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Variable {
    /// Its name. `CODEBUILD*`, `SLIPWAY*` and `AWS_*` are reserved. Names that a shell obeys are refused, such as PATH, `BASH_*` and
    /// `LC_*`.
    #[schemars(length(min = 1, max = 256), regex(pattern = r"^[A-Za-z_][A-Za-z0-9_]*$"))]
    pub name: String,
    /// Its value, or the name of the secret or parameter that holds it.
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
    /// The name of a parameter in the Parameter Store of Systems Manager.
    ParameterStore,
    /// `secret-id:json-key:version-stage:version-id`
    SecretsManager,
}

impl VariableKind {
    /// From CodeBuild's name of the type. An unknown type is read as plain.
    pub(super) fn of(name: &str) -> Self {
        match name {
            "PARAMETER_STORE" => Self::ParameterStore,
            "SECRETS_MANAGER" => Self::SecretsManager,
            _ => Self::Plaintext,
        }
    }
}

/// Names that the build's own shell obeys, before it runs a command or when it prints messages. They matter where a repository's buildspec
/// runs, because it gets a job's variables under their own names. A buildspec of the operator's does not.
const OF_THE_SHELL: [&str; 9] = ["PATH", "HOME", "IFS", "PS4", "BASHOPTS", "SHELLOPTS", "POSIXLY_CORRECT", "LANG", "LANGUAGE"];
/// Names that the C library obeys in every program, the shell included, before its first line runs. This is glibc's own list for privileged
/// programs (`unsecvars.h`), without `TMPDIR`. With `GCONV_PATH`, for example, bash loads a library from the checkout.
const OF_THE_C_LIBRARY: [&str; 10] = [
    "GCONV_PATH",
    "GETCONF_DIR",
    "GLIBC_TUNABLES",
    "HOSTALIASES",
    "LOCALDOMAIN",
    "LOCPATH",
    "NIS_PATH",
    "NLSPATH",
    "RESOLV_HOST_CONF",
    "TZDIR",
];
/// How families of such names begin. `LD_` is the dynamic linker's; `MALLOC_` and `RES_` are the C library's.
const FAMILIES: [&str; 5] = ["BASH_", "LC_", "LD_", "MALLOC_", "RES_"];

/// Checks that a name is not reserved and that no shell obeys it. The error is the rule.
pub fn check_name(name: &str) -> Result<(), &'static str> {
    rule::identifier(name)?;
    let upper = name.to_ascii_uppercase();
    if ["CODEBUILD", "SLIPWAY", "AWS_"].iter().any(|prefix| upper.starts_with(prefix)) {
        return Err("must not begin with CODEBUILD, SLIPWAY or AWS_, which are reserved");
    }
    if OF_THE_SHELL.contains(&upper.as_str())
        || OF_THE_C_LIBRARY.contains(&upper.as_str())
        || FAMILIES.iter().any(|family| upper.starts_with(family))
    {
        return Err("must not be a variable that the build's shell obeys, such as PATH, BASH_ENV or LC_ALL");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_names_are_refused() {
        for good in ["NPM_TOKEN", "_x", "MY_AWS_REGION", "AWSOME", "ENV", "DOCKER_HOST", "MY_PATH", "GIT_COMMIT", "TMPDIR"] {
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
            "PATH",
            "SHELLOPTS",
            "LC_MESSAGES",
            "LANGUAGE",
            "GCONV_PATH",
            "LOCPATH",
            "RES_OPTIONS",
            "A=B",
            "-x",
            "A\nB",
            "",
        ] {
            assert!(check_name(bad).is_err(), "{bad:?}");
        }
    }
}
