//! The status page: every job answers where it stands, why, and for how long still. Rendered here, whole, and without script; the script
//! fetches the same pages again and exchanges what changed.

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

/// What every view is made from: one moment of the daemon, and who looks.
#[derive(Debug, Clone, Copy)]
struct Scene<'a> {
    snapshot: &'a Snapshot,
    daemon: &'a Daemon,
    letters: Option<&'a Look>,
    now: Timestamp,
    /// Whether whoever looks may cancel, pause and redrive.
    may_steer: bool,
    /// Which form is the page's own.
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
