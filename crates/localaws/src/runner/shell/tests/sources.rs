#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::process::Command;

use super::*;
use crate::codebuild::phase::PhaseStatus;

/// A git repository in a directory of its own.
struct Repository(TempDir);

impl Repository {
    /// Three commits on `main`, a tag on the second, a branch `side` with one more commit, and a pull request 7 with another one.
    fn sample() -> Self {
        let repository = Self::empty();
        for text in ["first", "second", "third"] {
            repository.commit(text);
        }
        repository.git(&["tag", "-a", "-m", "a tag", "v1", "HEAD~1"]);
        repository.git(&["checkout", "-q", "-b", "side"]);
        repository.commit("on the side");
        repository.git(&["checkout", "-q", "--detach"]);
        repository.commit("pulled");
        repository.git(&["update-ref", "refs/pull/7/head", "HEAD"]);
        repository.git(&["checkout", "-q", "main"]);
        repository
    }

    fn empty() -> Self {
        let repository = Self(tempfile::tempdir().unwrap());
        repository.git(&["init", "-q", "-b", "main"]);
        repository
    }

    fn commit(&self, text: &str) {
        write(self.0.path(), "text", text);
        let spec = "version: 0.2\nphases:\n  build:\n    commands: [cat text && echo, 'echo $CODEBUILD_RESOLVED_SOURCE_VERSION $CODEBUILD_SOURCE_VERSION', git log --oneline | wc -l]\n";
        write(self.0.path(), "buildspec.yml", spec);
        self.git(&["add", "."]);
        self.git(&["commit", "-q", "-m", text]);
    }

    fn git(&self, arguments: &[&str]) -> String {
        let mut command = Command::new("git");
        command.args(["-c", "user.name=Somebody", "-c", "user.email=somebody@example.org", "-c", "protocol.file.allow=always"]);
        let output = command.args(arguments).current_dir(self.0.path()).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn url(&self) -> String {
        format!("file://{}", self.0.path().display())
    }

    fn build(&self, version: Option<&str>, depth: u32) -> Assignment {
        let mut assignment = inline("");
        assignment.buildspec = None;
        assignment.source =
            Source { kind: "GITHUB".into(), location: Some(self.url()), version: version.map(Into::into), depth, submodules: false };
        assignment
    }
}

#[tokio::test]
async fn each_kind_of_version_is_checked_out() {
    let repository = Repository::sample();
    let id = |name: &str| repository.git(&["rev-parse", &format!("{name}^{{commit}}")]);
    let (second, third, side, pull) = (id("v1"), id("main"), id("side"), id("refs/pull/7/head"));
    for (version, depth, text, commit, commits) in [
        (None, 1, "third", &third, "1"),
        (Some("main"), 2, "third", &third, "2"),
        (Some("side"), 0, "on the side", &side, "4"),
        (Some("v1"), 1, "second", &second, "1"),
        (Some("refs/heads/side"), 1, "on the side", &side, "1"),
        (Some("pr/7"), 1, "pulled", &pull, "1"),
        (Some(pull.as_str()), 0, "pulled", &pull, "5"),
        (Some(second.as_str()), 1, "second", &second, "1"),
        (Some(second.as_str()), 0, "second", &second, "2"),
        (Some(&second[..8]), 1, "second", &second, "2"),
        (Some(&format!("main^{{{second}}}")), 1, "second", &second, "1"),
    ] {
        let (ending, seen) = run(repository.build(version, depth)).await;
        assert_eq!(ending, Ending::Succeeded, "{version:?}: {}", seen.log());
        let versions = format!("{commit} {}", version.unwrap_or(commit));
        assert_eq!(printed(&seen), [text, &versions, commits], "{version:?} with depth {depth}");
        assert_eq!(seen.commit.as_ref(), Some(commit));
    }
}

#[tokio::test]
async fn an_unknown_version_fails_the_download() {
    let repository = Repository::sample();
    let trace = repository.0.path().join("trace");
    let hostile = format!("--upload-pack=touch {}", trace.display());
    for version in ["missing", "pr/8", "0123456789abcdef0123456789abcdef01234567", "0123abcd", "main..side", &hostile, "-main"] {
        let (ending, seen) = run(repository.build(Some(version), 1)).await;
        let expected = format!("reference not found for primary source and source version {version}");
        let mishap = (Phase::DownloadSource, PhaseStatus::Failed, "CLIENT_ERROR".into(), expected);
        assert_eq!((ending, seen.mishap()), (Ending::Failed, Some(mishap)));
        assert_eq!(seen.names(), [Phase::Provisioning, Phase::DownloadSource, Phase::Finalizing]);
        assert!(!trace.exists(), "{version} was run");
    }
}

#[tokio::test]
async fn a_location_is_never_an_option_or_a_command() {
    let directory = tempfile::tempdir().unwrap();
    let trace = directory.path().join("trace");
    let touch = format!("touch {}", trace.display());
    for (location, expected) in [
        ("file:///nowhere/at/all", "repository not found for primary source and source version"),
        (&format!("--upload-pack={touch}"), "git clone failed: fatal: strange pathname '--upload-pack=touch"),
        (&format!("ext::sh -c '{touch}'"), "git clone failed: fatal: transport 'ext' not allowed"),
        ("", "the source has no location"),
    ] {
        let mut assignment = inline("");
        assignment.source = Source { kind: "GITLAB".into(), location: Some(location.into()), version: None, depth: 1, submodules: true };
        let (ending, seen) = run(assignment).await;
        let (phase, _, code, message) = seen.mishap().unwrap();
        assert_eq!((ending, phase, code.as_str()), (Ending::Failed, Phase::DownloadSource, "CLIENT_ERROR"));
        assert!(message.starts_with(expected), "{message}");
        assert!(location.is_empty() || printed(&seen).iter().any(|line| line.starts_with("fatal: ")), "{}", seen.log());
        assert!(!trace.exists(), "{location} was run");
    }
}

#[tokio::test]
async fn submodules_are_fetched_if_requested() {
    let inner = Repository::sample();
    let outer = Repository::sample();
    outer.git(&["submodule", "--quiet", "add", &inner.url(), "inner"]);
    write(outer.0.path(), "buildspec.yml", "version: 0.2\nphases: {build: {commands: [ls inner | wc -l]}}");
    outer.git(&["add", "."]);
    outer.git(&["commit", "-q", "-m", "with a submodule"]);
    for (submodules, files) in [(true, "2"), (false, "0")] {
        let mut assignment = outer.build(None, 1);
        assignment.source.submodules = submodules;
        let (_, seen) = run(assignment).await;
        assert_eq!(printed(&seen), [files], "{}", seen.log());
    }
}

#[tokio::test]
async fn hooks_and_configuration_of_the_machine_are_ignored() {
    let repository = Repository::sample();
    let mut assignment = repository.build(None, 1);
    assignment.buildspec = Some("version: 0.2\nphases: {build: {commands: ['ls .git/hooks 2>/dev/null | wc -l']}}".into());
    assert_eq!(printed(&run(assignment).await.1), ["0"]);
}

#[tokio::test]
async fn a_buildspec_is_found_or_reported_as_missing() {
    let repository = Repository::sample();
    fs::create_dir(repository.0.path().join("ci")).unwrap();
    write(repository.0.path(), "ci/other.yml", "version: 0.2\nphases: {build: {commands: [echo other]}}");
    write(repository.0.path(), "wrong.yml", "version: 0.2\nphases:\n  build:\n    commands: echo\n");
    fs::write(repository.0.path().join("binary.yml"), [0xff, 0xfe]).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", repository.0.path().join("link.yml")).unwrap();
    repository.git(&["add", "."]);
    repository.git(&["commit", "-q", "-m", "more files"]);
    for (name, expected) in [
        ("ci/other.yml", Ok("other")),
        ("no.yml", Err("/src/no.yml: no such file or directory")),
        ("ci", Err("/src/ci: is not a file")),
        ("wrong.yml/x", Err("/src/wrong.yml/x: no such file or directory")),
        ("binary.yml", Err("/src/binary.yml: is not text in UTF-8 (save the file as UTF-8)")),
        ("../state/gitconfig", Err("/src/../state/gitconfig: no such file or directory")),
        ("link.yml", Err("/src/link.yml: no such file or directory")),
        (
            "wrong.yml",
            Err(
                "phases: build: commands: expected a list, found the text `echo` (write each entry on a line of its own, after `- `) at line 4, column 15",
            ),
        ),
        ("arn:aws:s3:::bucket/spec.yml", Err("local mode cannot fetch the buildspec arn:aws:s3:::bucket/spec.yml")),
    ] {
        let mut assignment = repository.build(None, 1);
        assignment.buildspec = Some(name.into());
        let (_, seen) = run(assignment).await;
        match expected {
            Ok(text) => assert_eq!(printed(&seen), [text]),
            Err(text) => {
                let (phase, _, code, message) = seen.mishap().unwrap();
                assert_eq!((phase, code.as_str()), (Phase::DownloadSource, "YAML_FILE_ERROR"));
                assert!(message.ends_with(text), "{name}: {message}");
                assert_eq!(message.starts_with("stat /"), text.starts_with("/src"), "{name}: {message}");
            }
        }
    }
}

#[tokio::test]
async fn sources_that_git_does_not_fetch_are_refused() {
    for kind in ["S3", "CODECOMMIT", "CODEPIPELINE"] {
        let mut assignment = inline("version: 0.2\nphases: {build: {commands: [x]}}");
        assignment.source.kind = kind.into();
        let (_, _, code, message) = run(assignment).await.1.mishap().unwrap();
        assert_eq!((code, message), ("CLIENT_ERROR".into(), format!("local mode cannot fetch sources of type {kind}")));
    }
}

#[tokio::test]
async fn errors_of_git_about_a_repository_are_reported_in_the_words_of_codebuild() {
    let directory = tempfile::tempdir().unwrap();
    for (location, version, expected) in [
        (format!("file://{}", directory.path().display()), None, "repository not found for primary source and source version"),
        ("file:///nowhere/at/all".into(), Some("main"), "repository not found for primary source and source version main"),
        ("http://127.0.0.1:1/app".into(), Some("main"), "git clone failed: fatal: unable to access 'http://127.0.0.1:1/app/'"),
    ] {
        let mut assignment = inline("");
        assignment.source =
            Source { kind: "GITHUB".into(), location: Some(location), version: version.map(Into::into), depth: 1, submodules: false };
        let (ending, seen) = run(assignment).await;
        let (phase, status, code, message) = seen.mishap().unwrap();
        assert_eq!((ending, phase, status), (Ending::Failed, Phase::DownloadSource, PhaseStatus::Failed));
        assert_eq!(code, "CLIENT_ERROR");
        assert!(message.starts_with(expected), "{message}");
    }
}

#[tokio::test]
async fn an_endless_answer_of_a_git_server_is_not_kept() {
    let directory = tempfile::tempdir().unwrap();
    let git = directory.path().join("git");
    fs::write(&git, "#!/bin/sh\nexec yes ref\n").unwrap();
    fs::set_permissions(&git, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let mut site = Site::new();
    site.shell.inherited = vec![("PATH".into(), format!("{}:/usr/bin:/bin", directory.path().display()).into())];
    let mut assignment = inline("");
    assignment.source = Source { kind: "GITHUB".into(), location: Some("https://x".into()), version: None, depth: 1, submodules: false };
    let message = site.run(assignment).await.1.mishap().unwrap().3;
    assert_eq!(message, "git clone failed: git prints more than 67108864 bytes");
}
