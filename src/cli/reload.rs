//! `slipway reload`: the daemon reads its configuration again.

use std::fmt::Write;

use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    Exit,
    client::{Client, Daemon},
    stdout,
};

/// Let the daemon read its configuration again
#[derive(Debug, Args)]
#[command(after_help = "\
The daemon reads the same file, or text, that it was started with. What the
configuration says holds for every job that is received from then on; a job that
was received before keeps its profile, also where the profile is gone. A
configuration that is wrong, or that changes what only a restart can change, is
refused as a whole, with the reasons: then what held before goes on.

Only a restart can change: queues (but for their weight), topic.arn,
topic.max_bytes, limits.deduplication, watch, log.settle, log.reads_per_second,
and http. Files of tokens are read again by themselves. SIGHUP does the same,
and the log says how it went.

Exit codes: 0 read again; 1 refused, or no daemon answers; 64 wrong usage.

Examples:
  slipway reload
  slipway check --config /etc/slipway/slipway.toml && slipway reload
  slipway reload --json | jq -r '.changed[]'")]
pub(super) struct Reload {
    #[command(flatten)]
    daemon: Daemon,

    /// As JSON, as POST /api/v1/reload gives it
    #[arg(long)]
    json: bool,
}

/// What the daemon answers.
#[derive(Debug, Serialize, Deserialize)]
struct Reloaded {
    /// The keys that have changed.
    changed: Vec<String>,
}

impl Reload {
    pub(super) async fn run(self) -> anyhow::Result<Exit> {
        let reloaded: Reloaded = Client::new(&self.daemon)?.post("/reload", &json!({})).await?;
        let mut text = String::new();
        if self.json {
            writeln!(text, "{}", serde_json::to_string(&reloaded)?)?;
        } else if reloaded.changed.is_empty() {
            text.push_str("read again; nothing has changed\n");
        } else {
            writeln!(text, "read again; changed: {}", reloaded.changed.join(", "))?;
        }
        stdout::print(&text)?;
        Ok(Exit::Done)
    }
}
