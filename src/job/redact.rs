//! Takes secrets out of log lines before anything is cut or published.

mod pattern;

use std::borrow::Cow;

use super::plain::plain;

/// What stands where a secret was.
pub const MARK: &str = "[redacted]";

/// A shorter value of a variable is more likely an ordinary word than a secret.
const SHORTEST_SECRET: usize = 6;

/// A private key has no more lines; without its end the log would be lost.
const LONGEST_KEY: usize = 200;

/// Redacts a stream of lines; private keys span several.
#[derive(Debug)]
pub struct Redactor {
    /// Longest first: one may be a part of another.
    secrets: Vec<String>,
    count: usize,
    /// Lines that may still belong to a private key.
    key_lines: usize,
}

impl Redactor {
    /// `secrets`: values that must not appear, whatever they look like; see [`super::Job::secrets`].
    pub fn new(secrets: impl Iterator<Item = String>) -> Self {
        let mut secrets: Vec<_> = secrets.filter(|secret| secret.chars().count() >= SHORTEST_SECRET).collect();
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        secrets.dedup();
        Self { secrets, count: 0, key_lines: 0 }
    }

    /// The next line as plain text (see [`plain`]: an escape sequence must not hide a secret) without its secrets.
    pub fn line<'a>(&mut self, line: &'a str) -> Cow<'a, str> {
        let mut text = plain(line);
        // CodeBuild's own lines are never part of a key, and tell where a build failed.
        if self.key_lines > 0 && !text.starts_with("[Container] ") {
            self.key_lines = if pattern::ends_key(&text) { 0 } else { self.key_lines - 1 };
            return Cow::Borrowed(MARK);
        }
        self.key_lines = 0;
        for secret in &self.secrets {
            let found = text.matches(secret.as_str()).count();
            if found > 0 {
                self.count += found;
                text = Cow::Owned(text.replace(secret.as_str(), MARK));
            }
        }
        let (mut text, found) = pattern::redact(text);
        self.count += found;
        if let Some(at) = pattern::key_begins(&text) {
            self.count += 1;
            self.key_lines = LONGEST_KEY;
            text = Cow::Owned(format!("{}{MARK}", &text[..at]));
        }
        text
    }

    /// How many secrets have been taken out.
    pub fn count(&self) -> usize {
        self.count
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

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
            assert_eq!(found, expected, "{line}");
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
        assert_eq!(found, ["before", "#7 0.1 [redacted]", MARK, MARK, MARK, "after", "k=[redacted]!"]);
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
        assert_eq!(swallowed, LONGEST_KEY);
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
    }
}
