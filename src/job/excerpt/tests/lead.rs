//! What an excerpt begins with: the line that says why.

use super::*;

/// So many lines of one form.
fn lines(count: usize, form: &str) -> Vec<String> {
    let names = ["users", "orders", "prices", "carts", "stocks", "mails", "shops", "taxes", "files", "hooks"];
    (0..count).map(|n| form.replace('#', &n.to_string()).replace('@', names[n % names.len()])).collect()
}

/// Each the output of a command, and the lines of it that lead, the decisive one first.
#[test]
fn the_excerpt_leads_with_what_broke_the_build() {
    let text = |line: &str| vec![line.to_owned()];
    let cases: Vec<(Vec<String>, Vec<&str>)> = vec![
        (
            [
                lines(10, "9:1#  Warning: '@' is assigned a value but never used.  no-unused-vars"),
                text("51:61  Error: Unexpected any. Specify a different type.  no-explicit-any"),
                lines(10, "6#:10  Warning: '@' is defined but never used.  no-unused-vars"),
            ]
            .concat(),
            vec!["51:61  Error: Unexpected any."],
        ),
        (
            [
                lines(10, "    Error: cannot load @"),
                lines(20, "  ✓ lists @ # (3 ms)"),
                ["  ● creates a user", "", "    Expected: 201", "    Received: 500"].map(str::to_owned).to_vec(),
                lines(20, "PASS src/@.test.ts"),
            ]
            .concat(),
            vec!["● creates a user", "Expected: 201", "Received: 500"],
        ),
        (
            [
                lines(10, "app | #/40 | CREATE_COMPLETE | AWS::SQS::Queue | ErrorHandler@ (ErrorHandler#A0)"),
                text("app | 11/40 | CREATE_FAILED | AWS::Lambda::Function | Resize (Resize4F) #/Environment must be an object"),
                lines(40, "app | 1#/40 | DELETE_COMPLETE | AWS::SQS::Queue | ErrorHandler@ (ErrorHandler#A0)"),
                text("app | 12/40 | DELETE_FAILED | AWS::IAM::Role | Role (Role1A) still in use"),
            ]
            .concat(),
            vec!["CREATE_FAILED | AWS::Lambda::Function | Resize (Resize4F) #/Environment must be an object"],
        ),
        (
            [lines(30, "?   \texample.com/app/errors/@\t[no test files]"), text("fx.proto:8:1:Import \"c.proto\" is unused.")].concat(),
            vec!["fx.proto:8:1:Import"],
        ),
        (
            [
                lines(6, "  - Installing symfony/error-handler (v7.#.2): Extracting archive"),
                ["There was 1 failure:", "", "1) App\\CartTest::testTotal", "Failed asserting that 13 matches expected 12."]
                    .map(str::to_owned)
                    .to_vec(),
                lines(40, "  Methods:  66.67% ( #/ 3)   Lines:  88.00% ( 22/ 25)"),
            ]
            .concat(),
            vec!["Failed asserting that 13", "1) App\\CartTest::testTotal"],
        ),
        (
            [lines(10, " Container app-error-page-#  Created"), text("dependency failed to start: container app-db-1 is unhealthy")]
                .concat(),
            vec!["dependency failed to start: container app-db-1"],
        ),
        (
            [lines(30, "===> Compiling @#"), text("src/auth.erl:31:9: undefined macro 'IS_TOKEN/1'")].concat(),
            vec!["undefined macro 'IS_TOKEN/1'"],
        ),
        (
            [
                lines(30, "trim @#....................................................Passed"),
                text("black....................................Failed"),
            ]
            .concat(),
            vec!["black...."],
        ),
        (
            [lines(30, "(/usr/share/errorbars@#.sty)"), ["! Undefined control sequence.", "l.41 \\bigfigure"].map(str::to_owned).to_vec()]
                .concat(),
            vec!["! Undefined control sequence.", "l.41"],
        ),
        (
            [lines(30, "Step #0: src/@#.ts"), text("Step #0: error TS2304: Cannot find name 'cfg'."), lines(9, "Step #0: src/@.ts")]
                .concat(),
            vec!["Step #0: error TS2304"],
        ),
        (
            [lines(40, "   Compiling thiserror v1.0.#"), text("program said something and left")].concat(),
            vec!["program said something and left"],
        ),
    ];
    for (output, wanted) in cases {
        let log = failing(output);
        let part = excerpt(log.iter().map(String::as_str), (40, 32_768), true);
        let shown: Vec<_> = part.text.lines().collect();
        for line in wanted {
            let at = shown.iter().position(|shown| shown.contains(line));
            assert!(at.is_some_and(|at| at < 8), "{line} is not in the first lines of\n{}", part.text);
        }
        assert!(shown.len() <= 20, "{}", part.text);
    }
}

/// What a command printed, and the message of the failure.
#[test]
fn the_message_says_what_is_wrong_where_the_log_does() {
    for (output, expected) in [
        (
            "src/Total.hs:19:24: error: [GHC-83865]\n    • Couldn't match expected type",
            "src/Total.hs:19:24: error: [GHC-83865] • Couldn't match expected type",
        ),
        (
            "App failed to start: java.lang.Error: x\n\tat a.B.c(B.java:1)\nCaused by: a.JdbcException: no connection\n\tat a.B.c(B.java:2)\n\
             Caused by: org.postgresql.PSQLException: FATAL: database \"it\" does not exist\n\tat a.B.c(B.java:3)",
            "Caused by: org.postgresql.PSQLException: FATAL: database \"it\" does not exist",
        ),
        (
            "error    libmamba Could not solve for environment specs\n    nothing provides a\ncritical libmamba Could not solve for environment specs",
            "nothing provides a",
        ),
        (
            "Diagnostics:\n  aws:s3:BucketV2 (assets):\n    error: 1 error occurred:\n    \t* creating S3 Bucket (assets): operation error S3: CreateBucket, BucketAlreadyExists:\n\nResources:\n    + 51 created",
            "* creating S3 Bucket (assets): operation error S3: CreateBucket, BucketAlreadyExists:",
        ),
    ] {
        let log = failing(lines(90, "copied @#").into_iter().chain(output.lines().map(str::to_owned)));
        let part = excerpt(log.iter().map(String::as_str), (40, 32_768), true);
        assert!(
            part.decisive.as_deref().is_some_and(|line| line.starts_with(expected)),
            "{expected} is not {:?} of\n{}",
            part.decisive,
            part.text
        );
    }
}

#[test]
fn a_failed_build_leads_with_its_command_and_no_mark_even_where_nothing_is_known() {
    let log = noise(30).chain(failing(lines(90, "copied @#").into_iter().chain(["the notes of 4.2.0 are empty".to_owned()])));
    let log: Vec<_> = log.collect();
    let part = excerpt(log.iter().map(String::as_str), (40, 32_768), true);
    assert!(part.text.starts_with("[Container] ") && part.text.contains("the notes of 4.2.0"), "{}", part.text);
    assert_eq!(part.highlights, []);
}

#[test]
fn a_dockerfile_cannot_speak_for_the_central_buildspec() {
    let said = ["#7 [2/2] RUN make", "#7 0.1 error: slipway: no docker engine answers", "#7 0.2 src/a.c:1:2: error: x is undeclared"];
    let end = "#7 ERROR: process \"/bin/sh -c echo error: slipway: x; make\" did not complete successfully: exit code: 2";
    let output = said.into_iter().chain([end, "0.1 error: slipway: no docker engine answers"]).map(str::to_owned);
    let part = excerpt(failing(output).iter().map(String::as_str), (40, 32_768), true);
    assert_eq!(part.decisive.as_deref(), Some("src/a.c:1:2: error: x is undeclared"));
}

/// Whether it stands before the line that says what is wrong or after it.
#[test]
fn a_line_that_only_says_that_something_failed_is_never_the_decisive_one() {
    const TELLING: &str = "Error: the schema users.sql has no column name";
    let mut wrong = Vec::new();
    for line in include_str!("failed.txt").lines().filter(|line| !line.is_empty() && !line.starts_with("// ")) {
        for order in [[TELLING, line], [line, TELLING]] {
            let output = lines(9, "copied @#").into_iter().chain(order.map(str::to_owned)).chain(["done with that".to_owned()]);
            let part = excerpt(failing(output).iter().map(String::as_str), (40, 32_768), true);
            wrong.extend(part.decisive.filter(|decisive| decisive != TELLING));
        }
        // CodeBuild's own words say more.
        wrong.extend(excerpt(failing([line.to_owned()]).iter().map(String::as_str), (40, 32_768), true).decisive);
    }
    assert_eq!(wrong, Vec::<String>::new());
}

/// What package managers say after their code.
#[test]
fn the_words_of_npm_come_before_its_code() {
    for (said, expected) in [
        (
            "npm error code EUSAGE\nnpm error\nnpm error `npm ci` can only install packages when your package.json and package-lock.json are in sync.\n\
             npm error\nnpm error Clean install a project\nnpm error\nnpm error Usage:\nnpm error npm ci\nnpm error\nnpm error Options:\nnpm error [--install-strategy <hoisted|nested>]",
            "can only install packages when",
        ),
        (
            "npm ERR! code EUSAGE\nnpm ERR! \nnpm ERR! The `npm ci` command can only install with an existing package-lock.json\nnpm ERR! Usage:",
            "can only install with an existing",
        ),
        ("npm error code E404\nnpm error 404 Not Found - GET https://registry.test/left-pat\nnpm error 404", "404 Not Found - GET"),
        ("npm error code ETARGET\nnpm error notarget No matching version found for left-pad@9.", "No matching version found"),
        ("npm error code ERESOLVE\nnpm error ERESOLVE unable to resolve dependency tree\nnpm error", "unable to resolve dependency tree"),
        (
            "npm ERR! code ENOENT\nnpm ERR! syscall open\nnpm ERR! path /src/package.json\nnpm ERR! errno -2\n\
             npm ERR! enoent Could not read package.json: Error: ENOENT: no such file or directory, open '/src/package.json'",
            "Could not read package.json",
        ),
        (
            "npm error code EJSONPARSE\nnpm error path /src/package.json\nnpm error JSON.parse Expected ',' in JSON at position 9",
            "JSON.parse",
        ),
        (
            "npm error code EBADENGINE\nnpm error engine Unsupported engine\nnpm error notsup Required: {\"node\":\">=22\"}",
            "Unsupported engine",
        ),
        ("npm error Missing script: \"biuld\"\nnpm error\nnpm error To see a list of scripts, run:\nnpm error   npm run", "Missing script"),
        ("npm error code E401\nnpm error Incorrect or missing password.\nnpm error If you were trying to login", "Incorrect or missing"),
    ] {
        let output =
            said.lines().chain(["npm error A complete log of this run can be found in: /root/.npm/_logs/1.log"]).map(str::to_owned);
        let part = excerpt(failing(output).iter().map(String::as_str), (40, 32_768), true);
        assert!(part.decisive.as_deref().is_some_and(|line| line.contains(expected)), "{said}\ngave {:?}", part.decisive);
    }
}

#[test]
fn a_short_answer_gets_no_padding() {
    let log = failing((0..300).map(|n| format!("building part {n}")).chain(["error: disk quota of part 7 is used up".to_owned()]));
    let part = excerpt(log.iter().map(String::as_str), (40, 32_768), true);
    assert!(part.text.lines().count() <= 8, "{}", part.text);
    assert_eq!(part.highlights, [Highlight { line: Some(302), text: "error: disk quota of part 7 is used up".to_owned() }]);
    assert_eq!(part.decisive.as_deref(), Some("error: disk quota of part 7 is used up"));
}

#[test]
fn the_number_of_a_line_is_not_told_where_it_is_not_known() {
    let mut excerpter = Excerpter::new(Budget { lines: 20, bytes: 10_000 }, true);
    excerpter.gap();
    for line in failing(noise(30).chain(["error: x".to_owned()])) {
        excerpter.push(&line);
    }
    assert_eq!(excerpter.finish().highlights, [Highlight { line: None, text: "error: x".to_owned() }]);
}

#[test]
fn what_stands_right_above_an_error_is_shown_with_it() {
    let output = noise(50).chain(["    add_test.go:8: Add(1, 2) = -1, want 3".into(), "--- FAIL: TestAdd (0.00s)".into()]).chain(noise(50));
    let lines = failing(output);
    let part = excerpt(lines.iter().map(String::as_str), (14, 32_768), true);
    assert!(part.text.contains("want 3\n--- FAIL: TestAdd"), "{}", part.text);
}
