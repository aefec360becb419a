//! A message that cancels a job: the job that is held here, its build if another process follows it, or a job that is not received yet.

use std::{collections::BTreeSet, sync::Arc};

use futures_util::future::join_all;
use tokio::time::Instant;

use super::{
    deduplication::Cancelled,
    index::Query,
    worker::{Carried, Worker},
};
use crate::{job::message::Cancel, observe};

/// Cancels a job, and returns when the job has ended. If the job's message went back to the queue, the cancellation goes back too.
pub(crate) async fn cancel(worker: Arc<Worker>, cancel: Cancel) -> Carried {
    let why = Cancelled::asked(cancel.reason, "cancelled by a message on the queue");
    observe::cancel_asked(&cancel.id);
    if let Some(handle) = worker.deduplication.cancel(&cancel.id, why) {
        return if handle.gone().await.is_some() { Carried::ToItsEnd } else { Carried::Back };
    }
    // Another process may hold the job: it sees that the build was stopped.
    let config = worker.current.now();
    let projects: BTreeSet<&str> = config.profiles.values().map(|profile| profile.project.as_str()).collect();
    let stop = async |project| {
        let since = worker.horizon(None, Instant::now());
        match worker.starter.find(Query { project, job: &cancel.id, since, fresh: Instant::now() }).await {
            Ok(found) => {
                if let Some(build) = found.filter(|build| !build.has_ended())
                    && let Err(error) = worker.builds.stop(&build.id).await
                {
                    observe::stop_failed(&build.id, &error);
                }
            }
            // Without the project or the permission there is nothing that we could stop.
            Err(error) => observe::lookup_failed(&cancel.id, &error),
        }
    };
    // Concurrently: a project that does not answer delays neither the others nor the end of the process.
    match worker.shutdown.drain.run_until_cancelled(join_all(projects.into_iter().map(stop))).await {
        Some(_) => Carried::ToItsEnd,
        None => Carried::Back,
    }
}
