//! The output of a build's processes, on its way into the log.

use std::{
    borrow::Cow,
    io::{self, ErrorKind, PipeReader, PipeWriter, Read},
    os::{fd::OwnedFd, unix::fs::fchown},
    process::Stdio,
};

use tokio::net::unix::pipe::Receiver;

use crate::runner::transcript::Transcript;

/// The longest part of a line that is kept, in bytes. A longer line is logged in pieces, so its memory is bounded.
const LINE_LIMIT: usize = 64 * 1024;

/// The largest capacity of a pipe (Linux's default `pipe-max-size`), in bytes. One drain reads everything that was printed before it.
const PIPE_LIMIT: usize = 1024 * 1024;

/// How many bytes of a command's last output are kept at least, for decisions about it; twice that at most.
const PRINTED: usize = 64 * 1024;

/// One pipe for the standard output and error of all processes of a build, which keeps their order. It is open in all phases, because a
/// process in the background may continue to print.
#[derive(Debug)]
pub(super) struct Output {
    /// Signals that there is output to read.
    reader: Receiver,
    /// The same end of the pipe, read without waiting for a signal: the readiness that `reader` knows may be old, and all output before a
    /// command's end must be read at its end.
    direct: PipeReader,
    writer: Option<PipeWriter>,
    /// The line that is not complete yet.
    line: Vec<u8>,
    /// The last output since the command began, as it was logged.
    printed: String,
}

impl Output {
    pub(super) fn open() -> io::Result<Self> {
        let (reader, writer) = io::pipe()?;
        let direct = reader.try_clone()?;
        // Both ends become non-blocking, because they share one open pipe.
        let reader = Receiver::from_owned_fd(OwnedFd::from(reader))?;
        Ok(Self { reader, direct, writer: Some(writer), line: Vec::new(), printed: String::new() })
    }

    /// The end of the pipe for a process's output.
    pub(super) fn inlet(&self) -> io::Result<Stdio> {
        match &self.writer {
            Some(writer) => Ok(Stdio::from(writer.try_clone()?)),
            None => Err(io::Error::other("the build's output is closed")),
        }
    }

    /// Lets a user open the pipe by name, as in `echo x >/dev/stdout`.
    pub(super) fn lend(&self, uid: u32, gid: u32) -> io::Result<()> {
        self.writer.as_ref().map_or(Ok(()), |writer| fchown(writer, Some(uid), Some(gid)))
    }

    /// Closes our end for writing: [`Self::pump`] returns when all processes with the pipe have ended.
    pub(super) fn close(&mut self) {
        self.writer = None;
    }

    /// Logs all output until no process can print any more. May be dropped at any time.
    pub(super) async fn pump(&mut self, transcript: &Transcript) {
        let mut chunk = vec![0; 16 * 1024];
        loop {
            if self.reader.readable().await.is_err() {
                return;
            }
            match self.reader.try_read(&mut chunk) {
                Ok(0) => return,
                Ok(count) => self.take(&chunk[..count], transcript),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
                Err(_) => return,
            }
        }
    }

    /// Logs the output that is there now.
    pub(super) fn drain(&mut self, transcript: &Transcript) {
        let mut chunk = vec![0; 64 * 1024];
        let mut left = PIPE_LIMIT;
        while left > 0 {
            match self.direct.read(&mut chunk) {
                Ok(count) if count > 0 => {
                    self.take(&chunk[..count], transcript);
                    left = left.saturating_sub(count);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                _ => return,
            }
        }
    }

    /// Begins the output of a command.
    pub(super) fn begin(&mut self) {
        self.printed.clear();
    }

    /// The last output since the command began.
    pub(super) fn printed(&self) -> &str {
        &self.printed
    }

    /// Ends the incomplete line, if there is one. CodeBuild prints a newline between commands.
    pub(super) fn separate(&mut self, transcript: &Transcript) {
        self.line.push(b'\n');
        self.finish(transcript);
    }

    /// Logs the incomplete line, if there is one.
    pub(super) fn finish(&mut self, transcript: &Transcript) {
        if self.line.is_empty() {
            return;
        }
        let line = String::from_utf8_lossy(&self.line);
        transcript.print(&line);
        self.printed.push_str(&line);
        if self.printed.len() > 2 * PRINTED {
            let kept = self.printed.floor_char_boundary(self.printed.len() - PRINTED);
            self.printed.drain(..kept);
        }
        self.line.clear();
    }

    fn take(&mut self, bytes: &[u8], transcript: &Transcript) {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.line.extend_from_slice(part);
            // A secret must not be cut: one that begins in the piece ends within the excess.
            if self.line.len() > LINE_LIMIT + transcript.mask().longest()
                && let Cow::Owned(masked) = transcript.mask().bytes(&self.line)
            {
                self.line = masked;
            }
            while self.line.len() > LINE_LIMIT + transcript.mask().longest() {
                let rest = self.line.split_off(boundary(&self.line, LINE_LIMIT));
                self.finish(transcript);
                self.line = rest;
            }
            if self.line.ends_with(b"\n") {
                self.finish(transcript);
            }
        }
    }
}

/// The last place up to `limit` that is not within a UTF-8 character; `limit` itself if the text is not UTF-8. A character has at most 4
/// bytes.
fn boundary(bytes: &[u8], limit: usize) -> usize {
    let starts = |at: &usize| bytes.get(*at).is_none_or(|byte| byte & 0b1100_0000 != 0b1000_0000);
    (limit.saturating_sub(3)..=limit).rev().find(starts).unwrap_or(limit)
}

#[cfg(test)]
mod tests {
    use super::boundary;

    #[test]
    fn a_piece_ends_before_a_character() {
        let text = "aä€😀".as_bytes();
        let ends: Vec<_> = (1..=text.len()).map(|limit| boundary(text, limit)).collect();
        assert_eq!(ends, [1, 1, 3, 3, 3, 6, 6, 6, 6, 10]);
        assert_eq!(boundary(&[0x80; 9], 5), 5);
    }
}
