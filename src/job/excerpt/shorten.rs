//! Excerpts made smaller, so that an event fits.

use super::{ANY, Budget, Excerpt, Excerpter, choice::LeftOut};

/// A smaller excerpt of an excerpt: what it left out stays counted.
pub fn shorten(excerpt: &str, failed: bool, bytes: usize) -> Excerpt {
    let mut excerpter = Excerpter::new(Budget { lines: ANY, bytes }, failed);
    for line in excerpt.lines() {
        match LeftOut::parse(line) {
            Some(LeftOut { lines, unread }) => {
                excerpter.skip(lines);
                if unread {
                    excerpter.gap();
                }
            }
            None => excerpter.push(line),
        }
    }
    excerpter.finish()
}
