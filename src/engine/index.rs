//! Which builds belong to which job: CodeBuild is the record of what runs, and this is its index by `SLIPWAY_JOB_ID`.
//!
//! It is filled newest first from the project's list, only as far back as somebody asks, and kept up to date by reading no more
//! than what is new. Everyone who looks at the same time shares one reading.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
};

use jiff::Timestamp;
use tokio::time::Instant;

use crate::{
    aws::{
        AwsError, Class,
        builds::{BATCH, Builds},
    },
    clock::Clock,
    job::{JobId, build::Build},
    observe,
};

/// Pages of the list in a row that name no build which the same reading has not met before: then the list has no end.
const IDLE_PAGES: u32 = 10;

/// The index over all projects. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Index {
    builds: Builds,
    clock: Clock,
    projects: Arc<Mutex<HashMap<String, Arc<tokio::sync::Mutex<Project>>>>>,
}

#[derive(Debug, Default)]
struct Project {
    /// When the last complete reading began, and how far back the readings reach.
    read: Option<(Instant, Timestamp)>,
    /// Ids that complete readings have met, whether or not they are a job's. What only a part of a reading met, or what was started here,
    /// is none of them: behind it there may be builds that nobody has seen.
    known: HashMap<String, Timestamp>,
    jobs: HashMap<JobId, Vec<Sighting>>,
}

/// A build of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sighting {
    pub(crate) build_id: String,
    pub(crate) attempt: u32,
    started_at: Timestamp,
    /// As it was when it was seen.
    ended: bool,
}

/// What to look for.
#[derive(Debug, Clone)]
pub(crate) struct Query<'a> {
    pub(crate) project: &'a str,
    pub(crate) job: &'a JobId,
    /// Builds that started before are another job's, of the same name.
    pub(crate) since: Timestamp,
    /// A reading that began earlier does not count.
    pub(crate) fresh: Instant,
}

impl Index {
    pub(crate) fn new(builds: Builds, clock: Clock) -> Self {
        Self { builds, clock, projects: Arc::default() }
    }

    /// The job's latest build: of the highest attempt, and of those the first to start.
    pub(crate) async fn find(&self, query: &Query<'_>) -> Result<Option<Sighting>, AwsError> {
        let project = self.project(query.project);
        let mut project = project.lock().await;
        let enough = project.read.is_some_and(|(began, back_to)| began >= query.fresh && back_to <= query.since);
        if !enough {
            self.read(query.project, &mut project, query.since).await?;
        }
        let sightings = project.jobs.get(query.job).into_iter().flatten().filter(|sighting| sighting.started_at >= query.since);
        Ok(sightings.max_by_key(|sighting| (sighting.attempt, std::cmp::Reverse(sighting.started_at))).cloned())
    }

    /// The builds of jobs that run now and have been started since a time.
    pub(crate) async fn running(&self, project: &str, since: Timestamp) -> Result<Vec<String>, AwsError> {
        let name = project;
        let project = self.project(name);
        let mut project = project.lock().await;
        self.read(name, &mut project, since).await?;
        let running = project.jobs.values().flatten().filter(|sighting| !sighting.ended && sighting.started_at >= since);
        let mut ids: Vec<String> = running.map(|sighting| sighting.build_id.clone()).collect();
        ids.sort_unstable();
        Ok(ids)
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
        let (mut token, mut pages, mut met) = (None, 0, HashMap::new());
        let (mut listed, mut idle) = (HashSet::new(), 0);
        loop {
            let page = self.builds.list(name, token).await?;
            pages += 1;
            idle = if page.ids.iter().filter(|id| listed.insert((*id).clone())).count() > 0 { 0 } else { idle + 1 };
            if idle >= IDLE_PAGES && page.next.is_some() {
                let endless = format!("the list of the builds of {name} does not end: {idle} pages in a row name no further build");
                return Err(AwsError::local(Class::Transient, "codebuild.ListBuildsForProject", endless));
            }
            let new: Vec<String> = page.ids.iter().filter(|id| !project.known.contains_key(*id)).cloned().collect();
            let mut builds = Vec::new();
            for ids in new.chunks(BATCH) {
                builds.extend(self.builds.get(ids).await?);
            }
            for build in &builds {
                project.add(build);
            }
            met.extend(builds.into_iter().map(|build| (build.id, build.started_at.unwrap_or(Timestamp::MAX))));
            token = page.next;
            let time = |id: Option<&String>| id.and_then(|id| project.known.get(id).or_else(|| met.get(id))).copied();
            let (newest, oldest) = (time(page.ids.first()), time(page.ids.last()));
            // AWS lists the newest first; an emulator may not, and then all of the list must be read.
            let far_enough = newest >= oldest && oldest.is_some_and(|at| at < since);
            // A list may be a little out of order: one known build on a page does not mean that the page is the last one with news.
            let nothing_new = newest >= oldest && stop_at_known && new.is_empty();
            if token.is_none() || nothing_new || far_enough {
                break;
            }
        }
        project.known.extend(met);
        project.read = Some((began, known_back_to.min(since)));
        project.forget_before(self.clock.now());
        observe::index_read(name, pages, project.jobs.len());
        Ok(())
    }
}

impl Project {
    fn add(&mut self, build: &Build) {
        let (Some(job), Some(started_at)) = (&build.job, build.started_at) else { return };
        let sighting = Sighting { build_id: build.id.clone(), attempt: build.attempt.unwrap_or(1), started_at, ended: build.has_ended() };
        let sightings = self.jobs.entry(job.clone()).or_default();
        match sightings.iter_mut().find(|known| known.build_id == build.id) {
            Some(known) => *known = sighting,
            None => sightings.push(sighting),
        }
    }

    /// A message lives 14 days at the longest in SQS; no job asks for older builds.
    fn forget_before(&mut self, now: Timestamp) {
        const KEPT: jiff::SignedDuration = jiff::SignedDuration::from_hours(15 * 24);
        let Ok(oldest) = now.checked_sub(KEPT) else { return };
        self.known.retain(|_, started_at| *started_at >= oldest);
        self.jobs.retain(|_, sightings| {
            sightings.retain(|sighting| sighting.started_at >= oldest);
            !sightings.is_empty()
        });
    }
}
