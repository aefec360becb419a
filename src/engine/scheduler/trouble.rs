//! What CodeBuild says of starts that it does not take, as somebody should know of it.

use std::time::Duration;

use tokio::time::Instant;

use super::State;
use crate::{
    clock::Clock,
    job::{
        event::rfc3339,
        standing::{Notice, Severity},
    },
};

/// A start that is throttled is given again within half of it: for so long without a throttle, and there is none any more.
const QUIET: Duration = Duration::from_mins(1);
/// Of CodeBuild's words as much as is shown.
const WORDS: usize = 500;

/// Something that CodeBuild says again and again.
#[derive(Debug)]
pub(super) struct Trouble {
    since: Instant,
    last: Instant,
    words: String,
}

impl Trouble {
    /// It is said now, or once more.
    pub(super) fn again(known: &mut Option<Self>, words: &str, quiet: Duration) {
        let last = Instant::now();
        let since = known.as_ref().filter(|known| known.last.elapsed() < quiet).map_or(last, |known| known.since);
        *known = Some(Self { since, last, words: words.chars().take(WORDS).collect() });
    }

    fn notice(&self, severity: Severity, kind: &str, text: String, clock: Clock) -> Notice {
        Notice { severity, kind: kind.to_owned(), text, since: Some(rfc3339(clock.at(self.since))) }
    }
}

impl State {
    /// CodeBuild throttles starts.
    pub(super) fn note_throttle(&mut self, words: &str) {
        Trouble::again(&mut self.throttle, words, QUIET);
    }

    /// What lasts now.
    pub(super) fn troubles(&self, clock: Clock) -> Vec<Notice> {
        let throttle = self.throttle.iter().filter(|throttle| throttle.last.elapsed() < QUIET).map(|throttle| {
            let text = format!(
                "CodeBuild throttles starts (\u{201c}{}\u{201d}): {:.1} starts a second are sent now, and the others later; if it lasts, ask AWS for a \
                higher rate of StartBuild",
                throttle.words,
                self.starts.per_second()
            );
            throttle.notice(Severity::Warning, "starts_throttled", text, clock)
        });
        let refused = self.rooms.iter().filter_map(|(project, room)| {
            let trouble = room.trouble.as_ref()?;
            let text = format!(
                "CodeBuild starts no builds of {project} (\u{201c}{}\u{201d}): their jobs end errored; look at the project and the daemon's \
                permissions with slipway check --online",
                trouble.words
            );
            Some(trouble.notice(Severity::Error, "starts_refused", text, clock))
        });
        throttle.chain(refused).collect()
    }
}
