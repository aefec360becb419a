//! From a build to its end, and what that means.

use std::sync::Arc;

use tokio::time::sleep;

use super::{super::Left, Run};
use crate::{
    aws::Class,
    engine::{roster::Cancelled, starter::pauses, watcher::Lost},
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
            worker.reporter.started(self.job, self.origin, attempt, &build).await;
        }
        let _running = observe::running();
        let following = worker.watcher.until_ended(Arc::clone(&build), |_| {});
        tokio::pin!(following);
        let mut cancelled = None;
        let id = build.id.clone();
        let stopping = async {
            let why = self.cancel.cancelled().await;
            self.stop(&id).await;
            why
        };
        tokio::pin!(stopping);
        let ended = loop {
            tokio::select! {
                biased;
                ended = &mut following => break ended,
                why = &mut stopping, if cancelled.is_none() => cancelled = Some(why),
                () = worker.shutdown.leave.cancelled() => return Err(Left),
            }
        };
        Ok(match ended {
            Ok(build) => {
                let verdict = judge(&build);
                // A build that an earlier process has stopped is ended already; the reason may have come back with the jobs.
                (build, overrule(verdict, cancelled.or_else(|| self.cancel.reason())))
            }
            Err(Lost::Gone) => (build, Verdict::PlatformFault(gone())),
        })
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
