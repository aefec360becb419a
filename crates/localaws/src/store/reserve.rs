//! Room on the disk for what a call will change, taken before the call is carried out: on a full disk it is refused and changes nothing.

use std::{
    fs::{File, OpenOptions},
    io,
    path::Path,
};

use nix::{
    errno::Errno,
    fcntl::{FallocateFlags, fallocate},
};

/// Taken beyond what is needed, where there is room, so that not every call has to ask.
const AHEAD: u64 = 4 * 1024 * 1024;

/// Blocks behind the end of SQLite's log, to which every change is written first. The log keeps its length.
#[derive(Debug)]
pub(super) struct Reserve {
    log: File,
    /// Up to which length of the log there are blocks.
    until: u64,
}

impl Reserve {
    pub(super) fn open(log: &Path) -> io::Result<Self> {
        Ok(Self { log: OpenOptions::new().write(true).open(log)?, until: 0 })
    }

    /// Makes sure that the log can grow by so many bytes. On a file system that cannot promise that, nothing is promised.
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
