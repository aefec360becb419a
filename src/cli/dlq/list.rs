//! `slipway dlq ls`: shows the dead letters.

use std::io;

use anyhow::bail;
use clap::Args;

use super::text;
use crate::{
    cli::{Exit, paint::Paint, stdout, table},
    engine::dead_letter::{Look, Selection},
    job::standing::DeadLetterKind,
};

/// Which dead letters: every option that is given must match.
#[derive(Debug, Clone, Args)]
pub(super) struct Selected {
    #[arg(long, value_name = "KIND", value_parser = kind, help = "Only these: rejected or received_too_often")]
    kind: Option<DeadLetterKind>,

    /// Only those with this in one of their problems
    #[arg(long, value_name = "TEXT")]
    problem: Option<String>,

    /// Only those of this dead-letter queue, or of this jobs queue
    #[arg(long, value_name = "NAME")]
    queue: Option<String>,
}

impl From<Selected> for Selection {
    fn from(selected: Selected) -> Self {
        Self { kind: selected.kind, problem: selected.problem, queue: selected.queue, ..Self::default() }
    }
}

fn kind(text: &str) -> Result<DeadLetterKind, &'static str> {
    match text {
        "rejected" => Ok(DeadLetterKind::Rejected),
        "received_too_often" | "received-too-often" => Ok(DeadLetterKind::ReceivedTooOften),
        _ => Err("must be rejected or received_too_often"),
    }
}

pub(super) fn list(look: &Look, selection: &Selection, json: bool) -> anyhow::Result<Exit> {
    let letters = look.letters.iter().filter(|letter| selection.covers(letter)).cloned().collect();
    let look = Look { letters, ..look.clone() };
    let answer = if json {
        format!("{}\n", serde_json::to_string_pretty(&look)?)
    } else {
        text::list(&look, table::width(&io::stdout()), Paint::on(&io::stdout()))
    };
    stdout::print(&answer)?;
    Ok(Exit::Done)
}

pub(super) fn show(look: &Look, id: &str, json: bool) -> anyhow::Result<Exit> {
    let Some(letter) = look.letters.iter().find(|letter| letter.id == id) else {
        let more = if look.complete { "" } else { " among those that one look finds" };
        bail!("there is no dead letter {id}{more}");
    };
    let answer = if json { format!("{}\n", serde_json::to_string_pretty(letter)?) } else { text::letter(letter, Paint::on(&io::stdout())) };
    stdout::print(&answer)?;
    Ok(Exit::Done)
}
