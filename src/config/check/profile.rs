//! The rules of profiles.

use std::{collections::BTreeMap, sync::Arc};

use super::{address, default, source::patterns};
use crate::config::{
    Environment, Limits, OperatorVariable, Profile, SourceHost,
    document::{Document, join},
    raw,
};

/// CodeBuild's limits on `timeoutInMinutesOverride`.
const TIMEOUT_MINUTES: (u32, u32) = (5, 2160);
/// CodeBuild's limits on `queuedTimeoutInMinutesOverride`.
const QUEUED_TIMEOUT_MINUTES: (u32, u32) = (5, 480);
const AMD: &str = "linux/amd64";
const ARM: &str = "linux/arm64";
const VARIABLE_TYPES: [&str; 3] = ["PLAINTEXT", "PARAMETER_STORE", "SECRETS_MANAGER"];

pub(super) fn profiles(
    document: &mut Document,
    raw: BTreeMap<String, raw::Profile>,
    hosts: &Arc<[SourceHost]>,
    limits: Option<&Limits>,
) -> Option<BTreeMap<String, Profile>> {
    if raw.is_empty() {
        document.fault("profiles", "must have at least one profile, as in [profiles.default]");
    }
    let profiles = raw.into_iter().map(|(name, raw)| Some((name.clone(), profile(document, name, raw, hosts, limits)?)));
    // Collected before the first fault ends it, so that every profile is checked.
    let profiles: Vec<_> = profiles.collect();
    profiles.into_iter().collect()
}

fn profile(
    document: &mut Document,
    name: String,
    raw: raw::Profile,
    hosts: &Arc<[SourceHost]>,
    limits: Option<&Limits>,
) -> Option<Profile> {
    let section = join("profiles", &name);
    let path = |key| format!("{section}.{key}");
    let project = document.required(&path("project"), raw.project, address::project);
    let registry = document.optional(&path("registry"), raw.registry, address::registry);
    let sources = patterns(document, &path("sources"), raw.sources.unwrap_or_default());
    let tenants = raw.tenants.unwrap_or_default();
    for (index, tenant) in tenants.iter().enumerate() {
        tenant_name(document, &format!("{}[{index}]", path("tenants")), tenant);
    }
    let mut tenant_sources = BTreeMap::new();
    for (tenant, raw) in raw.tenant_sources.unwrap_or_default() {
        let path = join(&path("tenant_sources"), &tenant);
        tenant_name(document, &path, &tenant);
        tenant_sources.insert(tenant, patterns(document, &path, raw));
    }
    let timeout_minutes = raw.timeout_minutes.or(Some(default::TIMEOUT_MINUTES));
    let timeout_minutes = document.number(&path("timeout_minutes"), timeout_minutes, TIMEOUT_MINUTES);
    let queued_timeout_minutes =
        raw.queued_timeout_minutes.and_then(|raw| document.number(&path("queued_timeout_minutes"), Some(raw), QUEUED_TIMEOUT_MINUTES));
    let most = limits.map_or(usize::MAX, |limits| limits.running);
    let running = raw.running.and_then(|raw| document.number(&path("running"), Some(raw), (1, most)));
    let platforms = platforms(document, &path("platforms"), raw.platforms, raw.arm.is_some());
    let buildspec = buildspec(document, &section, raw.buildspec_file, raw.buildspec_path);
    let log_group = document.optional(&path("log_group"), raw.log_group, address::log_group);
    let env = raw.env.unwrap_or_default().into_iter().enumerate();
    let env: Vec<_> = env.map(|(index, raw)| variable(document, &format!("{}[{index}]", path("env")), raw)).collect();
    if let Err(rule) = address::profile(&name) {
        document.fault(&section, rule);
    }
    let arm = raw.arm.map(|arm| environment(document, &path("arm"), arm.image, arm.compute_type, arm.environment_type));
    Some(Profile {
        environment: environment(document, &section, raw.image, raw.compute_type, raw.environment_type),
        name,
        project: project?,
        registry,
        sources,
        tenants,
        tenant_sources,
        timeout_minutes: timeout_minutes?,
        queued_timeout_minutes,
        running,
        platforms,
        arm,
        privileged: raw.privileged,
        buildspec,
        log_group,
        env: env.into_iter().collect::<Option<_>>()?,
        hosts: Arc::clone(hosts),
    })
}

fn tenant_name(document: &mut Document, path: &str, name: &str) {
    if address::profile(name).is_err() {
        document.fault(path, "must be a tenant's name: 1 to 64 letters, digits, dots, - and _");
    }
}

/// CodeBuild names its compute and environment types so; new ones appear too often to list them.
fn environment(
    document: &mut Document,
    section: &str,
    image: Option<String>,
    compute_type: Option<String>,
    environment_type: Option<String>,
) -> Environment {
    Environment {
        image: document.optional(&format!("{section}.image"), image, address::build_image),
        compute_type: document.optional(&format!("{section}.compute_type"), compute_type, address::constant),
        environment_type: document.optional(&format!("{section}.environment_type"), environment_type, address::constant),
    }
}

fn platforms(document: &mut Document, path: &str, raw: Option<Vec<String>>, has_arm: bool) -> Vec<String> {
    let Some(platforms) = raw else {
        return if has_arm { vec![AMD.to_owned(), ARM.to_owned()] } else { vec![AMD.to_owned()] };
    };
    for (index, platform) in platforms.iter().enumerate() {
        if ![AMD, ARM].contains(&platform.as_str()) {
            document.fault(&format!("{path}[{index}]"), format!("must be {AMD} or {ARM}"));
        }
    }
    platforms
}

/// The text of the operator's file, or a path in the source: CodeBuild takes either.
fn buildspec(document: &mut Document, section: &str, file: Option<String>, path: Option<String>) -> Option<String> {
    let (file_key, path_key) = (format!("{section}.buildspec_file"), format!("{section}.buildspec_path"));
    if file.is_some() && path.is_some() {
        document.fault(&path_key, "must not stand beside buildspec_file");
    }
    if let Some(file) = file {
        return match std::fs::read_to_string(document.beside(&file)) {
            Ok(text) if text.trim().is_empty() => {
                document.fault(&file_key, "is empty");
                None
            }
            Ok(text) => Some(text),
            Err(error) => {
                document.fault(&file_key, format!("cannot be read: {error}"));
                None
            }
        };
    }
    document.optional(&path_key, path, address::path_in_source)
}

fn variable(document: &mut Document, path: &str, raw: raw::Variable) -> Option<OperatorVariable> {
    let name = document.required(&format!("{path}.name"), raw.name, address::operator_variable);
    if raw.value.is_none() {
        document.fault(&format!("{path}.value"), "is missing");
    }
    let kind = raw.kind.unwrap_or_else(|| default::VARIABLE_TYPE.to_owned());
    if !VARIABLE_TYPES.contains(&kind.as_str()) {
        document.fault(&format!("{path}.type"), format!("must be one of {}", VARIABLE_TYPES.join(", ")));
    }
    Some(OperatorVariable { name: name?, value: raw.value?, kind })
}
