//! The exit codes.

use std::process::ExitCode;

use super::{client::Failure, stdout};
use crate::{config, telemetry};

/// The exit codes; from 64 on they are those of sysexits.h.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done. Of the daemon: drained. Of a followed job: it succeeded.
    Done = 0,
    /// Failed. Of a followed job: it did not succeed.
    Failed = 1,
    /// The daemon rejected the message: it is no valid job.
    Rejected = 2,
    /// A job or a build could not be followed, so how it ends is not known.
    NotFollowed = 3,
    /// Wrong usage of the command line, or a message that is no valid job and was not sent.
    Usage = 64,
    /// The grace period ran out with builds still running.
    GraceRanOut = 75,
    /// The configuration is wrong.
    Configuration = 78,
    /// Interrupted while following; the job goes on. 128 and the number of SIGINT, as shells do.
    Interrupted = 130,
}

/// An error in the arguments that clap cannot find.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Usage(pub String);

/// Wraps an error after which the end of a job or a build is not known.
#[derive(Debug, thiserror::Error)]
#[error("cannot follow {0}")]
pub(super) struct NotFollowed(pub(super) String);

impl Exit {
    /// The exit code of an error, by the kinds of the errors in its chain. A closed pipe at stdout is no failure.
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

/// Whether the daemon finds the arguments wrong.
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
            // A fault in the daemon's own files is not the user's.
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
