//! `slipway check`: is this configuration right, and what does it say?

use std::fmt::Write as _;

use clap::Args;
use humantime::format_duration;

use super::{Exit, configuration::Configuration, stdout};
use crate::{
    aws::{Clients, Finding, endpoint},
    config::Config,
};

/// Report every fault of a configuration, or sum up what it says
#[derive(Debug, Args)]
#[command(after_help = "\
Every fault is reported with its key, its value, where it was set and the rule; the exit code is then 78.
Overrides from the environment (SLIPWAY__LIMITS__RUNNING=20) are checked with the file, and so are the endpoints that the AWS environment
names (AWS_ENDPOINT_URL and its like): plain http is for this machine only. Queues and the topic must lie in one region; an AWS_REGION that is
another is told, and is an error with --online.

With --online AWS is asked too, by calls that change nothing: are the queues, the topic, the project and its log there, and may they be
used? What cannot be asked without doing it (to receive, to start a build, to publish) is not.

Examples:
  slipway check --config config/slipway.toml
  slipway check --config config/slipway.toml --online
  SLIPWAY__LIMITS__RUNNING=20 slipway check --config config/slipway.toml")]
pub(super) struct Check {
    #[command(flatten)]
    configuration: Configuration,

    /// Ask AWS too
    #[arg(long)]
    online: bool,
}

impl Check {
    pub(super) async fn run(self) -> anyhow::Result<Exit> {
        let (name, config) = self.configuration.load()?;
        endpoint::check(super::variable).await?;
        stdout::print(&format!("{name} is right\n{}", summary(&config)))?;
        let region = region(&config, super::variable);
        if !self.online {
            stdout::print(&answers(region.as_slice()))?;
            return Ok(Exit::Done);
        }
        let mut findings = Clients::from_environment(super::variable).await?.inspect(&config).await;
        findings.extend(region);
        let wrong = findings.iter().filter(|finding| finding.result.is_err()).count();
        stdout::print(&format!("\n{}", answers(&findings)))?;
        Ok(if wrong == 0 { Exit::Done } else { Exit::Failed })
    }
}

/// What the environment says of the region, if that is not the configuration's. Offline it breaks nothing: the daemon may run elsewhere.
fn region(config: &Config, variable: impl Fn(&str) -> Option<String>) -> Option<Finding> {
    let wanted = config.region()?;
    let (name, value) = ["AWS_REGION", "AWS_DEFAULT_REGION"].iter().find_map(|name| Some((*name, variable(name)?)))?;
    let wrong = || format!("the queues and the topic are in {wanted}, and the daemon calls the region that the environment names");
    (value != wanted).then(|| Finding { key: name.to_owned(), value, result: Err(wrong()) })
}

/// What AWS answered, a line each.
fn answers(findings: &[Finding]) -> String {
    let mut lines = String::new();
    for Finding { key, value, result } in findings {
        let (mark, text) = match result {
            Ok(text) => ("ok", text),
            Err(text) => ("WRONG", text),
        };
        writeln!(lines, "  {mark:<8} {key} = {value}: {text}").ok();
    }
    lines
}

/// What is configured, a line each.
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
    use super::{answers, region, summary};
    use crate::config;

    #[test]
    fn a_region_that_is_not_the_queues_is_told() -> Result<(), config::Faults> {
        let told = |text: &str, set: &str| -> Result<String, config::Faults> {
            let config = config::parse(text, "slipway.toml", [])?;
            let variable = |name: &str| set.split_once('=').and_then(|(set, value)| (set == name).then(|| value.to_owned()));
            Ok(answers(region(&config, variable).as_slice()))
        };
        let example = include_str!("../../config/slipway.toml");
        for set in ["AWS_REGION=us-east-1", "AWS_DEFAULT_REGION=us-east-1"] {
            let line = format!("  WRONG    {}: the queues and the topic are in eu-west-1,", set.replace('=', " = "));
            assert!(told(example, set)?.starts_with(&line), "{set}");
        }
        for (text, set) in
            [(example, "AWS_REGION=eu-west-1"), (example, ""), (include_str!("../../config/local.toml"), "AWS_REGION=eu-west-1")]
        {
            assert_eq!(told(text, set)?, "", "{set}");
        }
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
