//! A message that cancels: the job here, its build wherever it runs, or the job that is still to come.

use std::{collections::BTreeSet, sync::Arc};

use futures_util::future::join_all;
use tokio::time::Instant;

use super::{
    deduplication::Cancelled,
    index::Query,
    worker::{Carried, Worker},
};
use crate::{job::message::Cancel, observe};

/// Cancels a job. Returns when the job has gone. One that went back to the queue still needs the wish, which goes back too.
pub(crate) async fn cancel(worker: Arc<Worker>, cancel: Cancel) -> Carried {
    let why = Cancelled::asked(cancel.reason, "cancelled by a message on the queue");
    observe::cancel_asked(&cancel.id);
    if let Some(life) = worker.deduplication.cancel(&cancel.id, why) {
        return if life.gone().await.is_some() { Carried::ToItsEnd } else { Carried::Back };
    }
    // Another process may have the job: whoever follows its build sees it stopped.
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
            // A project that is gone, or closed to us, has nothing to stop.
            Err(error) => observe::lookup_failed(&cancel.id, &error),
        }
    };
    // Side by side: one project that does not answer keeps no other's build running, nor the process from leaving.
    match worker.shutdown.drain.run_until_cancelled(join_all(projects.into_iter().map(stop))).await {
        Some(_) => Carried::ToItsEnd,
        None => Carried::Back,
    }
}
