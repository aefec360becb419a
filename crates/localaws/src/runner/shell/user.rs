//! `run-as`: runs the commands of a phase as another user.

use std::{
    fs, io,
    os::unix::fs::{MetadataExt, PermissionsExt, chown},
    path::Path,
};

use nix::unistd::{self, Uid};

use super::workspace::Workspace;
use crate::runner::transcript::Mishap;

/// A user other than that of this process.
#[derive(Debug, Clone)]
pub(super) struct User {
    pub(super) uid: u32,
    pub(super) gid: u32,
}

impl User {
    /// Prepares the workspace for the user with this name. `None`: it is the user that runs builds anyway. That user, root on CodeBuild, is
    /// the one of this process here.
    pub(super) async fn enter(name: &str, workspace: &Workspace) -> Result<Option<Self>, Mishap> {
        if name == "root" {
            return Ok(None);
        }
        let (name, directory) = (name.to_owned(), workspace.directory().to_owned());
        let entered = tokio::task::spawn_blocking(move || enter(&name, &directory)).await;
        let user = entered.map_err(|error| Mishap::fault("run-as", &io::Error::other(error)))??;
        if let Some(user) = &user {
            workspace.output.lend(user.uid, user.gid).map_err(|error| Mishap::fault("run-as", &error))?;
        }
        Ok(user)
    }

    /// Whether the user may pass through a folder. Supplementary groups are ignored.
    fn may_pass(&self, folder: &fs::Metadata) -> bool {
        let bit = match folder {
            _ if folder.uid() == self.uid => 0o100,
            _ if folder.gid() == self.gid => 0o010,
            _ => 0o001,
        };
        folder.mode() & bit != 0
    }
}

fn enter(name: &str, directory: &Path) -> Result<Option<User>, Mishap> {
    let refused = |why: &str| Mishap::new("CLIENT_ERROR", format!("run-as {name}: {why}"));
    let found = unistd::User::from_name(name).map_err(|error| Mishap::fault(format_args!("run-as {name}"), &error.into()))?;
    let user = found.ok_or_else(|| refused("there is no such user on this machine"))?;
    if user.uid == Uid::effective() {
        return Ok(None);
    }
    if !Uid::effective().is_root() {
        return Err(refused("local mode runs commands as another user only when it runs as root"));
    }
    let user = User { uid: user.uid.as_raw(), gid: user.gid.as_raw() };
    open(&user, directory).map_err(|error| Mishap::fault(format_args!("run-as {name}"), &error))?;
    for folder in directory.ancestors() {
        let metadata = fs::metadata(folder).map_err(|error| Mishap::fault(format_args!("run-as {name}"), &error))?;
        if !user.may_pass(&metadata) {
            return Err(refused(&format!("the user may not pass through {}, where builds have their checkouts", folder.display())));
        }
    }
    Ok(Some(user))
}

/// Lets the user read and run the source, as on CodeBuild, and write all else.
fn open(user: &User, directory: &Path) -> io::Result<()> {
    for folder in directory.parent().into_iter().chain([directory]) {
        let mode = fs::metadata(folder)?.mode();
        fs::set_permissions(folder, fs::Permissions::from_mode(mode & 0o7777 | 0o011))?;
    }
    for own in ["state", "home", "tmp"] {
        chown(directory.join(own), Some(user.uid), Some(user.gid))?;
    }
    share(&directory.join("src"))
}

/// Gives everybody the owner's permissions to read and run.
fn share(path: &Path) -> io::Result<()> {
    let metadata = fs::symlink_metadata(path)?;
    if metadata.is_symlink() {
        return Ok(());
    }
    let mode = metadata.mode() & 0o7777;
    let shared = mode | (mode & 0o500) >> 3 | (mode & 0o500) >> 6;
    if shared != mode {
        fs::set_permissions(path, fs::Permissions::from_mode(shared))?;
    }
    if metadata.is_dir() {
        for entry in fs::read_dir(path)? {
            share(&entry?.path())?;
        }
    }
    Ok(())
}
