//! The rules of profiles.

use std::{collections::BTreeMap, sync::Arc};

use super::{address, default, inheritance, source::patterns};
use crate::config::{
    Buildspec, Environment, Limits, OperatorVariable, Profile, SourceHost, central,
    document::{Document, join},
    raw,
};

/// CodeBuild's limits on `timeoutInMinutesOverride`.
const TIMEOUT_MINUTES: (u32, u32) = (5, 2160);
/// CodeBuild's limits on `queuedTimeoutInMinutesOverride`.
const QUEUED_TIMEOUT_MINUTES: (u32, u32) = (5, 480);
const AMD: &str = "linux/amd64";
const ARM: &str = "linux/arm64";
/// The variable in which a build reports its images.
const RESULT_VARIABLE: &str = "SLIPWAY_RESULT";
const VARIABLE_TYPES: [&str; 3] = ["PLAINTEXT", "PARAMETER_STORE", "SECRETS_MANAGER"];

pub(super) fn profiles(
    document: &mut Document,
    mut raw: BTreeMap<String, raw::Profile>,
    hosts: &Arc<[SourceHost]>,
    limits: Option<&Limits>,
) -> Option<BTreeMap<String, Profile>> {
    if raw.is_empty() {
        document.fault("profiles", "must have at least one profile, as in [profiles.default]");
    }
    let broken = inheritance::resolve(document, &mut raw);
    let profiles = raw.into_iter().map(|(name, raw)| {
        let is_whole = !broken.contains(&name);
        Some((name.clone(), profile(document, name, raw, is_whole, hosts, limits)?))
    });
    // Collected first, so that every profile is checked.
    let profiles: Vec<_> = profiles.collect();
    profiles.into_iter().collect()
}

/// `is_whole`: a key that is not set is missing. If an extended profile does not exist, the missing keys are not known.
fn profile(
    document: &mut Document,
    name: String,
    raw: raw::Profile,
    is_whole: bool,
    hosts: &Arc<[SourceHost]>,
    limits: Option<&Limits>,
) -> Option<Profile> {
    let section = join("profiles", &name);
    let path = |key| format!("{section}.{key}");
    let project = match raw.project {
        None if !is_whole => None,
        project => document.required(&path("project"), project, address::project),
    };
    let registry = document.optional(&path("registry"), raw.registry, address::registry);
    let sources = match raw.sources {
        None if !is_whole => Vec::new(),
        sources => patterns(document, &path("sources"), sources.unwrap_or_default()),
    };
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
    let arm = raw.arm.map(|arm| environment(document, &path("arm"), arm.image, arm.compute_type, arm.environment_type));
    let environment = environment(document, &section, raw.image, raw.compute_type, raw.environment_type);
    let set = [
        ("timeout_minutes", raw.timeout_minutes.is_some()),
        ("queued_timeout_minutes", raw.queued_timeout_minutes.is_some()),
        ("privileged", raw.privileged.is_some()),
    ];
    for (key, _) in set.into_iter().filter(|(_, is_set)| *is_set && environment.is_lambda()) {
        document.fault(&path(key), "must be left out: on Lambda a build has 15 minutes, no queue and no privileged mode");
    }
    let timeout_minutes = raw.timeout_minutes.or(Some(default::TIMEOUT_MINUTES));
    let timeout_minutes = document.number(&path("timeout_minutes"), timeout_minutes, TIMEOUT_MINUTES);
    let queued_timeout_minutes =
        raw.queued_timeout_minutes.and_then(|raw| document.number(&path("queued_timeout_minutes"), Some(raw), QUEUED_TIMEOUT_MINUTES));
    let most = limits.map_or(usize::MAX, |limits| limits.running);
    let running = raw.running.and_then(|raw| document.number(&path("running"), Some(raw), (1, most)));
    let platforms = platforms(document, &path("platforms"), raw.platforms, arm.is_some());
    let buildspec = buildspec(document, &section, raw.buildspec_file, raw.buildspec_path);
    let images_buildspec = images_buildspec(document, &path("images_buildspec"), raw.images_buildspec, registry.is_some(), &buildspec);
    if raw.revisions.as_ref().is_some_and(Vec::is_empty) {
        document.fault(&path("revisions"), "must have at least one pattern, like \"main\" or \"*\"");
    }
    let revisions = names(document, &path("revisions"), raw.revisions.unwrap_or_default(), address::revision);
    let secrets = names(document, &path("secrets"), raw.secrets.unwrap_or_default(), address::stored);
    let parameters = names(document, &path("parameters"), raw.parameters.unwrap_or_default(), address::stored);
    // The Parameter Store's `/a/b` and `a/b` have one ARN, and so one permission.
    let parameters = parameters.into_iter().map(|name| name.strip_prefix('/').map(str::to_owned).unwrap_or(name)).collect();
    let log_group = document.optional(&path("log_group"), raw.log_group, address::log_group);
    let env = raw.env.unwrap_or_default().into_iter().enumerate();
    let env: Vec<_> = env.map(|(index, raw)| variable(document, &format!("{}[{index}]", path("env")), raw)).collect();
    if let Err(rule) = address::profile(&name) {
        document.fault(&section, rule);
    }
    Some(Profile {
        environment,
        name,
        project: project?,
        registry,
        sources,
        tenants,
        tenant_sources,
        revisions,
        secrets,
        parameters,
        timeout_minutes: timeout_minutes?,
        queued_timeout_minutes,
        running,
        platforms,
        arm,
        privileged: raw.privileged,
        buildspec,
        images_buildspec,
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

/// The syntax of CodeBuild's compute and environment types. New ones appear too often to list them.
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
fn buildspec(document: &mut Document, section: &str, file: Option<String>, path: Option<String>) -> Buildspec {
    let (file_key, path_key) = (format!("{section}.buildspec_file"), format!("{section}.buildspec_path"));
    if file.is_some() && path.is_some() {
        document.fault(&path_key, "must not stand beside buildspec_file");
    }
    match file {
        Some(file) => Buildspec { spec: text_of(document, &file_key, &file), is_operators: true },
        None => Buildspec { spec: document.optional(&path_key, path, address::path_in_source), is_operators: false },
    }
}

/// The buildspec of jobs with images: as the key says, else the operator's file for all jobs, else the central one.
fn images_buildspec(document: &mut Document, key: &str, raw: Option<String>, has_registry: bool, other: &Buildspec) -> Buildspec {
    let default = || if other.is_operators || !has_registry { None } else { Some(default::IMAGES_BUILDSPEC.to_owned()) };
    let Some(named) = raw.or_else(default) else {
        if has_registry && other.is_operators {
            reports_images(document, key, other.spec.as_deref());
        }
        return other.clone();
    };
    let spec = match named.as_str() {
        default::IMAGES_BUILDSPEC => Some(central::text().to_owned()),
        "project" => None,
        file => text_of(document, key, file),
    };
    reports_images(document, key, spec.as_deref());
    Buildspec { spec, is_operators: true }
}

/// Checks that a buildspec exports the variable with the images: without it a job with images fails.
fn reports_images(document: &mut Document, key: &str, text: Option<&str>) {
    let exports = |line: &str| !line.trim_start().starts_with('#') && line.contains(RESULT_VARIABLE);
    if text.is_some_and(|text| !text.lines().any(exports)) {
        document.fault(
            key,
            format!(
                "must be \"{}\", \"project\" or a file that builds images: a buildspec that does not export {RESULT_VARIABLE} fails every job \
                 that asks for images",
                default::IMAGES_BUILDSPEC
            ),
        );
    }
}

fn text_of(document: &mut Document, key: &str, file: &str) -> Option<String> {
    match std::fs::read_to_string(document.beside(file)) {
        Ok(text) if text.trim().is_empty() => document.fault(key, "is empty"),
        Ok(text) => return Some(text),
        Err(error) => {
            document.fault(key, format!("cannot be read: {error} (who only sends or follows needs no configuration: see --client)"));
        }
    }
    None
}

/// Patterns, each of which is checked by a rule.
fn names(document: &mut Document, path: &str, patterns: Vec<String>, rule: fn(&str) -> Result<(), &'static str>) -> Vec<String> {
    for (index, pattern) in patterns.iter().enumerate() {
        if let Err(rule) = rule(pattern) {
            document.fault(&format!("{path}[{index}]"), rule);
        }
    }
    patterns
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
