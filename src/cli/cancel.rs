//! `slipway cancel`: cancels jobs.

use std::fmt::Write;

use clap::Args;
use serde_json::json;

use super::{
    Exit,
    client::{Client, Daemon, Failure},
    record::Records,
    show, stdout,
};
use crate::{
    http::api::{Cancel as Body, CancelState, Cancelled},
    job::reference::{Reference, segment},
};

/// Cancel jobs
#[derive(Debug, Args)]
#[command(after_help = "\
The daemon is asked where --daemon says: a job that it holds ends at once. For
any other job a cancellation goes on the queue, for whichever daemon has the job
or will receive it. Where no daemon answers, it is put on the queue from here,
which takes sqs:SendMessage.

With --json one line a job: {\"id\":\"app-4711\",\"state\":\"cancelling\"}; the
state is asked where a cancellation was sent, and refused comes with \"why\".

Exit codes: 0 all are ending, or a cancellation was sent; 1 one of them could
not be cancelled, as it has ended, or no daemon answers and no deployment is
named; 64 wrong usage; 78 the configuration is wrong.

Examples:
  slipway cancel app-4711
  slipway cancel app-4711 app-4712 --reason \"wrong branch\"
  slipway jobs --tenant team-a --json | jq -r '.jobs[].id' |
    xargs slipway cancel")]
pub(super) struct Cancel {
    /// The jobs' ids, or ids or ARNs of their builds
    #[arg(value_name = "JOB", required = true, value_parser = show::job)]
    jobs: Vec<Reference>,

    /// Why, in words that come back in the jobs' events [default: cancelled with slipway cancel]
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,

    /// As JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    daemon: Daemon,

    #[command(flatten)]
    records: Records,
}

impl Cancel {
    pub(super) async fn run(self) -> anyhow::Result<Exit> {
        let client = Client::new(&self.daemon)?;
        let (mut exit, mut sender) = (Exit::Done, None);
        let reason = self.reason.clone().or_else(|| Some("cancelled with slipway cancel".to_owned()));
        for job in &self.jobs {
            let body = Body { reason: reason.clone() };
            let mut line = String::new();
            let answer = match client.post::<Cancelled>(&format!("/jobs/{}/cancel", segment(&job.to_string())), &body).await {
                Err(failure @ Failure::Unreachable { .. }) => {
                    if sender.is_none() {
                        sender = Some(self.records.sender(&failure).await?);
                    }
                    let Some(sender) = &sender else { continue };
                    let id = sender.target(job).await?;
                    sender.cancel(&id, reason.clone()).await?;
                    Ok(Cancelled { id: id.to_string(), state: CancelState::Asked })
                }
                answer => answer,
            };
            match answer {
                Ok(cancelled) if self.json => writeln!(line, "{}", serde_json::to_string(&cancelled)?)?,
                Ok(Cancelled { id, state: CancelState::Cancelling }) => writeln!(line, "{id} is ending")?,
                Ok(Cancelled { id, state: CancelState::Asked }) => {
                    writeln!(line, "{id} is held by no daemon that was asked: the cancellation is on the queue")?;
                }
                Err(Failure::Refused(problem)) if problem.status < 500 && problem.status != 401 && problem.status != 403 => {
                    exit = Exit::Failed;
                    if self.json {
                        writeln!(line, "{}", json!({ "id": job.to_string(), "state": "refused", "why": problem.detail }))?;
                    } else {
                        writeln!(line, "{job} is not cancelled: {}", problem.detail)?;
                    }
                }
                Err(failure) => return Err(failure.into()),
            }
            stdout::print(&line)?;
        }
        Ok(exit)
    }
}
