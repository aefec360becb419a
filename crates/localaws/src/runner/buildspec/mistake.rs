//! Common mistakes in buildspecs for which the YAML parser's message says little or names another place. They are recognised in the lines
//! of the text.

use super::place::Place;

/// The keys of a buildspec, after which the colon is sometimes forgotten.
const KEYS: &[&str] = &[
    "version",
    "env",
    "shell",
    "variables",
    "parameter-store",
    "secrets-manager",
    "exported-variables",
    "phases",
    "install",
    "pre_build",
    "build",
    "post_build",
    "commands",
    "finally",
    "runtime-versions",
    "run-as",
    "on-failure",
    "artifacts",
    "files",
    "cache",
    "paths",
    "reports",
];

/// How many characters of a text a message shows.
const SHOWN: usize = 40;

/// Finds a merge conflict anywhere in the text. Its markers stand at the beginning of a line, where no value of a buildspec can.
pub(super) fn conflict(text: &str) -> Option<String> {
    let line = text.lines().position(|line| line.starts_with("<<<<<<< "))?;
    let rule = "a merge conflict is not resolved: keep one side, and remove the lines that begin with `<<<<<<<`, `=======` and `>>>>>>>`";
    Some(Place::new(line + 1, 1).append_to(rule))
}

/// Finds a mistake in or next to the line at which the parser stopped, counted from 1.
pub(super) fn near(text: &str, line: usize) -> Option<String> {
    let lines: Vec<&str> = text.lines().take(line + 1).collect();
    let at = line.clamp(1, lines.len().max(1)) - 1;
    // The parser may stop one line early or late.
    let around = [Some(at), at.checked_sub(1), at.checked_add(1)].into_iter().flatten().filter_map(|at| Some((at, *lines.get(at)?)));
    let above = (0..at).rev().filter_map(|at| Some((at, *lines.get(at)?))).find(|(_, line)| !line.trim().is_empty());
    let here = lines.get(at).map(|line| (at, *line));
    let tab = around.clone().find_map(|(at, line)| Some((at, tab(line)?)));
    if let Some((at, column)) = tab {
        return Some(Place::new(at + 1, column).append_to("a tab stands where YAML takes spaces only: indent with spaces"));
    }
    if let Some((at, line)) = block(&lines, at) {
        let rule =
            "the text that `|` or `>` begins stands further right than the line with it: indent this line and those after it further";
        return Some(Place::new(at + 1, indentation(line) + 1).append_to(rule));
    }
    here.into_iter().chain(above).find_map(|(at, line)| Some(Place::new(at + 1, indentation(line) + 1).append_to(key(line)?)))
}

/// What to write instead of a text where keys or entries are expected.
pub(super) fn instead(text: &str, of_list: bool) -> String {
    let line = text.lines().next().unwrap_or_default().trim();
    if of_list {
        return match line.strip_prefix('-') {
            Some(rest) => format!("write `- {}`, with a space after the dash", shown(rest)),
            None => "write each entry on a line of its own, after `- `".to_owned(),
        };
    }
    key(line).unwrap_or_else(|| "write `key: value`, each key on a line of its own".to_owned())
}

/// The beginning of a text, for a message.
pub(super) fn shown(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default().trim();
    let begin: String = line.chars().filter(|c| !c.is_control()).take(SHOWN).collect();
    if begin.len() < line.len() { format!("{begin}…") } else { begin }
}

/// Recognises a line whose key has no colon or no space after it, whose dash has no space after it, or that begins with a bracket and is no
/// list.
fn key(line: &str) -> Option<String> {
    let line = line.trim();
    let entry = line.strip_prefix('-').filter(|rest| rest.starts_with(|c: char| c.is_alphanumeric()));
    if let Some(rest) = entry {
        return Some(format!("a dash has no space after it: write `- {}`", shown(rest)));
    }
    let value = line.trim_start_matches("- ");
    if let Some(bracket) = value.chars().next().filter(|c| "[]{}".contains(*c))
        && !value.ends_with([']', '}', ','])
    {
        return Some(format!("a bracket begins a list or a mapping, and other text follows: quote text that begins with `{bracket}`"));
    }
    if value.starts_with(',') {
        return Some("text does not begin with `,`: quote it".to_owned());
    }
    let word = line.split(|c: char| !(c.is_alphanumeric() || c == '-' || c == '_')).next().filter(|word| !word.is_empty())?;
    let rest = &line[word.len()..];
    match rest.strip_prefix(':') {
        Some(value) if !value.is_empty() && !value.starts_with([' ', '\t']) => {
            Some(format!("a key has no space after its colon: write `{word}: {}`", shown(value)))
        }
        None if KEYS.contains(&word) && (rest.is_empty() || rest.starts_with(' ')) => {
            Some(format!("a key has no colon after it: write `{word}:`"))
        }
        _ => None,
    }
}

/// The column of a tab in a line's indentation, including the dashes of lists.
fn tab(line: &str) -> Option<usize> {
    let end = line.find(|c| !matches!(c, ' ' | '\t' | '-'))?;
    line[..end].find('\t').map(|at| at + 1)
}

/// The first line of a text after `|` or `>` that is not indented further than the line with that.
fn block<'a>(lines: &[&'a str], at: usize) -> Option<(usize, &'a str)> {
    let is_text = |line: &&str| !line.trim().is_empty();
    let head = (0..=at).rev().find(|&at| lines.get(at).is_some_and(|line| begins_block(line)))?;
    let first = (head + 1..lines.len()).find(|&at| lines.get(at).is_some_and(is_text))?;
    let line = lines.get(first)?;
    // A text that the parser has read to its end is not the mistake.
    let is_near = first + 1 >= at && first <= at + 1;
    let is_outside = indentation(line) <= indentation(lines.get(head)?) && !line.trim_start().starts_with('-') && key_like(line).is_none();
    (is_near && is_outside).then_some((first, *line))
}

/// Whether a line ends with `|` or `>`, with or without indicators.
fn begins_block(line: &str) -> bool {
    let word = line.rsplit(' ').next().unwrap_or_default();
    let rest = word.strip_prefix(['|', '>']).map(|rest| rest.trim_start_matches(['+', '-', '1', '2', '3', '4', '5', '6', '7', '8', '9']));
    rest == Some("") && line.trim_start().len() > word.len()
}

/// The key at the beginning of a line.
fn key_like(line: &str) -> Option<&str> {
    let (key, _) = line.trim().split_once(':')?;
    KEYS.contains(&key).then_some(key)
}

fn indentation(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}
