//! Whose fault a failed build is, and the message for that person. It depends on whose buildspec failed: the central buildspec prints a
//! line that says what failed, and a repository's own buildspec is the sender's to correct.

use super::{
    agent,
    build::Build,
    outcome::{FailureKind, Outcome, Status},
};

/// How that line of the central buildspec begins. Docker prints the output of a Dockerfile's commands with another beginning.
const LINE: &str = "error: slipway: ";

/// How the line begins in which docker says why a build failed.
const SOLVING: &str = "ERROR: failed to solve: ";
/// The largest part of docker's reason that is kept, in bytes.
const REASON: usize = 1_000;

/// A text in every command of the central buildspec, and in no other buildspec.
const SCRIPT: &str = "$SLIPWAY_WORK/slipway.sh";

/// Failures that only the operator can correct: how the central buildspec's line begins, and what to do. `*` stands for one word, and a
/// text with it is the whole line: what follows may be a sender's, such as the path of a file that does not exist.
const OPERATORS: &[(&str, &str)] = &[
    (
        "no docker engine answers",
        "the operator should give the project privileged mode, or start the engine; in local mode that is this machine's",
    ),
    (
        "docker * cannot build: its buildx component is missing",
        "the operator should install docker's buildx plugin where builds run, or an image of CodeBuild's that has it",
    ),
    ("the build's role cannot log in to ", "the operator should let the build's role call ecr:GetAuthorizationToken"),
    ("the login at Docker Hub is refused", "the operator should check SLIPWAY_DOCKERHUB_USERNAME and SLIPWAY_DOCKERHUB_PASSWORD"),
    ("SLIPWAY_DOCKERHUB_USERNAME and SLIPWAY_DOCKERHUB_PASSWORD go together", "the operator should set both or none"),
    ("the job asks for images, and its profile has no registry", "the operator should give the profile a registry"),
    (
        "* asks for the build's role, and the build has no credentials endpoint",
        "the operator should give the project a role that its containers can use",
    ),
    ("the credentials of the build's role cannot be fetched", "the operator should check the project's role"),
    ("the credentials endpoint of the build's role gives no credentials", "the operator should check the project's role"),
    (
        "SLIPWAY_IMAGES is not a JSON list, or jq is missing",
        "the operator should take a build image that has bash, git, jq, curl and docker",
    ),
    ("docker could not push ", "the operator should check that the registry is there, has this repository and lets the build push to it"),
    ("docker names no digest of ", "the operator should check the version of docker where builds run"),
];

const LOGIN_FAILED: &str = "REGISTRY_LOGIN_FAILED";
const BUILDSPEC_INVALID: &str = "BUILDSPEC_INVALID";
/// Causes that the operator has to correct if the buildspec is the operator's.
const OPERATORS_CODES: &[&str] = &[LOGIN_FAILED, BUILDSPEC_INVALID];
/// A cause that the sender may have to correct: the image's name may be wrong.
const REPOSITORY_NOT_FOUND: &str = "REPOSITORY_NOT_FOUND";

/// Whether a line is the one in which the central buildspec says what failed. Other lines say why.
pub fn is_own(line: &str) -> bool {
    line.trim_start().starts_with(LINE)
}

/// What is read from a failed build and its log to find whose fault it is.
#[derive(Debug)]
pub struct Fault {
    /// CodeBuild's message, before a cause was found.
    said: String,
    /// Whether the failed build's buildspec is the operator's. `None`: no build failed.
    is_operators: Option<bool>,
    runs: agent::Command,
    /// Whether the failed phase has ended.
    over: bool,
    /// The last line of the central buildspec that the failed command printed.
    line: Option<String>,
    /// Docker's reason why the last image could not be built.
    solving: Option<String>,
}

impl Fault {
    /// From an outcome as CodeBuild reports it.
    pub fn new(outcome: &Outcome, build: Option<&Build>) -> Self {
        let failed = build.filter(|_| outcome.status == Status::Failed);
        let said = outcome.failure.as_ref().map(|failure| failure.message.clone()).unwrap_or_default();
        let is_operators = failed.map(|build| build.is_operators);
        // Another buildspec of the operator's may run programs of the repository, which may print anything.
        let command = outcome.failure.as_ref().and_then(|failure| failure.command.as_deref());
        let is_central = is_operators == Some(true) && command.is_some_and(|command| command.contains(SCRIPT));
        Self { said, is_operators, runs: agent::Command::default(), over: !is_central, line: None, solving: None }
    }

    /// Takes the next line of the log as plain text.
    pub fn push(&mut self, line: &str) {
        if self.over {
            return;
        }
        match agent::words(line) {
            Some(words) => {
                self.over = agent::fails_phase(words);
                if self.runs.begins(words) {
                    (self.line, self.solving) = (None, None);
                }
            }
            None if self.runs.is_aside() => {}
            None => {
                if let Some(words) = line.strip_prefix(LINE) {
                    self.line = Some(words.trim_end().to_owned());
                } else if let Some(words) = line.strip_prefix(SOLVING) {
                    self.solving = Some(innermost(words).to_owned());
                }
            }
        }
    }

    /// Writes into the outcome whose fault it is and what that person can do. A known cause has to be in the outcome already.
    pub fn explain(self, outcome: &mut Outcome) {
        let (Some(is_operators), Some(failure)) = (self.is_operators, outcome.failure.as_mut()) else { return };
        let code = failure.code.as_deref().unwrap_or_default();
        if !is_operators {
            if code == BUILDSPEC_INVALID {
                failure.message = format!("{} ({})", self.said, advice(&self.said));
            }
            return;
        }
        let line = self.line;
        let known = line.as_deref().and_then(|line| OPERATORS.iter().find(|(words, _)| begins(line, words)));
        if code != REPOSITORY_NOT_FOUND && (known.is_some() || OPERATORS_CODES.contains(&code)) {
            failure.kind = FailureKind::Platform;
        }
        // About a login, the line says more than the cause: which login, and which variables hold it.
        let is_login = code == LOGIN_FAILED;
        if let Some(line) = line {
            let more = failure.message.strip_prefix(self.said.as_str());
            failure.message = match (more, known) {
                (Some(more), Some((_, advice))) if more.is_empty() || is_login => format!("{line} ({advice})"),
                (Some(more), None) => match self.solving {
                    Some(reason) => format!("{line}: {reason}{more}"),
                    None => format!("{line}{more}"),
                },
                (Some(more), Some(_)) => format!("{line}{more}"),
                // The log's reason has replaced CodeBuild's message.
                (None, Some((_, advice))) => format!("{line} ({advice})"),
                (None, None) => format!("{line}: {}", failure.message),
            };
        }
    }
}

/// Docker's reason, without the prefixes that its components add.
fn innermost(words: &str) -> &str {
    const PARTS: [&str; 3] =
        ["rpc error: code = Unknown desc = ", "failed to solve with frontend dockerfile.v0: ", "failed to create LLB definition: "];
    let inner = PARTS.into_iter().fold(words, |words, part| words.strip_prefix(part).unwrap_or(words)).trim_end();
    inner.get(..inner.floor_char_boundary(REASON)).unwrap_or(inner)
}

/// Whether a line begins with a text. With a `*` in it, which stands for one word, the text must be the whole line.
fn begins(line: &str, words: &str) -> bool {
    match words.split_once('*') {
        None => line.starts_with(words),
        Some((begin, end)) => {
            let word = line.strip_prefix(begin).and_then(|line| line.strip_suffix(end));
            word.is_some_and(|word| !word.contains(' '))
        }
    }
}

/// What the author of a repository can do about an invalid buildspec.
fn advice(said: &str) -> &'static str {
    let said = said.to_lowercase();
    if said.contains("no such file") || said.contains("does not exist") {
        "the repository has no buildspec there: commit a buildspec.yml, which says what its build does, or ask for images, which need none"
    } else {
        "correct the repository's buildspec.yml and send the job again"
    }
}

#[cfg(test)]
mod tests;
