//! Which builds belong to which job. CodeBuild is the record of what runs; this is an index of it by `SLIPWAY_JOB_ID`.
//!
//! The index reads the list of a project's builds, the newest first, as far back as a build can still run or a query asks. Later readings
//! read only what is new. Concurrent queries share one reading.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use jiff::Timestamp;
use tokio::time::Instant;

use crate::{
    aws::{
        AwsError, Class,
        builds::{BATCH, Builds, Page},
    },
    clock::Clock,
    job::{JobId, OnConflict, build::Build},
    observe,
};

/// The greatest difference between this machine's clock and CodeBuild's.
const CLOCK_SKEW: Duration = Duration::from_hours(1);
/// How many builds of a project are remembered. Older ones are forgotten, and read again if a query asks for them.
const KEPT: usize = 100_000;
/// After so many pages in a row without a new id the list is taken to be endless.
const IDLE_PAGES: u32 = 10;

/// The index over all projects. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Index {
    builds: Builds,
    clock: Clock,
    /// The longest time from a build's start to its end, in seconds.
    longest: Arc<AtomicU64>,
    projects: Arc<Mutex<HashMap<String, Arc<tokio::sync::Mutex<Project>>>>>,
}

#[derive(Debug, Default)]
struct Project {
    /// When the last complete reading began, and how far back the readings go.
    read: Option<(Instant, Timestamp)>,
    /// Ids that complete readings have seen, of jobs or not, with the time of the build's start. Ids that only a failed reading saw, or
    /// that were started here, are not among them: there may be unseen builds before them in the list.
    known: HashMap<Arc<str>, Timestamp>,
    jobs: HashMap<JobId, Vec<Sighting>>,
    /// Of each group, the newest job that cancels older ones.
    superseding: HashMap<String, Superseding>,
    /// The number of sightings in [`Project::jobs`].
    sightings: usize,
}

/// A job that cancels the older ones of its group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Superseding {
    pub(crate) job: JobId,
    pub(crate) enqueued_at: Timestamp,
    started_at: Timestamp,
}

/// A build of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sighting {
    pub(crate) build_id: Arc<str>,
    pub(crate) attempt: u32,
    pub(crate) started_at: Timestamp,
    /// Whether it had ended when it was read.
    ended: bool,
}

/// The builds to look for.
#[derive(Debug, Clone)]
pub(crate) struct Query<'a> {
    pub(crate) project: &'a str,
    pub(crate) job: &'a JobId,
    /// Builds that started before this time belong to an earlier job of the same id, unless they still run.
    pub(crate) since: Timestamp,
    /// A reading that began before this time is too old.
    pub(crate) fresh: Instant,
}

impl Index {
    /// `longest`: the longest time from a build's start to its end, its wait in CodeBuild's queue included.
    pub(crate) fn new(builds: Builds, clock: Clock, longest: Duration) -> Self {
        Self { builds, clock, longest: Arc::new(AtomicU64::new(longest.as_secs())), projects: Arc::default() }
    }

    /// Raises the longest time of a build. It is never lowered: running builds keep the time that they were started with.
    pub(crate) fn extend(&self, longest: Duration) {
        self.longest.fetch_max(longest.as_secs(), Ordering::Relaxed);
    }

    /// The builds that may be the job's, the latest first: those started since the time asked for, and older ones that may still run.
    pub(crate) async fn find(&self, query: &Query<'_>) -> Result<Vec<Sighting>, AwsError> {
        let project = self.project(query.project);
        let mut project = project.lock().await;
        let since = query.since.min(self.horizon());
        let enough = project.read.is_some_and(|(began, back_to)| began >= query.fresh && back_to <= since);
        if !enough {
            self.read(query.project, &mut project, since).await?;
        }
        let of_job = project.jobs.get(query.job).into_iter().flatten();
        let mut sightings: Vec<Sighting> = of_job.filter(|build| build.started_at >= query.since || !build.ended).cloned().collect();
        // The highest attempt first; of one attempt the build that started first.
        sightings.sort_unstable_by_key(|sighting| (std::cmp::Reverse(sighting.attempt), sighting.started_at));
        // Not before: what was asked for may be among the oldest.
        project.prune(KEPT);
        Ok(sightings)
    }

    /// The builds of jobs that run now.
    pub(crate) async fn running(&self, name: &str) -> Result<Vec<Arc<str>>, AwsError> {
        let project = self.project(name);
        let mut project = project.lock().await;
        let since = self.horizon();
        self.read(name, &mut project, since).await?;
        let running = project.jobs.values().flatten().filter(|sighting| !sighting.ended && sighting.started_at >= since);
        let mut ids: Vec<Arc<str>> = running.map(|sighting| sighting.build_id.clone()).collect();
        ids.sort_unstable();
        project.prune(KEPT);
        Ok(ids)
    }

    /// The newest job of a group that cancels older ones, among the jobs that had a build. It makes no call.
    pub(crate) async fn superseding(&self, group: &str) -> Option<Superseding> {
        let projects: Vec<_> = self.projects.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect();
        let mut newest: Option<Superseding> = None;
        for project in projects {
            let project = project.lock().await;
            let found =
                project.superseding.get(group).filter(|it| newest.as_ref().is_none_or(|newest| newest.enqueued_at < it.enqueued_at));
            newest = found.cloned().or(newest);
        }
        newest
    }

    /// How far back every reading goes: the longest time of a build, and the difference of the clocks.
    pub(crate) fn reach(&self) -> Duration {
        Duration::from_secs(self.longest.load(Ordering::Relaxed)) + CLOCK_SKEW
    }

    /// No build that was started before this time still runs.
    fn horizon(&self) -> Timestamp {
        self.clock.now().checked_sub(self.reach()).unwrap_or(Timestamp::MIN)
    }

    /// Remembers a build that was started here.
    pub(crate) async fn record(&self, build: &Build) {
        let project = self.project(&build.project);
        let mut project = project.lock().await;
        project.add(build);
        project.prune(KEPT);
    }

    fn project(&self, name: &str) -> Arc<tokio::sync::Mutex<Project>> {
        let mut projects = self.projects.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(projects.entry(name.to_owned()).or_default())
    }

    /// Reads the list from its newest build until a page has only known builds, or builds older than `since`.
    async fn read(&self, name: &str, project: &mut Project, since: Timestamp) -> Result<(), AwsError> {
        let began = Instant::now();
        let known_back_to = project.read.map_or(Timestamp::MAX, |(_, back_to)| back_to);
        // Behind known builds there are no new ones, unless this reading goes further back than any before.
        let stop_at_known = known_back_to <= since;
        // One page is usually enough, except for the first reading.
        let one_is_enough = project.read.is_some();
        let (mut pages, mut met) = (0, HashMap::new());
        let (mut listed, mut idle) = (HashSet::new(), 0);
        let mut page = self.builds.list(name, None).await?;
        loop {
            pages += 1;
            idle = if page.ids.iter().filter(|id| listed.insert((*id).clone())).count() > 0 { 0 } else { idle + 1 };
            if idle >= IDLE_PAGES && page.next.is_some() {
                let endless = format!("the list of the builds of {name} does not end: {idle} pages in a row name no further build");
                return Err(AwsError::local(Class::Transient, "codebuild.ListBuildsForProject", endless));
            }
            let new: Vec<String> = page.ids.iter().filter(|id| !project.known.contains_key(id.as_str())).cloned().collect();
            // The next page is read while the builds of this one are.
            let ahead = page.next.clone().filter(|_| pages > 1 || !one_is_enough);
            let (builds, ahead) = futures_util::try_join!(self.get(&new), self.list_ahead(name, ahead))?;
            for build in &builds {
                project.add(build);
            }
            met.extend(builds.into_iter().map(|build| {
                let started_at = build.started_at().unwrap_or(Timestamp::MAX);
                (build.id, started_at)
            }));
            let time = |id: Option<&String>| id.and_then(|id| project.known.get(id.as_str()).or_else(|| met.get(id.as_str()))).copied();
            let (newest, oldest) = (time(page.ids.first()), time(page.ids.last()));
            // AWS lists the newest first. An emulator may not; then the whole list must be read.
            let far_enough = newest >= oldest && oldest.is_some_and(|at| at < since);
            // A list may be slightly out of order: one known build does not make a page the last one with new builds.
            let nothing_new = newest >= oldest && stop_at_known && new.is_empty();
            if page.next.is_none() || nothing_new || far_enough {
                break;
            }
            page = match ahead {
                Some(page) => page,
                None => self.builds.list(name, page.next).await?,
            };
        }
        project.known.extend(met);
        project.read = Some((began, known_back_to.min(since)));
        observe::index_read(name, pages, project.jobs.len());
        Ok(())
    }

    async fn get(&self, ids: &[String]) -> Result<Vec<Build>, AwsError> {
        let mut builds = Vec::new();
        for ids in ids.chunks(BATCH) {
            builds.extend(self.builds.get(ids).await?);
        }
        Ok(builds)
    }

    async fn list_ahead(&self, name: &str, token: Option<String>) -> Result<Option<Page>, AwsError> {
        match token {
            Some(token) => self.builds.list(name, Some(token)).await.map(Some),
            None => Ok(None),
        }
    }
}

impl Project {
    fn add(&mut self, build: &Build) {
        let (Some(job), Some(started_at)) = (&build.job, build.started_at()) else { return };
        let sighting = Sighting { build_id: build.id.clone(), attempt: build.attempt.unwrap_or(1), started_at, ended: build.has_ended() };
        self.note_superseding(job, build, started_at);
        let sightings = self.jobs.entry(job.clone()).or_default();
        if let Some(known) = sightings.iter_mut().find(|known| known.build_id == build.id) {
            *known = sighting;
        } else {
            // A job has one build as a rule.
            sightings.reserve_exact(1);
            sightings.push(sighting);
            self.sightings += 1;
        }
    }

    fn note_superseding(&mut self, job: &JobId, build: &Build, started_at: Timestamp) {
        let (Some(group), Some(record)) = (&build.group, &build.record) else { return };
        let Some(enqueued_at) = record.enqueued_at.filter(|_| record.on_conflict == OnConflict::Supersede) else { return };
        if self.superseding.get(group).is_none_or(|known| known.enqueued_at < enqueued_at) {
            self.superseding.insert(group.clone(), Superseding { job: job.clone(), enqueued_at, started_at });
        }
    }

    /// Forgets the oldest builds once there are a quarter more than `kept`, so that the cost per build stays small. Not while a reading
    /// goes on, which says in the end how far back it went.
    fn prune(&mut self, kept: usize) {
        if self.known.len().max(self.sightings) <= kept + kept / 4 {
            return;
        }
        // Builds that were started here are not among the known ids until a reading has met them.
        let mut times: Vec<Timestamp> = if self.sightings >= self.known.len() {
            self.jobs.values().flatten().map(|sighting| sighting.started_at).collect()
        } else {
            self.known.values().copied().collect()
        };
        let at = times.len() - kept;
        let (_, oldest, _) = times.select_nth_unstable(at);
        let oldest = *oldest;
        self.known.retain(|_, started_at| *started_at >= oldest);
        self.jobs.retain(|_, sightings| {
            sightings.retain(|sighting| sighting.started_at >= oldest);
            !sightings.is_empty()
        });
        self.superseding.retain(|_, superseding| superseding.started_at >= oldest);
        self.sightings = self.jobs.values().map(Vec::len).sum();
        if let Some((_, back_to)) = &mut self.read {
            *back_to = oldest.max(*back_to);
        }
    }
}

#[cfg(test)]
mod tests;
