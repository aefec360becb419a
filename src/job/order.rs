//! A job, translated to what `StartBuild` is asked for.

use crate::config::Profile;

use super::{Job, Variable};

/// One `StartBuild` request without SDK types. Equal jobs and attempts give equal orders: the token demands it.
#[derive(Debug, Clone, PartialEq)]
pub struct Order {
    pub project: String,
    /// CodeBuild's source type, such as `GITHUB`.
    pub source_type: &'static str,
    /// Absent for `NO_SOURCE`.
    pub source_location: Option<String>,
    /// A commit, branch, tag, on GitHub `pr/25`; absent: the default branch.
    pub source_version: Option<String>,
    /// Commits to fetch, 0 for all; absent for S3, which takes none.
    pub clone_depth: Option<i32>,
    pub submodules: bool,
    /// In a fixed order: Slipway's own, then the job's.
    pub env: Vec<Variable>,
    pub timeout_minutes: u32,
    /// The idempotency token: at most 64 characters, from the job's id and the attempt.
    pub token: String,
}

/// Translates an attempt at a job, from 1, to what CodeBuild is asked for.
pub fn translate(job: &Job, profile: &Profile, attempt: u32) -> Order {
    todo!("{job:?} {profile:?} {attempt}")
}
