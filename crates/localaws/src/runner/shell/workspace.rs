//! The workspace of one build: a scratch directory, a process group, and the output.

use std::{
    ffi::OsString,
    fs, io,
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::{Path, PathBuf},
};

use tempfile::TempDir;

use super::{group::Group, output::Output};
use crate::runner::transcript::Transcript;

/// A checkout may have files that only the builder's user may read.
const PRIVATE: u32 = 0o700;

/// Everything that must be removed after the build. Dropping it first kills the processes, then removes the directory.
#[derive(Debug)]
pub(super) struct Workspace {
    pub(super) group: Group,
    pub(super) output: Output,
    directory: TempDir,
}

impl Workspace {
    /// Creates the scratch directory below `root`, and the process group.
    pub(super) async fn prepare(root: &Path, environment: &[(OsString, OsString)]) -> io::Result<Self> {
        let root = std::path::absolute(root)?;
        let directory = blocking(move || {
            fs::DirBuilder::new().recursive(true).mode(PRIVATE).create(&root)?;
            let mut builder = tempfile::Builder::new();
            builder.prefix("build-").permissions(fs::Permissions::from_mode(PRIVATE));
            let directory = builder.tempdir_in(root.canonicalize()?)?;
            for name in ["src", "home", "tmp", "readonly", "state"] {
                fs::create_dir(directory.path().join(name))?;
            }
            Ok(directory)
        })
        .await?;
        Ok(Self { group: Group::start(environment)?, output: Output::open()?, directory })
    }

    /// The scratch directory, which contains all others.
    pub(super) fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// The directory of the source.
    pub(super) fn source(&self) -> PathBuf {
        self.directory.path().join("src")
    }

    pub(super) fn home(&self) -> PathBuf {
        self.directory.path().join("home")
    }

    pub(super) fn temporary(&self) -> PathBuf {
        self.directory.path().join("tmp")
    }

    /// The directory of a buildspec that was given as text.
    pub(super) fn readonly(&self) -> PathBuf {
        self.directory.path().join("readonly")
    }

    /// The directory by which the runner and its scripts exchange files.
    pub(super) fn state(&self) -> PathBuf {
        self.directory.path().join("state")
    }

    /// Ends all processes of the build, logs their last output, and removes the directory.
    pub(super) async fn clear(self, transcript: &Transcript) {
        let Self { mut group, output, directory } = self;
        group.end(output, transcript).await;
        let path = directory.keep();
        let shown = path.display().to_string();
        if let Err(error) = blocking(move || remove(&path)).await {
            tracing::warn!(build.scratch = shown, %error, "a build's scratch directory could not be removed");
        }
    }
}

/// Removes a directory, even if a build made parts of it read-only.
fn remove(directory: &Path) -> io::Result<()> {
    fs::remove_dir_all(directory).or_else(|_| {
        unlock(directory)?;
        fs::remove_dir_all(directory)
    })
}

fn unlock(directory: &Path) -> io::Result<()> {
    fs::set_permissions(directory, fs::Permissions::from_mode(0o700))?;
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            unlock(&entry.path())?;
        }
    }
    Ok(())
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}
