//! Why a job waits.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What keeps a job waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// As many builds run as may run at once.
    Limit,
    /// The tenant's limit is reached.
    Tenant,
    /// The profile's limit is reached.
    Profile,
    /// The repository's limit is reached.
    Repository,
    /// As many builds run in the project as CodeBuild has been found to take at once.
    Project,
    /// Another job of the group comes first.
    Group,
    /// A pause applies to the job.
    Paused,
    /// CodeBuild refused the start, and will be asked again.
    Capacity,
}

/// Why a job waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reason {
    /// What keeps it waiting.
    pub reason: Cause,
    /// The name of the tenant, profile, repository, project, group or queue. For `capacity`: CodeBuild's message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub name: Option<String>,
    /// How many running builds count towards the limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u64")]
    pub running: Option<usize>,
    /// The limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u64")]
    pub limit: Option<usize>,
    /// How many builds of the tenant may run at once while no other tenant waits, if that is more than its limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u64")]
    pub burst: Option<usize>,
    /// The id of the job that comes first in the group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub job: Option<String>,
}

/// For people, such as "tenant team-a runs 4 of 4".
impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name.as_deref().unwrap_or_default();
        let used = match (self.running, self.limit) {
            (Some(running), Some(limit)) => {
                let burst = self.burst.map(|burst| format!(" (burst {burst})")).unwrap_or_default();
                format!(" runs {running} of {limit}{burst}")
            }
            (None, Some(limit)) => format!(" takes {limit} at once"),
            _ => " is at its limit".to_owned(),
        };
        let text = match self.reason {
            Cause::Limit => match (self.running, self.limit) {
                (Some(running), Some(limit)) => format!("{running} of {limit} places are taken"),
                _ => "all places are taken".to_owned(),
            },
            Cause::Tenant => format!("tenant {name}{used}"),
            Cause::Profile => format!("profile {name}{used}"),
            Cause::Repository => format!("{name}{used}"),
            Cause::Project => match self.limit {
                Some(limit) => format!("CodeBuild takes {limit} at once in {name}"),
                None => format!("CodeBuild has no room in {name}"),
            },
            Cause::Group => match &self.job {
                Some(job) => format!("after {job}, group {name}"),
                None => format!("group {name} is busy"),
            },
            Cause::Paused => {
                if name.is_empty() {
                    "paused".to_owned()
                } else {
                    format!("paused: {name}")
                }
            }
            Cause::Capacity => format!("CodeBuild refused: {name}"),
        };
        f.write_str(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_names_the_limit_job_or_pause() {
        let of = |cause, name: &str, running, limit, job: Option<&str>| {
            Reason { reason: cause, name: Some(name.to_owned()), running, limit, burst: None, job: job.map(str::to_owned) }.to_string()
        };
        for (text, expected) in [
            (of(Cause::Limit, "", Some(4), Some(4), None), "4 of 4 places are taken"),
            (of(Cause::Tenant, "team-a", Some(4), Some(4), None), "tenant team-a runs 4 of 4"),
            (of(Cause::Profile, "arm", Some(2), Some(2), None), "profile arm runs 2 of 2"),
            (of(Cause::Repository, "github.com/acme/app", Some(1), Some(1), None), "github.com/acme/app runs 1 of 1"),
            (of(Cause::Project, "flex", None, Some(12), None), "CodeBuild takes 12 at once in flex"),
            (of(Cause::Group, "acme/docs@main", None, None, Some("docs-1")), "after docs-1, group acme/docs@main"),
            (of(Cause::Paused, "tenant team-g", None, None, None), "paused: tenant team-g"),
            (of(Cause::Capacity, "no more builds", None, None, None), "CodeBuild refused: no more builds"),
        ] {
            assert_eq!(text, expected);
        }
        let beyond =
            Reason { reason: Cause::Tenant, name: Some("a".to_owned()), running: Some(4), limit: Some(2), burst: Some(4), job: None };
        assert_eq!(beyond.to_string(), "tenant a runs 4 of 2 (burst 4)");
    }
}
