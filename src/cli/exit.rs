//! How a command ended, for whoever started it.

use std::process::ExitCode;

use super::{client::Failure, stdout};
use crate::{config, telemetry};

/// The exit codes; from 64 on they are those of sysexits.h.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done; for the daemon: drained; of a followed job: it succeeded.
    Done = 0,
    /// Failed; of a followed job: it did not succeed.
    Failed = 1,
    /// The message was no valid job, as the daemon has found.
    Rejected = 2,
    /// A job or a build could not be followed: how it ends is not known.
    NotFollowed = 3,
    /// Wrong usage of the command line, or a message that is no valid job and was not sent.
    Usage = 64,
    /// The grace period ran out with builds still running.
    GraceRanOut = 75,
    /// The configuration is wrong.
    Configuration = 78,
    /// Interrupted while following; what was followed goes on. 128 and the number of SIGINT, as shells count.
    Interrupted = 130,
}

/// An error in the arguments that only the command itself can see.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Usage(pub String);

/// Around an error that leaves a job's or a build's end unknown.
#[derive(Debug, thiserror::Error)]
#[error("cannot follow {0}")]
pub(super) struct NotFollowed(pub(super) String);

impl Exit {
    /// The exit code of an error, wherever in its chain the reason stands. An answer that nobody reads any more is no failure: whoever
    /// asked has seen enough.
    pub fn of(error: &anyhow::Error) -> Self {
        let is = |known: fn(&(dyn std::error::Error + 'static)) -> bool| error.chain().any(known);
        if is(|cause| cause.is::<config::Error>() || cause.is::<config::Faults>()) {
            Self::Configuration
        } else if is(|cause| cause.is::<Usage>() || cause.is::<telemetry::Error>() || is_refused_as_wrong(cause)) {
            Self::Usage
        } else if is(stdout::is_unread) {
            Self::Done
        } else if error.is::<NotFollowed>() {
            Self::NotFollowed
        } else {
            Self::Failed
        }
    }
}

/// The daemon finds the arguments wrong, as the command itself would.
fn is_refused_as_wrong(cause: &(dyn std::error::Error + 'static)) -> bool {
    matches!(cause.downcast_ref(), Some(Failure::Refused(problem)) if problem.status == 400 || problem.kind.ends_with(":wrong-body"))
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

#[cfg(test)]
mod tests {
    use anyhow::{Context, anyhow};
    use axum::http::StatusCode;

    use super::{Exit, Failure, NotFollowed, Usage};
    use crate::{config, http::Problem};

    #[test]
    fn an_error_finds_its_exit_code_under_any_context() {
        let faulty = config::parse("", "empty.toml", []).map(drop).context("at the start");
        assert_eq!(faulty.map_err(|error| Exit::of(&error)), Err(Exit::Configuration));
        assert_eq!(Exit::of(&anyhow!(Usage("no queue".to_owned())).context("submit")), Exit::Usage);
        assert_eq!(Exit::of(&anyhow!("the network is down")), Exit::Failed);
        for (status, name, exit) in [
            (StatusCode::BAD_REQUEST, "wrong-parameter", Exit::Usage),
            (StatusCode::UNPROCESSABLE_ENTITY, "wrong-body", Exit::Usage),
            // Of the daemon's own files.
            (StatusCode::UNPROCESSABLE_ENTITY, "wrong-configuration", Exit::Failed),
            (StatusCode::NOT_FOUND, "not-found", Exit::Failed),
        ] {
            let refused = Failure::Refused(Box::new(Problem::new(status, name, "state: is none")));
            assert_eq!(Exit::of(&anyhow!(refused)), exit, "{status} {name}");
        }
        let followed = || NotFollowed("app-1".to_owned());
        assert_eq!(Exit::of(&anyhow!("the network is down").context(followed()).context("submit")), Exit::NotFollowed);
        assert_eq!(Exit::of(&anyhow!(Usage("no queue".to_owned())).context(followed())), Exit::Usage);
    }
}
