//! The job that a build was started for, which the message that finds the build may describe otherwise.

use super::{Group, Job, build::Build};

/// The job as a build was started for it, where that is known; the message that found the build may say otherwise.
pub fn as_built(job: &Job, build: &Build) -> Job {
    let mut job = job.clone();
    let Some(record) = &build.record else { return job };
    job.source.url = record.url.clone();
    job.source.revision.clone_from(&record.revision);
    job.priority = record.priority;
    job.labels = record.labels.clone().unwrap_or(job.labels);
    job.tenant = build.tenant.clone().unwrap_or(job.tenant);
    job.profile = build.profile.clone().unwrap_or(job.profile);
    job.group = build.group.clone().map(|key| Group { key, on_conflict: record.on_conflict });
    job
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::job::{message::sample::job_with, record::Record};

    #[test]
    fn a_build_gives_back_the_job_that_it_was_started_for() {
        let first = job_with(&json!({
            "tenant": "team-a", "labels": { "release": "1" }, "priority": "high", "group": { "key": "g", "on_conflict": "supersede" },
            "source": { "url": "https://github.com/acme/app", "revision": "v1" },
        }));
        let again = job_with(&json!({ "tenant": "team-b", "labels": { "release": "2" } }));
        let record = Record::parse(&Record::of(&first, None).value());
        let build = Build {
            record,
            tenant: Some(first.tenant.clone()),
            profile: Some("default".into()),
            group: Some("g".into()),
            ..Build::default()
        };
        assert_eq!(as_built(&again, &build), first);
        assert_eq!(as_built(&again, &Build { record: None, ..build }), again, "a build without a record says nothing");
    }
}
