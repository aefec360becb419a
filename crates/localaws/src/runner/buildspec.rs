//! Buildspec files, versions 0.1 and 0.2.

mod failure;
mod item;
mod mistake;
mod node;
mod place;
mod syntax;

use std::collections::BTreeMap;

pub(super) use self::failure::OnFailure;
use self::item::{Expected, Item};
use crate::codebuild::phase::Phase;

/// The largest buildspec, in bytes.
pub(super) const MAX_SIZE: usize = 1024 * 1024;

/// A buildspec that was checked, in the form that a build needs.
#[derive(Debug, Clone)]
pub(super) struct Buildspec {
    pub(super) version: Version,
    pub(super) shell: Interpreter,
    /// Plain variables by name.
    pub(super) variables: BTreeMap<String, String>,
    /// The names of variables, each with the name of the parameter that holds its value.
    pub(super) parameters: BTreeMap<String, String>,
    /// The names of variables, each with `secret-id:json-key:version-stage:version-id`.
    pub(super) secrets: BTreeMap<String, String>,
    /// The names of the variables to export.
    pub(super) exported: Vec<String>,
    /// The phases with commands, in the order in which they run.
    pub(super) phases: Vec<(Phase, Block)>,
    /// Requests of the file that local mode ignores: a line for the log for each.
    pub(super) notes: Vec<String>,
}

/// What a command gets from the command before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    /// 0.1: nothing.
    Apart,
    /// 0.2: its variables and its directory.
    Together,
}

/// The shell that runs the commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Interpreter {
    Sh,
    Bash,
}

/// One phase.
#[derive(Debug, Clone)]
pub(super) struct Block {
    pub(super) commands: Vec<String>,
    /// Commands that run after the others, also if one of them failed.
    pub(super) finally: Vec<String>,
    pub(super) on_failure: OnFailure,
    /// The user who runs the commands. `None`: the build's own.
    pub(super) user: Option<String>,
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
    /// Reads a buildspec.
    ///
    /// # Errors
    /// The text of CodeBuild's `YAML_FILE_ERROR`: the key, what is wrong, the line and the column.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if text.len() > MAX_SIZE {
            return Err(format!("the buildspec has more than {MAX_SIZE} bytes"));
        }
        Self::read(text).map_err(|why| mistake::conflict(text).unwrap_or(why))
    }

    fn read(text: &str) -> Result<Self, String> {
        let root = Item::root(node::read(text)?);
        let mut members = root.members()?;
        let version =
            members.remove("version").ok_or_else(|| root.wrong("the key `version` is missing (write `version: 0.2` at the top)"))?;
        let mut spec = Self {
            version: self::version(&version)?,
            shell: Interpreter::Sh,
            variables: BTreeMap::new(),
            parameters: BTreeMap::new(),
            secrets: BTreeMap::new(),
            exported: Vec::new(),
            phases: Vec::new(),
            notes: Vec::new(),
        };
        let user = members.remove("run-as").map(|item| item.text()).transpose()?.flatten();
        for (key, item) in &members {
            match (key.as_str(), spec.version) {
                ("phases", _) => {}
                ("env", Version::Together) => spec.read_environment(item)?,
                ("environment_variables", Version::Apart) => spec.read_plaintext(item)?,
                ("env", Version::Apart) => spec.notes.push("env is ignored: in version 0.1 it is environment_variables".into()),
                ("artifacts" | "reports" | "cache" | "batch" | "proxy", _) => {
                    spec.notes.push(format!("{key} is ignored: local mode does not do it"));
                }
                (name, _) if phase(name).is_some() => {
                    return Err(item.wrong(format_args!("a phase stands below `phases:`: indent `{name}:` and its lines further")));
                }
                _ => spec.notes.push(format!("the key {key} is unknown and ignored")),
            }
        }
        if let Some(phases) = members.get("phases") {
            spec.read_phases(phases, user.as_deref())?;
        }
        if spec.phases.is_empty() { Err(NO_PHASES.into()) } else { Ok(spec) }
    }

    /// The block of a phase, if it has one.
    pub(super) fn block(&self, phase: Phase) -> Option<&Block> {
        self.phases.iter().find(|(name, _)| *name == phase).map(|(_, block)| block)
    }

    /// Whether a store holds the value of a variable.
    pub(super) fn is_stored(&self, name: &str) -> bool {
        self.parameters.contains_key(name) || self.secrets.contains_key(name)
    }

    fn read_environment(&mut self, item: &Item) -> Result<(), String> {
        for (key, item) in item.members()? {
            match key.as_str() {
                "shell" => self.shell = interpreter(&item)?,
                "variables" => self.variables = item.pairs()?,
                "parameter-store" => self.parameters = item.pairs()?,
                "secrets-manager" => self.secrets = item.pairs()?,
                "exported-variables" => self.exported = item.texts(Expected::Text)?,
                "git-credential-helper" => {
                    self.notes.push("git-credential-helper is ignored: local mode has no credentials for git".into());
                }
                _ => self.notes.push(format!("the key env.{key} is unknown and ignored")),
            }
        }
        Ok(())
    }

    /// Reads `environment_variables`, the form of `env` in version 0.1.
    fn read_plaintext(&mut self, item: &Item) -> Result<(), String> {
        for (key, item) in item.members()? {
            match key.as_str() {
                "plaintext" => self.variables = item.pairs()?,
                _ => self.notes.push(format!("the key environment_variables.{key} is unknown and ignored")),
            }
        }
        Ok(())
    }

    /// An unknown phase is an error, as on CodeBuild.
    fn read_phases(&mut self, item: &Item, user: Option<&str>) -> Result<(), String> {
        for (name, item) in item.members()? {
            let Some(phase) = phase(&name) else {
                let cure = if BLOCK.contains(&name.as_str()) { " (indent it further: it belongs to one of them)" } else { "" };
                return Err(item.wrong(format_args!("there is no such phase, only install, pre_build, build and post_build{cure}")));
            };
            let members = item.members()?;
            if !members.is_empty() {
                let block = self.read_block(&name, members, user)?;
                self.phases.push((phase, block));
            }
        }
        self.phases.sort_by_key(|(phase, _)| *phase);
        Ok(())
    }

    fn read_block(&mut self, phase: &str, members: BTreeMap<String, Item>, user: Option<&str>) -> Result<Block, String> {
        let mut block =
            Block { commands: Vec::new(), finally: Vec::new(), on_failure: OnFailure::Default, user: user.map(ToOwned::to_owned) };
        for (key, item) in members {
            match key.as_str() {
                "commands" => block.commands = item.texts(Expected::Command)?,
                "finally" => block.finally = item.texts(Expected::Command)?,
                "on-failure" => {
                    if let Some(text) = item.text()? {
                        block.on_failure = OnFailure::parse(&text).map_err(|why| item.wrong(why))?;
                    }
                }
                "run-as" => block.user = item.text()?.or(block.user),
                "runtime-versions" => {
                    self.notes.push(format!("runtime-versions of {phase} are ignored: local mode uses what is installed"));
                }
                _ => self.notes.push(format!("the key phases.{phase}.{key} is unknown and ignored")),
            }
        }
        Ok(block)
    }
}

const NO_PHASES: &str = "no phases found in the buildspec (write `phases:`, below it `build:`, and below that `commands:` with a list)";

/// The keys of a phase's block.
const BLOCK: &[&str] = &["commands", "finally", "on-failure", "run-as", "runtime-versions"];

fn phase(name: &str) -> Option<Phase> {
    Some(match name {
        "install" => Phase::Install,
        "pre_build" => Phase::PreBuild,
        "build" => Phase::Build,
        "post_build" => Phase::PostBuild,
        _ => return None,
    })
}

fn version(item: &Item) -> Result<Version, String> {
    match item.text()?.as_deref().map(str::trim) {
        Some("0.1") => Ok(Version::Apart),
        Some("0.2") => Ok(Version::Together),
        other => Err(item.wrong(format_args!("unsupported buildspec version `{}`, expected 0.1 or 0.2", other.unwrap_or_default()))),
    }
}

fn interpreter(item: &Item) -> Result<Interpreter, String> {
    match item.text()?.as_deref() {
        None | Some("sh" | "/bin/sh") => Ok(Interpreter::Sh),
        Some("bash" | "/bin/bash") => Ok(Interpreter::Bash),
        Some(other) => Err(item.wrong(format_args!("unsupported shell `{other}`, expected bash or sh"))),
    }
}

#[cfg(test)]
mod tests;
