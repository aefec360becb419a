//! `slipway check`: checks a configuration, and sums up what it says.

use std::fmt::Write as _;

use clap::Args;
use humantime::format_duration;

use super::{Exit, configuration::Configuration, stdout};
use crate::{
    aws::{Answer, Clients, Finding, endpoint},
    config::Config,
};

/// Report every fault of a configuration, or sum up what it says
#[derive(Debug, Args)]
#[command(after_help = "\
Every fault is reported with its key, its value, where it was set and the rule;
the exit code is then 78. Overrides from the environment
(SLIPWAY__LIMITS__RUNNING=20) are checked with the file, and so are the
endpoints that the AWS environment names (AWS_ENDPOINT_URL and its like): plain
http is for this machine only. Queues and the topic must be in one region.

With --online AWS is asked too, by calls that change nothing: are the queues,
the topic, the project and its log group there, and may they be used? Each line
names the calls and the ARN that they asked about. What cannot be asked without
doing it is not asked: to receive, to start a build, to publish.

What is marked WRONG does not work. A warning is of what works and somebody
should look at: a region of the environment that is not that of the queues and
the topic, a jobs queue that gets the daemon's own events, no dead-letter queue,
fewer than 5 receives, a retention shorter than the longest build, no profile
named default, a clock that is off, a project that is not privileged or whose
variables jobs can override.

Exit codes: 0 right, whatever is warned of; 1 --online found something wrong,
or with --strict something to warn of; 64 wrong usage; 78 the configuration is
wrong.

Examples:
  slipway check --config config/slipway.toml
  slipway check --config config/slipway.toml --online --strict
  SLIPWAY__LIMITS__RUNNING=20 slipway check --config config/slipway.toml")]
pub(super) struct Check {
    #[command(flatten)]
    configuration: Configuration,

    /// Ask AWS too
    #[arg(long)]
    online: bool,

    /// Exit with 1 for what is only warned of, too
    #[arg(long)]
    strict: bool,
}

impl Check {
    pub(super) async fn run(self) -> anyhow::Result<Exit> {
        let (name, config) = self.configuration.load()?;
        endpoint::check(super::variable).await?;
        stdout::print(&format!("{name} is right\n{}", summary(&config)))?;
        let mut findings: Vec<Finding> = default_profile(&config).into_iter().collect();
        let region = region(&config, super::variable);
        if !self.online {
            findings.extend(region);
            stdout::print(&answers(&findings))?;
            return Ok(exit(&findings, self.strict));
        }
        findings.extend(Clients::from_environment(super::variable).await?.inspect(&config).await);
        findings.extend(region);
        stdout::print(&format!("\n{}", answers(&findings)))?;
        Ok(exit(&findings, self.strict))
    }
}

/// The exit code: a fault fails, a warning only with `--strict`.
fn exit(findings: &[Finding], strict: bool) -> Exit {
    let is_wrong = findings.iter().any(|finding| matches!(finding.answer, Answer::Wrong(_)));
    let is_warned = strict && findings.iter().any(|finding| matches!(finding.answer, Answer::Warning(_)));
    if is_wrong || is_warned { Exit::Failed } else { Exit::Done }
}

/// A warning if there is no profile `default`: jobs that name no profile are rejected then.
fn default_profile(config: &Config) -> Option<Finding> {
    let names = config.profiles.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
    let text = "there is no profile `default`: every job has to name its profile, or is rejected";
    (!config.profiles.contains_key("default")).then(|| Finding::new("profiles", names, Answer::Warning(text.to_owned())))
}

/// A warning if the environment's region is not the configuration's.
fn region(config: &Config, variable: impl Fn(&str) -> Option<String>) -> Option<Finding> {
    let wanted = config.region()?;
    let (name, value) = ["AWS_REGION", "AWS_DEFAULT_REGION"].iter().find_map(|name| Some((*name, variable(name)?)))?;
    let text = || format!("the queues and the topic are in {wanted}, and a daemon in this environment calls another: set {name}={wanted}");
    (value != wanted).then(|| Finding::new(name, value, Answer::Warning(text())))
}

/// The findings, one a line.
fn answers(findings: &[Finding]) -> String {
    let mut lines = String::new();
    for Finding { key, value, answer } in findings {
        let (mark, text) = match answer {
            Answer::Fine(text) => ("ok", text),
            Answer::Warning(text) => ("warning", text),
            Answer::Wrong(text) => ("WRONG", text),
            Answer::Skipped(text) => ("-", text),
        };
        writeln!(lines, "  {mark:<8} {key} = {value}: {text}").ok();
    }
    lines
}

/// The summary of the configuration, one setting a line.
fn summary(config: &Config) -> String {
    let mut lines = Lines::default();
    for queue in &config.queues {
        lines.say("queue", format_args!("{}, visibility {}", queue.url, format_duration(queue.visibility)));
    }
    let topic = &config.topic;
    let events = [("queued", topic.queued), ("started", topic.started), ("finished", topic.finished), ("rejected", topic.rejected)];
    let events: Vec<&str> = events.into_iter().filter_map(|(name, on)| on.then_some(name)).collect();
    lines.say("topic", format_args!("{}: {}", topic.arn, if events.is_empty() { "no events".to_owned() } else { events.join(", ") }));
    let limits = &config.limits;
    lines.say("limits", format_args!("{} running, {} of one tenant, {} waiting", limits.running, limits.per_tenant, limits.waiting));
    let pushed = if config.watch.events_queue_url.is_some() { " and on pushed events" } else { "" };
    lines.say("watch", format_args!("every {}{pushed}", format_duration(config.watch.interval)));
    for (name, profile) in &config.profiles {
        let registry = profile.registry.as_deref().map(|registry| format!(", images to {registry}")).unwrap_or_default();
        let (project, sources) = (&profile.project, profile.sources.join(" "));
        let time = match profile.timeout_minutes {
            _ if profile.environment.is_lambda() => "on Lambda, without timeouts of ours and privileged mode".to_owned(),
            minutes => format!("up to {minutes} minutes"),
        };
        lines.say("profile", format_args!("{name}: project {project}, {sources}, {time}{registry}"));
    }
    lines.say("http", format_args!("{}", config.http.listen));
    lines.0
}

#[derive(Default)]
struct Lines(String);

impl Lines {
    fn say(&mut self, name: &str, text: std::fmt::Arguments<'_>) {
        writeln!(self.0, "  {name:<8} {text}").ok();
    }
}

#[cfg(test)]
mod tests {
    use super::{answers, default_profile, exit, region, summary};
    use crate::{
        aws::{Answer, Finding},
        cli::Exit,
        config,
    };

    #[test]
    fn a_region_that_is_not_the_queues_is_told() -> Result<(), config::Faults> {
        let told = |text: &str, set: &str| -> Result<String, config::Faults> {
            let config = config::parse(text, "slipway.toml", [])?;
            let variable = |name: &str| set.split_once('=').and_then(|(set, value)| (set == name).then(|| value.to_owned()));
            Ok(answers(region(&config, variable).as_slice()))
        };
        let example = include_str!("../../config/slipway.toml");
        for set in ["AWS_REGION=us-east-1", "AWS_DEFAULT_REGION=us-east-1"] {
            let line = format!("  warning  {}: the queues and the topic are in eu-west-1,", set.replace('=', " = "));
            let told = told(example, set)?;
            assert!(told.starts_with(&line) && told.ends_with("_REGION=eu-west-1\n"), "{told}");
        }
        for (text, set) in
            [(example, "AWS_REGION=eu-west-1"), (example, ""), (include_str!("../../config/local.toml"), "AWS_REGION=eu-west-1")]
        {
            assert_eq!(told(text, set)?, "", "{set}");
        }
        Ok(())
    }

    #[test]
    fn the_exit_code_says_what_the_words_say() {
        let text = || "it is so".to_owned();
        for (answer, word, plain, strict) in [
            (Answer::Fine(text()), "ok", Exit::Done, Exit::Done),
            (Answer::Skipped(text()), "-", Exit::Done, Exit::Done),
            (Answer::Warning(text()), "warning", Exit::Done, Exit::Failed),
            (Answer::Wrong(text()), "WRONG", Exit::Failed, Exit::Failed),
        ] {
            let found = [Finding::new("key", "value", Answer::Fine(text())), Finding::new("key", "value", answer)];
            assert_eq!((exit(&found, false), exit(&found, true)), (plain, strict), "{word}");
            assert!(answers(&found).lines().nth(1).is_some_and(|line| line.trim_start().starts_with(word)), "{word}");
        }
    }

    #[test]
    fn a_deployment_without_a_default_profile_is_warned_of() -> Result<(), config::Faults> {
        let example = include_str!("../../config/slipway.toml");
        let warned = |text: &str| -> Result<String, config::Faults> {
            Ok(answers(default_profile(&config::parse(text, "slipway.toml", [])?).as_slice()))
        };
        assert_eq!(warned(example)?, "");
        let line = "  warning  profiles = small: there is no profile `default`";
        assert!(warned(&example.replace("profiles.default", "profiles.small"))?.starts_with(line));
        Ok(())
    }

    #[test]
    fn the_summary_names_what_an_operator_looks_for() -> Result<(), config::Faults> {
        let config = config::parse(include_str!("../../config/local.toml"), "local.toml", [])?;
        let expected = "  queue    http://127.0.0.1:4566/000000000000/slipway-jobs, visibility 30s
  topic    arn:aws:sns:us-east-1:000000000000:slipway-events: queued, started, finished, rejected
  limits   4 running, 4 of one tenant, 1000 waiting
  watch    every 1s and on pushed events
  profile  default: project slipway, file:///* https://github.com/* https://gitlab.com/*, up to 60 minutes, images to 127.0.0.1:5000
  http     127.0.0.1:9090
";
        assert_eq!(summary(&config), expected);
        Ok(())
    }
}
