#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use tokio::{task::JoinSet, time::Instant};

use super::*;
use crate::runner::{
    Source,
    report::recorder::{Recorder, Seen, WHOLE},
};

fn assignment() -> Assignment {
    Assignment {
        build_id: "demo:1".into(),
        build_arn: "arn:aws:codebuild:us-east-1:000000000000:build/demo:1".into(),
        number: 1,
        project: "demo".into(),
        source: Source { kind: "GITHUB".into(), location: None, version: Some("main".into()), depth: 1, submodules: false },
        buildspec: None,
        environment: BTreeMap::new(),
        stored: BTreeMap::new(),
        image: None,
        encryption_key: "alias/aws/s3".into(),
        initiator: "me".into(),
        start_time_ms: 0,
        region: "us-east-1".into(),
    }
}

async fn run(script: Script) -> (Ending, Seen) {
    let recorder = Recorder::new();
    let ending = Scripted::new(move |_| script.clone()).start(assignment(), recorder.clone()).await;
    (ending, recorder.seen())
}

#[tokio::test(start_paused = true)]
async fn a_failing_build_writes_the_log_of_codebuild() {
    let (ending, seen) = run(Script::fails("make all", "one\ntwo\n", 2).exporting("A", "b").resolving("c0ffee")).await;
    assert_eq!((ending, seen.names()), (Ending::Failed, WHOLE.into()));
    let expected = (Phase::Build, PhaseStatus::Failed, "COMMAND_EXECUTION_ERROR".into());
    let (phase, status, code, message) = seen.mishap().unwrap();
    assert_eq!((phase, status, code), expected);
    assert_eq!(message, "Error while executing command: make all. Reason: exit status 2");
    let lines = seen.lines();
    let from = lines.iter().position(|line| line == "> Entering phase BUILD").unwrap();
    assert_eq!(
        lines[from..from + 8],
        [
            "> Entering phase BUILD",
            "> Running command make all",
            "one",
            "two",
            "",
            "> Command did not exit successfully make all exit status 2",
            "> Phase complete: BUILD State: FAILED",
            "> Phase context status code: COMMAND_EXECUTION_ERROR Message: Error while executing command: make all. Reason: exit status 2",
        ]
    );
    assert!(lines[from + 8..].contains(&"> Phase complete: UPLOAD_ARTIFACTS State: SUCCEEDED".into()), "{lines:?}");
    assert_eq!((seen.commit.as_deref(), seen.exported["A"].as_str()), (Some("c0ffee"), "b"));
}

#[tokio::test(start_paused = true)]
async fn each_script_ends_in_the_expected_phase() {
    let early = [Phase::Provisioning, Phase::Finalizing];
    let yaml = [Phase::Provisioning, Phase::DownloadSource, Phase::Finalizing];
    for (script, ending, phases, failed) in [
        (Script::succeeds(), Ending::Succeeded, &WHOLE[..], None),
        (Script::provisioning_error(), Ending::Failed, &early, Some((PhaseStatus::ClientError, "BUILD_CONTAINER_UNABLE_TO_PULL_IMAGE"))),
        (Script::yaml_error(), Ending::Failed, &yaml, Some((PhaseStatus::Failed, "YAML_FILE_ERROR"))),
    ] {
        let (ended, seen) = run(script.clone()).await;
        assert_eq!((ended, seen.names().as_slice()), (ending, phases), "{script:?}");
        assert_eq!(seen.mishap().map(|(_, status, code, _)| (status, code)), failed.map(|(status, code)| (status, code.into())));
    }
    let (ended, seen) = run(Script::faults()).await;
    assert_eq!((ended, seen.mishap().unwrap().1), (Ending::Fault, PhaseStatus::Fault));
}

#[tokio::test(start_paused = true)]
async fn builds_take_the_time_of_their_scripts() {
    let begin = Instant::now();
    run(Script::succeeds().taking(Duration::from_secs(40)).provisioning(Duration::from_secs(2))).await;
    assert_eq!(begin.elapsed(), Duration::from_secs(42));

    let mut builds = JoinSet::new();
    for _ in 0..1000 {
        builds.spawn(run(Script::succeeds()));
    }
    assert!(builds.join_all().await.iter().all(|(ending, _)| *ending == Ending::Succeeded));
    assert_eq!(begin.elapsed(), Duration::from_secs(42));
}

#[tokio::test(start_paused = true)]
async fn a_hanging_build_ends_when_interrupted() {
    let recorder = Recorder::new();
    let build = tokio::spawn(Scripted::new(|_| Script::hangs()).start(assignment(), recorder.clone()));
    recorder.logs("> Running command docker build .").await;
    tokio::time::sleep(Duration::from_hours(1)).await;
    assert!(!build.is_finished());
    recorder.interrupt.cancel();
    build.await.unwrap();
    assert_eq!(recorder.seen().open, Some(Phase::Build));
}
