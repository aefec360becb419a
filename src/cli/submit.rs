//! `slipway submit`: puts one job on a queue.

mod job;
mod queue;

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use anyhow::Context;
use clap::Args;

use super::Exit;
use crate::aws::Clients;

/// Put a job on the queue, and print its id
#[derive(Debug, Args)]
#[command(after_help = "\
The queue is --queue-url or SLIPWAY_QUEUE_URL; else the first one of the configuration that --config or SLIPWAY_CONFIG names; else
local mode's where AWS_ENDPOINT_URL is on this machine.

Values of --env are visible to whoever can see the build. For secrets, name a parameter or a secret in a job file:
  \"env\": [{ \"name\": \"TOKEN\", \"value\": \"npm/token\", \"type\": \"SECRETS_MANAGER\" }]

Examples:
  slipway submit --url https://github.com/acme/app --revision main --image team/app:1.4.2 --image team/app:latest
  slipway submit --url https://github.com/acme/app --revision pr/25 --tenant team-a --priority high --label pull=25
  slipway submit --file job.json
  jq .job request.json | slipway submit --file -")]
pub(super) struct Submit {
    #[command(flatten)]
    message: Message,

    /// The job queue's URL
    #[arg(long, value_name = "URL", env = "SLIPWAY_QUEUE_URL")]
    queue_url: Option<String>,

    /// A configuration file whose first queue is taken
    #[arg(long, value_name = "FILE", env = "SLIPWAY_CONFIG")]
    config: Option<PathBuf>,
}

/// The job: as a file, or from arguments.
#[derive(Debug, Args)]
struct Message {
    /// The whole job as JSON; - is stdin
    #[arg(long, value_name = "JOB.json", required_unless_present = "url")]
    file: Option<PathBuf>,

    #[command(flatten)]
    job: job::Arguments,
}

impl Submit {
    pub(super) async fn run(self) -> anyhow::Result<Exit> {
        let url = queue::url(self.queue_url.as_deref(), self.config.as_deref(), super::environment())?;
        let body = self.message.body()?;
        let message = Clients::from_environment().await.queue(&url).send(&body, &BTreeMap::new()).await?;
        let id = job_id(&body).unwrap_or(message);
        writeln!(io::stdout(), "{id}").context("cannot write to stdout")?;
        Ok(Exit::Done)
    }
}

/// The id that the sender gave the job; the message's id is its id otherwise.
fn job_id(body: &str) -> Option<String> {
    let body: serde_json::Value = serde_json::from_str(body).ok()?;
    body["id"].as_str().map(str::to_owned)
}

impl Message {
    /// The message's body. A file goes as it is: what is wrong with it, the daemon tells with every problem at once.
    fn body(&self) -> anyhow::Result<String> {
        match self.file.as_deref() {
            Some(path) if path == Path::new("-") => io::read_to_string(io::stdin()).context("cannot read the job from stdin"),
            Some(path) => fs::read_to_string(path).with_context(|| format!("cannot read the job file {}", path.display())),
            None => Ok(self.job.to_json().to_string()),
        }
    }
}
