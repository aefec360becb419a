//! Whatever stands around a secret, and wherever the log is cut.

use proptest::prelude::*;

use super::{redact, token};
use crate::job::{redact::Redactor, rejoin::Rejoin};

/// Secrets of several kinds; the last two are a job's own.
fn secrets() -> Vec<String> {
    let jwt = format!("{}.{}.{}", token("eyJ", 20), token("eyJ", 30), token("", 43));
    vec![
        format!("AKIA{}", "Z7Q4".repeat(4)),
        token("ghp_", 36),
        token("github_pat_", 82),
        token("glpat-", 20),
        token("npm_", 36),
        token("pypi-AgEIcHlwaS5vcmc", 60),
        token("xoxb-123456789-", 24),
        token("IQoJ", 400),
        jwt,
        "hunter2-Hunter3".to_owned(),
        "correct horse battery staple".to_owned(),
    ]
}

proptest! {
    #[test]
    fn a_token_is_taken_out_whatever_stands_around_it(
        before in "(\\PC|[=:\"'@/ \\x1b\\r]|token|password|https://){0,30}",
        after in "(\\PC|[=:\"'@/ \\x1b\\r]|token|password|https://){0,30}",
    ) {
        let secret = token("ghp_", 36);
        let found = redact(&format!("{before} {secret} {after}"));
        prop_assert!(!found.contains(&secret), "{found}");
    }

    /// As the log's writer cuts lines: into events.
    #[test]
    fn a_planted_secret_never_comes_through_wherever_the_log_is_cut(
        which in 0..secrets().len(),
        before in "[ -~]{0,20} ",
        after in " [ -~]{0,20}",
        mut cuts in prop::collection::vec(0_usize..460, 0..4),
    ) {
        let secret = secrets()[which].clone();
        let own = secrets()[9..].to_vec();
        let log = format!("first\n{before}{secret}{after}\n");
        cuts.retain(|at| (6..log.len()).contains(at));
        cuts.extend([0, 6, log.len()]);
        cuts.sort_unstable();
        let (mut rejoin, mut redactor, mut found) = (Rejoin::default(), Redactor::new(own.into_iter()), String::new());
        for cut in cuts.windows(2) {
            rejoin.push(&log[cut[0]..cut[1]], |line| found.push_str(&redactor.line(line)));
        }
        rejoin.finish(|line| found.push_str(&redactor.line(line)));
        prop_assert!(!found.contains(&secret), "{secret} is in {found}");
        prop_assert!(redactor.count() > 0);
    }

    #[test]
    fn no_text_makes_it_stumble(lines in prop::collection::vec("(\\PC|[\\x1b\r\t]|ghp_|AKIA|aB3|correct horse|#1 0\\.1 |BEGIN PRIVATE KEY|=){0,12}", 0..12)) {
        let mut redactor = Redactor::new(["correct horse battery".to_owned(), "äöüäöü".to_owned()].into_iter());
        for line in &lines {
            let found = redactor.line(line).into_owned();
            prop_assert!(!found.chars().any(|c| c.is_control() && c != '\t'));
        }
    }
}
