//! A message that cancels: the job here, its build wherever it runs, or the job that is still to come.

use std::sync::Arc;

use tokio::time::Instant;

use super::{index::Query, roster::Cancelled, worker::Worker};
use crate::{
    job::{message::Cancel, outcome::Status},
    observe,
};

/// Cancels a job. Returns when the job has gone, and whether the wish is fulfilled: a job that went back to the queue still needs it.
pub(crate) async fn cancel(worker: Arc<Worker>, cancel: Cancel) -> bool {
    let why = Cancelled { status: Status::Cancelled, reason: cancel.reason.unwrap_or_default() };
    observe::cancel_asked(&cancel.id);
    if let Some(gone) = worker.roster.cancel(&cancel.id, why.clone()) {
        return gone.has_ended().await;
    }
    worker.roster.cancel_early(&cancel.id, why);
    // Another process may have the job: whoever follows its build sees it stopped.
    let mut projects: Vec<_> = worker.config.profiles.values().map(|profile| profile.project.as_str()).collect();
    projects.sort_unstable();
    projects.dedup();
    for project in projects {
        let since = worker.horizon(None, Instant::now());
        let found = worker.starter.find(Query { project, job: &cancel.id, since, fresh: Instant::now() }).await;
        if let Some(build) = found.filter(|build| !build.has_ended())
            && let Err(error) = worker.builds.stop(&build.id).await
        {
            observe::stop_failed(&build.id, &error);
        }
    }
    true
}
