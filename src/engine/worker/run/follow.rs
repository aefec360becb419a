//! From a build to its end, and what that means.

use std::sync::Arc;

use tokio::time::sleep;

use super::{
    super::{Left, as_built},
    Run,
};
use crate::{
    aws::Class,
    engine::{deduplication::Cancelled, starter::pauses, watcher::Lost},
    job::{
        build::Build,
        outcome::{Failure, FailureKind, Outcome, Status, Verdict, judge},
    },
    observe,
};

impl Run<'_> {
    /// Follows a build to its end; a cancellation stops it.
    pub(super) async fn follow(&self, attempt: u32, build: Arc<Build>) -> Result<(Arc<Build>, Verdict), Left> {
        let worker = self.worker;
        if !build.has_ended() {
            Box::pin(self.tell_started(attempt, &build)).await;
        }
        let _running = observe::running();
        let id = Arc::clone(&build.id);
        let stopping = async {
            self.tracked.cancelling(&self.claimed.handle.cancelled().await);
            Box::pin(self.stop(&id)).await;
            std::future::pending().await
        };
        let ended = tokio::select! {
            biased;
            ended = worker.watcher.until_ended(build, |build| self.tracked.seen(build)) => ended,
            ended = stopping => ended,
            () = worker.shutdown.leave.cancelled() => return Err(Left::Drained),
        };
        Ok(match ended {
            Ok(build) => {
                let verdict = judge(&build);
                // The reason may also have come when an earlier process had stopped the build already.
                (build, overrule(verdict, self.claimed.handle.reason()))
            }
            Err(Lost(build)) => (build, Verdict::PlatformFault(gone())),
        })
    }

    async fn tell_started(&self, attempt: u32, build: &Build) {
        let (job, origin) = as_built(&self.arrival.job, &self.arrival.origin, Some(build));
        self.worker.reporter.started(&job, &origin, attempt, build).await;
    }

    /// Asks CodeBuild to stop a build until it has heard.
    async fn stop(&self, build_id: &str) {
        let mut pauses = pauses();
        while let Err(error) = self.worker.builds.stop(build_id).await {
            observe::stop_failed(build_id, &error);
            if error.class == Class::NotFound {
                return;
            }
            sleep(pauses.pause()).await;
        }
    }
}

/// A build that was stopped for us ended as we said.
fn overrule(verdict: Verdict, cancelled: Option<Cancelled>) -> Verdict {
    match (verdict, cancelled) {
        (Verdict::Ended(outcome), Some(why)) if outcome.status == Status::Cancelled => {
            Verdict::Ended(Outcome { status: why.status, ..outcome })
        }
        (verdict, _) => verdict,
    }
}

fn gone() -> Failure {
    Failure {
        kind: FailureKind::Platform,
        phase: None,
        code: Some("BUILD_NOT_FOUND".to_owned()),
        message: "codebuild no longer knows the build".to_owned(),
        command: None,
    }
}
