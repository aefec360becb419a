//! What CodeBuild itself says in a build's log, between the lines that commands print.

/// CodeBuild's words in a line, without its mark and the time; `None` for what a command printed.
pub(super) fn words(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("[Container] ")?;
    let mut words = rest.splitn(3, ' ');
    let (date, time) = (words.next()?, words.next()?);
    let is_time = date.contains('/') && time.contains(':');
    words.next().filter(|_| is_time)
}

/// Whether CodeBuild's words begin a command.
pub(super) fn begins_command(words: &str) -> bool {
    words.starts_with("Running command ")
}

/// Which phase ended, and how, if CodeBuild's words say so: `BUILD State: FAILED`.
pub(super) fn phase_end(words: &str) -> Option<&str> {
    words.strip_prefix("Phase complete: ")
}

/// Whether CodeBuild's words say that a phase ended, well or not.
pub(super) fn ends_phase(words: &str) -> bool {
    phase_end(words).is_some()
}

/// Whether CodeBuild's words begin to say why a phase ended as it did.
pub(super) fn explains_phase(words: &str) -> bool {
    words.starts_with("Phase context")
}

/// Whether CodeBuild's words say that a phase ended other than well.
pub(super) fn fails_phase(words: &str) -> bool {
    let state = Some(words).filter(|words| ends_phase(words)).and_then(|words| words.split_once(" State: "));
    state.is_some_and(|(_, state)| state.trim() != "SUCCEEDED")
}

/// How many bytes of CodeBuild's words are its own and no part of a build: all but the command that it repeats, and why a phase failed.
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

/// Which command of a phase is the one that failed: those of `finally` run after it, and are not why.
#[derive(Debug, Default)]
pub(super) struct Command {
    /// The words that began it, cut.
    begun_by: String,
    has_failed: bool,
    /// Another runs now.
    is_aside: bool,
}

impl Command {
    /// As many bytes tell commands apart.
    const BYTES: usize = 1_000;

    /// Takes CodeBuild's words. Whether they begin a command that counts: after one that failed only the same counts, which is tried again.
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

    /// Whether what is printed now is another command's.
    pub(super) fn is_aside(&self) -> bool {
        self.is_aside
    }
}
