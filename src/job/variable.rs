//! An environment variable of a build.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A variable for the build, as CodeBuild takes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Variable {
    /// Its name; `CODEBUILD*`, `SLIPWAY*` and `AWS_*` are reserved.
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

/// Whether a variable of this name is likely to hold a secret.
pub fn speaks_of_secrets(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    ["TOKEN", "SECRET", "PASSW", "PASSPHRASE", "CREDENTIAL", "APIKEY", "PRIVATE"].iter().any(|word| name.contains(word))
        || name.split('_').any(|word| matches!(word, "KEY" | "PWD" | "PASS" | "AUTH" | "PAT"))
}
