//! The census at the start: builds that an earlier process left running keep their places, so that limits hold over a restart. A place
//! passes to its job when the job's message comes back, and is free when the build ends.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

use futures_util::stream::{FuturesUnordered, StreamExt};
use jiff::Timestamp;
use tokio::{sync::watch, time::sleep};
use tokio_util::sync::CancellationToken;

use super::{
    index::Index,
    scheduler::{Scheduler, Slot},
    starter::pauses,
    watcher::Watcher,
};
use crate::{
    aws::{Class, batch::Batcher, builds::Statuses},
    config::Config,
    job::{JobId, Priority, Tenant, build::Build, line::Ticket},
    observe,
};

/// CodeBuild's longest wait in its own queue, for profiles that do not name one.
const LONGEST_QUEUE_MINUTES: u32 = 480;

/// The places of builds whose jobs have not come back. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Census {
    places: Arc<Mutex<HashMap<JobId, Place>>>,
    counted: Arc<watch::Sender<bool>>,
}

#[derive(Debug)]
struct Place {
    slot: Slot,
    /// Nobody need follow the build for its place any more.
    claimed: CancellationToken,
}

impl Census {
    /// The place of a job's running build, if it holds one. Waits until everything is counted: nobody may start before.
    pub(crate) async fn claim(&self, job: &JobId) -> Option<Slot> {
        // The sender lives in `self`: waiting cannot fail.
        self.counted.subscribe().wait_for(|counted| *counted).await.map(drop).unwrap_or_default();
        let place = self.with(|places| places.remove(job))?;
        place.claimed.cancel();
        Some(place.slot)
    }

    /// Counts what runs, and holds the places; returns only when the daemon ends.
    pub(crate) async fn take(
        self,
        config: Arc<Config>,
        now: Timestamp,
        index: Index,
        statuses: Batcher<Statuses>,
        watcher: Watcher,
        scheduler: Scheduler,
    ) {
        let projects: BTreeSet<&str> = config.profiles.values().map(|profile| profile.project.as_str()).collect();
        let since = now.checked_sub(longest(&config)).unwrap_or(Timestamp::MIN);
        let mut held = FuturesUnordered::new();
        for project in projects {
            for build in running(&index, &statuses, project, since).await {
                let Some(job) = build.job.clone() else { continue };
                let slot = ticket(&config, &build).and_then(|ticket| scheduler.occupy(&ticket));
                observe::build_found_running(&job, &build.id, slot.is_some());
                let Some(slot) = slot else { continue };
                let claimed = CancellationToken::new();
                self.with(|places| places.insert(job.clone(), Place { slot, claimed: claimed.clone() }));
                held.push(self.hold(job, build, claimed, &watcher));
            }
        }
        self.counted.send_replace(true);
        while let Some(()) = held.next().await {}
        std::future::pending::<()>().await;
    }

    async fn hold(&self, job: JobId, build: Arc<Build>, claimed: CancellationToken, watcher: &Watcher) {
        // However it ended, or got lost: it no longer runs.
        claimed.run_until_cancelled(watcher.until_ended(build, |_| {})).await.map(Result::ok);
        drop(self.with(|places| places.remove(&job)));
    }

    fn with<T>(&self, work: impl FnOnce(&mut HashMap<JobId, Place>) -> T) -> T {
        work(&mut self.places.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// How long ago a build that still runs can have been started.
fn longest(config: &Config) -> std::time::Duration {
    let minutes =
        |profile: &crate::config::Profile| profile.timeout_minutes + profile.queued_timeout_minutes.unwrap_or(LONGEST_QUEUE_MINUTES);
    let longest = config.profiles.values().map(minutes).max().unwrap_or_default();
    std::time::Duration::from_mins(u64::from(longest))
}

/// The jobs' builds that run in a project. Tries until CodeBuild answers, or says that it never will.
async fn running(index: &Index, statuses: &Batcher<Statuses>, project: &str, since: Timestamp) -> Vec<Arc<Build>> {
    let mut pauses = pauses();
    loop {
        let looked = async {
            let ids = index.running(project, since).await?;
            let builds = futures_util::future::join_all(ids.into_iter().map(|id| statuses.call(id))).await;
            builds.into_iter().collect::<Result<Vec<_>, _>>()
        };
        match looked.await {
            Ok(builds) => return builds.into_iter().flatten().filter(|build| !build.has_ended()).collect(),
            Err(error) => {
                observe::census_failed(project, &error);
                if matches!(error.class, Class::Denied | Class::NotFound | Class::Invalid) {
                    return Vec::new();
                }
            }
        }
        sleep(pauses.pause()).await;
    }
}

/// Whose limits a build counts towards: as it says itself, or else by its project.
fn ticket(config: &Config, build: &Build) -> Option<Ticket> {
    let named = build.profile.clone().filter(|name| config.profiles.get(name).is_some_and(|profile| profile.project == build.project));
    let of_project = || config.profiles.iter().find(|(_, profile)| profile.project == build.project).map(|(name, _)| name.clone());
    Some(Ticket {
        profile: named.or_else(of_project)?,
        tenant: build.tenant.clone().unwrap_or_else(|| Tenant::fitting("unknown")),
        priority: Priority::Normal,
        group: build.group.clone(),
        arrival: 0,
    })
}
