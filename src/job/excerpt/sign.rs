//! How much a line looks like the one that says what is wrong, in the words of compilers, package managers, test runners, docker and shells.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::LazyLock,
};

use regex::{Regex, RegexBuilder};

/// How much a line looks like an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sign {
    /// It speaks of trouble, or says what follows from an error said elsewhere.
    Hint,
    /// It has the shape in which programs say what is wrong.
    Clear,
}

/// A word that every sign has: most lines have none, and need no closer look.
const WORDS: &[&str] = &[
    r"err(?:or|!|_)",
    r"fail",
    r"fatal",
    r"panic",
    r"exception",
    r"traceback",
    r"caused by",
    r"cannot|can't|could ?n[o']t|unable",
    r"not found|no such|missing|no module",
    r"denied|refused|rejected|unauthorized|not authorized|too ?many ?requests",
    r"no space left|out of memory|heap limit|allocate memory|killed",
    r"undefined|unresolved|unexpected|invalid|illegal|mismatch|conflict",
    r"timed? ?out|exceeded|abort",
    r"does not|is not|do not match",
    r"assert|but was:|panicked",
    r"^e: |[✖✗✘×●]",
];

/// What is wrong, said at the beginning of a line.
const BEGINS: &[&str] = &[
    // `error: x`, `error[E0308]: x`, `Error [ERR_X]: x`, `E: x`, `error Couldn't find x`.
    r"(?:error|fatal|fatal error|panic|e)(?: ?\[[\w:-]+\])?: ",
    r"error [A-Z]",
    r"[✖✗✘×] ",
    r"\[(?:error|fatal)\] ?\S",
    r"npm (?:err!|error) \w",
    r"err_[a-z]+_\w+",
    r"(?:cmake|configure:) error",
    r"error response from daemon|cannot connect to the docker daemon",
    // Exceptions: `java.lang.AssertionError: x`, `AssertionError [ERR_ASSERTION]: x`, `MemoryError`.
    r"(?:[\w$]+[.:]+)*[A-Z]\w*(?:error|exception)\b(?: \[\w+\])?(?::|$)",
    r"exception in thread|caused by: |thread '.*' (?:\(\d+\) )?panicked",
    // Tests.
    r"--- fail|fail(?:ed)?[ \t:]+\S+[./]\S|● .+ › |assertion `?.+ failed",
    r"(?:access )?denied: |unauthorized: |killed$",
];

/// What is wrong, wherever in a line it is said.
const HAS: &[&str] = &[
    // `a.c:1:10: fatal error: x`, `a.ts(2,98): error TS2339: x`, `  1:46  error  x`, `[main] ERROR x`.
    r":\d+:? (?:fatal )?error\b",
    r"\(\d+,\d+\): (?:fatal )?error\b",
    r"^\s*\d+:\d+\s+error\s",
    r"[:\])] (?:fatal )?error: ",
    r"\berror [A-Z]{1,5}\d{2,5}\b",
    r"command not found$|: not found$|: not found: |: no such file or directory",
    r"no space left on device|disk quota exceeded",
    r"out of memory|heap limit|outofmemoryerror|cannot allocate memory|killed signal",
    r"undefined (?:reference|symbol|name|variable|method)\b|undefined: \w|cannot find -l|unable to find library",
    r"module not found|no module named|cannot find module|cannot find symbol|could not resolve|can't resolve",
    r"permission denied|accessdenied|access denied|(?:is )?not authorized to|authentication failed",
    r"429 too many requests|toomanyrequests",
    r"connection refused|econnrefused|connection timed out|etimedout|could not resolve host",
    r"unable to (?:find|locate) |no matching (?:version|distribution)|could not find (?:a version|artifact)",
    r"\b(?:repository|remote branch|manifest) .*(?:not found|unknown)",
    r"returned error: \d{3}|\berror \d{3}: ",
    r"expected:<.*> but was:<|test result: failed",
    r"(?:upload|download) failed: ",
];

/// Said of an error that is said elsewhere, and close to the end anyway.
const FOLLOWS: &[&str] = &[
    r"^make(?:\[\d+\])?: |^gmake",
    r"could not compile|aborting due to|previous error|for more information about",
    r"did not complete successfully|executor failed running|returned a non-zero code|failed to solve",
    r"exit (?:status|code)|exited with|non-zero exit",
    r"a complete log of this run|npm (?:err!|error) (?:path|command|errno|syscall|node|npm)\b|^gyp err!",
    r"^(?:error: )?(?:test failed|tests? failed|build failed|command failed)",
    r"\d+ (?:error|problem|failure)s?\b.*(?:generated|warning|problem)?\.?$",
    r"\[help \d\]|re-run |^\[error\] *$",
    r"subprocess-exited-with-error|this error originates from",
];

/// What only speaks of errors: tests that passed, packages and files that are named after them, counts of none.
const INNOCENT: &[&str] = &[
    r"\.\.\. ok$|^\s*(?:ok \d|[✓✔√] |--- pass|=== |pass(?:ed)?\b)| passed(?:\s+\[\s*\d+%\])?$",
    r"\b(?:0|no) (?:errors?|failures?|failed)\b",
    r"^(?:selecting|preparing|unpacking|setting up|get:\d|fetched|compiling|checking|downloaded|downloading|collecting) ",
    r"^checking for |http fetch [a-z]+ [23]\d\d |^\++ ",
];

static WORD: LazyLock<Regex> = LazyLock::new(|| pattern(&WORDS.join("|")));
static CLEAR: LazyLock<Regex> =
    LazyLock::new(|| pattern(&format!(r"^(?:[>│|]+ )?\s*(?:E\s{{3,}})?(?:{})|{}", BEGINS.join("|"), HAS.join("|"))));
static FOLLOWING: LazyLock<Regex> = LazyLock::new(|| pattern(&FOLLOWS.join("|")));
static SPOKEN: LazyLock<Regex> = LazyLock::new(|| pattern(&INNOCENT.join("|")));

#[expect(clippy::expect_used, reason = "the patterns are constants, and the tests compile them")]
fn pattern(text: &str) -> Regex {
    RegexBuilder::new(text).case_insensitive(true).build().expect("a pattern that compiles")
}

/// Reads what a program printed, without BuildKit's prefix.
pub(super) fn read(text: &str) -> Option<Sign> {
    if !WORD.is_match(text) || SPOKEN.is_match(text) {
        return None;
    }
    let is_clear = CLEAR.is_match(text) && !FOLLOWING.is_match(text);
    Some(if is_clear { Sign::Clear } else { Sign::Hint })
}

/// The same for lines that differ in numbers only.
pub(super) fn kind(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.bytes().filter(|byte| !byte.is_ascii_digit()).for_each(|byte| byte.hash(&mut hasher));
    hasher.finish()
}
