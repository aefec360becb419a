//! `slipway submit`: puts one job on a queue.

mod body;
mod follow;
mod job;
mod journey;
mod queue;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::Context;
use clap::Args;

use self::follow::Follow;
use super::{
    Exit, Usage,
    logs::{leave::until_interrupted, output::Output},
    site, stdout,
};
use crate::aws::{
    AwsError, Clients,
    queue::{Attributes, Queue, place},
};

/// Put a job on the queue, and print its id
#[derive(Debug, Args)]
#[command(after_help = "\
The queue is --queue-url or SLIPWAY_QUEUE_URL; else the first one of the configuration that --config or SLIPWAY_CONFIG names; else
local mode's where AWS_ENDPOINT_URL is on this machine.

On a FIFO queue the job goes to the message group of its own group's key, else of its tenant: SQS delivers a group's next message when the
one before has ended. A file that cancels goes to a group of its own. On a standard queue the group is the tenant, for SQS's fair turns.

Values of --env are visible to whoever can see the build. For secrets, name a parameter or a secret in a job file:
  \"env\": [{ \"name\": \"TOKEN\", \"value\": \"npm/token\", \"type\": \"SECRETS_MANAGER\" }]

With --follow the job's phases and its log are shown until it ends, as `slipway logs --follow` shows them: the log's lines on stdout, what
is told besides on stderr, with --json all of it on stdout as records that `slipway logs --help` explains, here with
  {\"type\":\"waiting\",\"job\":\"app-4711\"}
  {\"type\":\"end\",\"job\":\"app-4711\",\"status\":\"failed\",\"build\":\"...\",\"failure\":{...},\"images\":[...],\"problems\":[...]}
It needs the configuration, or local mode. How the job ends it hears from the topic, by a queue of its own, slipway-follow-..., that goes
away with it. Where that may not be made (sqs:CreateQueue, SetQueueAttributes, GetQueueAttributes, ReceiveMessage, DeleteQueue; sns:Subscribe,
Unsubscribe) it goes by the job's builds alone, and checks the job against the configuration before it sends it. Interrupted, it leaves the
job alone and says how to come back.

Exit codes: 0 sent, with --follow succeeded; 1 failed; 2 with --follow: the message is no valid job; 130 interrupted.

Examples:
  slipway submit --url https://github.com/acme/app --revision main --follow
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

    /// Show the job's phases and log until it ends, and end as it did
    #[arg(long, short)]
    follow: bool,

    /// With --follow: one JSON object a line
    #[arg(long, requires = "follow")]
    json: bool,
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
        if self.follow {
            return self.follow(&url).await;
        }
        let body = self.message.body()?;
        let message = send(&Clients::from_environment(super::variable).await?.queue(&url), &body).await?;
        let id = job_id(&body).unwrap_or(message);
        stdout::print(&format!("{id}\n"))?;
        Ok(Exit::Done)
    }

    /// Sends the job and follows it to its end.
    async fn follow(&self, queue: &str) -> anyhow::Result<Exit> {
        let site = site::find(self.config.as_deref(), super::environment())?;
        let site =
            site.ok_or_else(|| Usage("--follow has to know the project and the topic: name the configuration with --config".to_owned()))?;
        let body = body::followed(self.message.body()?, body::new_name)?;
        let clients = Clients::from_environment(super::variable).await?;
        let mut follow = Follow::new(&clients, &site, Output::open(self.json));
        let followed = until_interrupted(follow.run(queue, &body)).await;
        follow.close(matches!(followed, Ok(None)), self.config.as_deref()).await;
        Ok(followed?.unwrap_or(Exit::Interrupted))
    }
}

/// Sends a job into its message group.
async fn send(queue: &Queue, body: &str) -> Result<String, AwsError> {
    let place = place(body, queue.is_fifo(), body::new_name());
    queue.send_to(&place, body, &Attributes::new()).await
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
