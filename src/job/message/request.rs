//! Reads a job: first each field, then the rules that concern several fields or the operator's profile.

use std::collections::{BTreeMap, HashSet};

use crate::{
    config::Profile,
    job::{
        AwsCredentials, Group, Image, Job, JobId, OnConflict, Platform, Priority, Source, SourceUrl, Tenant, Variable, VariableKind, image,
        order, policy, rule, source, stored, variable,
    },
};

use super::{
    reader::{Field, Object},
    wire,
};

/// The fields of a job at the top level of a message.
const FIELDS: [&str; 11] =
    ["version", "id", "source", "images", "profile", "env", "timeout_minutes", "tenant", "priority", "group", "labels"];

const IMAGE_FIELDS: [&str; 9] = ["name", "tags", "context", "dockerfile", "target", "build_args", "secrets", "platform", "aws_credentials"];

/// The parts of a job that could be read. `job` is there if nothing is wrong.
#[derive(Debug, Default)]
pub(super) struct Request {
    pub(super) job: Option<Box<Job>>,
    pub(super) id: Option<JobId>,
    pub(super) tenant: Option<Tenant>,
    pub(super) profile: Option<String>,
}

/// Reads a job from the top level of a message. Without profiles each field is checked by itself, and the result has no job.
pub(super) fn read(root: &Field<'_>, message_id: &str, profiles: Option<&BTreeMap<String, Profile>>) -> Request {
    let Some(object) = root.object(&FIELDS) else { return Request::default() };
    let version = object.required("version").and_then(|field| field.number(1..=1));
    let id = match object.optional("id") {
        Some(field) => field.parsed(JobId::parse),
        None => JobId::parse(message_id).map_err(|rule| root.problem(format!("has no id, and the message id is invalid: it {rule}"))).ok(),
    };
    let profile = read_profile(root, &object, profiles);
    let named = object.optional("tenant").map(|field| {
        let tenant = field.parsed(Tenant::parse);
        if tenant.as_ref().zip(profile).is_some_and(|(tenant, profile)| !policy::may_use(profile, tenant)) {
            field.problem("is not a tenant that may use the profile: name another profile, or ask the operator to allow it");
        }
        tenant
    });
    let (url, source) = object.required("source").map(|field| read_source(&field, profile, named.as_ref())).unwrap_or_default();
    let tenant = named.unwrap_or_else(|| url.as_ref().map(policy::tenant));
    let may_name = |kind, value: &str| match (&tenant, profile.zip(profiles)) {
        (Some(tenant), Some((profile, profiles))) => stored::check(kind, value, tenant, profile, profiles),
        _ => stored::check_name(kind, value),
    };
    let env = object.or("env", Vec::new(), |field| read_env(&field, profile, &may_name));
    let images = object.or("images", Vec::new(), |field| read_images(&field, profile, env.as_deref()));
    let timeout_minutes = object.or("timeout_minutes", None, |field| read_timeout(&field, profile).map(Some));
    let priority = object.or("priority", Priority::default(), |field| field.choice("high, normal or low"));
    let group = object.or("group", None, |field| read_group(&field).map(Some));
    let labels = object.or("labels", BTreeMap::new(), |field| read_labels(&field));
    let job = || {
        let (id, tenant) = (id.clone()?, tenant.clone()?);
        let profile = profile?.name.clone();
        version?;
        Some(Job {
            id,
            source: source?,
            images: images?,
            profile,
            env: env?,
            timeout_minutes: timeout_minutes?,
            tenant,
            priority: priority?,
            group: group?,
            labels: labels?,
        })
    };
    Request { job: job().map(Box::new), id, tenant, profile: profile.map(|profile| profile.name.clone()) }
}

fn read_profile<'p>(root: &Field<'_>, object: &Object<'_>, profiles: Option<&'p BTreeMap<String, Profile>>) -> Option<&'p Profile> {
    let Some(field) = object.optional("profile") else {
        let profiles = profiles?;
        let profile = profiles.get(&wire::default_profile());
        if profile.is_none() {
            root.problem("must name a profile, because there is no default one: ask the operator for a name");
        }
        return profile;
    };
    let name = field.text(64, rule::one_line)?;
    let profile = profiles?.get(name);
    if profile.is_none() {
        field.problem("is not a profile that the operator has defined: leave it out for the default one, or ask the operator for a name");
    }
    profile
}

/// Returns the URL separately: it implies the tenant of a job whose other fields are wrong.
fn read_source(field: &Field<'_>, profile: Option<&Profile>, named: Option<&Option<Tenant>>) -> (Option<SourceUrl>, Option<Source>) {
    let Some(object) = field.object(&["url", "revision", "depth", "submodules"]) else { return (None, None) };
    let url = object.required("url").and_then(|field| {
        let url = field.parsed(SourceUrl::read)?;
        let default = policy::tenant(&url);
        let tenant = named.map_or(Some(&default), Option::as_ref);
        if profile.is_some_and(|profile| !policy::may_build(profile, tenant, &url)) {
            field.problem("is not among the sources that the profile allows: check its spelling, name another profile, or ask the operator to allow it");
        }
        if named.is_none() && profile.is_some_and(|profile| !policy::may_use(profile, &default)) {
            field.problem(format!("implies the tenant {default}, which may not use the profile: name another profile, or ask the operator to allow it"));
        }
        Some(url)
    });
    let revision = object.or("revision", None, |field| field.text(255, source::check_revision).map(|text| Some(text.to_owned())));
    if let Some(revision) = &revision
        && profile.is_some_and(|profile| !policy::may_build_revision(profile, url.as_ref(), revision.as_deref()))
    {
        match object.optional("revision") {
            Some(field) => {
                field.problem("is not among the revisions that the profile allows: name another, or ask the operator to allow it");
            }
            None => field.problem("must name a revision: the default branch, HEAD, is not among those that the profile allows"),
        }
    }
    // CodeBuild's clone depth is a signed 32-bit number.
    let depth = object.or("depth", 1, |field| field.number(0..=i32::MAX.cast_unsigned()));
    let submodules = object.or("submodules", false, |field| {
        let submodules = field.flag()?;
        let paths = profile.zip(url.as_ref()).filter(|_| submodules).map(|(profile, url)| {
            let tenant = named.cloned().flatten().unwrap_or_else(|| policy::tenant(url));
            order::git_paths_json(profile, &tenant, url)
        });
        if paths.is_some_and(|paths| paths.chars().count() > order::MAX_VALUE) {
            field.problem("cannot be true: the profile allows more sources at this host than fit into a variable; ask the operator");
        }
        Some(submodules)
    });
    let source = || Some(Source { url: url.clone()?, revision: revision?, depth: depth?, submodules: submodules? });
    let source = source();
    (url, source)
}

/// `env`: the job's variables, if they are valid.
fn read_images(field: &Field<'_>, profile: Option<&Profile>, env: Option<&[Variable]>) -> Option<Vec<Image>> {
    let fields = field.list(0..=8)?;
    if !fields.is_empty() && profile.is_some_and(|profile| profile.registry.is_none()) {
        field.problem("cannot be built: the profile has no registry");
    }
    let mut seen = HashSet::new();
    let images = fields.iter().map(|field| read_image(field, profile, env, &mut seen)).collect::<Vec<_>>();
    let images = images.into_iter().collect::<Option<Vec<_>>>()?;
    let platforms: HashSet<_> = images.iter().filter_map(|image| image.platform).collect();
    if platforms.len() > 1 {
        field.problem("must be of one platform: a job has one build, on one machine");
    }
    let length = order::images_json(&images).chars().count();
    if length > order::MAX_VALUE {
        field.problem(format!("must be at most {} characters as JSON with every default filled in, has {length}", order::MAX_VALUE));
        return None;
    }
    Some(images)
}

/// `seen`: the names and tags of the images so far. No two images may have the same.
fn read_image<'a>(
    field: &Field<'a>,
    profile: Option<&Profile>,
    env: Option<&[Variable]>,
    seen: &mut HashSet<(&'a str, &'a str)>,
) -> Option<Image> {
    let object = field.object(&IMAGE_FIELDS)?;
    let name = object.required("name").and_then(|field| field.text(255, image::check_name));
    let path = |field: Field<'a>| field.text(1_024, rule::inside_checkout);
    let context = object.or("context", ".", path);
    let dockerfile = object.or("dockerfile", None, |field| path(field).map(Some));
    let tags = object.or("tags", vec!["latest"], |field| {
        let tags = field.list(1..=20)?;
        tags.iter().map(|tag| tag.text(128, image::check_tag)).collect::<Vec<_>>().into_iter().collect()
    });
    if let (Some(name), Some(tags)) = (name, &tags) {
        for tag in tags.iter().filter(|tag| !seen.insert((name, tag))) {
            object.optional("tags").as_ref().unwrap_or(field).problem(format!("asks for {name}:{tag} a second time"));
        }
    }
    let target = object.or("target", None, |field| field.text(128, image::check_target).map(|text| Some(text.to_owned())));
    let build_args = object.or("build_args", BTreeMap::new(), |field| read_build_args(&field));
    let platform = object.or("platform", None, |field| {
        let platform: Platform = field.choice("linux/amd64 or linux/arm64")?;
        if profile.is_some_and(|profile| !profile.platforms.iter().any(|allowed| allowed == platform.as_str())) {
            field.problem("is not a platform that the profile builds for");
        }
        Some(Some(platform))
    });
    let aws_credentials = object.or("aws_credentials", AwsCredentials::default(), |field| field.choice("none, secret or build-arg"));
    let secrets = object.or("secrets", Vec::new(), |field| read_secrets(&field, env, aws_credentials));
    let context = context?;
    Some(Image {
        name: name?.to_owned(),
        tags: tags?.into_iter().map(str::to_owned).collect(),
        dockerfile: dockerfile?.map_or_else(|| image::dockerfile_in(context), str::to_owned),
        context: context.to_owned(),
        target: target?,
        build_args: build_args?,
        secrets: secrets?,
        platform: platform?,
        aws_credentials: aws_credentials?,
    })
}

fn read_build_args(field: &Field<'_>) -> Option<BTreeMap<String, String>> {
    let entries = field.entries(64)?.into_iter().map(|(name, field)| {
        let named = image::check_build_arg(name).map_err(|rule| field.problem(format!("has an invalid name: it {rule}")));
        let value = field.text(order::MAX_VALUE, rule::one_line)?;
        named.ok().map(|()| (name.to_owned(), value.to_owned()))
    });
    entries.collect::<Vec<_>>().into_iter().collect()
}

/// A list of names of the job's variables, without repetitions.
fn read_secrets(field: &Field<'_>, env: Option<&[Variable]>, credentials: Option<AwsCredentials>) -> Option<Vec<String>> {
    let mut seen = HashSet::new();
    let names = field.list(0..=100)?.into_iter().map(|field| {
        let name = field.text(256, rule::identifier)?;
        if env.is_some_and(|env| env.iter().all(|variable| variable.name != name)) {
            field.problem("is not the name of one of the job's variables");
        } else if !seen.insert(name) {
            field.problem("is in the list already");
        } else if name == "aws" && credentials == Some(AwsCredentials::Secret) {
            field.problem("is the id of the secret with the keys of the build's role: give the variable another name");
        }
        Some(name.to_owned())
    });
    names.collect::<Vec<_>>().into_iter().collect()
}

/// `may_name`: whether the job may use the secret or parameter that a variable's value names.
fn read_env(
    field: &Field<'_>,
    profile: Option<&Profile>,
    may_name: &impl Fn(VariableKind, &str) -> Result<(), &'static str>,
) -> Option<Vec<Variable>> {
    let mut names = HashSet::new();
    let variables = field.list(0..=100)?.into_iter().map(|field| {
        let object = field.object(&["name", "value", "type"])?;
        let name = object.required("name").and_then(|field| {
            let name = field.text(256, variable::check_name)?;
            if !names.insert(name) {
                field.problem("is the name of an earlier variable too");
            }
            Some(name.to_owned())
        });
        let kind = object.or("type", VariableKind::Plaintext, |field| field.choice("PLAINTEXT, PARAMETER_STORE or SECRETS_MANAGER"));
        let value = object.required("value").and_then(|field| {
            let value = field.text(order::MAX_VALUE, rule::some_lines)?;
            if let Some(Err(rule)) = kind.map(|kind| may_name(kind, value)) {
                field.problem(rule);
            }
            Some(value.to_owned())
        });
        Some(Variable { name: name?, value: value?, kind: kind? })
    });
    let variables = variables.collect::<Vec<_>>().into_iter().collect::<Option<Vec<_>>>()?;
    let length = order::env_json(&variables).chars().count();
    let as_data = profile.is_some_and(|profile| profile.buildspec.is_operators || profile.images_buildspec.is_operators);
    if as_data && length > order::MAX_VALUE {
        field.problem(format!("must have names of at most {} characters as a JSON list, has {length}", order::MAX_VALUE));
    }
    Some(variables)
}

fn read_timeout(field: &Field<'_>, profile: Option<&Profile>) -> Option<u32> {
    // The range that CodeBuild allows.
    let minutes = field.number(5..=2_160)?;
    if profile.is_some_and(|profile| profile.environment.is_lambda()) {
        field.problem("cannot be set: the profile's builds run on Lambda, which has no timeout");
    }
    if let Some(profile) = profile.filter(|profile| minutes > profile.timeout_minutes) {
        field.problem(format!("must be at most the profile's {} minutes", profile.timeout_minutes));
    }
    Some(minutes)
}

fn read_group(field: &Field<'_>) -> Option<Group> {
    let object = field.object(&["key", "on_conflict"])?;
    let key = object.required("key").and_then(|field| field.text(256, rule::some_line));
    let on_conflict = object.or("on_conflict", OnConflict::default(), |field| field.choice("queue or supersede"));
    Some(Group { key: key?.to_owned(), on_conflict: on_conflict? })
}

fn read_labels(field: &Field<'_>) -> Option<BTreeMap<String, String>> {
    let entries = field.entries(10)?.into_iter().map(|(name, field)| {
        let fits = rule::is_label(name);
        if !fits {
            field.problem("has an invalid name: it must be 1 to 64 letters, digits, '.', '_', '/' and '-'");
        }
        let value = field.text(256, rule::one_line)?;
        fits.then(|| (name.to_owned(), value.to_owned()))
    });
    entries.collect::<Vec<_>>().into_iter().collect()
}
