//! Projects and their builds after a kill.

use std::pin::Pin;

use super::*;
use crate::{
    codebuild::{
        phase::{Phase, PhaseStatus},
        progress::Progress,
    },
    runner::{Assignment, Ending, Runner},
};

const PROJECT: &str = "slipway";

impl World {
    async fn builds(&self, operation: &str, input: Value) -> Value {
        self.call(Service::CodeBuild, operation, input).await
    }

    async fn start(&self, input: Value) -> String {
        self.builds("StartBuild", on_project(input)).await["build"]["id"].as_str().unwrap().to_owned()
    }

    async fn build(&self, id: &str) -> Value {
        self.builds("BatchGetBuilds", json!({ "ids": [id] })).await["builds"][0].clone()
    }

    async fn create_project(&self) {
        let project = json!({
            "name": PROJECT,
            "source": { "type": "NO_SOURCE", "buildspec": "version: 0.2" },
            "artifacts": { "type": "NO_ARTIFACTS" },
            "environment": { "type": "LINUX_CONTAINER", "image": "i", "computeType": "BUILD_GENERAL1_SMALL" },
            "serviceRole": "role",
        });
        self.builds("CreateProject", project).await;
    }

    /// Waits until the build is in this phase.
    async fn comes_to(&self, id: &str, phase: &str) {
        while self.build(id).await["currentPhase"] != phase {
            sleep(Duration::from_millis(1)).await;
        }
    }
}

fn on_project(mut input: Value) -> Value {
    input["projectName"] = json!(PROJECT);
    input
}

fn doing(what: &str) -> Value {
    json!({ "environmentVariablesOverride": [{ "name": "DO", "value": what }] })
}

#[tokio::test(start_paused = true)]
async fn projects_and_ended_builds_survive_a_kill() {
    let world = World::new();
    world.create_project().await;
    let token = "t".repeat(64);
    let first = world.start(json!({ "idempotencyToken": token })).await;
    let stopped = world.start(doing("hang")).await;
    let deleted = world.start(json!({})).await;
    world.comes_to(&stopped, "BUILD").await;
    world.comes_to(&deleted, "COMPLETED").await;
    for (operation, input) in [
        ("StopBuild", json!({ "id": stopped })),
        ("BatchDeleteBuilds", json!({ "ids": [deleted] })),
        ("UpdateProject", json!({ "name": PROJECT, "description": "changed" })),
    ] {
        world.builds(operation, input).await;
    }
    sleep(Duration::from_mins(1)).await;

    let killed = world.killed();
    let both = [&world, &killed];
    for (operation, input) in [
        ("BatchGetProjects", json!({ "names": [PROJECT] })),
        ("ListBuilds", json!({})),
        ("ListBuildsForProject", json!({ "projectName": PROJECT })),
        ("BatchGetBuilds", json!({ "ids": [first, stopped, deleted] })),
    ] {
        same(both, Service::CodeBuild, operation, input).await;
    }
    let build = killed.build(&first).await;
    assert_eq!((&build["resolvedSourceVersion"], &build["exportedEnvironmentVariables"][0]["value"]), (&json!("abc123"), &json!("42")));
    let read = json!({ "logGroupName": build["logs"]["groupName"], "logStreamName": build["logs"]["streamName"] });
    let log = same(both, Service::Logs, "GetLogEvents", read).await["events"].to_string();
    assert!(log.contains("done"), "{log}");
    assert_eq!((killed.rows("build"), killed.rows("progress")), (2, 2), "deleted rows are removed from the store");
    // A token is valid for five minutes and only with its request. Build numbers continue.
    assert_eq!(killed.start(json!({ "idempotencyToken": token })).await, first);
    let other = json!({ "projectName": PROJECT, "idempotencyToken": token, "sourceVersion": "x" });
    assert!(killed.aws.dispatch(Service::CodeBuild, "StartBuild", other, None).await.is_err());
    sleep(Duration::from_mins(4)).await;
    let again = killed.killed();
    let later = again.start(json!({ "idempotencyToken": token })).await;
    assert_eq!((later == first, &again.build(&later).await["buildNumber"]), (false, &json!(4)));
}

#[tokio::test(start_paused = true)]
async fn a_new_project_does_not_get_the_builds_of_a_deleted_one_by_a_restart() {
    let world = World::new();
    world.create_project().await;
    let old = world.start(json!({})).await;
    world.comes_to(&old, "COMPLETED").await;
    world.builds("DeleteProject", json!({ "name": PROJECT })).await;
    world.create_project().await;
    let new = world.start(json!({})).await;
    world.comes_to(&new, "COMPLETED").await;
    let both = [&world, &world.killed()];
    let listed = same(both, Service::CodeBuild, "ListBuildsForProject", json!({ "projectName": PROJECT })).await;
    assert_eq!(listed["ids"], json!([new]));
    assert_eq!(same(both, Service::CodeBuild, "ListBuilds", json!({})).await["ids"], json!([new, old]));
}

#[tokio::test(start_paused = true)]
async fn a_running_build_is_lost_by_a_kill_and_a_queued_one_runs_afterwards() {
    let world = World::new();
    world.sqs("CreateQueue", json!({ "QueueName": "events" })).await;
    world.create_project().await;
    let mut hanging = doing("hang");
    hanging["autoRetryLimitOverride"] = json!(1);
    let running = world.start(hanging).await;
    let second = world.start(doing("hang")).await;
    world.comes_to(&running, "BUILD").await;
    world.comes_to(&second, "BUILD").await;
    let waiting = world.start(json!({})).await;
    sleep(Duration::from_secs(30)).await;
    let purge = json!({ "QueueUrl": "events" });
    world.sqs("PurgeQueue", purge).await;

    let killed = world.killed();
    let now = killed.clock.seconds();
    let lost = killed.build(&running).await;
    assert_eq!((&lost["buildStatus"], &lost["buildComplete"], &lost["currentPhase"]), (&json!("FAULT"), &json!(true), &json!("COMPLETED")));
    let [.., broken, completed] = lost["phases"].as_array().unwrap().as_slice() else { panic!("{lost}") };
    assert_eq!((&broken["phaseType"], &broken["phaseStatus"]), (&json!("BUILD"), &json!("FAULT")));
    assert_eq!(broken["contexts"][0]["statusCode"], "INTERNAL_SERVICE_ERROR");
    assert_eq!((&completed["phaseType"], completed.get("endTime")), (&json!("COMPLETED"), None));
    for time in [&lost["endTime"], &broken["endTime"], &completed["startTime"]] {
        assert!((0.0..0.5).contains(&(now - time.as_f64().unwrap())), "{time}");
    }
    // Its output is complete, its end is announced, and its automatic retry starts.
    let read = json!({ "logGroupName": lost["logs"]["groupName"], "logStreamName": lost["logs"]["streamName"] });
    assert!(killed.call(Service::Logs, "GetLogEvents", read).await["events"].to_string().contains("before"));
    let faults = killed.bodies("events").await.into_iter().filter(|event| event.contains(r#""build-status":"FAULT""#));
    assert_eq!(faults.count(), 2);
    let retry = lost["autoRetryConfig"]["nextAutoRetry"].as_str().unwrap();
    killed.comes_to(retry, "BUILD").await;
    assert_eq!(killed.build(&second).await["autoRetryConfig"].get("nextAutoRetry"), None);
    killed.comes_to(&waiting, "COMPLETED").await;
    assert_eq!(killed.build(&waiting).await["buildStatus"], "SUCCEEDED");
    // All of that survives the next kill.
    let again = killed.killed();
    assert_eq!((again.build(&running).await, again.build(&waiting).await), (lost.clone(), killed.build(&waiting).await));
    assert_eq!(again.build(retry).await["buildStatus"], "FAULT");
}

#[tokio::test(start_paused = true)]
async fn a_kill_does_not_extend_the_time_of_a_build_in_the_queue() {
    let world = World::new();
    world.create_project().await;
    for _ in 0..2 {
        let id = world.start(doing("hang")).await;
        world.comes_to(&id, "BUILD").await;
    }
    let waiting = world.start(json!({ "queuedTimeoutInMinutesOverride": 5 })).await;
    sleep(Duration::from_mins(4)).await;
    let killed = world.killed_into(Options { account_limit: Some(0), ..options(world.clock) });
    assert_eq!(killed.build(&waiting).await["buildStatus"], "IN_PROGRESS");
    sleep(Duration::from_secs(61)).await;
    assert_eq!(killed.build(&waiting).await["buildStatus"], "FAILED");
}

/// A runner that does this many steps and then stops.
#[derive(Debug)]
struct Halting(usize);

impl Runner for Halting {
    fn run(&self, _: Assignment, progress: Progress) -> Pin<Box<dyn Future<Output = Ending> + Send>> {
        let steps: [fn(&Progress); 6] = [
            |progress| progress.enter(Phase::Provisioning),
            |progress| progress.leave(PhaseStatus::Failed, Some(("CODE", "why"))),
            |progress| progress.resolved("abc123"),
            |progress| progress.export("A", "1"),
            |progress| progress.export("A", "2"),
            |progress| progress.log("line\nhalf"),
        ];
        steps.iter().take(self.0).for_each(|step| step(&progress));
        Box::pin(std::future::pending())
    }
}

/// No call reaches the endpoint during the build, so no other commit stores it.
#[tokio::test(start_paused = true)]
async fn the_progress_of_a_running_build_is_stored_at_once() {
    for steps in 1..=6 {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::system();
        let world = World::open(folder, Options { runner: Arc::new(Halting(steps)), ..options(clock) });
        world.create_project().await;
        let id = world.start(json!({})).await;
        sleep(Duration::from_secs(1)).await;
        let build = world.killed().build(&id).await;
        assert_eq!((&build["buildStatus"], &build["phases"][2]["phaseType"]), (&json!("FAULT"), &json!("PROVISIONING")), "{steps}");
        assert_eq!(build["logs"]["groupName"], "/aws/codebuild/slipway", "{steps}");
        let context = if steps == 1 { "INTERNAL_SERVICE_ERROR" } else { "CODE" };
        assert_eq!(build["phases"][2]["contexts"][0]["statusCode"], context, "{steps}");
        assert_eq!(build["resolvedSourceVersion"] == "abc123", steps >= 3, "{steps}");
        let exported = build["exportedEnvironmentVariables"].get(0).map(|variable| variable["value"].clone());
        assert_eq!(exported, [None, None, None, None, Some(json!("1")), Some(json!("2")), Some(json!("2"))][steps], "{steps}");
        assert_eq!(world.killed().rows("log_event"), i64::from(steps >= 6), "{steps}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_build_and_its_retry_are_stored_without_a_call() {
    let world = World::new();
    world.create_project().await;
    let first = world.start(json!({})).await;
    let mut failing = doing("fail");
    failing["autoRetryLimitOverride"] = json!(1);
    let second = world.start(failing).await;
    sleep(Duration::from_secs(1)).await;
    let killed = world.killed();
    assert_eq!(killed.build(&first).await["buildStatus"], "SUCCEEDED");
    let failed = killed.build(&second).await;
    let retry = failed["autoRetryConfig"]["nextAutoRetry"].as_str().unwrap();
    assert_eq!((&failed["buildStatus"], &killed.build(retry).await["buildStatus"]), (&json!("FAILED"), &json!("FAILED")));
}
