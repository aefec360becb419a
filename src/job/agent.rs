//! The lines of a build's log that CodeBuild's agent prints, as opposed to the output of commands.

/// The text of an agent's line, without its mark and time. `None`: a command printed the line.
pub(super) fn words(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("[Container] ")?;
    let mut words = rest.splitn(3, ' ');
    let (date, time) = (words.next()?, words.next()?);
    let is_time = date.contains('/') && time.contains(':');
    words.next().filter(|_| is_time)
}

/// Whether an agent's text says that a command begins.
pub(super) fn begins_command(words: &str) -> bool {
    words.starts_with("Running command ")
}

/// The phase that ended and its status, if the agent's text says so: `BUILD State: FAILED`.
pub(super) fn phase_end(words: &str) -> Option<&str> {
    words.strip_prefix("Phase complete: ")
}

/// Whether an agent's text says that a phase ended, with any status.
pub(super) fn ends_phase(words: &str) -> bool {
    phase_end(words).is_some()
}

/// Whether an agent's text begins to give the reason of a phase's status.
pub(super) fn explains_phase(words: &str) -> bool {
    words.starts_with("Phase context")
}

/// Whether an agent's text says that a phase ended with a status other than success.
pub(super) fn fails_phase(words: &str) -> bool {
    let state = Some(words).filter(|words| ends_phase(words)).and_then(|words| words.split_once(" State: "));
    state.is_some_and(|(_, state)| state.trim() != "SUCCEEDED")
}

/// How many bytes at the start of an agent's text are the agent's own. The rest is a build's: the command that it repeats, or the reason
/// why a phase failed.
pub(super) fn own(words: &str) -> usize {
    const REPEATS: [&str; 2] = ["Running command ", "Command did not exit successfully "];
    const MESSAGE: &str = " Message: ";
    if ends_phase(words) || words.starts_with("Entering phase ") {
        return words.len();
    }
    if explains_phase(words) {
        return words.find(MESSAGE).map_or(words.len(), |at| at + MESSAGE.len());
    }
    REPEATS.iter().find(|begin| words.starts_with(*begin)).map_or(0, |begin| begin.len())
}

/// Tells which command of a phase failed. The commands of `finally` run after that one, and do not explain the failure.
#[derive(Debug, Default)]
pub(super) struct Command {
    /// The agent's text that began the current or the failed command, cut to [`Self::BYTES`].
    begun_by: String,
    has_failed: bool,
    /// Whether another command runs after the failed one.
    is_aside: bool,
}

impl Command {
    /// How much of the text is kept: enough to tell commands apart.
    const BYTES: usize = 1_000;

    /// Takes an agent's text. Returns whether it begins a command that counts. After a failed command only that same command counts: it is
    /// a retry.
    pub(super) fn begins(&mut self, words: &str) -> bool {
        if ends_phase(words) {
            *self = Self::default();
        }
        if !begins_command(words) {
            self.has_failed |= !self.is_aside && words.starts_with("Command did not exit successfully ");
            return false;
        }
        let words = &words[..words.floor_char_boundary(Self::BYTES)];
        self.is_aside = self.has_failed && self.begun_by != words;
        if !self.is_aside {
            *self = Self { begun_by: words.to_owned(), ..Self::default() };
        }
        !self.is_aside
    }

    /// Whether the current output is that of another command than the failed one.
    pub(super) fn is_aside(&self) -> bool {
        self.is_aside
    }
}
