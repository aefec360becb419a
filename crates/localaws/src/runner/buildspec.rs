//! Buildspec files, versions 0.1 and 0.2.

mod yaml;

use std::collections::BTreeMap;

use crate::codebuild::phase::Phase;

/// A buildspec, checked, in the form in which a build needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Buildspec {
    pub(super) version: Version,
    pub(super) shell: Interpreter,
    /// Plain variables by name.
    pub(super) variables: BTreeMap<String, String>,
    /// Variable names with the names of the parameters in the Parameter Store that hold their values.
    pub(super) parameters: BTreeMap<String, String>,
    /// Variable names with `secret-id:json-key:version-stage:version-id`.
    pub(super) secrets: BTreeMap<String, String>,
    /// The names of the variables to export.
    pub(super) exported: Vec<String>,
    /// The phases that have commands, in the order in which they run.
    pub(super) phases: Vec<(Phase, Block)>,
    /// What the file asks for and does not get, a line for the log each.
    pub(super) notes: Vec<String>,
}

/// How the commands of a phase share a shell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    /// 0.1: each command has a fresh shell.
    Apart,
    /// 0.2: all commands run in the same shell.
    Together,
}

/// The shell that runs the commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Interpreter {
    Sh,
    Bash,
}

/// One phase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) commands: Vec<String>,
    /// Run after the commands, also when one of them failed.
    pub(super) finally: Vec<String>,
    pub(super) on_failure: OnFailure,
}

/// Where a build goes from a failed phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OnFailure {
    /// As CodeBuild does by default: from `BUILD` to `POST_BUILD`, from elsewhere to the end.
    Default,
    Abort,
    Continue,
}

impl Interpreter {
    pub(super) fn program(self) -> &'static str {
        match self {
            Self::Sh => "sh",
            Self::Bash => "bash",
        }
    }
}

impl Buildspec {
    /// Reads a buildspec. The error is the text of CodeBuild's `YAML_FILE_ERROR`, with line and column.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let file = yaml::read(text)?;
        let mut notes = file.notes;
        let env = file.spec.env.unwrap_or_default();
        let phases = file.spec.phases.unwrap_or_default();
        let phases = [
            (Phase::Install, phases.install),
            (Phase::PreBuild, phases.pre_build),
            (Phase::Build, phases.build),
            (Phase::PostBuild, phases.post_build),
        ];
        let phases: Vec<_> = phases.into_iter().filter_map(|(phase, section)| Some((phase, block(phase, section?, &mut notes)))).collect();
        if phases.is_empty() {
            return Err("no phases found in the buildspec".into());
        }
        Ok(Self {
            version: version(&file.spec.version)?,
            shell: interpreter(env.shell.as_deref())?,
            variables: env.variables.unwrap_or_default().into_iter().map(|(name, value)| (name, value.unwrap_or_default())).collect(),
            parameters: env.parameter_store.unwrap_or_default(),
            secrets: env.secrets_manager.unwrap_or_default(),
            exported: env.exported_variables.unwrap_or_default(),
            phases,
            notes,
        })
    }

    /// The phase's block, if it has one.
    pub(super) fn block(&self, phase: Phase) -> Option<&Block> {
        self.phases.iter().find(|(name, _)| *name == phase).map(|(_, block)| block)
    }
}

fn version(version: &str) -> Result<Version, String> {
    match version.trim() {
        "0.1" => Ok(Version::Apart),
        "0.2" => Ok(Version::Together),
        other => Err(format!("version: unsupported buildspec version `{other}`, expected 0.1 or 0.2")),
    }
}

fn interpreter(shell: Option<&str>) -> Result<Interpreter, String> {
    match shell {
        None | Some("sh" | "/bin/sh") => Ok(Interpreter::Sh),
        Some("bash" | "/bin/bash") => Ok(Interpreter::Bash),
        Some(other) => Err(format!("env: shell: unsupported shell `{other}`, expected bash or sh")),
    }
}

fn block(phase: Phase, section: yaml::PhaseSection, notes: &mut Vec<String>) -> Block {
    let on_failure = match section.on_failure.as_deref().map(str::trim) {
        None => OnFailure::Default,
        Some("ABORT") => OnFailure::Abort,
        Some("CONTINUE") => OnFailure::Continue,
        Some(retry) if retry.starts_with("RETRY") => {
            notes.push(format!("on-failure {retry} of phase {}: local mode does not retry, a failure aborts the build", phase.name()));
            OnFailure::Abort
        }
        Some(other) => {
            notes.push(format!("on-failure {other} of phase {} is unknown and ignored", phase.name()));
            OnFailure::Default
        }
    };
    Block { commands: section.commands.unwrap_or_default(), finally: section.finally.unwrap_or_default(), on_failure }
}

#[cfg(test)]
mod tests;
