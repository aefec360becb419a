//! Recovery at the start: builds that an earlier process left running take slots, so that limits hold over a restart. A job takes over the
//! slot of its build when its message comes back; the slot is free when the build ends. Nothing starts in a project before its running
//! builds are counted.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::{sync::Notify, time::sleep};
use tokio_util::sync::CancellationToken;

use super::{
    index::Index,
    notices::cure,
    scheduler::{GroupLock, Scheduler, Slot},
    starter::pauses,
    watcher::Watcher,
};
use crate::{
    aws::{AwsError, batch::Batcher, builds::Statuses},
    config::{Config, Current},
    job::{
        JobId, Tenant,
        build::Build,
        policy,
        schedule::{Age, Ticket},
    },
    observe::{self, Seldom},
};

/// The longest wait of a build in CodeBuild's own queue, for profiles that set none.
const LONGEST_QUEUE_MINUTES: u32 = 480;

/// The slots of builds whose jobs have not come back yet. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Recovery {
    places: Arc<Mutex<HashMap<JobId, Vec<Place>>>>,
    /// The state of the count of each project.
    counts: Arc<Mutex<BTreeMap<String, Arc<Counting>>>>,
    /// Notified when a project is added that is not counted yet.
    more: Arc<Notify>,
}

/// The count of one project.
#[derive(Debug, Default)]
struct Counting {
    count: Mutex<Count>,
    /// Wakes all waiting tasks, in the order of their arrival.
    changed: Notify,
}

#[derive(Debug)]
struct Place {
    build_id: Arc<str>,
    slot: Slot,
    group: Option<GroupLock>,
    /// Cancelled when the job has taken over the slot: the build need not be followed here any more.
    claimed: CancellationToken,
}

/// The state of a count.
#[derive(Debug, Clone, Default)]
enum Count {
    #[default]
    UnderWay,
    /// CodeBuild refuses to list the builds. It is asked again.
    Refused(AwsError),
    Done,
}

impl Recovery {
    pub(crate) fn new(config: &Config) -> Self {
        let recovery = Self { places: Arc::default(), counts: Arc::default(), more: Arc::default() };
        recovery.expect(config);
        recovery
    }

    /// Adds the configuration's projects: nothing starts in them before their builds are counted.
    pub(crate) fn expect(&self, config: &Config) {
        let mut counts = self.counts();
        for profile in config.profiles.values() {
            counts.entry(profile.project.clone()).or_default();
        }
        drop(counts);
        self.more.notify_one();
    }

    fn counts(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Arc<Counting>>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until a project's running builds are counted.
    ///
    /// # Errors
    /// CodeBuild has refused to list them for as long as `patience`.
    pub(crate) async fn counted(&self, project: &str, patience: Duration) -> Result<(), AwsError> {
        let Some(counting) = self.counts().get(project).cloned() else { return Ok(()) };
        loop {
            let changed = counting.changed.notified();
            match counting.now() {
                Count::Done => return Ok(()),
                Count::UnderWay => changed.await,
                Count::Refused(error) => tokio::select! {
                    biased;
                    () = changed => {}
                    () = sleep(patience) => return Err(error),
                },
            }
        }
    }

    /// Hands over the slot and the group lock that are held for a job's running build. `None`: the build was not counted.
    pub(crate) fn claim(&self, job: &JobId, build_id: &str) -> Option<(Slot, Option<GroupLock>)> {
        let place = self.with(|places| take(places, job, build_id))?;
        place.claimed.cancel();
        Some((place.slot, place.group))
    }

    /// Counts the running builds of each project and holds their slots. Runs until the daemon ends.
    pub(crate) async fn take(self, current: Current, index: Index, statuses: Batcher<Statuses>, watcher: Watcher, scheduler: Scheduler) {
        let watcher = &watcher;
        let count = async |project: String, count: Arc<Counting>| {
            let (project, config) = (&*project, current.now());
            let mut held = FuturesUnordered::new();
            for build in running(&index, &statuses, project, &count).await {
                let Some(job) = build.job.clone() else { continue };
                let Some(ticket) = ticket(&config, &build, &job) else { continue };
                let (slot, group) = scheduler.occupy(&Arc::new(ticket), build.started_at());
                observe::build_found_running(&job, &build.id);
                let claimed = CancellationToken::new();
                let place = Place { build_id: build.id.clone(), slot, group, claimed: claimed.clone() };
                self.with(|places| places.entry(job.clone()).or_default().push(place));
                held.push(self.hold(job, build, claimed, watcher));
            }
            count.set(Count::Done);
            while let Some(()) = held.next().await {}
        };
        let (mut known, mut under_way) = (BTreeSet::new(), FuturesUnordered::new());
        loop {
            let all = self.counts().clone();
            for (project, counting) in all {
                if known.insert(project.clone()) {
                    under_way.push(count(project, counting));
                }
            }
            tokio::select! {
                biased;
                () = self.more.notified() => {}
                Some(()) = under_way.next() => {}
            }
        }
    }

    async fn hold(&self, job: JobId, build: Arc<Build>, claimed: CancellationToken, watcher: &Watcher) {
        let build_id = build.id.clone();
        // However it ended: it no longer runs.
        claimed.run_until_cancelled(watcher.until_ended(build, |_| {})).await.map(Result::ok);
        drop(self.with(|places| take(places, &job, &build_id)));
    }

    fn with<T>(&self, work: impl FnOnce(&mut HashMap<JobId, Vec<Place>>) -> T) -> T {
        work(&mut self.places.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Counting {
    fn now(&self) -> Count {
        self.count.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A repeated refusal wakes nobody: the waiting tasks measure the time themselves.
    fn set(&self, count: Count) {
        let goes_on = matches!(count, Count::Refused(_));
        let before = std::mem::replace(&mut *self.count.lock().unwrap_or_else(PoisonError::into_inner), count);
        if !(goes_on && matches!(before, Count::Refused(_))) {
            self.changed.notify_waiters();
        }
    }
}

fn take(places: &mut HashMap<JobId, Vec<Place>>, job: &JobId, build_id: &str) -> Option<Place> {
    let of_job = places.get_mut(job)?;
    let at = of_job.iter().position(|place| *place.build_id == *build_id)?;
    let place = of_job.swap_remove(at);
    if of_job.is_empty() {
        places.remove(job);
    }
    Some(place)
}

/// The longest time from a build's start to its end, its wait in CodeBuild's queue included.
pub(crate) fn longest_build(config: &Config) -> Duration {
    let minutes =
        |profile: &crate::config::Profile| profile.timeout_minutes + profile.queued_timeout_minutes.unwrap_or(LONGEST_QUEUE_MINUTES);
    let longest = config.profiles.values().map(minutes).max().unwrap_or_default();
    Duration::from_mins(u64::from(longest))
}

/// The running builds of jobs in a project. Asks until CodeBuild answers.
async fn running(index: &Index, statuses: &Batcher<Statuses>, project: &str, count: &Counting) -> Vec<Arc<Build>> {
    let (mut pauses, mut log) = (pauses(), Seldom::default());
    loop {
        let looked = async {
            let ids = index.running(project).await?;
            let builds = futures_util::future::join_all(ids.into_iter().map(|id| statuses.call(id))).await;
            builds.into_iter().collect::<Result<Vec<_>, _>>()
        };
        match looked.await {
            Ok(builds) => {
                if log.is_over() {
                    observe::mended(&format!("the builds of project {project} could not be counted"));
                }
                return builds.into_iter().flatten().filter(|build| !build.has_ended()).collect();
            }
            Err(error) => {
                if log.is_due(error.class.name()) {
                    observe::recovery_failed(project, &format_args!("{error}{}", cure(&error).unwrap_or_default()));
                }
                count.set(if error.class.is_refusal() { Count::Refused(error) } else { Count::UnderWay });
            }
        }
        sleep(pauses.pause()).await;
    }
}

/// The tenant, profile and so on whose limits a build counts towards: as its record says, else by its project.
fn ticket(config: &Config, build: &Build, job: &JobId) -> Option<Ticket> {
    let named = build.profile.clone().filter(|name| config.profiles.get(name).is_some_and(|profile| *profile.project == *build.project));
    let of_project = || config.profiles.iter().find(|(_, profile)| *profile.project == *build.project).map(|(name, _)| name.clone());
    let record = build.record.as_ref();
    let enqueued_at = record.and_then(|record| record.enqueued_at);
    Some(Ticket {
        job: job.clone(),
        queue: "".into(),
        profile: named.or_else(of_project)?,
        project: build.project.to_string(),
        tenant: build.tenant.clone().unwrap_or_else(|| Tenant::fitting("unknown")),
        repository: record.map(|record| policy::repository(&record.url)).unwrap_or_default().into(),
        priority: record.map(|record| record.priority).unwrap_or_default(),
        group: build.group.clone(),
        age: Age { enqueued_ms: enqueued_at.map_or(0, jiff::Timestamp::as_millisecond), message_id: "".into() },
        arrival: 0,
    })
}
