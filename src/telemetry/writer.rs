//! Writes the log from a thread of its own. Logging never waits for the output and never fails: a line that does not fit into the queue, or
//! cannot be written, is dropped and counted.

use std::{
    collections::VecDeque,
    io::{self, ErrorKind, Write},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use crate::observe;

/// The most memory of the queued lines, in bytes.
const QUEUE: usize = 4 * 1024 * 1024;
/// The pause between two tries of a non-blocking output that is full.
const RETRY: Duration = Duration::from_millis(10);

/// The queue in front of the output. Cheap to clone.
#[derive(Debug, Clone)]
pub struct LogWriter {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
    /// Lines dropped since the start.
    dropped: AtomicU64,
}

#[derive(Debug, Default)]
struct Queue {
    lines: VecDeque<Vec<u8>>,
    bytes: usize,
    /// Whether a line was taken from the queue and is not written yet.
    writing: bool,
    /// Dropped lines that are not logged yet.
    unreported: u64,
}

impl LogWriter {
    /// Starts the thread. It runs as long as the process: an output may block it for ever.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub fn start(output: impl Write + Send + 'static) -> io::Result<Self> {
        let writer = Self { shared: Arc::default() };
        let thread = writer.clone();
        // Not one of the runtime's blocking threads: the end of the runtime waits for those.
        thread::Builder::new().name("log".to_owned()).spawn(move || thread.serve(output))?;
        Ok(writer)
    }

    /// Queues a line, its newline included.
    pub fn push(&self, line: &[u8]) {
        let line = line.to_vec();
        let mut queue = self.queue();
        if queue.bytes + line.len() > QUEUE {
            queue.unreported += 1;
            drop(queue);
            self.count();
            return;
        }
        queue.bytes += line.len();
        queue.lines.push_back(line);
        drop(queue);
        self.shared.changed.notify_all();
    }

    /// Waits at most `patience` until everything is written.
    pub fn flush_within(&self, patience: Duration) {
        let unwritten = |queue: &mut Queue| queue.writing || !queue.lines.is_empty();
        drop(self.shared.changed.wait_timeout_while(self.queue(), patience, unwritten));
    }

    fn serve(self, mut output: impl Write) {
        // Whether the output ends within a line.
        let mut torn = false;
        loop {
            let line = self.next();
            let separator: &[u8] = if torn { b"\n" } else { b"" };
            let written = write(&mut output, separator).and_then(|()| {
                torn = true;
                write(&mut output, &line)
            });
            if written.is_ok() {
                torn = false;
                self.report();
            } else {
                // If nothing of the line was written, the separator is an empty line, which collectors skip.
                self.queue().unreported += 1;
                self.count();
            }
            self.queue().writing = false;
            self.shared.changed.notify_all();
        }
    }

    fn next(&self) -> Vec<u8> {
        let mut queue = self.queue();
        loop {
            if let Some(line) = queue.lines.pop_front() {
                queue.bytes -= line.len();
                queue.writing = true;
                return line;
            }
            queue = self.shared.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Logs how many lines were dropped, once writing works again and the queue has room for it.
    fn report(&self) {
        let mut queue = self.queue();
        if queue.unreported == 0 || queue.bytes > QUEUE / 2 {
            return;
        }
        let lines = std::mem::take(&mut queue.unreported);
        drop(queue);
        observe::log_lines_lost(lines);
    }

    fn count(&self) {
        observe::log_line_dropped(self.shared.dropped.fetch_add(1, Ordering::Relaxed) + 1);
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.shared.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Write for LogWriter {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.push(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes all bytes. Stderr may be non-blocking because of another process; then this waits for a full pipe.
fn write(output: &mut impl Write, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match output.write(bytes) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(written) => bytes = &bytes[written..],
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            #[expect(clippy::disallowed_methods, reason = "the log's own thread, which no runtime waits for")]
            Err(error) if error.kind() == ErrorKind::WouldBlock => thread::sleep(RETRY),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
