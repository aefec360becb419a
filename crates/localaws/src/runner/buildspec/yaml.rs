//! The YAML of a buildspec as it is written, with the line and column of what is wrong.

#![expect(clippy::zero_sized_map_values, reason = "of what does not count, only the keys are looked at")]

use std::{collections::BTreeMap, fmt::Display};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error, IgnoredAny},
};

/// A buildspec's sections, and a line for the log about each that does not count here.
#[derive(Debug)]
pub(super) struct File {
    pub(super) spec: Spec,
    pub(super) notes: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Spec {
    #[serde(deserialize_with = "named::version")]
    pub(super) version: String,
    #[serde(default, deserialize_with = "named::env")]
    pub(super) env: Option<EnvSection>,
    #[serde(default, deserialize_with = "named::phases")]
    pub(super) phases: Option<PhasesSection>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub(super) struct EnvSection {
    #[serde(deserialize_with = "named::shell")]
    pub(super) shell: Option<String>,
    #[serde(deserialize_with = "named::variables")]
    pub(super) variables: Option<BTreeMap<String, Option<String>>>,
    #[serde(deserialize_with = "named::parameter_store")]
    pub(super) parameter_store: Option<BTreeMap<String, String>>,
    #[serde(deserialize_with = "named::secrets_manager")]
    pub(super) secrets_manager: Option<BTreeMap<String, String>>,
    #[serde(deserialize_with = "named::exported_variables")]
    pub(super) exported_variables: Option<Vec<String>>,
}

/// A phase's name that does not exist is an error, as it is for CodeBuild.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct PhasesSection {
    #[serde(deserialize_with = "named::install")]
    pub(super) install: Option<PhaseSection>,
    #[serde(deserialize_with = "named::pre_build")]
    pub(super) pre_build: Option<PhaseSection>,
    #[serde(deserialize_with = "named::build")]
    pub(super) build: Option<PhaseSection>,
    #[serde(deserialize_with = "named::post_build")]
    pub(super) post_build: Option<PhaseSection>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub(super) struct PhaseSection {
    #[serde(deserialize_with = "named::commands")]
    pub(super) commands: Option<Vec<String>>,
    #[serde(deserialize_with = "named::finally")]
    pub(super) finally: Option<Vec<String>>,
    #[serde(deserialize_with = "named::on_failure")]
    pub(super) on_failure: Option<String>,
}

/// Reads the sections; the error names the place and the key.
pub(super) fn read(text: &str) -> Result<File, String> {
    let spec = parse::<Spec>(text)?;
    let mut notes = Vec::new();
    for key in parse::<BTreeMap<String, IgnoredAny>>(text)?.into_keys() {
        match key.as_str() {
            "version" | "env" | "phases" => {}
            "run-as" => notes.push("run-as is ignored: local mode runs commands as its own user".into()),
            "artifacts" | "reports" | "cache" | "batch" | "proxy" => notes.push(format!("{key} is ignored: local mode does not do it")),
            _ => notes.push(format!("the key {key} is unknown and ignored")),
        }
    }
    let outline = parse::<Outline>(text)?;
    for key in outline.env.unwrap_or_default().into_keys() {
        match key.as_str() {
            "shell" | "variables" | "parameter-store" | "secrets-manager" | "exported-variables" => {}
            "git-credential-helper" => notes.push("git-credential-helper is ignored: local mode has no credentials for git".into()),
            _ => notes.push(format!("the key env.{key} is unknown and ignored")),
        }
    }
    for (phase, keys) in outline.phases.unwrap_or_default() {
        for key in keys.unwrap_or_default().into_keys() {
            match key.as_str() {
                "commands" | "finally" | "on-failure" => {}
                "run-as" => notes.push(format!("run-as of {phase} is ignored: local mode runs commands as its own user")),
                "runtime-versions" => notes.push(format!("runtime-versions of {phase} are ignored: local mode uses what is installed")),
                _ => notes.push(format!("the key phases.{phase}.{key} is unknown and ignored")),
            }
        }
    }
    Ok(File { spec, notes })
}

/// The keys alone.
#[derive(Deserialize)]
struct Outline {
    env: Option<BTreeMap<String, IgnoredAny>>,
    phases: Option<BTreeMap<String, Option<BTreeMap<String, IgnoredAny>>>>,
}

fn parse<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_saphyr::from_str(text).map_err(|error| placed_once(&error.without_snippet().to_string()))
}

/// Each level that a key is added on adds its place to the end; the first place is the one that matters.
fn placed_once(text: &str) -> String {
    const PLACE: &str = " at line ";
    text.split(PLACE).take(2).collect::<Vec<_>>().join(PLACE)
}

/// Decodes a value; an error says under which key.
fn under<'de, T: Deserialize<'de>, D: Deserializer<'de>>(key: &str, decoder: D) -> Result<T, D::Error> {
    T::deserialize(decoder).map_err(|error| below(key, error))
}

fn below<E: Error>(key: &str, error: impl Display) -> E {
    E::custom(format_args!("{key}: {error}"))
}

/// Decodes a list of commands.
fn list<'de, D: Deserializer<'de>>(key: &str, decoder: D) -> Result<Option<Vec<String>>, D::Error> {
    let list: Option<Vec<Option<String>>> = under(key, decoder)?;
    let Some(list) = list else { return Ok(None) };
    let commands = list.into_iter().enumerate();
    commands
        .map(|(at, command)| command.ok_or_else(|| below(key, format_args!("entry {} is empty", at + 1))))
        .collect::<Result<_, _>>()
        .map(Some)
}

/// One decoder a key, for `deserialize_with`.
mod named {
    use super::{BTreeMap, Deserializer, EnvSection, PhaseSection, PhasesSection, list, under};

    macro_rules! keys {
        ($($name:ident $key:literal $type:ty = $decode:ident;)*) => {
            $(pub(super) fn $name<'de, D: Deserializer<'de>>(decoder: D) -> Result<$type, D::Error> {
                $decode($key, decoder)
            })*
        };
    }

    keys! {
        version "version" String = under;
        env "env" Option<EnvSection> = under;
        phases "phases" Option<PhasesSection> = under;
        shell "shell" Option<String> = under;
        variables "variables" Option<BTreeMap<String, Option<String>>> = under;
        parameter_store "parameter-store" Option<BTreeMap<String, String>> = under;
        secrets_manager "secrets-manager" Option<BTreeMap<String, String>> = under;
        exported_variables "exported-variables" Option<Vec<String>> = under;
        install "install" Option<PhaseSection> = under;
        pre_build "pre_build" Option<PhaseSection> = under;
        build "build" Option<PhaseSection> = under;
        post_build "post_build" Option<PhaseSection> = under;
        commands "commands" Option<Vec<String>> = list;
        finally "finally" Option<Vec<String>> = list;
        on_failure "on-failure" Option<String> = under;
    }
}
