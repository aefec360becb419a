#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod commands;
mod machine;
mod processes;
mod shapes;
mod sources;
mod users;
mod variables;

use std::{collections::BTreeMap, fs, path::Path};

use tempfile::TempDir;

use super::*;
use crate::runner::{
    Source,
    report::recorder::{Recorder, Seen, WHOLE},
};

/// An assignment without a source, with the buildspec `spec`.
fn inline(spec: &str) -> Assignment {
    Assignment {
        build_id: "demo:0b5d".into(),
        build_arn: "arn:aws:codebuild:eu-west-1:000000000000:build/demo:0b5d".into(),
        number: 17,
        project: "demo".into(),
        source: Source { kind: "NO_SOURCE".into(), location: None, version: None, depth: 1, submodules: false },
        buildspec: Some(spec.into()),
        environment: BTreeMap::new(),
        stored: BTreeMap::new(),
        image: None,
        encryption_key: "alias/aws/s3".into(),
        initiator: "me".into(),
        start_time_ms: 1_769_633_256_367,
        region: "eu-west-1".into(),
    }
}

/// A buildspec with these commands in its BUILD phase.
fn building(interpreter: &str, commands: &[&str]) -> Assignment {
    inline(&serde_json::json!({ "version": 0.2, "env": {"shell": interpreter}, "phases": {"build": {"commands": commands}} }).to_string())
}

/// A runner with its own scratch directory.
struct Site {
    root: TempDir,
    shell: Shell,
}

impl Site {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let shell = Shell::new(root.path(), Clock::system());
        Self { root, shell }
    }

    async fn run(&self, assignment: Assignment) -> (Ending, Seen) {
        let recorder = Recorder::new();
        let ending = self.shell.clone().carry_out(assignment, recorder.clone()).await;
        let seen = recorder.seen();
        assert_eq!(seen.open, None, "a phase is left open");
        assert!(self.is_clean(), "the scratch directory is still there");
        (ending, seen)
    }

    fn is_clean(&self) -> bool {
        fs::read_dir(self.root.path()).unwrap().next().is_none()
    }
}

async fn run(assignment: Assignment) -> (Ending, Seen) {
    Site::new().run(assignment).await
}

/// The lines that the commands printed.
fn printed(seen: &Seen) -> Vec<String> {
    seen.lines().into_iter().filter(|line| !line.starts_with("> ") && !line.is_empty()).collect()
}

fn write(directory: &Path, name: &str, text: &str) {
    fs::write(directory.join(name), text).unwrap();
}
