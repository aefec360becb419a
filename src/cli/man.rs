//! `slipway man`: the man pages.

use std::{fs, path::PathBuf};

use anyhow::Context;
use clap::{Args, Command, CommandFactory};
use clap_mangen::{
    Man,
    roff::{Roff, roman},
};

use super::{Cli, Exit, stdout};

/// Print the man page, or write the pages of all commands into a folder
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  slipway man | man -l -
  slipway man /usr/local/share/man/man1 && man slipway-submit")]
pub(super) struct ManPages {
    /// The folder for slipway.1, slipway-run.1 and the others; left out, slipway.1 goes to stdout
    #[arg(value_name = "DIR")]
    folder: Option<PathBuf>,
}

impl ManPages {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let pages = pages();
        let Some(folder) = self.folder else {
            stdout::print(pages.first().map(|(_, page)| page.as_str()).unwrap_or_default())?;
            return Ok(Exit::Done);
        };
        fs::create_dir_all(&folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
        for (name, page) in pages {
            let file = folder.join(name);
            fs::write(&file, page).with_context(|| format!("cannot write {}", file.display()))?;
        }
        Ok(Exit::Done)
    }
}

/// Every page with its file's name, the program's own first.
fn pages() -> Vec<(String, String)> {
    let mut root = Cli::command().disable_help_subcommand(true);
    root.build();
    let mut pages = Vec::new();
    collect(&root, &mut pages);
    pages
}

fn collect(command: &Command, pages: &mut Vec<(String, String)>) {
    pages.push((Man::new(command.clone()).get_filename(), page(command)));
    command.get_subcommands().for_each(|command| collect(command, pages));
}

/// Renders a page as clap does, but keeps the line breaks of the text after the options.
fn page(command: &Command) -> String {
    let man = Man::new(command.clone());
    let mut parts = vec![
        Man::render_title,
        Man::render_name_section,
        Man::render_synopsis_section,
        Man::render_description_section,
        Man::render_options_section,
    ];
    if command.has_subcommands() {
        parts.push(Man::render_subcommands_section);
    }
    let mut page = Vec::new();
    // Writing to memory cannot fail.
    for part in parts {
        part(&man, &mut page).unwrap_or_default();
    }
    let mut notes = Roff::new();
    if let Some(text) = command.get_after_help() {
        notes.control("SH", ["NOTES"]);
        notes.control("nf", []);
        for line in text.to_string().lines() {
            notes.text([roman(line)]);
        }
        notes.control("fi", []);
    }
    notes.to_writer(&mut page).unwrap_or_default();
    String::from_utf8_lossy(&page).into_owned()
}

#[cfg(test)]
mod tests {
    use super::pages;

    #[test]
    fn every_command_has_its_page_with_its_examples_as_they_are_typed() {
        let pages = pages();
        let names: Vec<_> = pages.iter().map(|(name, _)| name.as_str()).collect();
        assert!(names.starts_with(&["slipway.1"]) && names.contains(&"slipway-submit.1"), "{names:?}");
        assert!(!names.contains(&"slipway-help.1"), "{names:?}");
        let submit = pages.iter().find(|(name, _)| name == "slipway-submit.1").map(|(_, page)| page.as_str()).unwrap_or_default();
        for part in
            [".SH NAME\nslipway\\-submit \\- ", ".SH OPTIONS", ".nf\n", "\n  slipway submit \\-\\-file job.json \\-\\-client client.toml\n"]
        {
            assert!(submit.contains(part), "{part}:\n{submit}");
        }
    }
}
