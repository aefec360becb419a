//! BuildKit's plain progress: `#12 [web 3/6] RUN make`, `#12 0.345 output`, `#12 ERROR: …`. Lines of steps that run at the same time are
//! mixed.

/// A line of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Of<'a> {
    pub(super) step: u32,
    pub(super) says: Says<'a>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Says<'a> {
    /// The name of the step: `[web 3/6] RUN make`. It is printed again when other steps printed in between.
    Name,
    /// A line that the step's program printed.
    Output(&'a str),
    /// The step failed.
    Failed,
    /// The step ended, and did not fail.
    Over,
    /// Other lines, such as digests.
    Nothing,
}

/// Reads a line of plain progress. `None`: it is another line.
pub(super) fn read(line: &str) -> Option<Of<'_>> {
    let (number, rest) = line.strip_prefix('#')?.split_once(' ')?;
    let step = number.parse().ok()?;
    let says = match rest.split(' ').next().unwrap_or_default() {
        name if name.starts_with('[') => Says::Name,
        "ERROR:" | "ERROR" => Says::Failed,
        "DONE" | "CACHED" | "CANCELED" => Says::Over,
        time if is_time(time) => Says::Output(rest.get(time.len() + 1..).unwrap_or_default()),
        _ => Says::Nothing,
    };
    Some(Of { step, says })
}

/// The step of a line of plain progress, and the byte at which its text begins.
pub(super) fn prefix(line: &str) -> (Option<u32>, usize) {
    match read(line) {
        Some(Of { step, says: Says::Output(text) }) => (Some(step), line.len() - text.len()),
        Some(Of { step, .. }) => (Some(step), 0),
        None => (None, 0),
    }
}

/// How many bytes docker puts before the output of a step: its number and the time, or only the time, in the last lines of a failed step
/// that docker repeats.
pub(super) fn before_output(line: &str) -> usize {
    match prefix(line) {
        (None, _) => line.len() - untimed(line).len(),
        (Some(_), from) => from,
    }
}

/// The line without the time that docker puts before it in the repeated last lines of a failed step.
pub(super) fn untimed(line: &str) -> &str {
    line.split_once(' ').filter(|(time, _)| is_time(time)).map_or(line, |(_, text)| text)
}

/// `12.345`
fn is_time(word: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    word.split_once('.').is_some_and(|(seconds, parts)| digits(seconds) && digits(parts))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kinds_of_lines_of_a_step_are_recognised() {
        for (line, expected) in [
            ("#12 [web 3/6] RUN make", Some((12, Says::Name))),
            ("#12 [internal] load build context", Some((12, Says::Name))),
            ("#12 sha256:0c4c", Some((12, Says::Nothing))),
            ("#12 ...", Some((12, Says::Nothing))),
            ("#12 0.345 ERROR: x", Some((12, Says::Output("ERROR: x")))),
            ("#12 0.345 ", Some((12, Says::Output("")))),
            ("#12 10.3", Some((12, Says::Output("")))),
            ("#12 ERROR: process \"/bin/sh -c make\" did not complete successfully: exit code: 2", Some((12, Says::Failed))),
            ("#12 DONE 0.5s", Some((12, Says::Over))),
            ("#12 CACHED", Some((12, Says::Over))),
            ("#12 CANCELED", Some((12, Says::Over))),
            ("# 12 x", None),
            ("#x y", None),
            ("0.345 x", None),
        ] {
            assert_eq!(read(line), expected.map(|(step, says)| Of { step, says }), "{line}");
        }
        assert_eq!((untimed("0.345 x y"), untimed("0.3"), untimed("v1.2 x")), ("x y", "0.3", "v1.2 x"));
    }
}
