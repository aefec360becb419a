//! Reserves room on the disk for the changes of a call before it is carried out. On a full disk the call is refused and changes nothing.

use std::{
    fs::{File, OpenOptions},
    io,
    path::Path,
};

use nix::{
    errno::Errno,
    fcntl::{FallocateFlags, fallocate},
};

/// How many bytes are reserved beyond the need, if there is room, so that few calls have to reserve.
const AHEAD: u64 = 4 * 1024 * 1024;

/// Blocks after the end of SQLite's log, which gets every change first. The log keeps its length.
#[derive(Debug)]
pub(super) struct Reserve {
    log: File,
    /// The length of the log up to which blocks are reserved.
    until: u64,
}

impl Reserve {
    pub(super) fn open(log: &Path) -> io::Result<Self> {
        Ok(Self { log: OpenOptions::new().write(true).open(log)?, until: 0 })
    }

    /// Makes sure that the log can grow by this many bytes. On a file system without such reservations it does nothing.
    pub(super) fn hold(&mut self, bytes: u64) -> io::Result<()> {
        let needed = self.log.metadata()?.len() + bytes;
        if needed <= self.until {
            return Ok(());
        }
        match self.take(needed + AHEAD).or_else(|_| self.take(needed)) {
            Err(Errno::EOPNOTSUPP | Errno::ENOSYS | Errno::EINVAL) => Ok(()),
            taken => taken.map_err(io::Error::from),
        }
    }

    fn take(&mut self, until: u64) -> nix::Result<()> {
        fallocate(&self.log, FallocateFlags::FALLOC_FL_KEEP_SIZE, 0, until.cast_signed())?;
        self.until = until;
        Ok(())
    }
}
