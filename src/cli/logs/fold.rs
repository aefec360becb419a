//! Shortens long commands in a log for people: CodeBuild prints each command before it runs it, and one may be a script of hundreds of
//! lines.

use std::sync::LazyLock;

use regex::Regex;

/// The most lines of a here-document that is shown.
const SHORT: usize = 20;
/// The most characters of a command in one line that is shown whole. Of a longer one the beginning and the end are shown.
const SHORT_LINE: usize = 1000;
const SHOWN: usize = 100;

static COMMAND: LazyLock<Regex> = LazyLock::new(|| pattern(r"^\[Container\] \S+ \S+ Running command "));
static BEGINS: LazyLock<Regex> = LazyLock::new(|| pattern(r#"^\[Container\] \S+ \S+ Running command .*<<-?\s*['"]?(\w+)['"]?\s*$"#));

#[expect(clippy::expect_used, reason = "the patterns are constants, and the tests compile them")]
fn pattern(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a pattern that compiles")
}

/// Leaves out long here-documents of commands.
#[derive(Debug, Default)]
pub(super) struct Fold {
    /// The line that ends the present here-document.
    ends: Option<String>,
    /// Its lines, while it is short.
    held: Vec<String>,
    left_out: usize,
}

impl Fold {
    /// Takes a line. The answer is the lines to show.
    pub(super) fn line(&mut self, text: &str) -> Vec<String> {
        let Some(ends) = &self.ends else {
            self.ends = BEGINS.captures(text).map(|found| found[1].to_owned());
            return vec![shortened(text)];
        };
        let is_over = text.trim_start_matches('\t') == ends;
        if is_over || text.starts_with("[Container] ") {
            let mut shown = self.rest();
            shown.push(text.to_owned());
            return shown;
        }
        self.held.push(text.to_owned());
        if self.held.len() > SHORT {
            self.left_out += self.held.drain(..).count();
        }
        Vec::new()
    }

    /// The lines that were held back, when the log ends or something else is printed.
    pub(super) fn rest(&mut self) -> Vec<String> {
        self.ends = None;
        let left_out = std::mem::take(&mut self.left_out);
        let held = std::mem::take(&mut self.held);
        if left_out == 0 {
            return held;
        }
        vec![format!("… {} lines of this command left out …", left_out + held.len())]
    }
}

/// A long command in one line, such as a script that is handed over compressed, without its middle. Output of commands stays as it is.
fn shortened(text: &str) -> String {
    let count = text.chars().count();
    if count <= SHORT_LINE || !COMMAND.is_match(text) {
        return text.to_owned();
    }
    let (begin, end): (String, String) = (text.chars().take(SHOWN).collect(), text.chars().skip(count - SHOWN).collect());
    format!("{begin}… {} characters of this command left out …{end}", count - 2 * SHOWN)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUNS: &str = "[Container] 2026/01/28 20:47:36.367057 Running command";

    fn shown(lines: &[String]) -> Vec<String> {
        let mut fold = Fold::default();
        let mut shown: Vec<_> = lines.iter().flat_map(|line| fold.line(line)).collect();
        shown.extend(fold.rest());
        shown
    }

    fn script(command: &str, lines: usize, end: &str) -> Vec<String> {
        let body = (0..lines).map(|n| format!("step {n} <<'INNER'"));
        let after = [end.to_owned(), "output".to_owned()];
        std::iter::once(format!("{RUNS} {command}")).chain(body).chain(after).collect()
    }

    #[test]
    fn a_long_script_in_a_command_is_one_line() {
        for (command, end) in [("cat >a <<'END'", "END"), ("sh <<-\"END\"", "\tEND"), ("x && cat <<END", &format!("{RUNS} make"))] {
            let told = shown(&script(command, 265, end));
            let expected = [&format!("{RUNS} {command}"), "… 265 lines of this command left out …", end, "output"];
            assert_eq!(told, expected);
        }
    }

    #[test]
    fn a_long_command_in_one_line_loses_its_middle() {
        let script = "x".repeat(6000);
        let told = shown(&[format!("{RUNS} printf %s {script} | gunzip >script.sh"), script.clone()]);
        let left_out = RUNS.len() + " printf %s ".len() + 6000 + " | gunzip >script.sh".len() - 2 * SHOWN;
        let begin = format!("{RUNS} printf %s {}", "x".repeat(SHOWN - RUNS.len() - " printf %s ".len()));
        let end = format!("{} | gunzip >script.sh", "x".repeat(SHOWN - " | gunzip >script.sh".len()));
        assert_eq!(told, [format!("{begin}… {left_out} characters of this command left out …{end}"), script]);
    }

    #[test]
    fn everything_else_stays() {
        for lines in [
            script("cat >a <<'END'", SHORT, "END"),
            script("make # no here-document", 300, "END"),
            script("cat >a <<'END'", SHORT - 2, "the log stops here"),
            vec!["a command's output <<'END'".to_owned(), "a".to_owned()],
        ] {
            assert_eq!(shown(&lines), lines);
        }
    }
}
