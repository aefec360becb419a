//! Lets the user correct a dead letter in an editor before it is moved back.

use std::{
    fs,
    io::{self, IsTerminal, Write},
    process::{Command, Stdio},
};

use anyhow::{Context, bail};

use super::{access::Access, text};
use crate::{
    cli::variable,
    engine::dead_letter::Done,
    job::{message, plain::plain, problem::Problem},
};

/// The editor if neither VISUAL nor EDITOR is set.
const EDITOR: &str = "vi";

/// Opens the editor until the message is valid, and moves it back. `None`: the user gave up, or changed nothing.
pub(super) async fn edit(access: &Access, id: &str) -> anyhow::Result<Option<Done>> {
    let look = access.look().await?;
    let Some(letter) = look.letters.iter().find(|letter| letter.id == id) else { bail!("there is no dead letter {id}") };
    let mut body = text::pretty(&letter.body);
    let mut problems = letter.problems.iter().map(Problem::clone).collect::<Vec<_>>();
    loop {
        tell(&problems)?;
        let edited = tokio::task::block_in_place(|| in_editor(&body))?;
        if edited == body && edited == text::pretty(&letter.body) {
            crate::cli::note("the message is as it was: nothing is moved")?;
            return Ok(None);
        }
        body = edited;
        problems = match access.profiles() {
            Some(profiles) => message::read(&body, id, profiles).err().map(|rejection| rejection.problems).unwrap_or_default(),
            None => Vec::new(),
        };
        if problems.is_empty() {
            let done = access.redrive_edited(id, body.clone()).await?;
            let Some(refused) = done.refused.first() else { return Ok(Some(done)) };
            problems.clone_from(&refused.problems);
        }
        tell(&problems)?;
        if !again()? {
            crate::cli::note("given up: the message is where it was")?;
            return Ok(None);
        }
    }
}

fn tell(problems: &[Problem]) -> io::Result<()> {
    problems.iter().try_for_each(|problem| crate::cli::note(&plain(&problem.to_string())))
}

/// Asks whether to edit once more. Without a terminal: no.
fn again() -> io::Result<bool> {
    if !io::stdin().is_terminal() {
        return Ok(false);
    }
    write!(io::stderr(), "edit again? [Y/n] ")?;
    io::stderr().flush()?;
    let mut answer = String::new();
    let read = io::stdin().read_line(&mut answer)?;
    Ok(read > 0 && !answer.trim().to_ascii_lowercase().starts_with('n'))
}

/// The file's text after the editor has ended.
fn in_editor(body: &str) -> anyhow::Result<String> {
    let editor = variable("VISUAL").or_else(|| variable("EDITOR")).unwrap_or_else(|| EDITOR.to_owned());
    let folder = tempfile::Builder::new().prefix("slipway-").tempdir().context("cannot make a folder for the editor")?;
    let path = folder.path().join("message.json");
    fs::write(&path, format!("{body}\n")).context("cannot write the message for the editor")?;
    // As git does: the variable is a command line, and the file's name is passed as an argument of its own.
    let mut command = Command::new("sh");
    command.args(["-c", &format!("{editor} \"$@\""), &editor]).arg(&path).stdin(Stdio::inherit());
    // Stdout is for the command's answer, so the editor draws on stderr.
    let status = command.stdout(io::stderr()).status().with_context(|| format!("cannot start the editor {editor}"))?;
    if !status.success() {
        bail!("the editor {editor} ended with {status}: nothing is moved");
    }
    let edited = fs::read_to_string(&path).context("cannot read what the editor has left")?;
    Ok(edited.trim_end().to_owned())
}
