//! What signals do.

use std::io;

use tokio::signal::unix::{SignalKind, signal};

use crate::{config::Reload, observe, shutdown::Shutdown};

/// What SIGHUP means.
#[derive(Debug, Clone)]
pub(in crate::cli) enum Hangup {
    /// The daemon reads its configuration again.
    Reloads(Reload),
    /// No daemon runs, and SIGHUP is ignored.
    #[cfg_attr(not(feature = "local"), expect(dead_code, reason = "only local mode can be without a daemon"))]
    Ignored,
    /// The terminal was closed, and the process drains.
    #[cfg_attr(not(feature = "local"), expect(dead_code, reason = "only local mode belongs to a terminal"))]
    Drains,
}

/// The first SIGTERM or SIGINT drains, the second leaves at once. Returns only if signals cannot be handled.
pub(in crate::cli) async fn signals(shutdown: &Shutdown) -> io::Error {
    let (mut term, mut int) = match (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) {
        (Ok(term), Ok(int)) => (term, int),
        (Err(error), _) | (_, Err(error)) => return error,
    };
    for step in [&shutdown.drain, &shutdown.leave] {
        tokio::select! {
            _ = term.recv() => {}
            _ = int.recv() => {}
        }
        step.cancel();
    }
    std::future::pending().await
}

/// Handles the signals that would kill the process by default, except SIGPIPE, which the runtime ignores. Returns only if they cannot be
/// handled.
pub(in crate::cli) async fn endure(shutdown: &Shutdown, hangup: &Hangup) -> io::Error {
    let taken = || Ok((signal(SignalKind::hangup())?, signal(SignalKind::user_defined1())?, signal(SignalKind::user_defined2())?));
    let (mut hup, mut first, mut second) = match taken() {
        Ok(taken) => taken,
        Err(error) => return error,
    };
    loop {
        tokio::select! {
            _ = hup.recv() => match hangup {
                // The log has the result.
                Hangup::Reloads(reload) => reload.reload().map(drop).unwrap_or_default(),
                Hangup::Ignored => observe::hangup_ignored(),
                Hangup::Drains => shutdown.drain.cancel(),
            },
            _ = first.recv() => observe::signal_ignored("SIGUSR1"),
            _ = second.recv() => observe::signal_ignored("SIGUSR2"),
        }
    }
}
