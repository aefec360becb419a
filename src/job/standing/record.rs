//! A job as its builds in CodeBuild describe it, for jobs that this process does not remember.

use std::{collections::BTreeMap, sync::Arc};

use super::{HistoryEntry, JobDetail, JobStanding, State};
use crate::job::{
    JobId,
    build::Build,
    event::{Artifacts, JobSummary, Log, Run, SourceSummary, Timings, image::image_results, rfc3339},
    outcome::{Failure, FailureKind, Status, Verdict, judge},
    plain::escaped,
    policy,
};

impl JobDetail {
    /// The job of these builds, the latest last. `None`: there are no builds.
    pub fn of_record(id: &JobId, builds: &[Arc<Build>]) -> Option<Self> {
        let build = builds.last()?;
        let (status, failure) = ended(build).map_or((None, None), |(status, failure)| (Some(status), failure));
        let shown = |time| Box::<str>::from(rfc3339(time));
        let started_at = build.started_at().map(shown);
        let images = image_results(build).images;
        let standing = JobStanding {
            job: Arc::new(summary(id, build)),
            queue: "".into(),
            repository: build.record.as_ref().map(|record| policy::repository(&record.url)).unwrap_or_default().into(),
            state: if status.is_some() { State::Ended } else { State::Running },
            status,
            received_at: started_at.clone().unwrap_or_default(),
            wait: None,
            attempt: build.attempt,
            build_ids: builds.iter().map(|build| Arc::clone(&build.id)).collect(),
            started_at: started_at.clone(),
            ended_at: build.ended_at().map(shown),
            phase: build.current_phase.as_ref().filter(|_| status.is_none()).map(|phase| phase[..].into()),
            building_since: build.building_since().map(shown),
            left_seconds: None,
            usual_seconds: None,
            cancelling_since: None,
            decisive_line: failure.as_ref().map(|failure| failure.message.as_str().into()),
            pushed: images.iter().map(|image| image.reference.clone()).collect(),
            cancel_reason: None,
            superseded_by: None,
        };
        let entry =
            |time: &Option<Box<str>>, text: &str| time.as_deref().map(|time| HistoryEntry { time: time.to_owned(), text: text.to_owned() });
        let history = [entry(&started_at, "its build was started"), entry(&standing.ended_at, "its build ended")];
        Some(Self {
            message: serde_json::Value::Null,
            builds: builds.iter().map(|build| Run::of(build)).collect(),
            images,
            outputs: BTreeMap::new(),
            artifacts: Artifacts::of(build),
            failure,
            log: build.log.as_ref().map(|log| Log {
                group: log.group.to_string(),
                stream: log.stream.clone(),
                url: log.url.clone(),
                ..Log::default()
            }),
            timings: Some(Timings::default().with_build(build)),
            history: history.into_iter().flatten().collect(),
            from_record: true,
            standing: Arc::new(standing),
        })
    }
}

/// How the build ended, by its own status. A superseded job appears as cancelled.
fn ended(build: &Build) -> Option<(Status, Option<Failure>)> {
    if !build.has_ended() {
        return None;
    }
    Some(match judge(build) {
        Verdict::Ended(outcome) => (outcome.status, outcome.failure),
        Verdict::PlatformFault(failure) => (Status::Errored, Some(Failure { kind: FailureKind::Platform, ..failure })),
    })
}

fn summary(id: &JobId, build: &Build) -> JobSummary {
    let record = build.record.as_ref();
    let shown = |text: &str| escaped(text).into_owned();
    JobSummary {
        id: Some(id.to_string()),
        message_id: "".into(),
        tenant: build.tenant.clone(),
        profile: build.profile.clone(),
        priority: record.map(|record| record.priority),
        group: build.group.as_deref().map(Into::into),
        source: record.map(|record| SourceSummary {
            url: record.url.to_string(),
            revision: record.revision.as_deref().map(shown),
            commit: build.source_commit(),
        }),
        labels: record
            .and_then(|record| record.labels.as_ref())
            .into_iter()
            .flatten()
            .map(|(name, value)| (shown(name), shown(value)))
            .collect(),
        enqueued_at: record.and_then(|record| record.enqueued_at).map(rfc3339),
        last_receive: false,
        repository: None,
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::job::{event::Origin, message::sample::job_with, record::Record};

    #[test]
    fn a_job_from_the_record_of_codebuild_looks_as_before_a_restart() {
        let job = job_with(&json!({
            "labels": { "to": "a\u{202e}b" }, "tenant": "team-a", "priority": "high", "group": { "key": "g" },
            "source": { "url": "https://github.com/acme/app", "revision": "v1\u{202e}" },
        }));
        let before = JobSummary::of(&job, &Origin::default(), None);
        let build = Build {
            record: Record::parse(&Record::of(&job, None).value()),
            tenant: Some(job.tenant.clone()),
            profile: Some(job.profile.clone()),
            group: Some("g".to_owned()),
            ..Build::default()
        };
        let detail = JobDetail::of_record(&job.id, &[Arc::new(build)]).unwrap();
        assert_eq!(*detail.standing.job, JobSummary { repository: None, ..before });
    }
}
