//! The program: reads the arguments, sets up the log, runs the command, and returns its exit code.

use std::{
    io::{self, Write},
    process::ExitCode,
    thread,
    time::Duration,
};

use anyhow::Context;
use slipway::{
    cli::{self, Cli, Exit},
    telemetry::{self, LogWriter},
};
use tokio::runtime;

/// How long the end of the process may take: once for what is left of the runtime (a look-up of a host's name cannot be cut short), once
/// for what the log still has to write.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// The daemon makes and drops many small values a job: a third of its CPU time is glibc's allocator, half of that with this one
/// (docs/performance.md).
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;
/// The most worker threads. The daemon's work fits on one core; more threads would only wake each other.
const MOST_THREADS: usize = 4;

fn main() -> ExitCode {
    let cli = match Cli::read() {
        Ok(cli) => cli,
        Err(asked_or_wrong) => return answer(&asked_or_wrong).into(),
    };
    let log = match telemetry::init(cli::variable, cli.log_level()) {
        Ok(log) => Flushed(log),
        Err(error) => {
            let error = error.into();
            say(format_args!("error: {error:#}"));
            return Exit::of(&error).into();
        }
    };
    let exit = run(cli).unwrap_or_else(|error| {
        let exit = Exit::of(&error);
        if exit != Exit::Done {
            // Through the log's queue: a daemon's stderr may be a pipe without a reader.
            log.0.push(format!("error: {error:#}\n").as_bytes());
        }
        exit
    });
    exit.into()
}

fn run(cli: Cli) -> anyhow::Result<Exit> {
    let threads = thread::available_parallelism().map_or(1, usize::from).min(MOST_THREADS);
    let runtime = runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build().context("cannot start the runtime")?;
    let exit = runtime.block_on(cli.run());
    runtime.shutdown_timeout(LAST_WORDS);
    exit
}

/// The exit code of clap's answer: help and version succeed, all else is wrong usage.
fn answer(error: &clap::Error) -> Exit {
    let asked = error.exit_code() == 0;
    match error.print() {
        Ok(()) => {}
        Err(unread) if unread.kind() == io::ErrorKind::BrokenPipe => {}
        Err(unwritten) => {
            say(format_args!("error: cannot write: {unwritten}"));
            return if asked { Exit::Failed } else { Exit::Usage };
        }
    }
    if asked { Exit::Done } else { Exit::Usage }
}

/// Writes to stderr before the log is set up. If stderr is closed, nobody reads it.
fn say(line: std::fmt::Arguments<'_>) {
    writeln!(io::stderr(), "{line}").ok();
}

/// Flushes the log when it is dropped, at the end and in a panic.
struct Flushed(LogWriter);

impl Drop for Flushed {
    fn drop(&mut self) {
        self.0.flush_within(LAST_WORDS);
    }
}
