//! The command line, one file for each command. Only this module and `main` use clap, anyhow and the environment.

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

use std::ffi::OsStr;

use clap::{Arg, CommandFactory, FromArgMatches, Parser, Subcommand};

pub use exit::{Exit, Usage};
use stdout::note;

use crate::aws::tell_silence;

/// A build service on one AWS CodeBuild project: jobs come in on SQS, results go
/// out on SNS.
#[derive(Debug, Parser)]
#[command(version = version::version(), arg_required_else_help = true, after_help = AFTER_HELP, term_width = WIDTH)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// The width of every help text, in columns: that of a standard terminal.
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
    /// Reads the command line.
    pub fn read() -> Result<Self, clap::Error> {
        let mut matches = without_empty(Self::command(), &is_empty).try_get_matches()?;
        Self::from_arg_matches_mut(&mut matches).map_err(|error| error.format(&mut Self::command()))
    }

    /// Runs the command to its end.
    pub async fn run(self) -> anyhow::Result<Exit> {
        if self.command.is_daemon() {
            return Box::pin(self.command.run()).await;
        }
        tell_silence(|text| note(text).unwrap_or_default(), Box::pin(self.command.run())).await
    }

    /// The default log level: `info` for a daemon, only errors and warnings for other commands.
    pub fn log_level(&self) -> &'static str {
        match &self.command {
            Command::Run(_) => "info",
            #[cfg(feature = "local")]
            Command::Local(_) => "info",
            // The demo shows what the daemon warns of, and other commands report failed calls themselves.
            _ => "warn,slipway::observe=error",
        }
    }
}

impl Command {
    /// Whether the command runs a daemon. A daemon reports calls without an answer in its log.
    fn is_daemon(&self) -> bool {
        match self {
            #[cfg(feature = "local")]
            Self::Local(_) | Self::Demo(_) => true,
            other => matches!(other, Self::Run(_)),
        }
    }

    async fn run(self) -> anyhow::Result<Exit> {
        match self {
            Self::Check(command) => command.run().await,
            Self::Submit(command) => Box::pin(command.run()).await,
            Self::Logs(command) => Box::pin(command.run()).await,
            Self::Jobs(command) => command.run().await,
            Self::Show(command) => command.run().await,
            Self::Cancel(command) => command.run().await,
            Self::Limits(command) => command.run().await,
            Self::Pause(command) => command.run().await,
            Self::Resume(command) => command.run().await,
            Self::Reload(command) => command.run().await,
            Self::Dlq(command) => command.run().await,
            Self::Healthcheck(command) => command.run().await,
            Self::Schema(command) => command.run(),
            Self::Completions(command) => command.run(),
            Self::Man(command) => command.run(),
            Self::Run(command) => command.run().await,
            #[cfg(feature = "local")]
            Self::Local(command) => command.run().await,
            #[cfg(feature = "local")]
            Self::Demo(command) => command.run().await,
        }
    }
}

/// The environment, without variables that are not UTF-8.
#[expect(clippy::disallowed_methods, reason = "this is where the environment is read")]
pub fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

/// Whether a variable is set and empty.
#[expect(clippy::disallowed_methods, reason = "this is where the environment is read")]
fn is_empty(name: &OsStr) -> bool {
    std::env::var_os(name).is_some_and(|value| value.is_empty())
}

/// Removes the variables that are set and empty: they count as not set.
fn without_empty(command: clap::Command, is_empty: &impl Fn(&OsStr) -> bool) -> clap::Command {
    let said = |argument: Arg| if argument.get_env().is_some_and(is_empty) { argument.env(None) } else { argument };
    command.mut_args(said).mut_subcommands(|command| without_empty(command, is_empty))
}

/// One variable of the environment, if it is set and not empty.
#[expect(clippy::disallowed_methods, reason = "this is where the environment is read")]
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::{Cli, WIDTH, without_empty};

    #[test]
    fn the_definitions_fit_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_help_fits_a_terminal() {
        let texts = helps();
        let wide: Vec<_> = texts.iter().flat_map(|(_, text)| text.lines()).filter(|line| line.chars().count() > WIDTH).collect();
        assert_eq!(wide, [""; 0]);
        assert!(texts.len() > 40, "{}", texts.len());
    }

    /// Every help text, short and long, of every command and subcommand.
    fn helps() -> Vec<(String, String)> {
        fn of(command: &mut clap::Command, path: &str, texts: &mut Vec<(String, String)>) {
            let path = format!("{path} {}", command.get_name());
            texts.extend([(path.clone(), command.render_help().to_string()), (path.clone(), command.render_long_help().to_string())]);
            command.get_subcommands_mut().for_each(|command| of(command, &path, texts));
        }
        let (mut root, mut texts) = (Cli::command(), Vec::new());
        root.build();
        of(&mut root, "", &mut texts);
        texts
    }

    #[test]
    fn every_help_is_plain_text() {
        for (command, text) in helps() {
            let markup: Vec<_> = text.lines().filter(|line| line.contains('`') || line.contains("://") && line.contains('<')).collect();
            assert_eq!(markup, [""; 0], "{command}");
        }
    }

    #[test]
    fn every_help_names_the_exit_codes_that_its_command_has() {
        let root = Cli::command();
        for command in root.get_subcommands() {
            let name = command.get_name();
            let has = |id: &str| command.get_arguments().any(|argument| argument.get_id() == id);
            let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            let codes = after.split("\n\n").find(|part| part.starts_with("Exit codes: 0 ")).unwrap_or_default().replace('\n', " ");
            // The options that name the daemon and the files.
            let named: Vec<&str> = [("url", "64 wrong usage"), ("config", "78 the configuration is wrong")]
                .into_iter()
                .filter(|(id, code)| has(id) && !matches!(name, "submit" if *code == "64 wrong usage") && !codes.contains(code))
                .map(|(_, code)| code)
                .collect();
            assert_eq!(named, [""; 0], "{name}: {codes}");
            assert!(
                !has("url") || matches!(name, "submit" | "logs" | "healthcheck") || codes.contains("no daemon answers"),
                "{name}: {codes}"
            );
        }
    }

    #[test]
    fn a_variable_that_is_set_and_empty_says_nothing() {
        let has = |is_empty: bool| {
            let command = without_empty(Cli::command(), &|name| is_empty && name == "SLIPWAY_QUEUE_URL");
            let submit = command.find_subcommand("submit").cloned().unwrap_or_default();
            submit.get_arguments().any(|argument| argument.get_env().is_some_and(|name| name == "SLIPWAY_QUEUE_URL"))
        };
        assert!(has(false) && !has(true));
    }

    #[test]
    fn every_command_explains_itself_with_examples() {
        for command in Cli::command().get_subcommands() {
            let name = command.get_name();
            assert!(command.get_about().is_some(), "{name}");
            let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(after.contains(&format!("slipway {name}")), "{name}");
            // A terminal would break a longer line, and an example in two parts cannot be pasted.
            let wide: Vec<_> = after.lines().filter(|line| line.chars().count() > WIDTH).collect();
            assert_eq!(wide, [""; 0], "{name}");
        }
    }
}
