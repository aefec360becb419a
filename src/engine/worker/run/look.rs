//! Looks for a build that an attempt may have already.

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, sleep};

use super::Run;
use crate::{aws::AwsError, engine::index::Query, job::build::Build, observe};

/// A token lives five minutes at CodeBuild. A start this long after the last look for the job's build could be a second build.
const TOKEN_LIFE: Duration = Duration::from_mins(4);
/// A start whose answer was lost may still be on its way for so long.
const ON_ITS_WAY: Duration = Duration::from_secs(15);

impl Run<'_> {
    /// Whether it is certain that the attempt has no build, or that its token still protects from a second one.
    pub(super) fn is_known(&self) -> bool {
        self.looked.is_some_and(|looked| looked.elapsed() < TOKEN_LIFE)
    }

    /// The attempt's build, or a later one's, unless it is known that there is none.
    pub(super) async fn seek(&mut self, attempt: u32) -> Result<Option<Arc<Build>>, AwsError> {
        if self.is_known() {
            return Ok(None);
        }
        let fresh = self.fresh();
        match self.look_from(attempt, fresh).await {
            // While it is asked again, the job could not start.
            Err(error) => {
                observe::lookup_failed(&self.arrival.job.id, &error);
                self.stop_waiting();
                self.find(attempt, fresh).await
            }
            found => found,
        }
    }

    fn query(&self, fresh: Instant) -> Query<'_> {
        Query { project: &self.profile.project, job: &self.arrival.job.id, since: self.since, fresh }
    }

    /// What was started since then is protected by its token.
    fn fresh(&self) -> Instant {
        let protected = Instant::now().checked_sub(TOKEN_LIFE / 2).unwrap_or(self.fresh);
        self.fresh.max(protected)
    }

    pub(super) async fn look(&mut self, attempt: u32) -> Result<Option<Arc<Build>>, AwsError> {
        let fresh = self.fresh();
        self.look_from(attempt, fresh).await
    }

    /// Looks for the build of a start whose outcome nobody knows, when it can no longer be on its way.
    pub(super) async fn look_again(&mut self, attempt: u32) -> Result<Option<Arc<Build>>, AwsError> {
        sleep(ON_ITS_WAY).await;
        self.find(attempt, Instant::now()).await
    }

    async fn look_from(&mut self, attempt: u32, fresh: Instant) -> Result<Option<Arc<Build>>, AwsError> {
        let found = self.worker.starter.look(&self.query(fresh)).await?;
        Ok(self.seen(attempt, fresh, found))
    }

    pub(super) async fn find(&mut self, attempt: u32, fresh: Instant) -> Result<Option<Arc<Build>>, AwsError> {
        let found = self.worker.starter.find(self.query(fresh)).await?;
        Ok(self.seen(attempt, fresh, found))
    }

    fn seen(&mut self, attempt: u32, fresh: Instant, found: Option<Arc<Build>>) -> Option<Arc<Build>> {
        self.looked = Some(fresh);
        found.filter(|build| build.attempt.unwrap_or(1) >= attempt)
    }
}
