//! `slipway submit`: puts one job on a queue.

mod body;
pub(super) mod ending;
pub(super) mod follow;
mod job;
mod journey;

use std::{
    fs,
    io::{self, IsTerminal, Write, stderr},
    path::{Path, PathBuf},
};

use anyhow::Context;
use clap::{ArgGroup, Args};

use self::follow::Follow;
use super::{
    Exit, Usage,
    exit::NotFollowed,
    logs::{leave::until_interrupted, leave::way_back, output::Output},
    site::{Location, Site},
    stdout,
};
use crate::{
    aws::{
        AwsError, Clients,
        queue::{Attributes, Queue, place},
    },
    job::{message, problem::Problem},
};

/// Put a job on the queue, and print its id
#[derive(Debug, Args)]
#[command(after_help = "\
The job is read as the daemon reads it before it is sent. A message that is no
valid job is not sent: every problem is told with its path, and the exit code is
64. What depends on the operator's profiles is checked too where --config names
the configuration; else the daemon tells it by its event, which --follow shows.

On a FIFO queue the job goes to the message group of its own group's key, else
of its tenant: SQS delivers a group's next message when the one before has been
deleted. A message that cancels goes to a group of its own. On a standard queue
the message group is the tenant, for SQS's fair queues.

Values of --env are visible to whoever can see the build. --secret and
--parameter name what the build fetches by itself, where the profile allows it.

With --follow the job's phases and its log are shown until it ends: the log on
stdout, the rest on stderr. With --json all of it is on stdout, one JSON object
a line: the records of slipway logs --help, and
  {\"type\":\"waiting\",\"job\":\"app-4711\"}
  {\"type\":\"repeat\",\"job\":\"app-4711\",\"build\":\"...\",\"seconds_ago\":42}
  {\"type\":\"end\",\"job\":\"app-4711\",\"status\":\"failed\",\"build\":\"...\",
   \"reason\":\"...\",\"superseded_by\":\"...\",\"failure\":{...},
   \"images\":[...],\"problems\":[...]}
It learns from the topic how the job ends, by a queue of its own that it makes
(slipway-follow-...) and removes. Where it may not make one it looks at the
job's builds instead. deploy/policy-follower.json has the permissions.
Interrupted, it leaves the job alone and says how to come back.

Exit codes: 0 sent, with --follow succeeded; 1 not sent, with --follow the job
failed; 2 with --follow the daemon rejected the message; 3 could not follow;
64 wrong usage, or no valid job; 78 the configuration is wrong; 130 interrupted.

Examples:
  slipway submit --url https://github.com/acme/app --revision main --follow
  slipway submit --url https://github.com/acme/app --image team/app:1.4.2
  slipway submit --url https://github.com/acme/app --revision pr/25 \\
    --tenant team-a --priority high --label pull=25
  slipway submit --url https://github.com/acme/app --group app@main \\
    --on-conflict supersede --secret NPM_TOKEN=npm/token
  slipway submit --file job.json --client client.toml
  jq .job request.json | slipway submit --file -")]
pub(super) struct Submit {
    /// Show the job's phases and log until it ends, and exit as it did
    #[arg(long, short)]
    follow: bool,

    /// With --follow: one JSON object a line
    #[arg(long, requires = "follow")]
    json: bool,

    #[command(flatten)]
    message: Message,

    #[command(flatten)]
    location: Location,
}

/// The job: as a file, or from arguments.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("source").args(["file", "url"]).required(true)))]
struct Message {
    /// The whole job as JSON; - is stdin
    #[arg(long, value_name = "JOB.json")]
    file: Option<PathBuf>,

    #[command(flatten)]
    job: job::Arguments,
}

impl Submit {
    pub(super) async fn run(self) -> anyhow::Result<Exit> {
        let site = self.location.site(super::environment())?;
        let queue = site.queue()?.to_owned();
        let body = self.message.body()?;
        check(&body, &queue, &site)?;
        if self.follow {
            return Box::pin(self.follow(&site, &queue, body)).await;
        }
        let message = send(&Clients::from_environment(super::variable).await?.queue(&queue), &body).await?;
        let id = job_id(&body);
        stdout::print(&format!("{}\n", id.as_ref().unwrap_or(&message)))?;
        if stderr().is_terminal() && !is_cancellation(&body) {
            let back = way_back(id.as_ref().unwrap_or(&message), &self.location);
            writeln!(stderr(), "sent; to see its log and how it ends: {back}").ok();
        }
        Ok(Exit::Done)
    }

    /// Sends the job and follows it to its end.
    async fn follow(&self, site: &Site, queue: &str, body: String) -> anyhow::Result<Exit> {
        site.projects()?;
        let body = body::followed(body, body::new_name)?;
        let name = body.id.to_string();
        let clients = Clients::from_environment(super::variable).await?;
        let mut follow = Follow::new(&clients, site, Output::open(self.json));
        let followed = until_interrupted(follow.send(queue, &body)).await;
        follow.close(matches!(followed, Ok(None)), &self.location).await;
        Ok(followed.context(NotFollowed(name))?.unwrap_or(Exit::Interrupted))
    }
}

/// Refuses a message that is no valid job. Without the operator's configuration, rules that depend on it are not checked.
fn check(body: &str, queue: &str, site: &Site) -> Result<(), Usage> {
    let config = site.config.as_ref().filter(|config| config.queues.iter().any(|known| known.url == queue));
    let problems = match config {
        // SQS gives the message its id later; any id serves for the check.
        Some(config) => message::read(body, "message", &config.profiles).err().map(|rejection| rejection.problems).unwrap_or_default(),
        None => message::check(body),
    };
    if problems.is_empty() { Ok(()) } else { Err(Usage(refusal(&problems))) }
}

fn refusal(problems: &[Problem]) -> String {
    let lines: Vec<String> = problems.iter().map(|problem| format!("  - {problem}")).collect();
    let lines = lines.join("\n");
    format!("the message is no valid job, and was not sent:\n{lines}\nslipway schema job says what a job looks like")
}

/// Sends a job into its message group.
async fn send(queue: &Queue, body: &str) -> Result<String, AwsError> {
    let place = place(body, queue.is_fifo(), body::new_name());
    queue.send_to(&place, body, &Attributes::new()).await
}

/// The id that the sender gave the job. `None`: the message's id is the job's.
fn job_id(body: &str) -> Option<String> {
    let body: serde_json::Value = serde_json::from_str(body).ok()?;
    body["id"].as_str().map(str::to_owned)
}

fn is_cancellation(body: &str) -> bool {
    serde_json::from_str::<serde_json::Value>(body).is_ok_and(|body| body.get("cancel").is_some())
}

impl Message {
    /// The message's body. A file is sent unchanged.
    fn body(&self) -> anyhow::Result<String> {
        let (read, name) = match self.file.as_deref() {
            Some(path) if path == Path::new("-") => (io::read_to_string(io::stdin()), "the job on stdin".to_owned()),
            Some(path) => (fs::read_to_string(path), format!("the job file {}", path.display())),
            None => return Ok(self.job.to_json().to_string()),
        };
        match read {
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                Err(Usage(format!("{name} must be text in UTF-8, and is not: save it so, and send it again")).into())
            }
            read => read.with_context(|| format!("cannot read {name}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::{cli::site::Site, config};

    const QUEUE: &str = "https://sqs.eu-west-1.amazonaws.com/123456789012/slipway-jobs";

    #[test]
    fn what_is_no_valid_job_is_refused_with_every_problem() {
        let refused = |body: &str| check(body, QUEUE, &Site::default()).map_err(|usage| usage.0).err().unwrap_or_default();
        let long = "x".repeat(4_097);
        let told = refused(&format!(
            r#"{{ "version": 1, "source": {{ "url": "git@github.com:acme/app.git" }}, "env": [{{ "name": "A", "value": "{long}" }}] }}"#
        ));
        for line in ["not sent:", "\n  - /source/url: must be", "\n  - /env/0/value: must be at most 4096", "slipway schema job"] {
            assert!(told.contains(line), "{told}");
        }
        for named in ["SECRETS_MANAGER", "PARAMETER_STORE"] {
            let env = format!(r#"[{{ "name": "A", "type": "{named}", "value": "a b" }}]"#);
            let told = refused(&format!(r#"{{ "version": 1, "source": {{ "url": "https://github.com/acme/app" }}, "env": {env} }}"#));
            assert!(told.contains("\n  - /env/0/value: must be a "), "{told}");
        }
        assert!(refused(r#"{ "version": 1, "source": "#).contains("\n  - is not JSON: "));
        assert_eq!(refused(r#"{ "version": 1, "cancel": "app-1" }"#), "");
        assert_eq!(refused(r#"{ "version": 1, "profile": "any", "source": { "url": "https://github.com/acme/app" } }"#), "");
    }

    #[test]
    fn the_operators_rules_hold_where_they_are_known_and_only_for_their_queue() -> Result<(), config::Faults> {
        let config = config::parse(include_str!("../../config/slipway.toml"), "slipway.toml", [])?;
        let site = Site { config: Some(config), ..Site::default() };
        let body = r#"{ "version": 1, "source": { "url": "https://github.com/elsewhere/app" } }"#;
        let told = check(body, QUEUE, &site).map_err(|usage| usage.0).err().unwrap_or_default();
        assert!(told.contains("- /source/url: is not among the sources that the profile allows"), "{told}");
        assert!(check(body, "https://sqs.eu-west-1.amazonaws.com/123456789012/another", &site).is_ok());
        Ok(())
    }
}
