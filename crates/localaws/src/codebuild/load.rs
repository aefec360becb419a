//! Reads projects, builds and tokens from the store, and ends the builds that were running.

use std::sync::Arc;

use rusqlite::Row;

use super::{
    CodeBuild,
    model::{
        build::{Build, Live, Retry, Start, Status, Verdict},
        phase::Phase,
        project::Project,
        transcript::Transcript,
    },
    operation::life::live,
};
use crate::store::{Error, Json, Store};

impl CodeBuild {
    /// Reads the state from the store. To be called before any operation.
    pub(crate) fn load(&self, store: &Store) -> Result<(), Error> {
        let mut state = self.state();
        store.each("SELECT * FROM project", |row| {
            let Json(members) = row.get("members")?;
            let mut project = Project::new(members, row.get("created_ms")?);
            project.modified_ms = row.get("modified_ms")?;
            project.last_number = row.get("last_number")?;
            state.projects.insert(row.get("name")?, project);
            Ok(())
        })?;
        store.each("SELECT * FROM build JOIN progress ON progress.build = build.sequence", |row| {
            let listed: bool = row.get("listed")?;
            let mut project = state.projects.get_mut(row.get_ref("project")?.as_str()?).filter(|_| listed);
            let active = project.as_deref().map_or_else(Arc::default, Project::enter);
            let build = Arc::new(self.build(row, active)?);
            if let Some(project) = &mut project {
                project.builds.insert(build.sequence, Arc::clone(&build));
            }
            state.add(build);
            Ok(())
        })?;
        store.each("SELECT * FROM token ORDER BY since_ms", |row| {
            let Json(request) = row.get("request")?;
            if let Some(build) = state.builds.get(row.get_ref("build_id")?.as_str()?).cloned() {
                state.tokens.remember(row.get("token")?, request, build, row.get("since_ms")?);
            }
            Ok(())
        })
    }

    fn build(&self, row: &Row<'_>, active: Arc<()>) -> rusqlite::Result<Build> {
        let id: String = row.get("id")?;
        let (Json(request), Json(settings), Json(phases), Json(exported)) =
            (row.get("request")?, row.get("settings")?, row.get("phases")?, row.get("exported")?);
        let log: (Option<String>, Option<String>) = (row.get("log_group")?, row.get("log_stream")?);
        let mut transcript = Transcript::new(log.0.zip(log.1));
        if row.get("log_revealed")? {
            transcript.reveal();
        }
        let status = Status::named(row.get_ref("status")?.as_str()?);
        let start = Start {
            sequence: row.get("sequence")?,
            arn: self.build_arn(&id),
            id,
            number: row.get("number")?,
            project: row.get("project")?,
            request,
            settings,
            retry: Retry { limit: row.get("retry_limit")?, number: row.get("retry_number")?, previous: row.get("previous_retry")? },
            clock: self.settings.clock,
            minute: self.settings.minute,
            journal: self.journal.fork(),
        };
        Ok(Build::new(
            start,
            Live {
                status,
                phases,
                end_ms: row.get("end_ms")?,
                resolved: row.get("resolved")?,
                exported,
                transcript,
                next_retry: row.get("next_retry")?,
                active: (status == Status::InProgress).then_some(active),
            },
        ))
    }

    /// Continues after a restart: queued builds wait again, and builds that ran are lost, as on AWS when their host fails.
    pub(crate) fn resume(self: &Arc<Self>) {
        let open: Vec<_> = self.state().order.values().filter(|build| !build.live().is_over()).cloned().collect();
        let (waiting, running): (Vec<_>, Vec<_>) = open.into_iter().partition(|build| build.live().current_phase() <= Phase::Queued);
        for build in waiting {
            match self.capacity.queue() {
                Ok(turn) => {
                    tokio::spawn(live(Arc::clone(self), build, turn));
                }
                Err(_) => self.conclude(&build, Verdict::Lost),
            }
        }
        for build in running {
            self.conclude(&build, Verdict::Lost);
            self.retry(&build);
        }
    }
}
