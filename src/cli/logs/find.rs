//! A job's latest build, found by `SLIPWAY_JOB_ID` among the newest builds of a project.

use jiff::Timestamp;

use crate::{
    aws::{
        AwsError,
        builds::{BATCH, Builds},
    },
    job::build::Build,
};

/// The job's build that started last and not before `since`, among at most `pages` pages of a hundred builds.
pub(in crate::cli) async fn latest(
    builds: &Builds,
    project: &str,
    job: &str,
    since: Timestamp,
    pages: usize,
) -> Result<Option<Build>, AwsError> {
    let (mut found, mut token) = (None::<Build>, None);
    for _ in 0..pages {
        let page = builds.list(project, token).await?;
        let mut listed = Vec::new();
        for ids in page.ids.chunks(BATCH) {
            listed.extend(builds.get(ids).await?);
        }
        // AWS lists the newest first. An emulator may not; then every page must be read.
        let ends = (listed.first().and_then(Build::started_at), listed.last().and_then(Build::started_at));
        let newest_first = ends.0 >= ends.1;
        let is_too_old = newest_first && ends.1.is_some_and(|oldest| oldest < since);
        let of_job = listed.into_iter().filter(|build| build.job.as_ref().is_some_and(|id| id.as_str() == job));
        found = found.into_iter().chain(of_job.filter(|build| build.started_at() >= Some(since))).max_by_key(Build::started_at);
        token = page.next;
        if token.is_none() || is_too_old || (newest_first && found.is_some()) {
            break;
        }
    }
    Ok(found)
}
