//! The cause of a failed build, where its log or a phase's context names it in words that are known.
//!
//! A line with such words is not enough: a passing test may print `no space left on device`, and a command's text may mention rate limits.
//! So a line counts only if the failed command printed it (not a command before or after it, and not the command's own text as CodeBuild,
//! BuildKit or a shell repeats it), only within the last [`NEAR`] lines before the failure, and only in the form in which programs report
//! errors. Of several causes the last one counts, unless it commonly follows from another: docker reports a refused pull after the reason
//! of the refusal.

mod sign;

use std::collections::{HashSet, VecDeque};

use super::{
    agent,
    outcome::{Failure, Outcome, Status},
};

/// How many lines before the failure its cause may be printed. BuildKit repeats the last lines of the failed step and a part of the
/// Dockerfile, and package managers end with a page of advice.
pub const NEAR: usize = 40;

/// CodeBuild's codes that name a cause by themselves: an unreadable buildspec, and values of Secrets Manager and the Parameter Store.
const CODES: &[(&str, Cause)] = &[
    ("YAML_FILE_ERROR", Cause::BuildspecInvalid),
    ("Secrets Manager Error", Cause::SecretUnavailable),
    ("Decrypted Variables Error", Cause::SecretUnavailable),
];

/// A known cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cause {
    /// Docker Hub's pull limit for the address or account is reached.
    DockerHubRateLimit,
    /// Another registry's rate limit is reached.
    RegistryRateLimit,
    /// A registry got no credentials, or refused them.
    RegistryLoginFailed,
    /// A registry accepted the credentials, and refuses the access.
    RegistryAccessDenied,
    /// The repository does not exist in the registry. ECR does not create it by itself.
    RepositoryNotFound,
    /// The git host got no credentials, or refused them.
    GitAuthenticationFailed,
    /// The git repository or S3 object does not exist, or the build may not see it.
    SourceNotFound,
    /// The branch, tag or commit does not exist.
    RevisionNotFound,
    /// The buildspec does not exist, or is no valid YAML.
    BuildspecInvalid,
    /// A secret or parameter does not exist, or the build may not read it.
    SecretUnavailable,
    /// A base image or the build's own image cannot be pulled.
    ImagePullFailed,
    /// The build machine's disk is full.
    DiskFull,
    /// The build machine's memory ran out, or a program's limit of it.
    OutOfMemory,
    /// A process was killed. Most often memory ran out, but other senders of SIGKILL are possible.
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

    /// The value of `failure.code`.
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

    /// Whether it is commonly reported after another cause that led to it.
    fn follows_others(self) -> bool {
        matches!(self, Self::RegistryRateLimit | Self::ImagePullFailed | Self::OutOfMemory | Self::Killed)
    }
}

/// The bytes of a line that are searched at its beginning, and as many at its end.
const HALF: usize = 2_048;

/// Searches a build's log for the cause of the failure. Memory is bounded: it keeps the last lines of the failed command, and reads them at
/// the end of the log. For a build that did not fail it keeps nothing.
#[derive(Debug)]
pub struct Search {
    /// The text of the failed command, by lines.
    command: HashSet<String>,
    runs: agent::Command,
    /// The last lines that the command printed.
    near: VecDeque<String>,
    /// Whether the search is over: the failed phase has ended, and later lines do not explain it; or nothing failed.
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
                // A cleared line stays in the list, so that each line keeps its distance from the failure.
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

    /// Writes the cause into the outcome: its code replaces CodeBuild's, and its advice follows the message. The message is the log's
    /// decisive line, or else CodeBuild's words. A job that did not fail, or that timed out, stays as it is: the processes of a build that
    /// timed out are killed, which looks like missing memory.
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

    /// The last cause that does not follow from others, else the last one that does.
    fn cause(&self, failure: &Failure) -> Option<Cause> {
        // The central buildspec prints its own line last. A similar line before it was printed by a program that it ran.
        let last = self.near.iter().rposition(|line| sign::is_own(line));
        let lines = self.near.iter().enumerate().filter(|&(at, line)| last == Some(at) || !sign::is_own(line));
        let said = lines.filter_map(|(_, line)| sign::read(self.evidence(line)));
        // A failure without a phase does not have CodeBuild's words.
        let reason = Some(reason(failure)).filter(|_| failure.phase.is_some()).unwrap_or_default();
        let (mut own, mut following) = (None, None);
        for cause in said.chain(reason.lines().filter_map(sign::read)) {
            // A line about missing memory explains the kill.
            if cause == Cause::Killed && following == Some(Cause::OutOfMemory) {
                continue;
            }
            *(if cause.follows_others() { &mut following } else { &mut own }) = Some(cause);
        }
        own.or(following)
    }

    /// The part of a line that counts: all but the command that it repeats.
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

/// Whether the outcome is a failure whose cause is searched.
fn is_explained(outcome: &Outcome) -> bool {
    outcome.failure.is_some() && matches!(outcome.status, Status::Failed | Status::Errored)
}

/// CodeBuild's reason, without the command that it repeats.
fn reason(failure: &Failure) -> &str {
    match &failure.command {
        Some(_) => failure.message.rsplit_once(". Reason: ").map_or("", |(_, reason)| reason),
        None => &failure.message,
    }
}

#[cfg(test)]
mod tests;
