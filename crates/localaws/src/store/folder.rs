//! The folder of the data and its files. Only their owner can read them: messages and variables of builds may be secret.

use std::{
    fs::{self, DirBuilder, OpenOptions, Permissions},
    io,
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use nix::unistd::Uid;

use super::{Error, FILE};

/// All permissions of users other than the owner.
const OTHERS: u32 = 0o077;

/// The database's file, and whether it has no tables yet.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) file: PathBuf,
    pub(super) is_new: bool,
}

impl Place {
    /// Creates the folder, or makes one that others may read private, and finds the database in it. A new database is marked until
    /// [`Place::filled`]: if the process ends before that, the next start does not take it for one that was emptied.
    pub(super) fn prepare(folder: &Path) -> Result<Self, Error> {
        let trouble = |source| Error::Folder { folder: folder.to_owned(), source };
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(trouble)?;
        let files = close(folder)?;
        let file = folder.join(FILE);
        let has = |ending: &str| files.contains(&with_ending(&file, ending));
        if !files.contains(&file) && has(LOG) && !has(MARK) {
            return Err(Error::Lost { file, what: "missing, although its log is there".to_owned() });
        }
        let is_new = !files.contains(&file) || has(MARK);
        if is_new {
            private(&with_ending(&file, MARK)).and_then(|()| private(&file)).map_err(trouble)?;
        } else if fs::metadata(&file).map_err(trouble)?.len() == 0 {
            return Err(Error::Lost { file, what: "empty".to_owned() });
        }
        Ok(Self { file, is_new })
    }

    /// SQLite's write-ahead log.
    pub(super) fn log(&self) -> PathBuf {
        with_ending(&self.file, LOG)
    }

    /// Removes the mark: the database has its tables.
    pub(super) fn filled(&self) -> io::Result<()> {
        if self.is_new { fs::remove_file(with_ending(&self.file, MARK)) } else { Ok(()) }
    }
}

const LOG: &str = "-wal";
const MARK: &str = "-new";

fn with_ending(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Creates a file that only its owner can read. SQLite gives its own files the same permissions.
fn private(file: &Path) -> io::Result<()> {
    OpenOptions::new().create(true).append(true).mode(0o600).open(file).map(drop)
}

/// Makes the folder and our files in it private, and returns these files. A folder with other files is not changed.
fn close(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let trouble = |source| Error::Folder { folder: folder.to_owned(), source };
    let (mut ours, mut has_others) = (Vec::new(), false);
    for entry in fs::read_dir(folder).map_err(trouble)? {
        let entry = entry.map_err(trouble)?;
        if entry.file_name().to_str().is_some_and(|name| name.starts_with(FILE)) {
            ours.push(entry.path());
        } else {
            has_others = true;
        }
    }
    let metadata = fs::metadata(folder).map_err(trouble)?;
    if metadata.uid() != Uid::effective().as_raw() {
        return Err(Error::Foreign { folder: folder.to_owned(), owner: metadata.uid() });
    }
    let mode = metadata.permissions().mode() & 0o777;
    if mode & OTHERS != 0 {
        if has_others {
            return Err(Error::Shared { folder: folder.to_owned(), mode });
        }
        fs::set_permissions(folder, Permissions::from_mode(0o700)).map_err(trouble)?;
    }
    for file in &ours {
        let metadata = fs::metadata(file).map_err(trouble)?;
        if metadata.is_file() && metadata.permissions().mode() & OTHERS != 0 {
            fs::set_permissions(file, Permissions::from_mode(0o600)).map_err(trouble)?;
        }
    }
    Ok(ours)
}
