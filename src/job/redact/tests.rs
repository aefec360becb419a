#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod property;

use super::*;

fn redact(line: &str) -> String {
    Redactor::new(std::iter::empty()).line(line).into_owned()
}

/// Put together here so that no scanner takes the source for a leak.
fn token(prefix: &str, length: usize) -> String {
    format!("{prefix}{}", "aB3".repeat(length).chars().take(length).collect::<String>())
}

#[test]
fn secrets_are_taken_out_and_the_words_around_them_stay() {
    let jwt = format!("{}.{}.{}", token("eyJ", 20), token("eyJ", 30), token("", 40));
    let access = format!("AKIA{}", "Z7".repeat(8));
    for (line, expected) in [
        (format!("export AWS_ACCESS_KEY_ID={access}"), "export AWS_ACCESS_KEY_ID=[redacted]".to_owned()),
        (format!("key {access} is"), "key [redacted] is".into()),
        (format!("key ASIA\u{1b}[0m{} is", &access[4..]), "key [redacted] is".into()),
        (format!("AWS_SECRET_ACCESS_KEY={}", token("", 40)), "AWS_SECRET_ACCESS_KEY=[redacted]".into()),
        (format!("  \"SecretAccessKey\": \"{}\",", token("/+", 38)), "  \"SecretAccessKey\": \"[redacted]\",".into()),
        (format!("aws_session_token = {}", token("IQoJ", 200)), "aws_session_token = [redacted]".into()),
        (format!("got {}", token("FwoGZXIvYXdz", 100)), "got [redacted]".into()),
        (format!("remote: {} x", token("ghp_", 36)), "remote: [redacted] x".into()),
        (token("github_pat_", 82), "[redacted]".into()),
        (format!("({})", token("glpat-", 20)), "([redacted])".into()),
        (format!("//registry.npmjs.org/:_authToken={}", token("npm_", 36)), "//registry.npmjs.org/:_authToken=[redacted]".into()),
        (token("pypi-AgEIcHlwaS5vcmc", 60), "[redacted]".into()),
        (token("xoxb-123456789-", 24), "[redacted]".into()),
        (token("dckr_pat_", 27), "[redacted]".into()),
        (format!("jwt {jwt}."), "jwt [redacted].".into()),
        (format!("Authorization: Bearer {}", token("", 30)), "Authorization: Bearer [redacted]".into()),
        ("authorization: Basic dXNlcjpwYXNz".into(), "authorization: Basic [redacted]".into()),
        ("git clone https://me:hunter@git.test/a".into(), "git clone https://[redacted]@git.test/a".into()),
        ("postgres://app:p@ss@db:5432/x".into(), "postgres://[redacted]@db:5432/x".into()),
        (format!("https://{}@github.com/a/b", token("", 20)), "https://[redacted]@github.com/a/b".into()),
        ("password=hunter".into(), "password=[redacted]".into()),
        ("DB_PASSWORD='hunter two'; x".into(), "DB_PASSWORD='[redacted]'; x".into()),
        ("password: hunter2".into(), "password: [redacted]".into()),
        ("{\"auth\":\"dXNlcjpwYXNz\",\"x\":1}".into(), "{\"auth\":\"[redacted]\",\"x\":1}".into()),
        ("api-key: 12ab34cd56".into(), "api-key: [redacted]".into()),
        ("curl --token abcdef x".into(), "curl --token [redacted] x".into()),
        ("GET /x?token=abcdef&y=1".into(), "GET /x?token=[redacted]&y=1".into()),
    ] {
        let found = redact(&line);
        assert_eq!(found, expected, "{line} by {:?}", {
            let mut r = Redactor::new(std::iter::empty());
            r.line(&line);
            r.rules().clone()
        });
        assert_eq!(redact(&found), found, "what is redacted stays as it is");
    }
}

#[test]
fn what_only_looks_like_a_secret_stays() {
    for line in [
        "commit 9f1c3b7d2e4a5b6c7d8e9f0a1b2c3d4e5f6a7b8c",
        "digest: sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 size: 1234",
        "#7 sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 10.4MB / 20MB",
        "error: unexpected token: expected one of `,` or `}`",
        "SyntaxError: Unexpected token '}'",
        "error: invalid password: authentication failed",
        "cat: /run/secrets/npm_token: No such file or directory",
        "docker build --secret id=npm,src=/tmp/npm .",
        "docker login --username AWS --password-stdin 123456789012.dkr.ecr.eu-west-1.amazonaws.com",
        "max_tokens=4096 tokens: 123456",
        "TOKEN=$NPM_TOKEN npm ci",
        "author: Bob1234",
        "Cloning ssh://git@github.com/acme/app",
        "https://github.com/@acme/app see me@example.com",
        "    if token == other.token {",
        "using secret: true, password: null",
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/app@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "npm ERR! code E404 basic usage",
        "Compiling aws-sdk-secretsmanager v1.119.0",
        "5fea7756-0ea4-451a-a703-a558b933e274",
        "--- PASS: TestSecretStore/rotates_keys_after_ninety_days (0.03s)",
        "PASS: tests/ls/basic2.sh",
        "  credentials : config/credentials.yml.enc",
        "kubeadm join --discovery-token-ca-cert-hash sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    ] {
        assert_eq!(redact(line), line);
    }
}

#[test]
fn the_jobs_own_secrets_are_taken_out_whatever_they_look_like() {
    let secrets = ["correct horse", "correct horse battery", "abc", ""].map(str::to_owned);
    let mut redactor = Redactor::new(secrets.into_iter());
    assert_eq!(redactor.line("x correct horse battery, correct horse abc"), "x [redacted], [redacted] abc");
    assert_eq!(redactor.count(), 2);
}

#[test]
fn private_keys_are_taken_out_over_their_lines() {
    let (begin, end) = ("-----BEGIN RSA PRIVATE KEY-----", "-----END RSA PRIVATE KEY-----");
    let mut redactor = Redactor::new(std::iter::empty());
    let lines =
        ["before", &format!("#7 0.1 {begin}"), "#7 0.1 MIIE", "", &format!("#7 {end}"), "after", &format!("k={begin}\\nMII\\n{end}!")];
    let found: Vec<_> = lines.iter().map(|line| redactor.line(line).into_owned()).collect();
    assert_eq!(found, ["before", "#7 0.1 [redacted]", "#7 0.1 [redacted]", "", MARK, "after", "k=[redacted]!"]);
    assert_eq!(redactor.count(), 2);
    assert_eq!(redact("-----BEGIN PUBLIC KEY-----"), "-----BEGIN PUBLIC KEY-----");
}

#[test]
fn a_private_key_without_an_end_does_not_swallow_the_log() {
    let mut redactor = Redactor::new(std::iter::empty());
    redactor.line("-----BEGIN PRIVATE KEY-----");
    assert_eq!(redactor.line("[Container] 2026/01/28 20:47:36.3 Phase complete: BUILD State: FAILED").matches(MARK).count(), 0);
    redactor.line("-----BEGIN PRIVATE KEY-----");
    let swallowed = (0..1_000).filter(|_| redactor.line("x") == MARK).count();
    assert_eq!(swallowed, key::LONGEST);
}

/// Lines as they come out.
fn redacted<'a>(redactor: &mut Redactor, lines: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    lines.into_iter().map(|line| redactor.line(line).into_owned()).collect()
}

#[test]
fn what_the_operator_says_is_taken_out() {
    let patterns = ["ACME-[0-9]{6}", "(?i)internal\\.test"].map(|pattern| Regex::new(pattern).unwrap());
    let mut redactor = Redactor::new(std::iter::empty()).with(patterns);
    assert_eq!(redactor.line("licence ACME-123456 of Internal.test, ACME-1"), "licence [redacted] of [redacted], ACME-1");
    assert_eq!(redactor.count(), 2);
}

#[test]
fn checksums_digests_and_names_stay_readable() {
    for line in [
        "\"integrity\": \"sha512-v2kDEe57lecTulaDIuNTPy3Ry4gLGJ6Z1O3vE1krgXZNrsQ+LFTGHVxVjcXPs17LhbZVGedAJv8XZ1tvj5FvSg==\"",
        "checksum = \"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"",
        "#9 sha256:0c4c7b35d85f1ff4cc0b4ef1b0a4d2ed8f0b7cba6d1b7e1b9a2e1a4f8a0f6d11 3.15MB / 29.1MB 0.6s",
        "github.com/stretchr/testify v1.8.4 h1:CcVxjf3Q8PM0mHUKJCdn+eZZtm5yQwehR5yeSVQQcUk=",
        "requests==2.31.0 --hash=sha256:58cd2187c01e70e6e26505bca751777aa9f2ee0b7f4300988b709f44e013003f",
        "latest: digest: sha256:4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945 size: 2204",
        "arn:aws:codebuild:eu-west-1:123456789012:build/codebuild-flex:5fea7756-0ea4-451a-a703-a558b933e274",
        "remote: Counting objects: 100% (123456/123456), done.",
        "  at Object.<anonymous> (/codebuild/output/src2740/src/github.com/acme/web/node_modules/tapable/lib/HookCodeFactory.js:102:10)",
        "npm error A complete log of this run can be found in: /root/.npm/_logs/2026-11-24T17_04_22_704Z-debug-0.log",
    ] {
        assert_eq!(redact(line), line);
        let mut redactor = Redactor::new(std::iter::empty());
        redacted(&mut redactor, [line, "0c4c7b35d85f1ff4cc0b4ef1b0a4d2ed8f0b7cba6d1b7e1b9a2e1a4f8a0f6d11", "Error1 x"]);
        assert_eq!(redactor.count(), 0, "{line}: nothing is joined over its end");
    }
}

#[test]
fn a_secret_that_a_program_wrapped_is_taken_out_and_the_next_words_stay() {
    let token = token("ghp_", 36);
    let (long, session) = (self::token("", 300), self::token("IQoJ", 300));
    let own = "correct horse battery staple";
    let wrapped = |text: &str| text.as_bytes().chunks(76).map(|line| String::from_utf8(line.to_vec()).unwrap()).collect::<Vec<_>>();
    let before = "x".repeat(60);
    let cases: Vec<(Vec<String>, Vec<String>, usize)> = vec![
        (
            vec![format!("{before} {}", &token[..20]), format!("{} y", &token[20..]), "z".into()],
            vec![format!("{before} [redacted]"), format!("{} y", &token[20..]), "z".into()],
            1,
        ),
        (
            vec![format!("{before} {}", &token[..20]), token[20..].into(), "z".into()],
            vec![format!("{before} [redacted]"), MARK.into(), "z".into()],
            1,
        ),
        (
            vec![format!("{before} {}", &token[..2]), format!("{} y", &token[2..]), "then".into()],
            vec![format!("{before} gh"), "[redacted] y".into(), "then".into()],
            1,
        ),
        (
            wrapped(&session).into_iter().chain(["done".to_owned()]).collect(),
            [MARK, MARK, MARK, MARK, "done"].map(str::to_owned).to_vec(),
            1,
        ),
        (
            vec![format!("#7 0.1 {before} correct horse"), "#8 0.1 battery staple is another's".into()],
            vec![format!("#7 0.1 {before} [redacted]"), "#8 0.1 battery staple is another's".into()],
            1,
        ),
        (
            vec![format!("{before} correct horse batt"), "    ery staple!".into(), "staple".into()],
            vec![format!("{before} [redacted]"), "[redacted]!".into(), "staple".into()],
            1,
        ),
        (
            wrapped(&format!("authorization: Bearer {long}")).into_iter().chain(["It works".to_owned()]).collect(),
            ["authorization: Bearer [redacted]", MARK, MARK, MARK, MARK, "It works"].map(str::to_owned).to_vec(),
            1,
        ),
    ];
    for (lines, expected, count) in cases {
        let mut redactor = Redactor::new([own.to_owned()].into_iter());
        assert_eq!(redacted(&mut redactor, lines.iter().map(String::as_str)), expected, "{lines:?}");
        assert_eq!(redactor.count(), count, "{lines:?}");
    }
}

#[test]
fn below_a_token_no_word_is_lost_and_no_name_is_taken_for_its_rest() {
    let token = token("ghp_", 36);
    let value = self::token("", 40);
    let long = format!("{} using token {token}", "x".repeat(60));
    for first in [format!("using token {token}"), long, format!("{} {}", "x".repeat(60), &token[..20])] {
        for (next, expected) in [
            (format!("aws_secret_access_key = {value}"), "aws_secret_access_key = [redacted]"),
            (format!("aws_secret_access_key={value}"), "aws_secret_access_key=[redacted]"),
            ("ERROR: failed to solve".into(), "ERROR: failed to solve"),
            ("Error1: failed".into(), "Error1: failed"),
            ("v1.2.3-rc4 : pushed".into(), "v1.2.3-rc4 : pushed"),
            ("then".into(), "then"),
            ("BUILD FAILED".into(), "BUILD FAILED"),
            ("FAILED".into(), "FAILED"),
            ("src/main2.rs was not found".into(), "src/main2.rs was not found"),
        ] {
            let mut redactor = Redactor::new(std::iter::empty());
            redactor.line(&first);
            assert_eq!(redactor.line(&next), expected, "below {first}");
        }
    }
}

#[test]
fn a_value_that_ends_as_it_begins_is_taken_out_whole() {
    let mut redactor = Redactor::new(["abcdef-abcdef".to_owned()].into_iter());
    assert_eq!(redacted(&mut redactor, ["x abcdef-abcdef", "y"]), ["x [redacted]", "y"]);
}

#[test]
fn of_a_key_among_other_output_only_the_key_is_taken_out() {
    let key = token("", 64);
    let lines = [
        "#7 0.1 -----BEGIN OPENSSH PRIVATE KEY-----".to_owned(),
        "#8 0.1 error: of another step".into(),
        format!("#7 0.2 {key}"),
        "#7 0.3 Permission denied".into(),
        "#7 0.4 words".into(),
        // docker's repetition of the last lines.
        format!("0.2 {key}"),
    ];
    let mut redactor = Redactor::new(std::iter::empty());
    let expected = ["#7 0.1 [redacted]", &lines[1], "#7 0.2 [redacted]", &lines[3], &lines[4], MARK];
    assert_eq!(redacted(&mut redactor, lines.iter().map(String::as_str)), expected);
}

/// By them the excerpt finds the failed phase and its command.
#[test]
fn codebuilds_own_words_stay_whatever_a_value_is() {
    let mut redactor = Redactor::new(["SUCCEEDED", "FAILED", "command", "Message", "2026/01/28"].into_iter().map(str::to_owned));
    for (said, expected) in [
        ("Phase complete: BUILD State: SUCCEEDED", "Phase complete: BUILD State: SUCCEEDED"),
        ("Phase complete: BUILD State: FAILED", "Phase complete: BUILD State: FAILED"),
        ("Running command echo command", "Running command echo [redacted]"),
        ("Command did not exit successfully command exit status 1", "Command did not exit successfully [redacted] exit status 1"),
        ("Phase context status code: X Message: Message", "Phase context status code: X Message: [redacted]"),
    ] {
        let line = |words: &str| format!("[Container] 2026/01/28 20:47:36.367057 {words}");
        assert_eq!(redactor.line(&line(said)), line(expected));
    }
    assert_eq!(redactor.line("State: SUCCEEDED"), "State: [redacted]");
}

/// Local mode's advice about a secret that it does not know.
#[test]
fn advice_about_a_secret_is_none() {
    for advice in [
        r#"find the specified secret: npm/token (add {"npm/token":"VALUE"} to the JSON file that `slipway local` gets by --secrets, and start it again)"#,
        r#"the secret app has no key password (add {"app":{"password":"VALUE"}} to the JSON file that `slipway local` gets by --secrets, and start it again)"#,
    ] {
        assert_eq!(redact(advice), advice);
    }
}

/// Such a line took minutes when each sign's value was read to the line's end.
#[test]
fn a_line_of_nothing_but_names_and_signs_is_read_at_once() {
    let many = |text: &str| text.repeat(120_000 / text.len());
    for line in ["password=$", "password=xxxx", "a://b:", "a://b:1/", "token: "].map(many) {
        assert!(redact(&line) == line, "{}", &line[..20]);
    }
    for (line, expected) in [
        (many("password=a1"), "password=[redacted]".to_owned()),
        ("http://proxy:3128/?to=https://me:hunter2@host/".to_owned(), "http://proxy:3128/?to=https://[redacted]@host/".to_owned()),
        (format!("{}@host/", many("a://b:")), "a://[redacted]@host/".to_owned()),
        (format!("{} -> \"{}\"", many("token=x "), many("y7")), format!("{} -> \"[redacted]\"", many("token=x "))),
    ] {
        assert!(redact(&line) == expected, "{}", &line[..20]);
    }
}
