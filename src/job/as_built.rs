//! The job as it was when its build was started. A later message with the same id may describe it otherwise.

use super::{Group, Job, build::Build};

/// The job that a build was started for. Each part that the build does not record is taken from `job`, which the message that found the
/// build describes.
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
    fn the_job_is_read_back_from_its_build() {
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
        assert_eq!(as_built(&again, &Build { record: None, ..build }), again, "a build without a record changes nothing");
    }
}
