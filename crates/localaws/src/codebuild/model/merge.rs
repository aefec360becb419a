//! The settings of a build: those of the project, with the overrides of `StartBuild`.

use serde_json::{Map, Value, json};

use crate::{api::ApiError, codebuild::error::invalid};

/// AWS: the longest value of a variable, in characters.
const VARIABLE_VALUE_LIMIT: usize = 4096;
/// The prefix that no variable given to a build may have.
const RESERVED: &str = "CODEBUILD_";

/// The overrides of members of the project's source and environment.
const NESTED: &[(&str, &str, &str)] = &[
    ("sourceTypeOverride", "source", "type"),
    ("sourceLocationOverride", "source", "location"),
    ("sourceAuthOverride", "source", "auth"),
    ("gitCloneDepthOverride", "source", "gitCloneDepth"),
    ("gitSubmodulesConfigOverride", "source", "gitSubmodulesConfig"),
    ("buildspecOverride", "source", "buildspec"),
    ("insecureSslOverride", "source", "insecureSsl"),
    ("reportBuildStatusOverride", "source", "reportBuildStatus"),
    ("buildStatusConfigOverride", "source", "buildStatusConfig"),
    ("environmentTypeOverride", "environment", "type"),
    ("imageOverride", "environment", "image"),
    ("computeTypeOverride", "environment", "computeType"),
    ("certificateOverride", "environment", "certificate"),
    ("privilegedModeOverride", "environment", "privilegedMode"),
    ("registryCredentialOverride", "environment", "registryCredential"),
    ("imagePullCredentialsTypeOverride", "environment", "imagePullCredentialsType"),
    ("fleetOverride", "environment", "fleet"),
];

/// The overrides of the project's own members.
const WHOLE: &[(&str, &str)] = &[
    ("sourceVersion", "sourceVersion"),
    ("secondarySourcesOverride", "secondarySources"),
    ("secondarySourcesVersionOverride", "secondarySourceVersions"),
    ("artifactsOverride", "artifacts"),
    ("secondaryArtifactsOverride", "secondaryArtifacts"),
    ("cacheOverride", "cache"),
    ("serviceRoleOverride", "serviceRole"),
    ("timeoutInMinutesOverride", "timeoutInMinutes"),
    ("queuedTimeoutInMinutesOverride", "queuedTimeoutInMinutes"),
    ("encryptionKeyOverride", "encryptionKey"),
    ("logsConfigOverride", "logsConfig"),
    ("autoRetryLimitOverride", "autoRetryLimit"),
];

/// The project's members after the overrides of `request`. Both have the shapes of AWS's model.
pub(crate) fn merge(project: &Map<String, Value>, request: &Map<String, Value>) -> Result<Map<String, Value>, ApiError> {
    let mut merged = project.clone();
    for (from, to) in WHOLE {
        if let Some(value) = request.get(*from) {
            merged.insert((*to).to_owned(), value.clone());
        }
    }
    for (from, section, to) in NESTED {
        if let (Some(value), Some(section)) = (request.get(*from), merged.get_mut(*section)) {
            section[*to] = value.clone();
        }
    }
    if let Some(source) = merged.get_mut("source").and_then(Value::as_object_mut)
        && source.get("type").is_some_and(|kind| kind == "NO_SOURCE")
    {
        source.remove("location");
    }
    let given = request.get("environmentVariablesOverride").and_then(Value::as_array);
    // CodeBuild reserves the prefix. The exact text of the error is unverified.
    let reserved = |variable: &&Value| text(variable, "name").starts_with(RESERVED);
    if let Some(variable) = given.into_iter().flatten().find(reserved) {
        let name = text(variable, "name");
        return Err(invalid(format!("Invalid environment variable {name}: names that start with {RESERVED} are reserved")));
    }
    check(&mut merged, given)?;
    Ok(merged)
}

/// Checks members that depend on each other, and merges `given` into the environment's variables.
pub(crate) fn check(members: &mut Map<String, Value>, given: Option<&Vec<Value>>) -> Result<(), ApiError> {
    check_source(members.get("source").unwrap_or(&Value::Null))?;
    if let Some(environment) = members.get_mut("environment") {
        let own = environment["environmentVariables"].as_array();
        environment["environmentVariables"] = variables(own.into_iter().chain(given).flatten())?.into();
    }
    Ok(())
}

/// Checks a source. The exact texts of the errors are unverified.
fn check_source(source: &Value) -> Result<(), ApiError> {
    let kind = text(source, "type");
    match kind {
        "NO_SOURCE" if text(source, "buildspec").is_empty() => Err(invalid("Project source type NO_SOURCE requires a buildspec")),
        "NO_SOURCE" | "CODEPIPELINE" => Ok(()),
        _ if text(source, "location").is_empty() => Err(invalid(format!("Project source location is required for source type {kind}"))),
        "S3" if source["gitCloneDepth"].as_i64().is_some_and(|depth| depth > 0) => {
            Err(invalid("Git clone depth is not supported for source type S3"))
        }
        _ => Ok(()),
    }
}

/// The variables in the order of their first occurrence. The last value of a name counts.
fn variables<'a>(given: impl Iterator<Item = &'a Value>) -> Result<Vec<Value>, ApiError> {
    let mut merged: Vec<Value> = Vec::new();
    for variable in given {
        let name = text(variable, "name");
        let value = text(variable, "value");
        if value.chars().count() > VARIABLE_VALUE_LIMIT {
            return Err(invalid(format!("Invalid environment variable {name}: the value has more than {VARIABLE_VALUE_LIMIT} characters")));
        }
        let kind = variable["type"].as_str().unwrap_or("PLAINTEXT");
        let entry = json!({"name": name, "value": value, "type": kind});
        match merged.iter_mut().find(|other| other["name"] == name) {
            Some(other) => *other = entry,
            None => merged.push(entry),
        }
    }
    Ok(merged)
}

/// A member's text; empty if there is no such member.
pub(crate) fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value[member].as_str().unwrap_or_default()
}
