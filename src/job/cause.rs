//! What a failed build died of, where its log or a phase's context says so in words that are known.
//!
//! Words alone prove nothing: a test that passes may print `no space left on device`, and a command's own text may speak of rate limits. So
//! they count only in what the failed command printed (not in what was run before it or after it, nor in the command as CodeBuild, BuildKit
//! or a shell repeat it), only within the last [`NEAR`] lines before the failure, and only in the shape in which programs report errors. Of
//! several the last counts, unless it is one that commonly follows from another: a refused pull is said after the reason for the refusal.

mod sign;

use std::collections::{HashSet, VecDeque};

use super::{
    agent,
    outcome::{Failure, Outcome, Status},
};

/// How far before the failure its cause may stand, in lines: BuildKit repeats the last lines of the failed step and the piece of the
/// Dockerfile, and package managers end with a page of advice.
pub const NEAR: usize = 40;

/// CodeBuild's codes that are a cause by themselves: for a buildspec that cannot be read, and for values of the stores.
const CODES: &[(&str, Cause)] = &[
    ("YAML_FILE_ERROR", Cause::BuildspecInvalid),
    ("Secrets Manager Error", Cause::SecretUnavailable),
    ("Decrypted Variables Error", Cause::SecretUnavailable),
];

/// A known cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cause {
    /// Docker Hub limits pulls per address or account.
    DockerHubRateLimit,
    /// Another registry does.
    RegistryRateLimit,
    /// No credentials for a registry, or ones that it does not take.
    RegistryLoginFailed,
    /// The registry knows who asks, and says no.
    RegistryAccessDenied,
    /// ECR makes no repository on its own.
    RepositoryNotFound,
    /// git has no credentials for the source, or ones that the host does not take.
    GitAuthenticationFailed,
    /// There is no such git repository or S3 object, or none that the build may see.
    SourceNotFound,
    /// There is no such branch, tag or commit.
    RevisionNotFound,
    /// The buildspec is not there or not YAML.
    BuildspecInvalid,
    /// A secret or parameter is not there, or the build may not read it.
    SecretUnavailable,
    /// A base image, or the image that the build itself runs in.
    ImagePullFailed,
    /// The build machine's disk is full.
    DiskFull,
    /// The build machine's memory ran out, or a program's share of it.
    OutOfMemory,
    /// A process was killed, as the system does when memory runs out; others may do it too.
    Killed,
}

impl Cause {
    /// Every cause.
    pub const ALL: [Self; 14] = [
        Self::DockerHubRateLimit,
        Self::RegistryRateLimit,
        Self::RegistryLoginFailed,
        Self::RegistryAccessDenied,
        Self::RepositoryNotFound,
        Self::GitAuthenticationFailed,
        Self::SourceNotFound,
        Self::RevisionNotFound,
        Self::BuildspecInvalid,
        Self::SecretUnavailable,
        Self::ImagePullFailed,
        Self::DiskFull,
        Self::OutOfMemory,
        Self::Killed,
    ];

    /// As `failure.code` has it.
    pub fn code(self) -> &'static str {
        match self {
            Self::DockerHubRateLimit => "DOCKER_HUB_RATE_LIMIT",
            Self::RegistryRateLimit => "REGISTRY_RATE_LIMIT",
            Self::RegistryLoginFailed => "REGISTRY_LOGIN_FAILED",
            Self::RegistryAccessDenied => "REGISTRY_ACCESS_DENIED",
            Self::RepositoryNotFound => "REPOSITORY_NOT_FOUND",
            Self::GitAuthenticationFailed => "GIT_AUTHENTICATION_FAILED",
            Self::SourceNotFound => "SOURCE_NOT_FOUND",
            Self::RevisionNotFound => "REVISION_NOT_FOUND",
            Self::BuildspecInvalid => "BUILDSPEC_INVALID",
            Self::SecretUnavailable => "SECRET_UNAVAILABLE",
            Self::ImagePullFailed => "IMAGE_PULL_FAILED",
            Self::DiskFull => "DISK_FULL",
            Self::OutOfMemory | Self::Killed => "OUT_OF_MEMORY",
        }
    }

    /// What to do about it, and who can.
    pub fn advice(self) -> &'static str {
        match self {
            Self::DockerHubRateLimit => {
                "Docker Hub's pull limit is reached: take base images from a mirror such as public.ecr.aws/docker/library, or ask the \
                 operator to give the builds a Docker Hub login"
            }
            Self::RegistryRateLimit => "the registry's rate limit is reached: try again later, and log in to it if that is possible",
            Self::RegistryLoginFailed => {
                "the registry did not take the credentials: check the login, if the repository's own commands make it; else the operator \
                 should check that the build's role may call ecr:GetAuthorizationToken, and any other registry's login"
            }
            Self::RegistryAccessDenied => {
                "the registry refuses this build: check the image's name, and the login, if the repository's own commands make it; else the \
                 operator should allow the build's role to push to and pull from this repository"
            }
            Self::RepositoryNotFound => {
                "the repository is not there, and the registry does not make it by itself: check the image's name, or ask the operator to \
                 create the repository"
            }
            Self::GitAuthenticationFailed => {
                "the git host did not let the build in: check the login, if the repository's own commands make it; else the operator should \
                 check the project's source credentials, and that they may read this repository"
            }
            Self::SourceNotFound => {
                "the source is not there, or hidden from the build: check source.url; if it is right and private, the operator should \
                 check the project's source credentials"
            }
            Self::RevisionNotFound => {
                "git does not know the revision: check that source.revision is a branch, tag or commit that has been pushed, and \
                 source.depth if the build looks for an older one"
            }
            Self::BuildspecInvalid => "the buildspec is missing or not valid: the operator of the project has to correct it",
            Self::SecretUnavailable => {
                "a secret or parameter cannot be read: check its name in the job's env and in the buildspec; if it is right, the operator \
                 should create it and let the build's role read it"
            }
            Self::ImagePullFailed => {
                "an image could not be pulled: check that the name and tag exist for this platform and that the build may pull it; if it is \
                 the project's own build image, that is the operator's to do"
            }
            Self::DiskFull => {
                "the build machine's disk is full: make the image or its context smaller, or ask the operator for a larger compute type"
            }
            Self::OutOfMemory => "the build ran out of memory: let it do less at a time, or ask the operator for a larger compute type",
            Self::Killed => {
                "a process of the build was killed (SIGKILL), most often because memory ran out: let the build do less at a time, or ask \
                 the operator for a larger compute type, unless one of its own commands has killed it"
            }
        }
    }

    /// Whether it is commonly said after another cause, and because of that one.
    fn follows_others(self) -> bool {
        matches!(self, Self::RegistryRateLimit | Self::ImagePullFailed | Self::OutOfMemory | Self::Killed)
    }
}

/// No more of a line is looked at, from its beginning and from its end.
const HALF: usize = 2_048;

/// Looks for the cause of a failure in a build's log, in bounded memory: it keeps the last lines of the failed command, and reads them at
/// the end. Of a build that did not fail it keeps nothing.
#[derive(Debug)]
pub struct Search {
    /// The failed command's lines.
    command: HashSet<String>,
    runs: agent::Command,
    /// The command's last lines.
    near: VecDeque<String>,
    /// Whether there is no more to keep: the failed phase has ended (what comes after it is not its cause), or nothing failed.
    over: bool,
}

impl Search {
    /// A search for the cause of this outcome.
    pub fn new(outcome: &Outcome) -> Self {
        let command = outcome.failure.as_ref().and_then(|failure| failure.command.as_deref()).unwrap_or_default();
        let command = command.lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect();
        Self { command, runs: agent::Command::default(), near: VecDeque::new(), over: !is_explained(outcome) }
    }

    /// Takes the next line of the log as plain text.
    pub fn push(&mut self, line: &str) {
        if self.over {
            return;
        }
        let words = agent::words(line);
        let begins = words.is_some_and(|words| self.runs.begins(words));
        match words {
            Some(words) if agent::fails_phase(words) => self.over = true,
            _ if self.runs.is_aside() => {}
            Some(words) if begins || agent::ends_phase(words) => {
                // Lines keep their distance from the failure.
                self.near.iter_mut().for_each(String::clear);
                self.keep("");
            }
            _ => self.keep(line),
        }
    }

    fn keep(&mut self, line: &str) {
        let mut kept = if self.near.len() == NEAR { self.near.pop_front().unwrap_or_default() } else { String::new() };
        kept.clear();
        match (line.get(..line.floor_char_boundary(HALF)), line.get(line.ceil_char_boundary(line.len().saturating_sub(HALF))..)) {
            (Some(begin), Some(end)) if line.len() > 2 * HALF => kept.extend([begin, end]),
            _ => kept.push_str(line),
        }
        self.near.push_back(kept);
    }

    /// Names the cause in the outcome: its code instead of CodeBuild's, and after what was said what to do. What was said is the log's
    /// decisive line, or else CodeBuild's words. What is not a failure, or has run out of time (whatever is killed then looks like a want of
    /// memory), stays as it is.
    pub fn explain(self, outcome: &mut Outcome, decisive: Option<&str>) {
        if !is_explained(outcome) {
            return;
        }
        let Some(failure) = outcome.failure.as_mut() else { return };
        let by_code = CODES.iter().find(|(code, _)| failure.code.as_deref() == Some(code)).map(|&(_, cause)| cause);
        let cause = by_code.or_else(|| self.cause(failure));
        if let Some(decisive) = decisive.filter(|_| failure.phase.is_some()) {
            failure.message = decisive.to_owned();
        }
        if let Some(cause) = cause {
            failure.message = format!("{} ({})", failure.message, cause.advice());
            failure.code = Some(cause.code().to_owned());
        }
    }

    /// The last cause that stands for itself, or else the last of those that commonly follow from another.
    fn cause(&self, failure: &Failure) -> Option<Cause> {
        // The central buildspec says its own word last: what looks like one before it was printed by something that it ran.
        let last = self.near.iter().rposition(|line| sign::is_own(line));
        let lines = self.near.iter().enumerate().filter(|&(at, line)| last == Some(at) || !sign::is_own(line));
        let said = lines.filter_map(|(_, line)| sign::read(self.evidence(line)));
        // Without a phase it is not CodeBuild that speaks.
        let reason = Some(reason(failure)).filter(|_| failure.phase.is_some()).unwrap_or_default();
        let (mut own, mut following) = (None, None);
        for cause in said.chain(reason.lines().filter_map(sign::read)) {
            // What said that memory ran out knows why it was killed.
            if cause == Cause::Killed && following == Some(Cause::OutOfMemory) {
                continue;
            }
            *(if cause.follows_others() { &mut following } else { &mut own }) = Some(cause);
        }
        own.or(following)
    }

    /// What of a line counts: not the command that it repeats.
    fn evidence<'a>(&self, line: &'a str) -> &'a str {
        match agent::words(line) {
            Some(words) if words.starts_with("Command did not exit successfully ") => sign::exit_status(words).unwrap_or_default(),
            Some(_) => "",
            None => match sign::exit_status(line) {
                Some(status) if self.is_command(line.strip_suffix(status).unwrap_or_default()) => status,
                _ if self.is_command(line) => "",
                _ => line,
            },
        }
    }

    fn is_command(&self, line: &str) -> bool {
        self.command.contains(line.trim())
    }
}

/// Whether there is a failure whose cause is looked for.
fn is_explained(outcome: &Outcome) -> bool {
    outcome.failure.is_some() && matches!(outcome.status, Status::Failed | Status::Errored)
}

/// What CodeBuild says is the matter, without the command that it repeats.
fn reason(failure: &Failure) -> &str {
    match &failure.command {
        Some(_) => failure.message.rsplit_once(". Reason: ").map_or("", |(_, reason)| reason),
        None => &failure.message,
    }
}

#[cfg(test)]
mod tests;
