//! Whose fault a failure is, and its words, by whose buildspec failed: the central one says in a line of its own what has failed, and a
//! repository's own file is the sender's to correct.

use super::{
    agent,
    build::Build,
    outcome::{FailureKind, Outcome, Status},
};

/// How the central buildspec begins the line that says what has failed. What docker prints of a Dockerfile's commands has another
/// beginning.
const LINE: &str = "error: slipway: ";

/// How docker begins the line that says why it could not build.
const SOLVING: &str = "ERROR: failed to solve: ";
/// No more of that is told, in bytes.
const REASON: usize = 1_000;

/// What is in the commands of the central buildspec, and in no other's.
const SCRIPT: &str = "$SLIPWAY_WORK/slipway.sh";

/// What only the operator can mend: how the central buildspec's words begin, and how to mend it. `*` is one word, and then the words end
/// there: what follows may be a sender's, such as the path of a file that is not there.
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
/// Codes of causes that under the operator's buildspec are the operator's to remove.
const OPERATORS_CODES: &[&str] = &[LOGIN_FAILED, BUILDSPEC_INVALID];
/// A cause that the sender may have brought about: the image's name.
const REPOSITORY_NOT_FOUND: &str = "REPOSITORY_NOT_FOUND";

/// Whether a line is the central buildspec's own account of what failed. Why it failed is said elsewhere.
pub fn is_own(line: &str) -> bool {
    line.trim_start().starts_with(LINE)
}

/// What is to be known of a failed build to tell whose fault it is.
#[derive(Debug)]
pub struct Fault {
    /// CodeBuild's words, before a cause was found.
    said: String,
    /// The failed build's buildspec is the operator's; absent where there is no failed build.
    is_operators: Option<bool>,
    runs: agent::Command,
    /// The failed phase has ended.
    over: bool,
    /// What the failed command said last of what the central buildspec says.
    line: Option<String>,
    /// Why the last image could not be built, in docker's words.
    solving: Option<String>,
}

impl Fault {
    /// Of an outcome as CodeBuild tells it.
    pub fn new(outcome: &Outcome, build: Option<&Build>) -> Self {
        let failed = build.filter(|_| outcome.status == Status::Failed);
        let said = outcome.failure.as_ref().map(|failure| failure.message.clone()).unwrap_or_default();
        let is_operators = failed.map(|build| build.is_operators);
        // Another buildspec of the operator's may run what a repository brings, and that may print anything.
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

    /// Tells in the outcome whose fault it is and what that one can do, after a known cause has been named there.
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
        // Of a login the line says more than the cause: which one, and what it is made of.
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
                // The log's reason has taken the place of CodeBuild's words.
                (None, Some((_, advice))) => format!("{line} ({advice})"),
                (None, None) => format!("{line}: {}", failure.message),
            };
        }
    }
}

/// What docker says, without what its parts say of each other.
fn innermost(words: &str) -> &str {
    const PARTS: [&str; 3] =
        ["rpc error: code = Unknown desc = ", "failed to solve with frontend dockerfile.v0: ", "failed to create LLB definition: "];
    let inner = PARTS.into_iter().fold(words, |words, part| words.strip_prefix(part).unwrap_or(words)).trim_end();
    inner.get(..inner.floor_char_boundary(REASON)).unwrap_or(inner)
}

/// Whether a line begins with these words; `*`: one word, and then the line ends with what follows.
fn begins(line: &str, words: &str) -> bool {
    match words.split_once('*') {
        None => line.starts_with(words),
        Some((begin, end)) => {
            let word = line.strip_prefix(begin).and_then(|line| line.strip_suffix(end));
            word.is_some_and(|word| !word.contains(' '))
        }
    }
}

/// What the author of a repository can do about a buildspec that cannot be read.
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
