//! The filter of a list of jobs, from a query. Values of one name are alternatives; all names must match.

use std::collections::BTreeSet;

use serde::{Deserialize, de::value::StrDeserializer};
use url::form_urlencoded;

use super::problem::Problem;
use crate::job::{
    outcome::Status,
    reference,
    standing::{Cause, JobStanding, State},
};

/// The names of a query's parameters.
pub const NAMES: [&str; 9] = ["state", "status", "reason", "tenant", "profile", "repository", "group", "label", "q"];
/// The most values of a query, and the longest value in characters.
pub(super) const VALUES: usize = 100;
const LONGEST: usize = 1_024;

/// The conditions that jobs must meet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    pub states: BTreeSet<State>,
    pub statuses: BTreeSet<Status>,
    pub reasons: BTreeSet<Cause>,
    pub tenants: Vec<String>,
    pub profiles: Vec<String>,
    pub repositories: Vec<String>,
    pub groups: Vec<String>,
    /// Labels: a name, and a value or any value.
    pub labels: Vec<(String, Option<String>)>,
    /// Texts in lower case, each of which must be somewhere in the job.
    pub texts: Vec<String>,
}

impl Filter {
    /// Reads a query, without its question mark. Empty values are ignored.
    ///
    /// # Errors
    /// A parameter is not known, or a value breaks its rule.
    pub fn parse(query: &str) -> Result<Self, Problem> {
        let mut filter = Self::default();
        for (count, (name, value)) in pairs(query).enumerate() {
            if count >= VALUES {
                return Err(too_many());
            }
            if !filter.take(&name, &value)? {
                return Err(unknown(&name, NAMES.iter().copied()));
            }
        }
        Ok(filter)
    }

    /// Adds one parameter, if it is one of the filter's.
    pub fn take(&mut self, name: &str, value: &str) -> Result<bool, Problem> {
        let value = value.trim();
        if value.chars().nth(LONGEST).is_some() {
            return Err(wrong(name, &format!("must be at most {LONGEST} characters")));
        }
        if value.is_empty() {
            return Ok(NAMES.contains(&name));
        }
        let text = || value.to_owned();
        match name {
            "state" => self.states.extend([word::<State>(name, value, "waiting, running, reporting or ended")?]),
            "status" => {
                self.statuses.extend([word::<Status>(name, value, "succeeded, failed, timed_out, cancelled, superseded or errored")?]);
            }
            "reason" => {
                let words = "limit, tenant, profile, repository, project, group, paused or capacity";
                self.reasons.extend([word::<Cause>(name, value, words)?]);
            }
            "tenant" => self.tenants.push(text()),
            "profile" => self.profiles.push(text()),
            "repository" => self.repositories.push(text()),
            "group" => self.groups.push(text()),
            "label" => self.labels.push(match value.split_once('=') {
                Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
                None => (text(), None),
            }),
            // A build may be named by its ARN.
            "q" => self.texts.push(reference::bare(value).to_lowercase()),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Whether a job matches.
    pub fn matches(&self, job: &JobStanding) -> bool {
        self.fits_state(job) && self.matches_besides_state(job)
    }

    /// Whether a job's state matches.
    pub fn fits_state(&self, job: &JobStanding) -> bool {
        self.states.is_empty() || self.states.contains(&job.state)
    }

    /// Whether a job matches apart from its state.
    pub fn matches_besides_state(&self, job: &JobStanding) -> bool {
        let about = &job.job;
        let among = |wanted: &[String], value: Option<&str>| {
            wanted.is_empty() || value.is_some_and(|value| wanted.iter().any(|wanted| wanted == value))
        };
        let waits_for = || job.wait.iter().flat_map(|wait| &wait.reasons).any(|reason| self.reasons.contains(&reason.reason));
        let has_label = |(name, value): &(String, Option<String>)| {
            about.labels.get(name).is_some_and(|has| value.as_ref().is_none_or(|value| value == has))
        };
        (self.statuses.is_empty() || job.status.is_some_and(|status| self.statuses.contains(&status)))
            && (self.reasons.is_empty() || waits_for())
            && among(&self.tenants, about.tenant.as_ref().map(super::super::job::id::Tenant::as_str))
            && among(&self.profiles, about.profile.as_deref())
            && among(&self.repositories, Some(&job.repository))
            && among(&self.groups, about.group.as_deref())
            && (self.labels.is_empty() || self.labels.iter().any(has_label))
            && (self.texts.is_empty() || self.texts.iter().any(|text| has_text(job, text)))
    }
}

/// Whether a text in lower case is somewhere in the job.
fn has_text(job: &JobStanding, text: &str) -> bool {
    let about = &job.job;
    let source = about.source.as_ref();
    let shown = [
        about.id.as_deref(),
        about.tenant.as_ref().map(super::super::job::id::Tenant::as_str),
        about.profile.as_deref(),
        about.group.as_deref(),
        Some(&*job.repository),
        source.map(|source| source.url.as_str()),
        source.and_then(|source| source.revision.as_deref()),
        source.and_then(|source| source.commit.as_deref()),
        job.decisive_line.as_deref(),
        job.cancel_reason.as_deref(),
    ];
    let labels = about.labels.iter().flat_map(|(name, value)| [name.as_str(), value.as_str()]);
    let builds = job.build_ids.iter().map(AsRef::as_ref);
    shown.into_iter().flatten().chain(labels).chain(builds).any(|has| has.to_lowercase().contains(text))
}

/// The parameters of a query.
pub(super) fn pairs(query: &str) -> impl Iterator<Item = (String, String)> {
    form_urlencoded::parse(query.as_bytes()).map(|(name, value)| (name.into_owned(), value.into_owned()))
}

/// The problem of a query that is too long.
pub(super) fn too_many() -> Problem {
    Problem::bad_request("too-many-parameters", format!("a query has at most {VALUES} parameters"))
}

/// The problem of an unknown parameter. A misspelt filter that is ignored would return all jobs.
pub(super) fn unknown<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Problem {
    let name: String = name.chars().take(100).collect();
    let known: Vec<&str> = known.collect();
    Problem::bad_request("unknown-parameter", format!("{name:?} is no parameter here; there are {}", known.join(", ")))
}

/// The problem of a value that breaks a rule.
pub(super) fn wrong(name: &str, rule: &str) -> Problem {
    Problem::bad_request("wrong-parameter", format!("{name} {rule}"))
}

/// Reads one of the words of an enum.
fn word<'a, T: Deserialize<'a>>(name: &str, value: &'a str, words: &str) -> Result<T, Problem> {
    T::deserialize(StrDeserializer::<serde::de::value::Error>::new(value)).map_err(|_| wrong(name, &format!("must be {words}")))
}
