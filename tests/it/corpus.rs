//! Measures the quality of excerpts and redaction. `tests/logs/long` has logs of failed builds, `tests/logs/tools` has the output of tools
//! that fail, each with the line that a person would look for. `tests/secrets` has lines with and without secrets. `docs/excerpts.md` has
//! the tables of the results.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod noise;
mod secrets;

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
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

use noise::Noise;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const TABLE: &str = "docs/excerpts.md";
const COMMAND: &str = "cargo test --test it corpus::write_the_tables -- --ignored";
/// The lines that a person sees without scrolling.
const GLANCE: usize = 8;

/// The defaults of `[log].lines` and `[log].bytes`.
const BUDGET: Budget = Budget { lines: 40, bytes: 32 * 1024 };

#[derive(Debug, Deserialize)]
struct Answer {
    about: String,
    /// A line of the log, or a part of one, as plain text: the expected answer.
    line: String,
}

/// The results for one log.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "one answer for each way of reading")]
struct Row {
    name: String,
    about: String,
    lines: usize,
    /// How many lines are below the answer's last occurrence.
    below: usize,
    tail: bool,
    before: bool,
    excerpt: bool,
    glance: bool,
    /// How many lines the excerpt has, and how many of them are noise.
    length: usize,
    noise: usize,
}

fn measure() -> Vec<Row> {
    let folder = Path::new(ROOT).join("tests/logs/long");
    let answers: BTreeMap<String, Answer> = toml::from_str(&fs::read_to_string(folder.join("answers.toml")).unwrap()).unwrap();
    let logs = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.extension() == Some("log".as_ref()));
    let names: BTreeSet<_> = logs.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    assert!(names.iter().eq(answers.keys()), "every log must have an answer, and every answer a log");
    let read = |name: &str| fs::read_to_string(folder.join(format!("{name}.log"))).unwrap();
    answers.into_iter().map(|(name, answer)| row(&read(&name), name, answer, &HashSet::new())).collect()
}

/// A tool and its output in a failure.
#[derive(Debug, Deserialize)]
struct Tool {
    command: String,
    /// The line that a person would look for, or a part of it.
    line: String,
    /// Its output. `~` stands where other programs print too.
    output: String,
}

/// Tools in our own words, output that people posted, output that somebody wrote without knowing the rules, and the latest additions: see
/// the files.
const TOOLS: &str = "tools.toml";
const POSTED: &str = "posted.toml";
const STRANGERS: &str = "strangers.toml";
const FURTHER: &str = "further.toml";

/// The failure of every tool in a log with noise of many kinds. `named`: a fifth of the lines have names such as `thiserror` or
/// `error-handler`.
fn measure_tools(file: &str, named: bool) -> Vec<Row> {
    let tools: BTreeMap<String, Tool> =
        toml::from_str(&fs::read_to_string(Path::new(ROOT).join("tests/logs/tools").join(file)).unwrap()).unwrap();
    let with_noise = |(seed, (name, tool)): (usize, (String, Tool))| {
        let mut noise = Noise::new(seed as u64 + 17, named);
        let mut lines = HashSet::new();
        let at = |words: &str| format!("[Container] 2026/11/25 10:01:00.000001 {words}\n");
        let mut log = at(&format!("Running command {}", tool.command));
        let mut add = |noise: &mut Noise, count: usize, log: &mut String| {
            for line in noise.lines(count) {
                log.push_str(&line);
                log.push('\n');
                lines.insert(line);
            }
        };
        let before = 60 + noise.below(200);
        add(&mut noise, before, &mut log);
        for line in tool.output.split_inclusive('\n') {
            if line == "~\n" {
                let between = 10 + noise.below(60);
                add(&mut noise, between, &mut log);
            } else {
                log.push_str(line);
            }
        }
        let after = noise.below(40);
        add(&mut noise, after, &mut log);
        log.push('\n');
        log.push_str(&at(&format!("Command did not exit successfully {} exit status 1", tool.command)));
        log.push_str(&at("Phase complete: BUILD State: FAILED"));
        let message = format!("Error while executing command: {}. Reason: exit status 1", tool.command);
        log.push_str(&at(&format!("Phase context status code: COMMAND_EXECUTION_ERROR Message: {message}")));
        for words in ["Entering phase POST_BUILD", "Phase complete: POST_BUILD State: SUCCEEDED", "Phase context status code:  Message: "] {
            log.push_str(&at(words));
        }
        // The output of cleaning up at the end of a buildspec.
        log.push_str(&"removed a file\n".repeat(40));
        row(&log, name, Answer { about: String::new(), line: tool.line }, &lines)
    };
    tools.into_iter().enumerate().map(with_noise).collect()
}

fn row(log: &str, name: String, answer: Answer, noise: &HashSet<String>) -> Row {
    let lines: Vec<_> = log.lines().map(|line| plain(line).into_owned()).collect();
    let holds = |lines: &[String]| lines.iter().any(|line| line.contains(&answer.line));
    let last = |lines: &[String]| holds(&lines[lines.len().saturating_sub(BUDGET.lines)..]);
    let failed = lines.iter().position(|line| line.starts_with("[Container] ") && line.contains("Phase complete: BUILD State: "));
    let below = lines.iter().rev().position(|line| line.contains(&answer.line));
    let below = below.unwrap_or_else(|| panic!("{name}: the answer is not in the log"));
    let excerpt = excerpt(log);
    Row {
        below,
        tail: last(&lines),
        before: last(&lines[..failed.map_or(lines.len(), |at| at + 1)]),
        excerpt: holds(&excerpt),
        glance: holds(&excerpt[..excerpt.len().min(GLANCE)]),
        length: excerpt.len(),
        noise: excerpt.iter().filter(|line| noise.contains(*line)).count(),
        lines: lines.len(),
        name,
        about: answer.about,
    }
}

/// The excerpt as it would be published.
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

/// The share of the rows for which `holds` is true.
fn share(rows: &[Row], holds: fn(&Row) -> bool) -> f64 {
    let count = |rows: usize| f64::from(u32::try_from(rows).unwrap());
    count(rows.iter().filter(|row| holds(row)).count()) / count(rows.len())
}

/// The share of the excerpts' lines that is noise.
fn noisy(rows: &[Row]) -> f64 {
    let sum = |of: fn(&Row) -> usize| f64::from(u32::try_from(rows.iter().map(of).sum::<usize>()).unwrap());
    sum(|row| row.noise) / sum(|row| row.length)
}

fn page() -> String {
    let sets = [TOOLS, POSTED, STRANGERS, FURTHER].map(|file| [(file, false), (file, true)]).concat();
    let (long, tools): (_, Vec<_>) = (measure(), sets.iter().map(|&(file, named)| measure_tools(file, named)).collect());
    let mark = |holds: bool| if holds { "yes" } else { "**no**" };
    let lines = BUDGET.lines;
    let mut text = format!(
        "# What excerpts show, and what is redacted\n\n\
         Both are measured, and the tables are made by\n\n    {COMMAND}\n\n\
         Tests fail if they are not current, or if what they say falls below the targets named here.\n\n\
         ## Excerpts\n\n\
         An event of a failure carries an excerpt of the build's log: the failed command, the decisive line with what belongs to it, and how it\n\
         ended; {lines} lines at most unless configured, and as few as that takes. Signs are ranked: what a tool says of the very failure (a place\n\
         in a file, a failed test, a resource) before what begins as errors begin, and that before words of trouble; what many lines have in\n\
         common counts less, what is said again in a summary or stands near the end counts more. Lines of progress are innocent whatever names\n\
         they bear. Where nothing looks like an error, lines are shown whose like the program never printed before.\n\n\
         The line that a person would look for was written down before. Tools that fail ({} of them in `tests/logs/tools/tools.toml`, which the\n\
         rules were made with, {} in `posted.toml`, after logs that people posted in public, {} in `strangers.toml`, as one wrote them who did not\n\
         know the rules, and {} in `further.toml`, written last), each among 70 to 400 lines of noise; targets: in the excerpt 97 %, among its\n\
         first {GLANCE} lines 90 %, less than 35 % of its lines noise.\n\n\
         Before any rule had seen them, fewer lines were found. Of `posted.toml` 30 were in the excerpt and 27 among its first lines; of\n\
         `strangers.toml`, as whole logs of which 57 were run, 53 and 47; of `further.toml` 55 and 52; of 40 logs of others after\n\
         that, which are not kept here, 37 and 34. So much is to be expected of tools that nobody has looked at:\n\n\
         | tools, and noise | last {lines} of the log | last {lines} of the phase | in the excerpt | first {GLANCE} lines | lines, mean | of them noise |\n\
         | --- | --: | --: | --: | --: | --: | --: |\n",
        tools[0].len(),
        tools[2].len(),
        tools[4].len(),
        tools[6].len(),
    );
    let noise = |named: bool| if named { "a fifth bears names such as `error-handler`" } else { "ordinary" };
    for ((file, named), rows) in sets.iter().zip(&tools) {
        let name = format!("`{file}`, {}", noise(*named));
        let of = |holds: fn(&Row) -> bool| format!("{} of {}", rows.iter().filter(|row| holds(row)).count(), rows.len());
        let (tail, before, excerpt, glance) = (of(|row| row.tail), of(|row| row.before), of(|row| row.excerpt), of(|row| row.glance));
        let length = rows.iter().map(|row| row.length).sum::<usize>() / rows.len();
        writeln!(text, "| {name} | {tail} | {before} | {excerpt} | {glance} | {length} | {:.0} % |", noisy(rows) * 100.0).unwrap();
    }
    write!(
        text,
        "\nWhole logs of failed builds ({}, `tests/logs/long`; most are what the programs really printed, the rest is written after them):\n\n\
         | log | what is the matter | lines | lines below the answer | last {lines} | last {lines} of the phase | excerpt | first {GLANCE} |\n\
         | --- | --- | --: | --: | --- | --- | --- | --- |\n",
        long.len()
    )
    .unwrap();
    for Row { name, about, lines, below, tail, before, excerpt, glance, .. } in &long {
        let (tail, before, excerpt, glance) = (mark(*tail), mark(*before), mark(*excerpt), mark(*glance));
        writeln!(text, "| `{name}` | {about} | {lines} | {below} | {tail} | {before} | {excerpt} | {glance} |").unwrap();
    }
    let count = |holds: fn(&Row) -> bool| format!("{} of {}", long.iter().filter(|row| holds(row)).count(), long.len());
    let (tail, before, excerpt, glance) =
        (count(|row| row.tail), count(|row| row.before), count(|row| row.excerpt), count(|row| row.glance));
    writeln!(text, "| **in all** | | | | **{tail}** | **{before}** | **{excerpt}** | **{glance}** |").unwrap();
    text + &secrets::section()
}

#[test]
fn excerpts_begin_with_the_line_that_a_person_would_look_for() {
    let sets = [
        ("long", measure(), 1.0, 0.85),
        ("ordinary", measure_tools(TOOLS, false), 0.97, 0.9),
        ("named", measure_tools(TOOLS, true), 0.97, 0.9),
        ("posted", measure_tools(POSTED, false), 0.9, 0.8),
        ("posted, named", measure_tools(POSTED, true), 0.9, 0.8),
        ("strangers", measure_tools(STRANGERS, false), 0.97, 0.9),
        ("strangers, named", measure_tools(STRANGERS, true), 0.97, 0.9),
        ("further", measure_tools(FURTHER, false), 0.97, 0.9),
        ("further, named", measure_tools(FURTHER, true), 0.97, 0.9),
    ];
    for (name, rows, in_excerpt, at_a_glance) in sets {
        let missing: Vec<_> = rows.iter().filter(|row| !row.excerpt).map(|row| &row.name).collect();
        assert!(rows.len() >= 30 && share(&rows, |row| row.excerpt) >= in_excerpt, "{name}: {missing:?}");
        let late: Vec<_> = rows.iter().filter(|row| !row.glance).map(|row| &row.name).collect();
        assert!(share(&rows, |row| row.glance) >= at_a_glance, "{name}: {late:?}");
        assert!(noisy(&rows) < 0.35, "{name}: {}", noisy(&rows));
    }
}

#[test]
fn the_tables_are_current() {
    assert!(fs::read_to_string(Path::new(ROOT).join(TABLE)).unwrap() == page(), "run: {COMMAND}");
}

#[test]
#[ignore = "it writes the tables"]
fn write_the_tables() {
    fs::write(Path::new(ROOT).join(TABLE), page()).unwrap();
}
