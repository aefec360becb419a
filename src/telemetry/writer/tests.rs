#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    io::{self, ErrorKind, Write},
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    time::Duration,
};

use super::{LogWriter, QUEUE};

const PATIENCE: Duration = Duration::from_secs(10);

/// An output that asks the test how each write ends: with so many bytes written, or with an error.
struct Scripted {
    asked: SyncSender<Vec<u8>>,
    answers: Receiver<io::Result<usize>>,
}

impl Write for Scripted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.asked.send(bytes.to_vec()).unwrap();
        self.answers.recv().unwrap()
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The writer, what it asks to write, and how that ends.
fn scripted() -> (LogWriter, Receiver<Vec<u8>>, SyncSender<io::Result<usize>>) {
    let ((asked, writes), (answer, answers)) = (sync_channel(0), sync_channel(0));
    (LogWriter::start(Scripted { asked, answers }).unwrap(), writes, answer)
}

fn unreported(writer: &LogWriter) -> u64 {
    writer.queue().unreported
}

#[test]
fn an_output_that_blocks_keeps_nobody_waiting_and_what_does_not_fit_is_counted() {
    let (log, writes, _answer) = scripted();
    log.push(b"the first\n");
    assert_eq!(writes.recv_timeout(PATIENCE).unwrap(), b"the first\n");
    let line = vec![b'x'; QUEUE / 4];
    for _ in 0..6 {
        log.push(&line);
    }
    let queued = log.queue().lines.len();
    assert_eq!((queued, unreported(&log)), (4, 2));
    // The flush is given up after its time.
    log.flush_within(Duration::from_millis(1));
}

#[test]
fn a_line_that_cannot_be_written_is_counted_and_the_next_one_begins_a_line() {
    let (log, writes, answer) = scripted();
    for line in ["one\n", "two\n"] {
        log.push(line.as_bytes());
    }
    let table: [(&[u8], io::Result<usize>); 6] = [
        (b"one\n", Err(ErrorKind::Interrupted.into())),
        (b"one\n", Ok(2)),
        (b"e\n", Err(ErrorKind::StorageFull.into())),
        (b"\n", Ok(1)),
        (b"two\n", Err(ErrorKind::WouldBlock.into())),
        (b"two\n", Ok(4)),
    ];
    for (write, end) in table {
        assert_eq!(writes.recv_timeout(PATIENCE).unwrap(), write);
        answer.send(end).unwrap();
    }
    log.flush_within(PATIENCE);
    assert_eq!(log.shared.dropped.load(super::Ordering::Relaxed), 1);
    assert_eq!(unreported(&log), 0);
}
