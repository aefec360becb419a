//! Where a command's configuration comes from: a file, or a variable of the environment that holds all of it.

use std::path::PathBuf;

use clap::Args;

use super::Usage;
use crate::config::{self, Config};

/// The variable that holds a whole configuration as TOML.
const TEXT: &str = "SLIPWAY_CONFIG_TOML";
/// The variable that names the file.
const FILE: &str = "SLIPWAY_CONFIG";

/// The configuration as the command line names it.
#[derive(Debug, Args)]
pub(super) struct Configuration {
    #[arg(long, value_name = "FILE", help = "The configuration file [env: SLIPWAY_CONFIG; or SLIPWAY_CONFIG_TOML=its text]")]
    config: Option<PathBuf>,
}

#[derive(Debug, PartialEq, Eq)]
enum Origin {
    File(PathBuf),
    Text(String),
}

impl Configuration {
    /// The name of the configuration's source, and a function that reads it each time it is called.
    pub(super) fn reader(self) -> Result<(String, impl Fn() -> Result<Config, config::Error> + Send + Sync + 'static), Usage> {
        let origin = origin(self.config, super::variable)?;
        let name = match &origin {
            Origin::File(path) => path.display().to_string(),
            Origin::Text(_) => TEXT.to_owned(),
        };
        let read = move || match &origin {
            Origin::File(path) => config::load(path, super::environment()),
            Origin::Text(text) => Ok(config::parse(text, TEXT, super::environment())?),
        };
        Ok((name, read))
    }

    /// The checked configuration, and the name of its source.
    pub(super) fn load(self) -> anyhow::Result<(String, Config)> {
        match origin(self.config, super::variable)? {
            Origin::File(path) => Ok((path.display().to_string(), config::load(&path, super::environment())?)),
            Origin::Text(text) => Ok((TEXT.to_owned(), config::parse(&text, TEXT, super::environment())?)),
        }
    }
}

/// The file that was typed; else the text in the environment; else the file that the environment names. The text goes first, because an
/// image may set the variable of a file, and only a deployment sets a text.
fn origin(named: Option<PathBuf>, variable: impl Fn(&str) -> Option<String>) -> Result<Origin, Usage> {
    let file = || variable(FILE).map(|path| Origin::File(path.into()));
    let found = named.map(Origin::File).or_else(|| variable(TEXT).map(Origin::Text)).or_else(file);
    found.ok_or_else(|| Usage(format!("which configuration? name the file with --config or {FILE}, or give its text in {TEXT}")))
}

#[cfg(test)]
mod tests {
    use super::{FILE, Origin, TEXT, origin};

    #[test]
    fn the_command_line_wins_over_the_text_and_the_text_over_a_named_file() {
        let (flag, file) = (|| Origin::File("flag.toml".into()), || Origin::File("file.toml".into()));
        let text = || Origin::Text("[limits]".to_owned());
        let table = [
            (Some("flag.toml"), Some("[limits]"), Some("file.toml"), Some(flag())),
            (None, Some("[limits]"), Some("file.toml"), Some(text())),
            (None, Some("[limits]"), None, Some(text())),
            (None, None, Some("file.toml"), Some(file())),
            (None, None, None, None),
        ];
        for (named, held, other, expected) in table {
            let variable = |name: &str| match name {
                TEXT => held.map(str::to_owned),
                FILE => other.map(str::to_owned),
                _ => None,
            };
            assert_eq!(origin(named.map(Into::into), variable).ok(), expected, "{named:?} {held:?} {other:?}");
        }
    }
}
