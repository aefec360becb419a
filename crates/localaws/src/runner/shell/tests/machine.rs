//! A lack of resources on this machine is not the build's failure.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{fs::File, process::Command};

use super::*;
use crate::codebuild::phase::PhaseStatus;

/// How many descriptors the process may have. The test leaves fewer and fewer.
const DESCRIPTORS: &str = "96";

/// Runs in a process of its own, because the limit of descriptors is one of the process.
#[tokio::test]
#[ignore = "started by `a_lack_of_descriptors_is_reported_as_a_fault`"]
async fn with_few_descriptors() {
    let site = Site::new();
    let repository = tempfile::tempdir().unwrap();
    let spec = "version: 0.2\nphases: {build: {commands: [A=1, 'echo $A'], finally: [echo done]}}";
    write(repository.path(), "buildspec.yml", spec);
    let commit = "git init -q . && git add . && git -c user.name=A -c user.email=a@example.org commit -q -m x";
    assert!(Command::new("sh").args(["-c", commit]).current_dir(repository.path()).status().unwrap().success());
    let mut assignment = inline("");
    assignment.buildspec = None;
    let location = Some(format!("file://{}", repository.path().display()));
    assignment.source = Source { kind: "GITHUB".into(), location, version: None, depth: 1, submodules: false };

    // Without a source, the build fails later: git needs more descriptors than a command does.
    for (assignment, phases) in
        [(assignment, [Phase::Provisioning, Phase::DownloadSource]), (inline(spec), [Phase::Provisioning, Phase::Build])]
    {
        assert_eq!(faults(&site, &assignment).await, phases);
    }
}

/// The phases in which builds end with a fault, with more and more descriptors until one succeeds.
async fn faults(site: &Site, assignment: &Assignment) -> Vec<Phase> {
    let mut faults = Vec::new();
    for left in 0.. {
        let mut taken: Vec<_> = std::iter::from_fn(|| File::open("/dev/null").ok()).collect();
        taken.truncate(taken.len().saturating_sub(left));
        let recorder = Recorder::new();
        let ending = site.shell.clone().carry_out(assignment.clone(), recorder.clone()).await;
        drop(taken);
        let seen = recorder.seen();
        if ending == Ending::Succeeded {
            break;
        }
        let (phase, status, code, message) = seen.mishap().unwrap();
        assert_eq!((ending, status), (Ending::Fault, PhaseStatus::Fault), "with {left}: {message}\n{}", seen.log());
        assert_eq!(code, "INTERNAL_SERVICE_ERROR");
        faults.push(phase);
    }
    faults.dedup();
    faults
}

#[test]
fn a_lack_of_descriptors_is_reported_as_a_fault() {
    let name = "runner::shell::tests::machine::with_few_descriptors";
    let script = format!("ulimit -n {DESCRIPTORS} && exec \"$0\" --exact {name} --ignored --test-threads=1 --nocapture");
    let output = Command::new("sh").args(["-c", &script]).arg(std::env::current_exe().unwrap()).output().unwrap();
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}
