//! What builds print when nothing is wrong, made anew for each seed.

/// Lines of package managers, compilers, test runners and programs; `@` stands for a name, `#` for a number.
const LINES: &[&str] = &[
    "   Compiling @ v#.#.#",
    "Downloading @-#.#.#-py3-none-any.whl (# kB)",
    "Collecting @==#.#.#",
    "  - Installing acme/@ (v#.#.#): Extracting archive",
    "Unpacking lib@-perl (#.#-#) ...",
    "Setting up lib@# (#.#.#-#) ...",
    "Get:# http://deb.debian.org/debian bookworm/main amd64 @ all #.#-# [# kB]",
    "npm http fetch GET 200 https://registry.npmjs.org/@ #ms",
    "added # packages in #s",
    "?   \texample.com/app/@\t[no test files]",
    "ok  \texample.com/app/@\t0.#s",
    "PASS src/@/index.test.ts",
    "  ✓ @ renders (# ms)",
    "test @::tests::works ... ok",
    "tests/test_@.py::test_# PASSED                                   [ #%]",
    "[#/#] Building CXX object src/CMakeFiles/app.dir/@.cc.o",
    "[ #%] Building C object src/@.c.o",
    "> Task :@:compileJava UP-TO-DATE",
    "[INFO] Building jar: /work/@/target/@-#.#.jar",
    " Container app-@-1  Created",
    "#: Pulling fs layer",
    "copying build/lib/@.py -> dist/lib/@.py",
    "dist/assets/@-#.js   #.# kB │ gzip: #.# kB",
    "inflating: vendor/@/README.md",
    "2026-11-25T10:00:#Z INFO @ started in # ms",
    "10:00:# [main] DEBUG com.acme.@ - connection # is ready",
    "aws_sqs_queue.@: Creation complete after #s [id=@-#]",
    "Step #/# : COPY @ /app/@",
    "remote: Compressing objects: #% (#/#), done.",
    "@.ts → dist/@.js",
    "GET /@ 200 # ms",
    "Processing triggers for @ (#.#-#) ...",
    "checking for @.h... yes",
    "src/@.rs             |  #.# |  #.# |  #.# |",
    "Requirement already satisfied: @ in /usr/lib/python3/dist-packages (#.#)",
    "Using @ #.#.#",
    "Fetching @ #.#.#",
    "- Restored acme.@ (in # ms).",
    "created: @-#",
    "seeding table @ with # rows",
];

const NAMES: &[&str] = &[
    "serde",
    "tokio",
    "lodash",
    "react-dom",
    "numpy",
    "pandas",
    "openssl",
    "zlib",
    "router",
    "session",
    "billing",
    "cart",
    "price",
    "search",
    "mailer",
    "upload",
    "profile",
    "queue",
    "metrics",
    "tracing",
    "guava",
    "jackson",
    "netty",
    "webpack",
    "postcss",
    "libxml",
    "fonts",
];

/// Names that speak of trouble, and mean none.
const TROUBLE: &[&str] = &[
    "thiserror",
    "error-handler",
    "errors",
    "failover",
    "exception-notifier",
    "fatal",
    "panic-hook",
    "missing-values",
    "not-found",
    "invalid-dates",
    "error_log",
    "abort-controller",
    "assert",
    "retry-failed",
    "denied-page",
    "timeout",
    "conflict",
    "eslint-plugin-no-unresolved",
    "undefined-check",
    "failure",
    "error-page",
    "cannot-be-empty",
    "killswitch",
    "segfault-handler",
    "exceptiongroup",
    "unexpected",
];

/// A seed's numbers: a linear congruential generator is enough to vary lines.
#[derive(Debug)]
pub(super) struct Noise {
    state: u64,
    /// Whether a fifth of the lines bear names that speak of trouble.
    named: bool,
}

impl Noise {
    pub(super) fn new(seed: u64, named: bool) -> Self {
        Self { state: seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1, named }
    }

    pub(super) fn below(&mut self, most: usize) -> usize {
        self.state = self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.state >> 33).unwrap_or_default() % most
    }

    /// So many lines, in runs of one kind as builds have them.
    pub(super) fn lines(&mut self, count: usize) -> Vec<String> {
        let mut lines = Vec::with_capacity(count);
        while lines.len() < count {
            let kind = LINES[self.below(LINES.len())];
            let run = 1 + self.below(8).min(count - lines.len() - 1);
            for _ in 0..run {
                lines.push(self.line(kind));
            }
        }
        lines
    }

    fn line(&mut self, kind: &str) -> String {
        let names = if self.named && self.below(5) == 0 { TROUBLE } else { NAMES };
        let name = names[self.below(names.len())];
        kind.chars().fold(String::new(), |mut line, c| {
            match c {
                '@' => line.push_str(name),
                '#' => line.push_str(&(1 + self.below(98)).to_string()),
                c => line.push(c),
            }
            line
        })
    }
}
