//! The command line: one file a command. clap, anyhow and the environment are known only here and in `main`.

mod cancel;
mod check;
mod client;
mod completions;
mod configuration;
mod daemon;
#[cfg(feature = "local")]
mod demo;
mod deployment;
mod dlq;
mod exit;
mod healthcheck;
mod jobs;
mod limits;
#[cfg(feature = "local")]
mod local;
mod logs;
mod man;
mod paint;
mod pause;
mod record;
mod reload;
mod run;
mod schema;
mod show;
mod site;
mod stdout;
mod submit;
mod table;
mod version;
mod wording;

use clap::{Parser, Subcommand};

pub use exit::{Exit, Usage};

/// A build service on one AWS CodeBuild project: jobs come in on SQS, results go
/// out on SNS.
#[derive(Debug, Parser)]
#[command(version = version::version(), arg_required_else_help = true, after_help = AFTER_HELP, term_width = WIDTH)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// The columns of every help text: those of a terminal that nobody has made larger.
const WIDTH: usize = 80;

const AFTER_HELP: &str = "\
Region, credentials and endpoint come from the standard AWS environment:
AWS_REGION, AWS_PROFILE, AWS_ENDPOINT_URL. The log goes to stderr. SLIPWAY_LOG,
else RUST_LOG, chooses what is logged (info, slipway=debug); SLIPWAY_LOG_FORMAT
is text or json.

First steps, without an AWS account:
  slipway demo          every kind of job once, in a minute
  slipway local         SQS, SNS, CodeBuild and the daemon on this machine

Exit codes: 0 done; 1 failed; 2 rejected; 3 could not follow; 64 wrong usage;
75 the grace period ran out; 78 the configuration is wrong; 130 interrupted.";

#[derive(Debug, Subcommand)]
enum Command {
    Run(run::Run),
    Check(check::Check),
    #[cfg(feature = "local")]
    Local(local::Local),
    #[cfg(feature = "local")]
    Demo(demo::Demo),
    Submit(Box<submit::Submit>),
    Logs(logs::Logs),
    Jobs(Box<jobs::Jobs>),
    Show(show::Show),
    Cancel(cancel::Cancel),
    Limits(limits::Limits),
    Pause(pause::Pause),
    Resume(pause::Resume),
    Reload(reload::Reload),
    Dlq(Box<dlq::Dlq>),
    Healthcheck(healthcheck::Healthcheck),
    Schema(schema::Schema),
    Completions(completions::Completions),
    Man(man::ManPages),
}

impl Cli {
    /// Runs the command to its end.
    pub async fn run(self) -> anyhow::Result<Exit> {
        match self.command {
            Command::Run(command) => command.run().await,
            Command::Check(command) => command.run().await,
            #[cfg(feature = "local")]
            Command::Local(command) => command.run().await,
            #[cfg(feature = "local")]
            Command::Demo(command) => command.run().await,
            Command::Submit(command) => Box::pin(command.run()).await,
            Command::Logs(command) => command.run().await,
            Command::Jobs(command) => command.run().await,
            Command::Show(command) => command.run().await,
            Command::Cancel(command) => command.run().await,
            Command::Limits(command) => command.run().await,
            Command::Pause(command) => command.run().await,
            Command::Resume(command) => command.run().await,
            Command::Reload(command) => command.run().await,
            Command::Dlq(command) => command.run().await,
            Command::Healthcheck(command) => command.run().await,
            Command::Schema(command) => command.run(),
            Command::Completions(command) => command.run(),
            Command::Man(command) => command.run(),
        }
    }

    /// What is logged unless the environment says otherwise: a daemon tells its story, a command that answers only its troubles.
    pub fn log_level(&self) -> &'static str {
        match &self.command {
            Command::Run(_) => "info",
            #[cfg(feature = "local")]
            Command::Local(_) => "info",
            // What the daemon warns of is what the demo shows, and the others say themselves what a call's end means.
            _ => "warn,slipway::observe=error",
        }
    }
}

/// A word beside the answer, to stderr.
fn note(text: &str) -> std::io::Result<()> {
    use std::io::Write;
    writeln!(std::io::stderr(), "{text}")
}

/// The environment, without what is not UTF-8.
#[expect(clippy::disallowed_methods, reason = "this is where the environment is read")]
pub fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

/// One variable of the environment, if it is set and not empty.
#[expect(clippy::disallowed_methods, reason = "this is where the environment is read")]
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::{Cli, WIDTH};

    #[test]
    fn the_definitions_fit_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_help_fits_a_terminal() {
        let mut root = Cli::command();
        root.build();
        let names: Vec<_> = root.get_subcommands().map(|command| command.get_name().to_owned()).collect();
        let mut texts = vec![root.render_help().to_string(), root.render_long_help().to_string()];
        for name in names {
            if let Some(command) = root.find_subcommand_mut(&name) {
                texts.extend([command.render_help().to_string(), command.render_long_help().to_string()]);
            }
        }
        let wide: Vec<_> = texts.iter().flat_map(|text| text.lines()).filter(|line| line.chars().count() > WIDTH).collect();
        assert_eq!(wide, [""; 0]);
        assert!(texts.len() > 16, "{}", texts.len());
    }

    #[test]
    fn every_command_explains_itself_with_examples() {
        for command in Cli::command().get_subcommands() {
            let name = command.get_name();
            assert!(command.get_about().is_some(), "{name}");
            let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(after.contains(&format!("slipway {name}")), "{name}");
            // A line that is broken by the terminal is ragged, and an example in two parts cannot be pasted.
            let wide: Vec<_> = after.lines().filter(|line| line.chars().count() > WIDTH).collect();
            assert_eq!(wide, [""; 0], "{name}");
        }
    }
}
