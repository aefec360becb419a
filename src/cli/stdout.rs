//! Stdout for a command's answer, stderr for notes. A closed pipe ends a command quietly; another failure to write is an error.

use std::io::{self, ErrorKind, Write};

/// The process's stdout. Its errors name it.
#[derive(Debug)]
pub(super) struct Stdout(io::Stdout);

/// The error of a pipe without a reader, as after `| head`.
#[derive(Debug, thiserror::Error)]
#[error("the reader of the output has closed it")]
struct Unread;

#[derive(Debug, thiserror::Error)]
#[error("cannot write: {0}")]
struct Unwritable(io::Error);

/// The process's stdout.
pub(super) fn stdout() -> Stdout {
    Stdout(io::stdout())
}

/// Writes a whole answer.
pub(super) fn print(text: &str) -> io::Result<()> {
    let mut out = stdout();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Writes a note to stderr.
pub(super) fn note(text: &str) -> io::Result<()> {
    writeln!(io::stderr(), "{text}").map_err(named)
}

/// Whether an error comes from a pipe without a reader.
pub(super) fn is_unread(error: &(dyn std::error::Error + 'static)) -> bool {
    error.downcast_ref::<io::Error>().and_then(io::Error::get_ref).and_then(|inner| inner.downcast_ref::<Unread>()).is_some()
}

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes).map_err(named)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush().map_err(named)
    }
}

fn named(error: io::Error) -> io::Error {
    match error.kind() {
        // The caller tries again.
        ErrorKind::Interrupted => error,
        ErrorKind::BrokenPipe => io::Error::new(ErrorKind::BrokenPipe, Unread),
        kind => io::Error::new(kind, Unwritable(error)),
    }
}
