//! The scratch folder: holds everything that the demo writes, and is removed with it.

use std::{fs, io, path::PathBuf, time::Duration};

use anyhow::Context;
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use super::ledger::Ledger;
use crate::local::Local;

/// What the last builds may take to leave the machine: they have two seconds to end when asked.
const LAST_BUILDS: Duration = Duration::from_secs(10);
/// Between two looks at what is still there, and between two attempts to remove it.
const PAUSE: Duration = Duration::from_millis(50);
const ATTEMPTS: usize = 20;

/// The scratch folder.
#[derive(Debug)]
pub(super) struct Scratch {
    folder: TempDir,
}

impl Scratch {
    pub(super) fn new() -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("slipway-demo-").tempdir().context("cannot make a scratch folder")?;
        let scratch = Self { folder };
        fs::create_dir(scratch.home()).context("cannot make a folder in the scratch folder")?;
        Ok(scratch)
    }

    /// The home of whoever asks for a container engine; as empty as a build's.
    pub(super) fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// Where the sample repositories are.
    pub(super) fn repositories(&self) -> PathBuf {
        self.folder.path().join("repositories")
    }

    /// Where builds have their checkouts.
    pub(super) fn builds(&self) -> PathBuf {
        self.folder.path().join("builds")
    }

    /// Stops what runs and waits until every build has left the machine.
    pub(super) async fn end_builds(&self, local: &Local) {
        let (builds, deadline) = (local.clients.builds(), Instant::now() + LAST_BUILDS);
        while Instant::now() < deadline {
            let ids = builds.list(&local.provision.project, None).await.map(|page| page.ids).unwrap_or_default();
            let known = if ids.is_empty() { Vec::new() } else { builds.get(&ids).await.unwrap_or_default() };
            let running: Vec<_> = known.iter().filter(|build| !build.has_ended()).collect();
            let checkouts = fs::read_dir(self.builds()).map_or(0, Iterator::count);
            if running.is_empty() && checkouts == 0 {
                return;
            }
            for build in running {
                if let Err(error) = builds.stop(&build.id).await {
                    tracing::warn!(build.id = %build.id, %error, "could not stop a build");
                }
            }
            sleep(PAUSE).await;
        }
    }

    /// Keeps the folder, with every event in it, and gives its path.
    pub(super) fn keep(self, ledger: &Ledger) -> anyhow::Result<PathBuf> {
        fs::remove_dir_all(self.home()).context("cannot tidy up the scratch folder")?;
        let folder = self.folder.keep();
        let events = ledger.bodies.join("\n");
        fs::write(folder.join("events.jsonl"), events).context("cannot write the events")?;
        Ok(folder)
    }

    /// Removes the folder. A process that was killed just now may still be writing its last file.
    pub(super) async fn remove(self) -> anyhow::Result<()> {
        let folder = self.folder.keep();
        let mut removed = fs::remove_dir_all(&folder);
        for _ in 1..ATTEMPTS {
            match &removed {
                Err(error) if error.kind() != io::ErrorKind::NotFound => sleep(PAUSE).await,
                _ => return Ok(()),
            }
            removed = fs::remove_dir_all(&folder);
        }
        removed.with_context(|| format!("cannot remove {}", folder.display()))
    }
}
