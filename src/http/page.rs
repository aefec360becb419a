//! The status page: where each job stands, why, and for how long still. Pages are rendered here and work without script. The script fetches
//! the same pages again and replaces what changed.

mod asset;
mod bar;
mod form;
mod job;
mod jobs;
mod keys;
mod lane;
mod layout;
mod letter;
mod letters;
mod limits;
mod overview;
mod query;
mod route;
mod row;
mod scope;
mod sign;
mod site;
mod text;
mod time;
mod why;

use jiff::Timestamp;
pub(super) use route::router;
pub use site::{Daemon, Site};

use crate::{
    engine::dead_letter::Look,
    job::standing::{JobStanding, Snapshot},
};

/// The data of every view: the daemon at one moment, and the rights of the viewer.
#[derive(Debug, Clone, Copy)]
struct Scene<'a> {
    snapshot: &'a Snapshot,
    daemon: &'a Daemon,
    letters: Option<&'a Look>,
    now: Timestamp,
    /// Whether the viewer may cancel, pause and redrive.
    may_steer: bool,
    /// The token of the page's own forms.
    token: &'a str,
}

impl<'a> Scene<'a> {
    /// Every job that is held or remembered.
    fn jobs(self) -> impl Iterator<Item = &'a JobStanding> {
        self.snapshot.jobs.iter().map(|job| &**job)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests;
