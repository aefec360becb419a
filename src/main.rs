//! The program: read the arguments, set up the log, run the command, and say how it ended by the exit code.

use std::{
    io::{self, IsTerminal, Write},
    process::ExitCode,
};

use clap::Parser;
use slipway::{
    cli::{self, Cli, Exit},
    telemetry,
};

#[tokio::main]
async fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(asked_or_wrong) => return answer(&asked_or_wrong).into(),
    };
    match run(cli).await {
        Ok(exit) => exit.into(),
        Err(error) => {
            say(format_args!("error: {error:#}"));
            Exit::of(&error).into()
        }
    }
}

async fn run(cli: Cli) -> anyhow::Result<Exit> {
    telemetry::init(cli::variable, cli.log_level(), io::stderr().is_terminal())?;
    cli.run().await
}

/// Help and version are answers; all else that clap says is about wrong usage.
fn answer(error: &clap::Error) -> Exit {
    if let Err(unheard) = error.print() {
        say(format_args!("error: {unheard}"));
    }
    if error.exit_code() == 0 { Exit::Done } else { Exit::Usage }
}

/// To stderr. Where that is closed there is nobody left to tell.
fn say(line: std::fmt::Arguments<'_>) {
    writeln!(io::stderr(), "{line}").ok();
}
