//! Which builds belong to which job: CodeBuild is the record of what runs, and this is its index by `SLIPWAY_JOB_ID`.
//!
//! It is filled newest first from the project's list, as far back as a build can still run or somebody asks, and kept up to date by
//! reading no more than what is new. Everyone who looks at the same time shares one reading.

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

/// This machine's clock and CodeBuild's may differ by so much.
const CLOCK_SKEW: Duration = Duration::from_hours(1);
/// Builds that are remembered of one project. Older ones are forgotten, and read again should somebody ask for them.
const KEPT: usize = 100_000;
/// Pages of the list in a row that name no build which the same reading has not met before: then the list has no end.
const IDLE_PAGES: u32 = 10;

/// The index over all projects. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Index {
    builds: Builds,
    clock: Clock,
    /// A build that was started longer ago, in seconds, runs no more.
    longest: Arc<AtomicU64>,
    projects: Arc<Mutex<HashMap<String, Arc<tokio::sync::Mutex<Project>>>>>,
}

#[derive(Debug, Default)]
struct Project {
    /// When the last complete reading began, and how far back the readings reach.
    read: Option<(Instant, Timestamp)>,
    /// Ids that complete readings have met, whether or not they are a job's. What only a part of a reading met, or what was started here,
    /// is none of them: behind it there may be builds that nobody has seen.
    known: HashMap<Arc<str>, Timestamp>,
    jobs: HashMap<JobId, Vec<Sighting>>,
    /// The newest job of each group that cancels older ones: its message's age, and when its build was started.
    superseding: HashMap<String, Superseding>,
    /// How many sightings there are in [`Project::jobs`].
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
    /// As it was when it was seen.
    ended: bool,
}

/// What to look for.
#[derive(Debug, Clone)]
pub(crate) struct Query<'a> {
    pub(crate) project: &'a str,
    pub(crate) job: &'a JobId,
    /// Builds that started before are another job's, of the same name, unless they still run.
    pub(crate) since: Timestamp,
    /// A reading that began earlier does not count.
    pub(crate) fresh: Instant,
}

impl Index {
    /// `longest`: from a build's start to its end at most, its wait in CodeBuild's queue included.
    pub(crate) fn new(builds: Builds, clock: Clock, longest: Duration) -> Self {
        Self { builds, clock, longest: Arc::new(AtomicU64::new(longest.as_secs())), projects: Arc::default() }
    }

    /// From now on a build may run for so long. It never becomes less: builds that run were promised more.
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
        // Of the highest attempt, and of those the first to start.
        sightings.sort_unstable_by_key(|sighting| (std::cmp::Reverse(sighting.attempt), sighting.started_at));
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
        Ok(ids)
    }

    /// The newest job of a group that cancels older ones, among those that had a build. It asks nobody.
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

    /// How far back every reading reaches: as long as a build can run.
    pub(crate) fn reach(&self) -> Duration {
        Duration::from_secs(self.longest.load(Ordering::Relaxed)) + CLOCK_SKEW
    }

    /// Before this time no build was started that still runs.
    fn horizon(&self) -> Timestamp {
        self.clock.now().checked_sub(self.reach()).unwrap_or(Timestamp::MIN)
    }

    /// Remembers a build that was started here.
    pub(crate) async fn record(&self, build: &Build) {
        self.project(&build.project).lock().await.add(build);
    }

    fn project(&self, name: &str) -> Arc<tokio::sync::Mutex<Project>> {
        let mut projects = self.projects.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(projects.entry(name.to_owned()).or_default())
    }

    /// Reads the list from its newest end until it meets only what is known, or what is older than `since`.
    async fn read(&self, name: &str, project: &mut Project, since: Timestamp) -> Result<(), AwsError> {
        let began = Instant::now();
        let known_back_to = project.read.map_or(Timestamp::MAX, |(_, back_to)| back_to);
        // Behind what is known nothing is new, unless this look reaches further back than any before.
        let stop_at_known = known_back_to <= since;
        // The first page is enough as a rule, but for the first reading of all.
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
            // Each page names the next: that one is asked for while this one's builds are.
            let ahead = page.next.clone().filter(|_| pages > 1 || !one_is_enough);
            let (builds, ahead) = futures_util::try_join!(self.get(&new), self.list_ahead(name, ahead))?;
            for build in &builds {
                project.add(build);
            }
            met.extend(builds.into_iter().map(|build| (build.id, build.started_at.unwrap_or(Timestamp::MAX))));
            let time = |id: Option<&String>| id.and_then(|id| project.known.get(id.as_str()).or_else(|| met.get(id.as_str()))).copied();
            let (newest, oldest) = (time(page.ids.first()), time(page.ids.last()));
            // AWS lists the newest first; an emulator may not, and then all of the list must be read.
            let far_enough = newest >= oldest && oldest.is_some_and(|at| at < since);
            // A list may be a little out of order: one known build on a page does not mean that the page is the last one with news.
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
        project.prune(KEPT);
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
        let (Some(job), Some(started_at)) = (&build.job, build.started_at) else { return };
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
        if self.sightings > 2 * KEPT {
            self.prune(KEPT);
        }
    }

    fn note_superseding(&mut self, job: &JobId, build: &Build, started_at: Timestamp) {
        let (Some(group), Some(record)) = (&build.group, &build.record) else { return };
        let Some(enqueued_at) = record.enqueued_at.filter(|_| record.on_conflict == OnConflict::Supersede) else { return };
        if self.superseding.get(group).is_none_or(|known| known.enqueued_at < enqueued_at) {
            self.superseding.insert(group.clone(), Superseding { job: job.clone(), enqueued_at, started_at });
        }
    }

    /// Forgets the oldest builds beyond twice as many as are kept, so that each is looked at a few times at most.
    fn prune(&mut self, kept: usize) {
        if self.known.len().max(self.sightings) <= 2 * kept {
            return;
        }
        let sightings = self.jobs.values().flatten().map(|sighting| sighting.started_at);
        let mut times: Vec<Timestamp> = self.known.values().copied().chain(sightings).collect();
        // A build is among the known and among the sightings as a rule.
        let at = times.len().saturating_sub(2 * kept);
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
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn build(number: i64) -> Build {
        Build {
            id: format!("flex:{number}").into(),
            status: "SUCCEEDED".into(),
            job: Some(JobId::parse(&format!("job-{number}")).unwrap()),
            started_at: Some(Timestamp::from_second(number).unwrap()),
            ..Build::default()
        }
    }

    #[test]
    fn the_newest_builds_are_kept_and_the_older_ones_count_as_unread() {
        let mut project = Project { read: Some((Instant::now(), Timestamp::MIN)), ..Project::default() };
        for number in 0..50 {
            project.add(&build(number));
            project.known.insert(build(number).id, build(number).started_at.unwrap());
        }
        project.prune(10);
        assert!((10..=20).contains(&project.known.len()), "{}", project.known.len());
        assert_eq!(project.known.len(), project.jobs.len());
        assert_eq!(project.sightings, project.jobs.len());
        let oldest = project.known.values().min().copied().unwrap();
        assert_eq!(project.read.unwrap().1, oldest);
        assert!(project.known.contains_key("flex:49"));
    }
}
