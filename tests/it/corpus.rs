//! How good excerpts are, measured: in `tests/logs/long` are logs of failed builds, and in its `answers.toml` the line that a person would
//! look for in each. `docs/excerpts.md` is the table of what was measured.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    fs,
    path::Path,
};

use serde::Deserialize;
use slipway::job::{
    excerpt::{Budget, Excerpter},
    plain::plain,
    redact::Redactor,
};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const TABLE: &str = "docs/excerpts.md";
const COMMAND: &str = "cargo test --test it corpus::write_the_table -- --ignored";

/// `[log].lines` and `[log].bytes` unless configured.
const BUDGET: Budget = Budget { lines: 40, bytes: 32 * 1024 };

#[derive(Debug, Deserialize)]
struct Answer {
    about: String,
    /// A line of the log, or a part of one, as plain text.
    line: String,
}

/// What was measured of one log.
#[derive(Debug)]
struct Row {
    name: String,
    about: String,
    lines: usize,
    /// How many lines stand below the answer, where it stands last.
    below: usize,
    tail: bool,
    before: bool,
    excerpt: bool,
}

fn measure() -> Vec<Row> {
    let folder = Path::new(ROOT).join("tests/logs/long");
    let answers: BTreeMap<String, Answer> = toml::from_str(&fs::read_to_string(folder.join("answers.toml")).unwrap()).unwrap();
    let logs = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.extension() == Some("log".as_ref()));
    let names: BTreeSet<_> = logs.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    assert!(names.iter().eq(answers.keys()), "every log has an answer, and every answer a log");
    answers.into_iter().map(|(name, answer)| row(&fs::read_to_string(folder.join(format!("{name}.log"))).unwrap(), name, answer)).collect()
}

fn row(log: &str, name: String, answer: Answer) -> Row {
    let lines: Vec<_> = log.lines().map(|line| plain(line).into_owned()).collect();
    let holds = |lines: &[String]| lines.iter().any(|line| line.contains(&answer.line));
    let last = |lines: &[String]| holds(&lines[lines.len().saturating_sub(BUDGET.lines)..]);
    let failed = lines.iter().position(|line| line.starts_with("[Container] ") && line.contains("Phase complete: BUILD State: "));
    let below = lines.iter().rev().position(|line| line.contains(&answer.line));
    let below = below.unwrap_or_else(|| panic!("{name}: the answer is not in the log"));
    Row {
        below,
        tail: last(&lines),
        before: last(&lines[..failed.map_or(lines.len(), |at| at + 1)]),
        excerpt: holds(&excerpt(log)),
        lines: lines.len(),
        name,
        about: answer.about,
    }
}

/// As it would be published.
fn excerpt(log: &str) -> Vec<String> {
    let mut redactor = Redactor::new(std::iter::empty());
    let mut excerpter = Excerpter::new(BUDGET, true);
    for line in log.lines() {
        excerpter.push(&redactor.line(line));
    }
    let excerpt = excerpter.finish().text;
    assert!(excerpt.lines().count() <= BUDGET.lines && serde_json::to_string(&excerpt).unwrap().len() <= BUDGET.bytes + 2);
    excerpt.lines().map(str::to_owned).collect()
}

fn table(rows: &[Row]) -> String {
    let mark = |holds: bool| if holds { "yes" } else { "**no**" };
    let mut text = format!(
        "# What excerpts show\n\n\
         An event carries an excerpt of the build's log, {} lines unless configured. Whether it answers the question is measured on\n\
         {} logs of failed builds in `tests/logs/long`: most are what the programs really printed, the rest is written after them. For each,\n\
         `answers.toml` has the line that a person would look for. The table says whether that line is among the log's last {} lines, among the\n\
         last {} before the failed phase ends, and in the excerpt. It is made by\n\n    {COMMAND}\n\n\
         and a test fails if it is not current, or if an excerpt lacks its line.\n\n\
         | log | what is the matter | lines | lines below the answer | last {} | last {} of the phase | excerpt |\n\
         | --- | --- | --: | --: | --- | --- | --- |\n",
        BUDGET.lines,
        rows.len(),
        BUDGET.lines,
        BUDGET.lines,
        BUDGET.lines,
        BUDGET.lines
    );
    for Row { name, about, lines, below, tail, before, excerpt } in rows {
        let (tail, before, excerpt) = (mark(*tail), mark(*before), mark(*excerpt));
        writeln!(text, "| `{name}` | {about} | {lines} | {below} | {tail} | {before} | {excerpt} |").unwrap();
    }
    let count = |holds: fn(&Row) -> bool| format!("{} of {}", rows.iter().filter(|row| holds(row)).count(), rows.len());
    let (tail, before, excerpt) = (count(|row| row.tail), count(|row| row.before), count(|row| row.excerpt));
    writeln!(text, "| **in all** | | | | **{tail}** | **{before}** | **{excerpt}** |").unwrap();
    text
}

#[test]
fn every_excerpt_has_the_line_that_a_person_would_look_for() {
    let rows = measure();
    assert!(rows.len() >= 40);
    let missing: Vec<_> = rows.iter().filter(|row| !row.excerpt).map(|row| &row.name).collect();
    assert!(missing.is_empty(), "{} of {}: {missing:?}", missing.len(), rows.len());
    assert!(fs::read_to_string(Path::new(ROOT).join(TABLE)).unwrap() == table(&rows), "run: {COMMAND}");
}

#[test]
#[ignore = "it writes the table"]
fn write_the_table() {
    fs::write(Path::new(ROOT).join(TABLE), table(&measure())).unwrap();
}
