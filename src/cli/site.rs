//! The parts of a deployment: queue, topic and projects. They come from the command line, a file or the environment, or are local mode's if
//! the environment's endpoint is on this machine.

use std::{collections::BTreeSet, path::PathBuf};

use anyhow::Context;
use clap::Args;
use url::Url;

use super::Usage;
use crate::{
    config::{self, Client, Config, address},
    loopback::is_loopback,
};

/// The parts that the embedded endpoint makes.
const LOCAL_QUEUE: &str = "/000000000000/slipway-jobs";
const LOCAL_ACCOUNT: &str = "000000000000";
const LOCAL_REGION: &str = "us-east-1";
const LOCAL_TOPIC: &str = "slipway-events";
const LOCAL_PROJECT: &str = "slipway";

/// The variables of the arguments of the same names.
const QUEUE_URL: &str = "SLIPWAY_QUEUE_URL";
const TOPIC_ARN: &str = "SLIPWAY_TOPIC_ARN";
const PROJECT: &str = "SLIPWAY_PROJECT";
/// The variables that name a file.
const CLIENT: &str = "SLIPWAY_CLIENT";
const CONFIG: &str = "SLIPWAY_CONFIG";

const ENDPOINT: &str = "AWS_ENDPOINT_URL";
/// The error if no deployment is named.
const UNKNOWN: &str = "\
which deployment? name one of these:
  its parts                     --queue-url URL, and to follow --topic-arn ARN --project NAME
  the file for its senders      --client client.toml
  the operator's configuration  --config slipway.toml
  local mode on this machine    start `slipway local`, and set what it prints: AWS_ENDPOINT_URL=http://127.0.0.1:4566";

/// The error if no deployment is named. If the endpoint is set, it may be misspelt.
fn unknown() -> Usage {
    let endpoint =
        super::variable(ENDPOINT).filter(|url| !Url::parse(url).is_ok_and(|url| url.scheme().starts_with("http") && url.has_host()));
    Usage(endpoint.map_or_else(
        || UNKNOWN.to_owned(),
        |url| format!("{ENDPOINT} = {url:?}: must begin with http:// or https://, such as http://127.0.0.1:4566"),
    ))
}

/// Names the deployment.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Which deployment")]
pub(super) struct Location {
    /// The job queue's URL
    #[arg(long, global = true, value_name = "URL", env = QUEUE_URL, value_parser = queue_url, hide_env_values = true)]
    pub(super) queue_url: Option<String>,

    /// The topic's ARN
    #[arg(long, global = true, value_name = "ARN", env = TOPIC_ARN, value_parser = topic_arn, hide_env_values = true)]
    pub(super) topic_arn: Option<String>,

    /// The CodeBuild project that builds; once for each
    #[arg(long = "project", global = true, value_name = "NAME", env = PROJECT, value_parser = project, value_delimiter = ',', hide_env_values = true)]
    pub(super) projects: Vec<String>,

    #[arg(
        long,
        global = true,
        value_name = "FILE",
        conflicts_with = "config",
        help = "The file for senders: queue_url, topic_arn, projects [env: SLIPWAY_CLIENT]"
    )]
    pub(super) client: Option<PathBuf>,

    #[arg(long, global = true, value_name = "FILE", help = "The operator's configuration file [env: SLIPWAY_CONFIG]")]
    pub(super) config: Option<PathBuf>,
}

/// The parts of a deployment that senders use.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Site {
    /// The job queue's URL.
    pub(super) queue: Option<String>,
    /// The topic's ARN.
    pub(super) topic: Option<String>,
    /// The projects that build, each once.
    pub(super) projects: BTreeSet<String>,
    /// The operator's configuration, if it is known.
    pub(super) config: Option<Config>,
    /// The file for senders from which it was read.
    pub(super) file: Option<PathBuf>,
}

/// The file that names the deployment.
enum File {
    Client(PathBuf),
    Config(PathBuf),
}

impl File {
    fn read(self, environment: impl IntoIterator<Item = (String, String)>) -> Result<Site, config::Error> {
        Ok(match self {
            Self::Client(path) => of_client(Client::load(&path)?, path),
            Self::Config(path) => of_config(config::load(&path, environment)?),
        })
    }
}

pub(super) fn queue_url(text: &str) -> Result<String, String> {
    checked(text, QUEUE_URL, address::queue)
}

fn topic_arn(text: &str) -> Result<String, String> {
    checked(text, TOPIC_ARN, address::topic)
}

fn project(text: &str) -> Result<String, String> {
    checked(text, PROJECT, address::project)
}

/// Checks a value. The error is the rule, with the variable if the value comes from it: clap names only the option.
fn checked(text: &str, variable: &str, check: fn(&str) -> Result<(), &'static str>) -> Result<String, String> {
    let is_variables = || super::variable(variable).is_some_and(|value| value.split(',').any(|part| part == text));
    match check(text) {
        Ok(()) => Ok(text.to_owned()),
        Err(rule) if is_variables() => Err(format!("{variable} {rule}")),
        Err(rule) => Err(rule.to_owned()),
    }
}

impl Location {
    /// The named deployment. Each part comes from the command line, else from the file, else from local mode.
    ///
    /// # Errors
    /// The file cannot be read, or is wrong.
    pub(super) fn site(&self, environment: impl IntoIterator<Item = (String, String)>) -> anyhow::Result<Site> {
        let environment: Vec<_> = environment.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        let variable = |name: &str| environment.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
        let mut site = match self.file(variable) {
            Some((file, None)) => file.read(environment.iter().cloned())?,
            Some((file, Some(variable))) => file.read(environment.iter().cloned()).context(variable)?,
            None => local(variable),
        };
        if let Some(url) = &self.queue_url {
            site.queue = Some(url.clone());
        }
        if let Some(arn) = &self.topic_arn {
            site.topic = Some(arn.clone());
        }
        if !self.projects.is_empty() {
            site.projects = self.projects.iter().cloned().collect();
        }
        Ok(site)
    }

    /// The file, and the variable that names it. An argument wins over the environment.
    fn file(&self, variable: impl Fn(&str) -> Option<String>) -> Option<(File, Option<&'static str>)> {
        let client = |path: &PathBuf| File::Client(path.clone());
        let config = |path: &PathBuf| File::Config(path.clone());
        let typed = self.client.as_ref().map(client).or_else(|| self.config.as_ref().map(config)).map(|file| (file, None));
        let client = || variable(CLIENT).map(|path| (File::Client(path.into()), Some(CLIENT)));
        typed.or_else(client).or_else(|| variable(CONFIG).map(|path| (File::Config(path.into()), Some(CONFIG))))
    }

    /// The arguments to type again, as words. Values of the environment are left out.
    pub(super) fn typed(&self) -> Vec<String> {
        let path = |path: &PathBuf| path.display().to_string();
        let named = [
            ("--queue-url", self.queue_url.clone().filter(|url| super::variable(QUEUE_URL).as_ref() != Some(url))),
            ("--topic-arn", self.topic_arn.clone().filter(|arn| super::variable(TOPIC_ARN).as_ref() != Some(arn))),
            ("--project", Some(self.projects.join(",")).filter(|all| !all.is_empty() && super::variable(PROJECT).as_ref() != Some(all))),
            ("--client", self.client.as_ref().map(path)),
            ("--config", self.config.as_ref().map(path)),
        ];
        named.into_iter().filter_map(|(name, value)| Some([name.to_owned(), value?])).flatten().collect()
    }
}

impl Site {
    /// The job queue's URL.
    pub(super) fn queue(&self) -> Result<&str, Usage> {
        self.queue.as_deref().ok_or_else(unknown)
    }

    /// The projects that build; at least one.
    pub(super) fn projects(&self) -> Result<&BTreeSet<String>, Usage> {
        match &self.queue {
            _ if !self.projects.is_empty() => Ok(&self.projects),
            Some(_) => Err(Usage(self.unfollowed())),
            None => Err(unknown()),
        }
    }

    /// The error if only the queue is known.
    fn unfollowed(&self) -> String {
        let mut missing = vec![("projects = [\"NAME\"]", "--project NAME")];
        if self.topic.is_none() {
            missing.push(("topic_arn = \"ARN\"", "--topic-arn ARN"));
        }
        let (keys, flags): (Vec<_>, Vec<_>) = missing.into_iter().unzip();
        let flags = flags.join(" ");
        match &self.file {
            Some(file) => format!(
                "{} names the queue alone, and to follow a job its project is needed: add {} to it, or use {flags}",
                file.display(),
                keys.join(" and ")
            ),
            None => format!("the queue alone is named, and to follow a job its project is needed: use {flags}, or --client FILE"),
        }
    }
}

fn of_client(client: Client, file: PathBuf) -> Site {
    let projects = client.projects.into_iter().collect();
    Site { queue: Some(client.queue_url), topic: client.topic_arn, projects, config: None, file: Some(file) }
}

fn of_config(config: Config) -> Site {
    Site {
        queue: config.queues.first().map(|queue| queue.url.clone()),
        topic: Some(config.topic.arn.clone()),
        projects: config.profiles.values().map(|profile| profile.project.clone()).collect(),
        config: Some(config),
        file: None,
    }
}

/// Local mode's parts, if the environment's endpoint is on this machine; else no parts.
fn local(variable: impl Fn(&str) -> Option<String>) -> Site {
    let endpoint = variable(ENDPOINT).and_then(|url| Url::parse(&url).ok());
    let endpoint = endpoint.filter(|url| url.host_str().is_some_and(is_loopback));
    let Some(queue) = endpoint.and_then(|url| url.join(LOCAL_QUEUE).ok()) else { return Site::default() };
    let region = variable("AWS_REGION").or_else(|| variable("AWS_DEFAULT_REGION")).unwrap_or_else(|| LOCAL_REGION.to_owned());
    Site {
        queue: Some(queue.into()),
        topic: Some(format!("arn:aws:sns:{region}:{LOCAL_ACCOUNT}:{LOCAL_TOPIC}")),
        projects: [LOCAL_PROJECT.to_owned()].into(),
        ..Site::default()
    }
}

#[cfg(test)]
mod tests;
