//! `slipway dlq`: lists dead letters, moves them back or deletes them. The daemon does it if one answers, else this process with AWS.

mod access;
mod edit;
mod list;
mod text;

use clap::{Args, Subcommand};

use self::{access::Access, list::Selected};
use super::{
    Exit, Usage,
    client::Daemon,
    site::{Location, queue_url},
    stdout,
};
use crate::engine::dead_letter::{Done, Selection};

/// Look at dead letters, move them back or delete them
#[derive(Debug, Args)]
#[command(after_help = "\
A dead letter is a message that was rejected, as it is no valid job (rejected),
or one that was received as often as its queue allows and never came to its end
(received_too_often). The queue cannot be browsed: each look receives its
messages, at most 1,000, 16 MiB or 10 s of them, hides them for as long as it
takes, as a rule a second, and gives them back. That counts one receive for
each; it does no harm, unless the dead-letter queue has a redrive policy of its
own. A FIFO queue gives a message group's messages only ten at a time.

Each message is read again as the configuration is now. Redrive moves back
what would be accepted, with its attributes and its message group: it is sent to
the jobs queue first and deleted here then, so that nothing is lost; if the
process dies in between, it is there twice, and a job with an id of its own is
built once all the same. A job whose end was told within limits.deduplication
(an hour) gets that end again: give it a new id by --edit.

The daemon is asked where --daemon says. Where none answers, or with
--dead-letter-url, SQS is asked from here: sqs:ReceiveMessage, DeleteMessage,
ChangeMessageVisibility and GetQueueAttributes on the dead-letter queue,
SendMessage on the jobs queue.

Exit codes: 0 done; 1 some were refused or not found, or no daemon answers and
no deployment is named; 64 wrong usage; 78 the configuration is wrong.

Examples:
  slipway dlq ls
  slipway dlq show 5fea7756-0ea4-451a-a703-a558b933e274
  slipway dlq redrive 5fea7756-0ea4-451a-a703-a558b933e274 --edit
  slipway dlq redrive --kind received_too_often
  slipway dlq delete --problem \"is not JSON\"
  slipway dlq redrive --all --config /etc/slipway/slipway.toml")]
pub(super) struct Dlq {
    #[command(subcommand)]
    command: Command,

    #[command(flatten)]
    place: Place,
}

/// Whom to ask: the daemon, or AWS.
#[derive(Debug, Args)]
struct Place {
    /// As JSON
    #[arg(long, global = true)]
    json: bool,

    #[command(flatten)]
    daemon: Daemon,

    #[command(flatten)]
    location: Location,

    /// Ask SQS, not the daemon: the dead-letter queue, instead of the one that the configuration or the queue names
    #[arg(long, value_name = "URL", value_parser = queue_url, global = true)]
    dead_letter_url: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List them, the oldest first
    Ls(Selected),
    /// Show one: its problems and its message
    Show {
        /// SQS's id of the message
        #[arg(value_name = "ID")]
        id: String,
    },
    /// Move some back to the jobs queue
    Redrive {
        #[command(flatten)]
        which: Which,

        /// Edit the message first, in $VISUAL or $EDITOR
        #[arg(long, conflicts_with_all = ["force", "all"])]
        edit: bool,

        /// Also what would be rejected again
        #[arg(long)]
        force: bool,
    },
    /// Delete some for good
    Delete(Which),
}

/// Which dead letters. Without an argument: none.
#[derive(Debug, Args)]
struct Which {
    /// SQS's ids of the messages
    #[arg(value_name = "ID")]
    ids: Vec<String>,

    #[command(flatten)]
    selected: Selected,

    /// All that there are
    #[arg(long, conflicts_with = "ids")]
    all: bool,
}

impl Which {
    fn selection(self, force: bool) -> Result<Selection, Usage> {
        let selection = Selection { ids: self.ids, all: self.all, force, ..self.selected.into() };
        if selection == (Selection { force, ..Selection::default() }) {
            return Err(Usage("which dead letters? name their ids, or a --kind, a --problem or a --queue, or say --all".to_owned()));
        }
        Ok(selection)
    }
}

impl Dlq {
    pub(super) async fn run(self) -> anyhow::Result<Exit> {
        let json = self.place.json;
        let access = || Access::open(&self.place);
        match self.command {
            Command::Ls(selected) => {
                let look = access().await?.look().await?;
                list::list(&look, &selected.into(), json)
            }
            Command::Show { id } => {
                let look = access().await?.look().await?;
                list::show(&look, &id, json)
            }
            Command::Redrive { which, edit: true, .. } => {
                let [id] = which.ids.as_slice() else { return Err(Usage("--edit takes one id".to_owned()).into()) };
                let done = edit::edit(&access().await?, id).await?;
                done.map_or(Ok(Exit::Failed), |done| answer(&done, "moved back", json))
            }
            Command::Redrive { which, force, .. } => {
                let selection = which.selection(force)?;
                answer(&access().await?.redrive(&selection).await?, "moved back", json)
            }
            Command::Delete(which) => {
                let selection = which.selection(false)?;
                answer(&access().await?.delete(&selection).await?, "deleted", json)
            }
        }
    }
}

fn answer(done: &Done, did: &str, json: bool) -> anyhow::Result<Exit> {
    stdout::print(&if json { format!("{}\n", serde_json::to_string(done)?) } else { text::done(done, did) })?;
    Ok(if done.refused.is_empty() && done.missing.is_empty() { Exit::Done } else { Exit::Failed })
}
