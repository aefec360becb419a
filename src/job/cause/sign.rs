//! The patterns by which a cause is recognised, in the words of the programs that build images.

use std::sync::LazyLock;

use regex::{Regex, RegexSet};

use super::Cause;
use crate::job::step;

/// If a line fits several, the first one counts. They ignore case.
const SIGNS: &[(Cause, &str)] = &[
    // Docker and BuildKit repeat the answers of registries.
    (Cause::DockerHubRateLimit, r"you have reached your (?:unauthenticated )?pull rate limit"),
    (Cause::DockerHubRateLimit, r"docker\.(?:io|com)\b.*(?:429 too many requests|toomanyrequests:)"),
    (Cause::RepositoryNotFound, r"name unknown: the repository with name '[^']*' does not exist in the registry"),
    (Cause::RepositoryNotFound, r"\(RepositoryNotFoundException\) when calling the "),
    (Cause::RegistryLoginFailed, r"no basic auth credentials"),
    (Cause::RegistryLoginFailed, r"authorization token has expired"),
    (Cause::RegistryLoginFailed, r"when calling the GetAuthorizationToken operation"),
    (Cause::RegistryLoginFailed, r"is not authorized to perform: ecr(?:-public)?:GetAuthorizationToken"),
    (Cause::RegistryLoginFailed, r"cannot perform an interactive login from a non[- ]TTY device"),
    (Cause::RegistryLoginFailed, r"unauthorized: (?:incorrect username or password|authentication required|your account must log in)"),
    (Cause::RegistryLoginFailed, r"login attempt to \S+ failed with status: 4\d\d"),
    (Cause::RegistryAccessDenied, r"is not authorized to perform: ecr(?:-public)?:\w+"),
    (Cause::RegistryAccessDenied, r"(?:^denied: requested access to the resource is denied|push access denied)"),
    // git over HTTPS and SSH, GitHub, GitLab, and the git of CodeBuild.
    (Cause::GitAuthenticationFailed, r"(?:authentication required|authorization failed) for (?:primary|secondary) source"),
    (Cause::GitAuthenticationFailed, r"fatal: could not read (?:username|password) for '"),
    (Cause::GitAuthenticationFailed, r"fatal: authentication failed for '"),
    (Cause::GitAuthenticationFailed, r"^remote: (?:invalid username or |http basic: access denied)"),
    (Cause::GitAuthenticationFailed, r"^remote: support for password authentication was removed"),
    (Cause::GitAuthenticationFailed, r"permission denied \((?:publickey|password)"),
    (Cause::GitAuthenticationFailed, r"fatal: unable to access '.*: the requested url returned error: 40[13]"),
    (Cause::SourceNotFound, r"repository not found for (?:primary|secondary) source"),
    (Cause::SourceNotFound, r"^remote: repository not found"),
    (Cause::SourceNotFound, r"^remote: the project you were looking for could not be found"),
    (Cause::SourceNotFound, r"fatal: repository '[^']*' (?:not found|does not exist)"),
    (Cause::SourceNotFound, r"error while downloading key .*nosuch(?:key|bucket)"),
    (Cause::RevisionNotFound, r"(?:reference|object) not found for (?:primary|secondary) source"),
    (Cause::RevisionNotFound, r"fatal: (?:couldn't|could not) find remote ref "),
    (Cause::RevisionNotFound, r"fatal: remote branch .* not found in upstream "),
    (Cause::RevisionNotFound, r"error: pathspec '.*' did not match any file"),
    (Cause::RevisionNotFound, r"upload-pack: not our ref [0-9a-f]{7}"),
    (Cause::RevisionNotFound, r"fatal: reference is not a tree: "),
    (Cause::RevisionNotFound, r"server does not allow request for unadvertised object"),
    // The central buildspec, in cases where neither git nor docker prints the reason.
    (Cause::RevisionNotFound, r"^error: slipway: the source has no (?:branch, tag or pull request|commit) "),
    (Cause::RegistryLoginFailed, r"^error: slipway: (?:the build's role cannot log in to |the login at docker hub is refused)"),
    // The system's text at the end of a program's message: `write /x: no space left on device`, `[Errno 28] No space ...`.
    (Cause::DiskFull, r"(?:^|: |\] )no space left on device"),
    (Cause::DiskFull, r": disk quota exceeded$"),
    (Cause::DiskFull, r"^e: you don't have enough free space in "),
    // Runtimes and the kernel, where they name memory as the reason.
    (Cause::OutOfMemory, r"oomkilled|oom[- ]killer|\bsigkill\b.*\b(?:out of memory|oom)|out of memory: killed process \d+"),
    (Cause::OutOfMemory, r"allowed memory size of \d+ bytes exhausted|gc overhead limit exceeded"),
    (Cause::OutOfMemory, r"virtual memory exhausted|llvm error: out of memory|out of memory, malloc failed"),
    (Cause::OutOfMemory, r": cannot allocate memory$"),
    (Cause::OutOfMemory, r"^fatal error: runtime: (?:out of memory|cannot allocate memory)"),
    (Cause::OutOfMemory, r"fatal error: .*javascript heap out of memory"),
    (Cause::OutOfMemory, r"java\.lang\.OutOfMemoryError: "),
    (Cause::OutOfMemory, r"^memoryerror$"),
    // A process that was killed, without a reason.
    (
        Cause::Killed,
        r"\b(?:exit(?:ed with)? (?:status|code):?|exited with|non-zero code:|exit code is|finished with non-zero exit value|error) 137\b\.?$",
    ),
    (Cause::Killed, r"\bwas killed \(i\.e\. sigkill\)|process was killed\b"),
    (
        Cause::Killed,
        r"(?:signal|by|reason)[: =\x22']+sigkill\b|(?:signal: |with signal |\(signal )killed\b|(?:terminated|killed) (?:by|with|due to) signal 9\b|(?:received|exited due to|got) signal 9\b",
    ),
    (Cause::Killed, r"command failed with (?:signal )?.?sigkill|terminated with signal 9 \[killed\]|: \*\*\* \[.*\] (?:killed|error 137)$"),
    (Cause::Killed, r"daemon disappeared unexpectedly \(it may have been killed|npm err(?:!|or) signal sigkill"),
    (Cause::Killed, r"\(signal: 9, sigkill: kill\)"),
    (Cause::Killed, r"^killed$|: line \d+:\s+\d+ killed\b|^/bin/sh: (?:line )?\d+:.* killed\b"),
    (Cause::Killed, r"\b(?:fatal|internal compiler) error: killed\b"),
    // Any other refusal of an image by a registry.
    (Cause::RegistryRateLimit, r"toomanyrequests: "),
    (Cause::RegistryRateLimit, r"https://\S+/v2/\S+: 429 too many requests"),
    (Cause::ImagePullFailed, r"unable to pull customer's container image|cannotpullcontainererror"),
    (
        Cause::ImagePullFailed,
        r"failed to resolve (?:source metadata|reference)|failed to create llb definition: .*: (?:not found|insufficient_scope|failed to authorize)",
    ),
    (Cause::ImagePullFailed, r"manifest unknown|manifest for \S+ not found"),
    (Cause::ImagePullFailed, r"pull access denied"),
    (Cause::ImagePullFailed, r"no matching manifest for |no match for platform in manifest"),
    (Cause::ImagePullFailed, r"error pulling image configuration"),
    (Cause::ImagePullFailed, r"(?:error response from daemon|failed to do request): (?:get|head) \S+/v2/\S+/(?:manifests|blobs)/"),
    (Cause::ImagePullFailed, r"unexpected status (?:code )?from (?:get|head) request to \S+/v2/\S+/(?:manifests|blobs)/"),
    // podman, buildah and skopeo.
    (Cause::ImagePullFailed, r": (?:initializing source \w+://|pinging container registry |reading manifest \S+ in )"),
];

/// How the lines of the central buildspec begin.
const OWN: &str = "error: slipway: ";
/// How the patterns for those lines begin.
const OWN_SIGN: &str = "^error: slipway: ";

static SET: LazyLock<RegexSet> = LazyLock::new(set);

/// BuildKit's prefix: `#12 3.456 `.
static PREFIX: LazyLock<Regex> = LazyLock::new(|| pattern(r"^#\d+ (?:\d+\.\d+ )?"));

/// Lines that show text instead of reporting: the steps and lines of a Dockerfile, a shell's trace, tests that passed.
static SHOWN: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"^(?: ?> )?\[(?:internal|(?:[\w.-]+ )?\d+/\d+)\] |^\s*\d+ \| |^Step \d+/\d+ : |^\++ ",
        r"|^\s*(?:ok \d|[✓✔√] |--- PASS|PASS(?:ED)?\b)|^test .* \.\.\. ok$| PASSED(?:\s+\[\s*\d+%\])?$",
    ))
});

/// An exit status at the end of a line.
static EXIT_STATUS: LazyLock<Regex> = LazyLock::new(|| pattern(r"exit status \d+$"));

#[expect(clippy::expect_used, reason = "the patterns are constants, and the tests compile them")]
fn set() -> RegexSet {
    RegexSet::new(SIGNS.iter().map(|(_, words)| format!("(?i){words}"))).expect("patterns that compile")
}

#[expect(clippy::expect_used, reason = "the patterns are constants, and the tests compile them")]
fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a pattern that compiles")
}

/// Whether a line begins like those of the central buildspec.
pub(super) fn is_own(line: &str) -> bool {
    line.starts_with(OWN)
}

/// The cause that a line names.
pub(super) fn read(line: &str) -> Option<Cause> {
    let line = line.trim_end();
    // Output of a Dockerfile's command is not the build's own report, and a login that it tries is not the build's login.
    let is_output = step::before_output(line) > 0;
    let line = PREFIX.find(line).map_or(line, |prefix| &line[prefix.end()..]);
    if SHOWN.is_match(line) {
        return None;
    }
    // The central buildspec repeats texts of the sender, such as the path of a file. So of its lines only the beginning counts.
    let counts = |&at: &usize| !is_own(line) || SIGNS.get(at).is_some_and(|(_, words)| words.starts_with(OWN_SIGN));
    let first = SET.matches(unquoted(line)).iter().find(counts)?;
    let cause = SIGNS.get(first).map(|&(cause, _)| cause);
    cause.filter(|&cause| !is_output || !(cause == Cause::RegistryLoginFailed || is_own(line)))
}

/// The line without the command that it repeats: `process "/bin/sh -c COMMAND" did not complete successfully: exit code: 1`, `The command
/// '/bin/sh -c COMMAND' returned a non-zero code: 1`, `executor failed running [/bin/sh -c COMMAND]: exit code: 1`.
fn unquoted(line: &str) -> &str {
    let after = ["did not complete successfully: ", "returned a non-zero code: ", "]: exit code: "];
    let end = after.iter().find_map(|words| line.rfind(words));
    end.map_or(line, |at| &line[at..])
}

/// The `exit status N` at the end of a line, if there is one.
pub(super) fn exit_status(line: &str) -> Option<&str> {
    EXIT_STATUS.find(line.trim_end()).map(|found| found.as_str())
}
