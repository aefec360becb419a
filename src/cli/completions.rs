//! `slipway completions`: what a shell needs to complete the commands.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::{Cli, Exit, stdout};

/// Print the completions for a shell
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  slipway completions bash > /etc/bash_completion.d/slipway
  slipway completions zsh > \"${fpath[1]}/_slipway\"")]
pub(super) struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "slipway", &mut script);
        stdout::print(&String::from_utf8_lossy(&script))?;
        Ok(Exit::Done)
    }
}
