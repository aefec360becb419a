//! The words and patterns of programs that say what is wrong: tables, and how they are compiled.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use regex::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};

/// Every sign has one of these: most lines have none, and need no closer look.
const WORDS: &str = concat!(
    "err|fail|fatal|panic|exception|traceback|caused by|cannot|can't|could not|couldn't|unable|not found|no such|missing",
    "|no module|denied|refused|rejected|unauthorized|not authorized|forbidden|too many requests|toomanyrequests",
    "|no space left|out of memory|heap limit|allocate memory|killed|undefined|undeclared|unresolved|unexpected|unknown",
    "|unrecognized|unsupported|invalid|illegal|mismatch|conflict|timed out|timeout|exceeded|abort|does not|doesn't|is not",
    "|do not|must be|must have|should be|assert|but was|expected|e: |✖|✗|✘|×|✕|●|❌|⨯|segfault|segmentation|core dumped",
    "|sigkill|sigsegv|violation|unhealthy|crash|incompatible|no matching|not match|no rule|not a valid|deadlock|oomkilled",
    "|would reformat|not formatted|out of range|severe|critical|unreachable|exit code|exit status|exited|stopped",
    "|returned error|no version|not installed|vulnerab|blocked|outdated|drift|not ok |problem|diff in|race|sanitizer",
    "|runtime error|emerg|rejected|disappeared|unbound|not set|no targets|bad substitution|: line |clippy::|not satisf|too long|deprecat|lint",
    "|already exists|is already|alreadyexists|refusing|nothing provides|leaks|finding|cve-|ghsa-|rustsec-|result #|reason:|❯❱|diff --git|***",
);

/// What is wrong where: compilers, linters, test runners and those that make resources.
const VERDICTS: &[&str] = &[
    // `a.c:1:10: fatal error: x`, `a.ts(2,98): error TS2339: x`, `  1:46  error  x`, `ERROR in a.js 1:2`.
    r"[:(]\d+(?:[:,.-]\d+)*\)?[:,]? ?-? (?:fatal |internal compiler |syntax |type |parse )?error\b",
    r"^\s*(?:line )?\d+:\d+:?\s+(?:✖ )?error\b",
    r"\berror\[[\w:-]+\]: |\berror (?:[A-Z]{1,6}-?\d{2,5}|TS\d+)\b",
    r"^\s*\d+:\d+:?\s+[✖×✗✘]\s|^[✖×✗✘]\s+\S+:\d+|^diff in \S+:\d+|^-- [a-z][a-z ]+ -{4,} \S|\bTS\d{4} \[error\]|(?-i:\bSC\d{4}\b)|\bfailed at \S+:\d+",
    r"^error in (?:\S+[./]\S|\d)|^module not found: |^syntaxerror: |^\S+: \d+: syntax error|: syntax error\b",
    r"^undefined reference|: undefined reference to |: undefined: \w|: undefined macro|undefined symbol",
    r"cannot find symbol|cannot find (?:module|package|crate|name)\b|can't resolve|no module named|could not resolve |unresolved (?:import|reference|external)",
    // Events of Kubernetes, errors of databases.
    r"^(?:\S+\s+)?warning\s+(?:failed\w*|oomkilling)\s+\S|^\w+::\w+: error: |exceeded its .* (?:budget|quota)|over its (?:data )?quota",
    // Tests.
    r"^\s*--- fail|^\s*fail(?:ed)?:?[ \t]+[\w@./\\-]+[./:\\]+\S|^\[ *failed *\] \S+[./]\S|^not ok \d|^(?:fail|error) in \(|: fail(?:ed)?(?: \(|$)|^\[fail[:\]]|^#?\s+failed test\b|^conflict \(",
    r"^\s*● \S.* › |^\s*● \S|^e {3,}\S|^e {2,}\w+error\b|^failure/error: |^\s*failure/error: ",
    r"assertion `?.* ?failed|failed asserting|assertionerror|assertionfailederror|panicked at|^\s*panic: |test .* failed with|\b(?:test|spec|case) \S+ (?:has )?failed\b",
    r"expected:? ?<.*> but was|expected .* (?:but (?:was|got|received)|to (?:equal|be|have|contain|match)\b)|^\S+ > .* failed$",
    r"\S \((?:\w+(?:\.|\\|::))*[A-Z]\w*(?:error|exception)\)$",
    r"^\s*\d+\) .*(?:::|\\|\.)\w+|^\*\* \(\w+|^fail: |^error: \w+ \(|^\s*x \S.* \[e\]",
    // Resources, services, containers.
    r"\b(?:create|update|import|rollback)_failed\b|dependency failed to start|is unhealthy|^error: .*: (?:exit|status) |resource .* (?:failed|already exists)",
    // Package managers and loaders.
    r"^e: (?:unable|package|version|failed|could not|the |sub-process|no |some|unmet)|err_pnpm_|eresolve|etarget|no matching (?:version|distribution|package)|could not find (?:a version|artifact|gem|a package|package)",
    r"^(?:npm (?:err!|error) )(?:404|notarget|missing:|invalid:|cannot|could not|peer )|failed to select a version|version solving failed|conflicting dependencies|unsatisfiable|doesn't match any|no candidate",
    r"\bdata race\b|race detected|addresssanitizer|runtime error: |^\s*! \[(?:remote )?rejected\]|\| fail \|$",
    r"\*\*\* (?:no rule to make target|no targets specified|missing separator)",
    r"^! \S|^! latex error|^l\.\d+ ",
    // A code of its own, then words: `lerna ERR! E403 You cannot publish`, `✘  EGITNOPERMISSION Cannot push`.
    r"(?:\berr!|[✘✖×✗]|^error)\s+(?-i:E(?:\d{3}|[A-Z]{3,})):? \S+ \S|^error: building \S+ failed|\*\*\* failed \*\*\*|nothing provides \S",
];

/// A machine that has no room or no memory left, whatever is said of it.
const ENDS: &[&str] = &[
    r"daemon disappeared|may have been killed|was killed \(|exited with code: null|signal: sigkill|by sigkill|exit code:? 137\b|exited with code 137\b|status:? 137\b|error 137\b|signal 9\b",
    r"no space left on device|disk quota exceeded|heap out of memory|outofmemoryerror|oomkilled|cannot allocate memory|\bsigkill\b|\bsigsegv\b|segmentation fault|killed signal|^killed$|: line \d+:\s+\d+ killed\b|signal: killed|memoryerror",
];

/// What is wrong, said at the beginning of a line.
const BEGINS: &[&str] = &[
    // `error: x`, `Error [ERR_X]: x`, `E: x`, `error Couldn't find x`, `ERROR - x`.
    r"\S.*\.{3,} ?(?:failed|error)$|\S.* (?-i:FAILED)$|[\w.-]+: \[(?:emerg|alert|crit|error)\] |%(?:error|fatal)[\w-]*: |fail(?:ed|ure)? [a-z]\w+ \w",
    r"(?:✕|✖|✗|✘|×|❌|⨯) +\S|[\w./-]+: line \d+: \S|(?:/bin/)?(?:ba|da|k|z)?sh: \d+: \S|[\w./-]+\.sh: \d+: \S|\w+ ?\[error\]: ",
    r"(?:\w+ )?(?:error|fatal|fatal error|panic|e|critical|severe|err)(?: ?\[[\w:-]+\]| ?\(\w+\))?: ?\S",
    r"(?:error|fatal|critical|severe)(?:\s+-\s+|\s{2,}|\s+[A-Z(\[`'])\S*",
    r"\[(?:error|fatal|err|critical|severe)\]:? ?\S|(?:##\[error\]|::error[^:]*::)\S",
    r"npm (?:err!|error) [\w\x60'\x22@(]|err_[a-z]+_\w+",
    r"(?:cmake|configure:) error|error response from daemon|cannot connect to the docker daemon|the (?:command|job|task|process) .*failed",
    // Exceptions: `java.lang.AssertionError: x`, `AssertionError [ERR_ASSERTION]: x`, `MemoryError`.
    r"(?:[\w$]+[.:\\]+)*[A-Z]\w*(?:error|exception|failure|fault)\b(?: \[\w+\])?(?:: |$)",
    r"(?:uncaught |unhandled )\w|exception in thread|caused by: |thread '.*' (?:\(\d+\) )?panicked|(?:access )?denied: |unauthorized: |toomanyrequests: |failed to (?:solve|compute|create|load|start|pull|push|fetch|parse|read|open|connect|compile|build|install|download|resolve|find|get)\b",
    r"[\w./-]+: (?:line \d+: )?(?:.+: )?(?:command not found|not found|no such file or directory|permission denied|is a directory|invalid option|unrecognized option.*)$",
    r"[\w./-]+: .*: (?:connection (?:refused|timed out|reset by peer)|no route to host|network is unreachable|name or service not known|operation not permitted|operation timed out|file exists|input/output error|device or resource busy|text file busy|too many open files|argument list too long|exec format error|broken pipe)$",
    r"[\w./-]+: (?:fatal |internal )?error: \S|an error occurred \(\w+\) when calling|(?:vulnerability|issue|finding|violation|problem) #\d+: \S|worker .* crashed|.* crashed while ",
    // `lerna ERR! x`, records with a level, exceptions that are not named for errors: `psycopg2.errors.DuplicateColumn: x`.
    r"[\w-]+ err! \S|(?:time=\S+ )?(?:level|lvl|severity)=\x22?(?:error|eror|fatal|panic|critical)\b.*\bmsg=|\{.*\x22(?:level|severity)\x22: ?\x22(?:error|fatal|critical|panic)\x22",
    r"(?:[\w$]+\.)+(?:errors?|exc|exceptions?)\.(?-i:[A-Z])\w+: \S|(?-i:[A-Z]\w*(?:Error|Exception)) in \w+ ",
    r".*\b(?:(?:cve|ghsa|rustsec)-\w+-\S+ .*\b(?:critical|high)\b|(?:critical|high)\b.* (?:cve|ghsa|rustsec)-\w+-)|(?:message|reason)\s*:\s+(?:error: \S|\S.*\b(?:failed|invalid|errors?|denied|not found|exceeded)\b)",
    r"usage error|aborted\b|abort: |failed: \S|error while |error when |error during |error building |error running |error executing |error loading |error creating ",
];

/// What is wrong, wherever in a line it is said.
const HAS: &[&str] = &[
    r"(?:[:\])|>] ?|^\s+)(?:fatal )?error: |\berror \w+: |(?:^|[\s:\])])error - ",
    r"command not found$|: not found$|: not found: |no such file or directory",
    r"out of memory|heap limit|undefined (?:symbol|name|variable|method|function|macro|local|property|constant)\b|cannot find -l|unable to find library|undeclared|is not defined",
    r"permission denied|accessdenied|access denied|(?:is )?not authorized to|authentication failed|403 forbidden|401 unauthorized|404 not found",
    r"429 too many requests|toomanyrequests|connection refused|econnrefused|connection (?:timed out|reset)|etimedout|could not resolve host|name resolution",
    r"unable to (?:find|locate|open|load|connect|resolve|access) |could not (?:find|open|load|connect|read|compile)|no rule to make target|does not (?:exist|match|satisfy|compile)|do not match|must be (?:a|an|set|one)\b",
    r"\b(?:repository|remote branch|manifest|image|module|package|crate|gem|table|relation|column) .*(?:not found|unknown|does not exist)",
    r"returned error: \d{3}|(?:upload|download|deploy\w*|build|push|login|job|task|step|hook|check|validation|migration|query|request|installation|compilation) failed\b|_failed\b|failed with (?:exit|status|code|error)",
    r"timed? ?out\b|deadline exceeded|would reformat|not formatted|is not formatted|syntax error|parse error|type error|unexpected (?:token|end|eof|indent|identifier|character|argument)|invalid (?:value|argument|syntax|option|type|reference|token|character)",
    r"\bexpected\b.*\b(?:got|found|received|actual|but)\b|unhandled|uncaught|traceback \(most recent|violat(?:ion|es)|incompatible|vulnerabilit",
    r"^\s*(?:expected|received|actual|got|want)\b ?:",
    // Scanners: what they found, and how much of it.
    r"\b(?:cve-\d{4}-\d{4,}|ghsa(?:-\w{4}){3}|rustsec-\d{4}-\d{4})\b|(?:leaks?|secrets?|violations?|vulnerabilities|findings?) (?:found|detected): [1-9]|\b(?:found|detected) [1-9]\d* (?:\w+ )?(?:leak|secret|violation|finding)|^finding: {2,}\S|^result #\d+ |^\s*❯+❱* \S|^diff --git \S|unexpectedly (?:closed|ended|exited|terminated)",
    r"refusing to|already exists|alreadyexists|^\s*(?:message|reason|cause|status ?reason):\s+\S",
];

/// Said of an error that is said elsewhere, and close to the end anyway.
const FOLLOWS: &[&str] = &[
    r"^g?make(?:\[\d+\])?: (?:\*\*\* \[|leaving|target )|^ninja: build stopped|^error: (?:recipe|script|process|task|command|job) .*(?:exit|fail)",
    r"could not compile `|aborting due to|previous error|for more information about|for more information, (?:try|see|run)",
    r"did not complete successfully|executor failed running|returned a non-zero code|a non-zero exit|non-zero status",
    r"exit (?:status|code)|exited with|exit(?:ed)? \d+$|command failed\b|errored with|failed with (?:exit|code|status|result)|process completed",
    r"a complete log of this run|npm (?:err!|error) (?:path|command|errno|syscall|node|npm|lifecycle|workspace|location|in workspace|a complete|code |signal|exit status|failed at the|this is probably not|test failed|\S+@\S+ [\w:-]+: \x60)|err_pnpm_recursive_\w*fail|^gyp err!|elifecycle",
    r"^(?:\w+ )?(?:error: )?(?:test failed|tests? failed|build failed|command failed|failed!|there were (?:failing|test)|some (?:tests|checks) failed|there (?:was|were) \d+ (?:failure|error))|^\s*failures:$|^(?:--- )?(?:failed|failing) (?:scenarios|tests|examples|specs):|^failed tests?:|^failure: build failed|^(?:fail|failed|errors?): \d+|failed with errors|did not pass|^\** ?build failed|^some builds|^dubious",
    r"^\W*\d+ (?:error|problem|failure|failing|failed|test|offense|issue)s?\b|\b\d+ (?:error|problem|failure|failing|failed|broken)s?\b[^:]*$|\b(?:errors|failures|failed|failing)[:=] ?\d{1,4}(?:$|[,;|)]|\s+\w+[:=])|test result: failed|found \d+ (?:error|problem|issue)",
    r"^\S* *(?:-> )?\[help \d\]|re-run |^\[error\] *(?:$|->|to see|re-run|for more|after correcting|\[help|run ['\x60])|^\s*(?:\*|>) (?:try|get more help|what went wrong|exception is)|run with --|what went wrong:$",
    r"subprocess-exited-with-error|this error originates from|this is an issue with the package|^error: failed-wheel|metadata-generation-failed|encountered error while",
    r"^\s+at (?:\S+ )?\(?[\w$./<>\\@-]+|^\s*(?:file|in) .*, line \d+|^\s+from \S+:\d+|^\s*\d+: +0x|^\s+\d+: \S+::",
    r"^failed: \[?code=|^error command failed|err! errors were not caught|exited \d+ in '|^nx +(?:ran|running)|^ *failed: *\d|tests? suites?: |^make: leaving|error: process .* returned|^error: exit",
    r"\bbuild failure$|^\W*(?:error\W+)?(?:\(\w+ / \w+\) )?(?:job|build|task|step|compilation) failed\W*$|build did not complete|marked build as failure|^target //\S+ failed to build",
    r"^(?:- )?failed (?:tasks|targets):|^execution failed for task|recipe for target .* failed|^\s*failed:(?: \[code=\d+\])?(?: \S*[./]\S*)+ *$|run failed: command|command finished with error",
    r"with (?:error|non-zero exit) (?:code|value) \d+|evaluation failed :|^\w+ aborted!$|^fail\s+\S+\s+(?:[\d.]+s|\[build failed\])$",
    r"^\[error\] (?:total time:|\w+ errors? found)|^test run failed|^\s*> [\w ]+ failed\.?$|^failed to compile\.?$|^error:+ (?:build failed|aborting)\b|^error: \w+ failed\. |environment: failed\b|unexplained error",
    r"^\s*error code:? \d+$|^\s*error:? [A-Z]?\d+\s*$|^aggregate(?:error|exception):?\s*$|\b\d+ errors? occurred:|\berror: (?:update|deployment|preview) failed$|warnings as errors|failed due to warnings|aborted with \d+ warnings|too many warnings|^> task \S+ failed$|^\[error\] failed tests?:",
    r"(?:completed|finished|ended) with (?:phase|status|state|result)\b.*(?:fail|error)|^\W*\d+ (?:low|moderate|high|critical) severity|^\W*\d+ (?:vulnerabilit|finding)|vulnerabilities at or above|failed to execute goal .* on project \S+: *(?:$|compilation failure|there are test failures|test failures)",
    r"^application failed to start$|this and all later migrations cancell?ed|^error: external filter .* failed|hook declined|^error: failed to push some refs",
    r"^(?:rollback|delete)_|\bdelete_failed\b|rollback requested|^the following (?:resource|task)s? ",
];

/// What only speaks of errors: tests that passed, packages and files that are named after them, counts of none, tables, lists.
const INNOCENT: &[&str] = &[
    r"\.\.\. (?:ok|ignored|skipped)$|^\s*(?:ok\b|[✓✔√☑] |--- (?:pass|skip)|=== |pass(?:ed)?\b|//|\? +\S+ +\[no test files\])| passed(?:\s+\[\s*\d+%\])?$|\[no test files\]|\bpassed in \d",
    r"\b(?:0|no) (?:errors?|failures?|failed|failing|problems|vulnerabilities|issues|conflicts)\b|(?:errors?|failures?|failed|found)[:=] ?0\b[^1-9]*$",
    r"^checking (?:for|whether|if|how) |http fetch [a-z]+ [23]\d\d |^\++ (?:[^b]|b[^/])|_(?:complete|in_progress)\b",
    r"^[\w./@-]+ +\| +[\d.]+ *\||\|\s+[\d.]+ \|\s+[\d.]+ |^\S+\s+\d+\s+\d+\s+\d+%|\s[\d.]+ ?(?:[kmg]i?b|bytes)\b(?: [│|] .*)?$",
    r"\bvulnerability *[│|]? *severity\b|^\s*[a-z]+:?\s+0$|^(?:inf|dbg|trc)\b",
    r"^info\b|^\[info\]|^debug\b|^\[debug\]|^notice\b|^note: ",
    r"^(?:get|post|put|head|delete|patch) \S+ (?:http/\S+ )?[23]\d\d\b|\b(?:create|delete) mode \d{6}|^[adm] +\S+$|^\W*retry(?:ing)?\b|will (?:be )?retr(?:y|ied)\b|, retrying\b|retrying in \d",
];

/// What a program that logs in pairs of names and values says is the error: more than what follows from one.
const TOLD: &str = r"(?:^|\s)(?:error|err)=[\x22'\w][^=]{11,}$";

/// The last word of a builder about one of its plugins: the reason in it decides where nothing better stands.
const GOAL: &str = r"\bfailed to execute goal \S+ .*: \S";

/// It names what failed and not why: the same.
const NAMED: &str = r"^\s*(?:fail\s+[\w@./\\-]+|--- fail)$|^\* checking .*\.\.\. error$";

/// Said of a failure whatever the level of the line.
const DESPITE: &str = r"\*\*\* failed \*\*\*|<<< (?:failure|error)!";

/// Warnings: they decide only where nothing else does.
const WARNING: &str = r"(?:^|[\s:(\[])warn(?:ing)?\b[:\s\])]|^npm warn|^w: |\bdeprecat";

/// Verbs of those who tell of progress: what they name may be called after trouble.
const PROGRESS: &str = concat!(
    r"^\s*(?:[-+*•>→»] |=+> |-+> |::|\[\d+/\d+\] |\(\d+/\d+\) |\d+%\s*|\[ *\d+%\] |#\d+ |\d+/\d+ )*",
    r"(?:compil(?:e|ing|ed)|check(?:ing|ed)|download(?:ing|ed)|collect(?:ing|ed)|install(?:ing|ed)|unpack(?:ing|ed)|prepar(?:e|ing|ed)|select(?:ing|ed)|setting up|fetch(?:ing|ed)|get:\d+|hit:\d+|ign:\d+",
    r"|using(?: cached)?|build(?:ing)?|built|copy(?:ing)?|copied|creat(?:e|ing|ed)|add(?:ing|ed)|remov(?:e|ing|ed)|updat(?:e|ing|ed)|upgrad(?:e|ing|ed)|extract(?:ing|ed)|inflating|link(?:ing|ed)|process(?:ing|ed)|resolv(?:ing|ed)|locking|locked",
    r"|clean(?:ing|ed|up)|verif(?:y|ying|ied)|pull(?:ing|ed)|push(?:ing|ed)|wait(?:ing|ed)|run(?:ning)?|start(?:ing|ed)|stop(?:ping|ped)|finish(?:ed|ing)|load(?:ing|ed)|transform(?:ing|ed)|render(?:ing|ed)|writ(?:ing|ten)|wrote|emit(?:ting|ted)|generat(?:ing|ed)",
    r"|scan(?:ning|ned)|analy[sz](?:ing|ed)|pack(?:ing|ed)|bundl(?:ing|ed)|minify(?:ing)?|fresh|dirty|documenting|deploy(?:ing|ed)|upload(?:ing|ed)|reading|read|parsing|parsed|visiting|testing|executing|linting|formatting|moving|renaming|deleting|deleted",
    r"|registering|configuring|configured|container|network|volume|image|service|digest|layer|requirement already satisfied|successfully|stored in|entering|leaving|cc|cxx|ld|ar|gen|mkdir|install|> task|task|restoring|restored|saved|saving|cached|replacing|rm|adding|mounting|import(?:ing|ed)|export(?:ing|ed)|sending|receiving|remote:|from|step \d+|stage|included|package|with|test |rendered|precompiling|precompiled|symlinking|touch|publishing|published|tagging|tagged|transferring|attaching|attached|initiali[sz](?:ing|ed)|refreshing|reused|queued|scheduled|skipping|skipped|done|patching|patched|applying|applied)\b",
);

/// What makes trouble of progress after all.
const TURNED: &str = concat!(
    r"(?:^|[^\w/.@-])(?:failed|failure|error|errored|fatal|denied|refused|timed out|killed|aborted|unhealthy)(?:[.!)'\x22]*$|: ?\S|[!]| with | to | due | because )",
    r"|: (?:fatal )?error\b|\(error\)|\b(?:operation|api|response|server|internal) error\b|already ?exists|error: |_failed\b|\b404 not found|not found[.)'\x22]*$|no such file|returned a non-zero|exit(?:ed)? (?:code|status|with)|cannot |could not |unable to |finished with status 'error'|panicked",
    r"|^\s*\S+\s+\S+.*\s(?:exceeded|invalid|unknown|undefined|unexpected|mismatch|incompatible|must be|must have|does not|is not|conflicts?|expected|unsupported)(?:\s|$|:)",
);

/// A word of trouble that stands for itself, and is not a part of a name.
const SPOKEN: &str = concat!(
    r"(?:^|[\s\[(\x22'`=:>*|!{,])(?:errors?|err!|fail(?:ed|ure|ures|s|ing)?|fatal|panic(?:ked)?|exceptions?|traceback|cannot|can't|could(?: not|n't)|unable|missing|denied|refused|rejected|unauthorized|forbidden",
    r"|killed|undefined|undeclared|unresolved|unexpected|unknown|unrecogni[sz]ed|unsupported|invalid|illegal|mismatch(?:ed)?|conflict(?:s|ing)?|timed|timeout|exceed(?:s|ed)|abort(?:ed|ing)?|assert(?:ion)?|expected|not|no|must|should|doesn't|crash(?:ed)?",
    r"|incompatible|violat\w+|vulnerab\w+|already|refusing|leaks?|findings?|cve-\S+|ghsa-\S+|rustsec-\S+|result #\d+|diff --git|unexpectedly|blocked|outdated|drift|problems?|unhealthy|caused|out of|[\w.$]+(?:error|exception))(?:$|[\s\])\x22'`:;,!=}?(]|\.(?:\s|$))|[✖✗✘×✕●❌⨯❱]",
);

pub(super) static WORD: LazyLock<AhoCorasick> = LazyLock::new(words);
/// Each list as one pattern. The first five are the signs, the strongest first; `AT_…` name the places of the others.
pub(super) static STRENGTHS: LazyLock<RegexSet> = LazyLock::new(|| {
    let begins = format!(r"^\s*(?:[>│|] *)*(?:{})", BEGINS.join("|"));
    set(&[
        r"^error: slipway: ".to_owned(),
        VERDICTS.join("|"),
        begins,
        HAS.join("|"),
        FOLLOWS.join("|"),
        INNOCENT.join("|"),
        PROGRESS.to_owned(),
        TURNED.to_owned(),
        SPOKEN.to_owned(),
        ENDS.join("|"),
        WARNING.to_owned(),
        TOLD.to_owned(),
        GOAL.to_owned(),
        DESPITE.to_owned(),
        NAMED.to_owned(),
    ])
});
pub(super) const AT_INNOCENT: usize = 5;
pub(super) const AT_PROGRESS: usize = 6;
pub(super) const AT_TURNED: usize = 7;
pub(super) const AT_SPOKEN: usize = 8;
pub(super) const AT_ENDS: usize = 9;
pub(super) const AT_WARNING: usize = 10;
pub(super) const AT_TOLD: usize = 11;
pub(super) const AT_GOAL: usize = 12;
pub(super) const AT_DESPITE: usize = 13;
pub(super) const AT_NAMED: usize = 14;
/// A place in a file, as linters print it before what they have to say: `a/b.proto:8:1:Import is unused`.
pub(super) static PLACE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"^\s*(?:[\w.@+~-]*[/\\])*[\w.@+~-]+\.[A-Za-z]\w{0,9}[:(]\d+(?:[:,]\d+)*\)?(?::\s?|\s+-?\s*)[A-Za-z`'\x22(\[]")
});
/// What goes before what a program says: times, levels, the name of who speaks.
pub(super) static BEFORE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"^(?:\d{4}[-/]\d\d[-/]\d\d[T ,]+\d\d:\d\d:\d\d[\d.,:]*(?: ?(?:Z|UTC|[+-]\d\d:?\d\d))?[\s|:-]*|\[?\d\d?:\d\d(?::\d\d[\d.,]*)?(?: ?[ap]m)?\]?[\s|:-]+",
        r"|step #\d+(?: - \x22[^\x22]*\x22)?: |\[[\w .:@/+-]{1,40}\]:?\s+|[\w.@/-]{1,40}\s+\| |@?[\w./-]+:(?:build|test|lint|compile|check|typecheck|start|dev|ci|e2e): |[\w./@-]+ (?:build|test|lint|typecheck|prepare|postinstall)\$?: |\d+[|>] |std(?:err|out) +",
        // `==> amazon-ebs.web: `, `    amazon-ebs.web: `, `terraform: `, a pictogram, `▸ `, `› `.
        r"|==> [\w.@/-]{1,40}: +|\s{4}[\w-]+\.[\w-]+: +|(?:terraform|tofu): |[\x{1F300}-\x{1FAFF}]\x{FE0F}? +|[▸►❯▶›] +)",
    ))
});
/// What ends with a colon and has a word of trouble.
pub(super) static HEADING: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"\b(?:errors?(?: occurred)?|diagnostics|description|problems|issues|failures?|violations|caused by|reasons?|conflicts?)\)?:$")
});
/// Where what is wrong is said in the next line.
pub(super) static OPEN_END: LazyLock<Regex> = LazyLock::new(|| pattern(r"\berror: \[[\w-]+\]$"));
pub(super) static LEVEL: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^\[(?:error|fatal|err|critical|severe|warn|warning|info|debug|trace|fail| *failed *)\b"));

#[expect(clippy::expect_used, reason = "the words are constants, and the tests build it")]
fn words() -> AhoCorasick {
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .kind(Some(AhoCorasickKind::DFA))
        .build(WORDS.split('|'))
        .expect("an automaton of some words")
}

#[expect(clippy::expect_used, reason = "the patterns are constants, and the tests compile them")]
fn pattern(text: &str) -> Regex {
    RegexBuilder::new(&ascii(text)).case_insensitive(true).build().expect("a pattern that compiles")
}

#[expect(clippy::expect_used, reason = "the patterns are constants, and the tests compile them")]
fn set(patterns: &[String]) -> RegexSet {
    let patterns = patterns.iter().map(|pattern| ascii(pattern));
    RegexSetBuilder::new(patterns)
        .case_insensitive(true)
        .size_limit(64 << 20)
        .dfa_size_limit(16 << 20)
        .build()
        .expect("patterns that compile")
}

/// Words of programs are ASCII, and patterns of it are far faster.
fn ascii(pattern: &str) -> String {
    pattern.replace(r"\b", r"(?-u:\b)").replace(r"\d", "[0-9]").replace(r"\w", "[A-Za-z0-9_]")
}
