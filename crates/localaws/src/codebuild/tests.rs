#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex},
    time::{Duration, UNIX_EPOCH},
};

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::{
    CodeBuild, Settings,
    phase::{Phase, PhaseStatus},
    progress::Progress,
};
use crate::{
    api::ApiError,
    clock::Clock,
    logs::Logs,
    runner::{Assignment, Ending, Runner},
};

/// Nov 22, 2026 10:22:00 AM UTC.
const START: u64 = 1_795_342_920;

/// A runner whose builds do what their variable `DO` says and last a minute. Each that lives holds a clone of the counter.
#[derive(Debug)]
struct Obedient(Arc<()>);

impl Runner for Obedient {
    fn run(&self, assignment: Assignment, progress: Progress) -> Pin<Box<dyn Future<Output = Ending> + Send>> {
        let alive = Arc::clone(&self.0);
        Box::pin(async move {
            let ending = obey(assignment, progress).await;
            drop(alive);
            ending
        })
    }
}

async fn obey(assignment: Assignment, progress: Progress) -> Ending {
    progress.enter(Phase::Provisioning);
    sleep(Duration::from_secs(5)).await;
    progress.leave(PhaseStatus::Succeeded, None);
    progress.enter(Phase::Build);
    progress.resolved("abc123");
    progress.export("IMAGE", "first");
    progress.export("IMAGE", "second");
    progress.log("one\ntw");
    progress.log("o\n\nthree");
    match assignment.environment.get("DO").map(String::as_str) {
        Some("panic") => panic!("the runner is told to"),
        Some("ignore") => std::future::pending().await,
        Some("hang") => {
            progress.interrupted().await;
            sleep(Duration::from_secs(2)).await;
            progress.log("late\n");
            Ending::Succeeded
        }
        Some("fail") => {
            progress.leave(PhaseStatus::Failed, Some(("COMMAND_EXECUTION_ERROR", "exit status 1")));
            Ending::Failed
        }
        Some("fault") => Ending::Fault,
        Some("tell") => {
            let plain: Vec<_> = assignment.environment.keys().collect();
            progress.export("TOLD", &format!("{plain:?} {:?}", assignment.stored));
            Ending::Succeeded
        }
        _ => {
            sleep(Duration::from_mins(1)).await;
            progress.leave(PhaseStatus::Succeeded, None);
            Ending::Succeeded
        }
    }
}

struct World {
    codebuild: Arc<CodeBuild>,
    logs: Arc<Logs>,
    events: Arc<Mutex<Vec<String>>>,
    alive: Arc<()>,
}

impl World {
    fn new(account_limit: Option<usize>, queue_limit: usize) -> Self {
        Self::with_minute(account_limit, queue_limit, Duration::from_mins(1))
    }

    fn with_minute(account_limit: Option<usize>, queue_limit: usize, minute: Duration) -> Self {
        let clock = Clock::starting_at(UNIX_EPOCH + Duration::from_secs(START));
        let logs = Arc::new(Logs::new(clock, "us-east-1", "000000000000"));
        let events = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&events);
        let alive = Arc::new(());
        let codebuild = Arc::new(CodeBuild::new(Settings {
            clock,
            region: "us-east-1".to_owned(),
            account: "000000000000".to_owned(),
            logs: Arc::clone(&logs),
            runner: Arc::new(Obedient(Arc::clone(&alive))),
            account_limit,
            queue_limit,
            minute,
            events: Some(Arc::new(move |event| sink.lock().unwrap().push(event))),
        }));
        let world = Self { codebuild, logs, events, alive };
        world.ok("CreateProject", project("slipway"));
        world
    }

    fn call(&self, operation: &str, input: Value) -> Result<Value, ApiError> {
        self.codebuild.call(operation, input)
    }

    fn ok(&self, operation: &str, input: Value) -> Value {
        self.call(operation, input).unwrap()
    }

    /// How many builds' runners have neither returned nor been dropped.
    fn runners(&self) -> usize {
        Arc::strong_count(&self.alive) - 2
    }

    /// The error as `code: message`.
    fn refused(&self, operation: &str, input: Value) -> String {
        self.call(operation, input).unwrap_err().to_string()
    }

    fn start(&self, input: Value) -> String {
        id(&self.ok("StartBuild", with_project(input)))
    }

    fn build(&self, id: &str) -> Value {
        self.ok("BatchGetBuilds", json!({"ids": [id]}))["builds"][0].clone()
    }

    fn status(&self, id: &str) -> String {
        let build = self.build(id);
        format!("{} {}", build["buildStatus"].as_str().unwrap(), build["currentPhase"].as_str().unwrap())
    }

    /// The phase's status and its context.
    fn phase(&self, id: &str, phase: &str) -> (Value, Value) {
        let build = self.build(id);
        let phase = build["phases"].as_array().unwrap().iter().find(|record| record["phaseType"] == phase).unwrap().clone();
        (phase["phaseStatus"].clone(), phase["contexts"][0].clone())
    }

    async fn ended(&self, id: &str) -> Value {
        while self.build(id)["buildComplete"] != true {
            sleep(Duration::from_secs(1)).await;
        }
        self.build(id)
    }
}

fn project(name: &str) -> Value {
    json!({
        "name": name,
        "source": {"type": "GITHUB", "location": "https://github.com/acme/app.git", "buildspec": "ci.yml"},
        "artifacts": {"type": "NO_ARTIFACTS"},
        "environment": {
            "type": "LINUX_CONTAINER",
            "image": "aws/codebuild/standard:7.0",
            "computeType": "BUILD_GENERAL1_SMALL",
            "environmentVariables": [{"name": "A", "value": "project"}, {"name": "B", "value": "project"}],
        },
        "serviceRole": "arn:aws:iam::000000000000:role/build",
    })
}

fn with_project(mut input: Value) -> Value {
    input["projectName"] = json!("slipway");
    input
}

fn doing(what: &str) -> Value {
    json!({"environmentVariablesOverride": [{"name": "DO", "value": what}]})
}

fn id(answer: &Value) -> String {
    answer["build"]["id"].as_str().unwrap().to_owned()
}

/// Lets the tasks that can run do so.
async fn settle() {
    sleep(Duration::from_millis(1)).await;
}

#[tokio::test(start_paused = true)]
async fn a_build_goes_through_its_phases_and_keeps_what_it_was_started_with() {
    let world = World::new(None, 10);
    let id = world.start(json!({
        "sourceVersion": "main",
        "sourceLocationOverride": "https://github.com/acme/other.git",
        "gitCloneDepthOverride": 1,
        "imageOverride": "builder:2",
        "timeoutInMinutesOverride": 30,
        "environmentVariablesOverride": [{"name": "B", "value": "start"}, {"name": "C", "value": "start", "type": "PLAINTEXT"}],
    }));
    let submitted = world.build(&id);
    assert_eq!(submitted["currentPhase"], "QUEUED");
    assert_eq!(submitted["logs"]["groupName"], Value::Null);
    assert_eq!(submitted["logs"]["cloudWatchLogsArn"], "arn:aws:logs:us-east-1:000000000000:log-group:null:log-stream:null");
    assert!(submitted["logs"]["deepLink"].as_str().unwrap().ends_with("group=null;stream=null"));
    settle().await;
    let provisioning = world.build(&id);
    assert_eq!(provisioning["currentPhase"], "PROVISIONING");
    assert_eq!(provisioning["logs"]["groupName"], "/aws/codebuild/slipway");
    assert_eq!(provisioning["logs"]["streamName"], id.split(':').nth(1).unwrap());
    assert_eq!(provisioning["exportedEnvironmentVariables"], Value::Null);

    let build = world.ended(&id).await;
    let phases: Vec<_> = build["phases"].as_array().unwrap().iter().map(|phase| phase["phaseType"].as_str().unwrap()).collect();
    assert_eq!(phases, ["SUBMITTED", "QUEUED", "PROVISIONING", "BUILD", "COMPLETED"]);
    assert_eq!(build["phases"][3]["durationInSeconds"], 60);
    assert_eq!(build["phases"][4].as_object().unwrap().keys().collect::<Vec<_>>(), ["phaseType", "startTime"]);
    assert_eq!(
        (&build["buildStatus"], &build["buildNumber"], &build["arn"]),
        (&json!("SUCCEEDED"), &json!(1), &json!(format!("arn:aws:codebuild:us-east-1:000000000000:build/{id}")))
    );
    assert!((build["endTime"].as_f64().unwrap() - build["startTime"].as_f64().unwrap() - 65.0).abs() < 0.1);
    let source = json!({"type": "GITHUB", "location": "https://github.com/acme/other.git", "buildspec": "ci.yml", "gitCloneDepth": 1});
    assert_eq!((&build["source"], &build["sourceVersion"]), (&source, &json!("main")));
    assert_eq!((&build["resolvedSourceVersion"], &build["timeoutInMinutes"]), (&json!("abc123"), &json!(30)));
    assert_eq!((&build["environment"]["image"], &build["queuedTimeoutInMinutes"]), (&json!("builder:2"), &json!(480)));
    let variables: Vec<_> = build["environment"]["environmentVariables"].as_array().unwrap().iter().map(|v| v["value"].clone()).collect();
    assert_eq!(variables, ["project", "start", "start"]);
    assert_eq!(build["exportedEnvironmentVariables"], json!([{"name": "IMAGE", "value": "second"}]));
}

#[tokio::test(start_paused = true)]
async fn each_line_of_output_is_one_event_and_a_partial_line_waits_for_its_rest() {
    let world = World::new(None, 10);
    let id = world.start(doing("hang"));
    let read = || {
        let stream = id.split(':').nth(1).unwrap();
        let input = json!({"logGroupName": "/aws/codebuild/slipway", "logStreamName": stream, "startFromHead": true});
        let answer = world.logs.call("GetLogEvents", input).unwrap();
        answer["events"].as_array().unwrap().iter().map(|event| event["message"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    sleep(Duration::from_secs(6)).await;
    assert_eq!(read(), ["one\n", "two\n", "\n"]);
    world.ok("StopBuild", json!({"id": id}));
    assert_eq!(read(), ["one\n", "two\n", "\n", "three"], "the end writes the rest");
    sleep(Duration::from_secs(3)).await;
    assert_eq!(read().last().unwrap(), "late\n", "output that comes after the end is kept");
}

#[tokio::test(start_paused = true)]
async fn the_ending_decides_the_status() {
    let world = World::new(None, 10);
    for (what, status, phase, context) in [
        ("succeed", "SUCCEEDED", "SUCCEEDED", ""),
        ("fail", "FAILED", "FAILED", "COMMAND_EXECUTION_ERROR"),
        ("fault", "FAULT", "FAULT", ""),
        ("panic", "FAULT", "FAULT", "INTERNAL_SERVICE_ERROR"),
        // AWS shows a build out of time as FAILED, and only the phase says why.
        ("hang", "FAILED", "TIMED_OUT", "BUILD_TIMED_OUT"),
        ("ignore", "FAILED", "TIMED_OUT", "BUILD_TIMED_OUT"),
    ] {
        let id = world.start(doing(what));
        let build = world.ended(&id).await;
        assert_eq!(build["buildStatus"], status, "{what}");
        let (phase_status, found) = world.phase(&id, "BUILD");
        assert_eq!((phase_status, &found["statusCode"]), (json!(phase), &json!(context)), "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_timeout_counts_from_provisioning_and_frees_the_room_even_of_a_runner_that_ignores_it() {
    let world = World::new(Some(1), 10);
    let first = world.start(with_timeout("ignore"));
    let second = world.start(with_timeout("hang"));
    let start = Instant::now();
    world.ended(&first).await;
    assert_eq!(start.elapsed().as_secs() / 60, 5);
    world.ended(&second).await;
    assert_eq!(start.elapsed().as_secs() / 60, 10, "the second build's time began when it left the queue");
    assert_eq!(world.phase(&second, "BUILD").1, json!({"statusCode": "BUILD_TIMED_OUT", "message": "Build has timed out."}));
    sleep(Duration::from_secs(3)).await;
    assert_eq!(world.runners(), 0, "one runner was told that the time is up, the other was dropped");
}

#[tokio::test(start_paused = true)]
async fn a_shorter_minute_shortens_both_timeouts_and_nothing_that_is_told() {
    let world = World::with_minute(Some(1), 10, Duration::from_secs(2));
    let running = world.start(with_timeout("hang"));
    let waiting = world.start(json!({"queuedTimeoutInMinutesOverride": 5, "timeoutInMinutesOverride": 30}));
    let late = world.start(json!({"queuedTimeoutInMinutesOverride": 30, "timeoutInMinutesOverride": 30}));
    sleep(Duration::from_millis(9_900)).await;
    assert_eq!((world.status(&running), world.status(&waiting)), ("IN_PROGRESS BUILD".to_owned(), "IN_PROGRESS QUEUED".to_owned()));
    sleep(Duration::from_millis(200)).await;
    assert_eq!((world.status(&running), world.status(&waiting)), ("FAILED COMPLETED".to_owned(), "FAILED COMPLETED".to_owned()));
    assert_eq!((world.phase(&running, "BUILD").0, world.phase(&waiting, "QUEUED").0), (json!("TIMED_OUT"), json!("TIMED_OUT")));
    assert_eq!(world.build(&running)["timeoutInMinutes"], 5);
    assert_eq!(world.ended(&late).await["buildStatus"], "FAILED", "a build of 65 seconds has 60");
}

fn with_timeout(what: &str) -> Value {
    let mut input = doing(what);
    input["timeoutInMinutesOverride"] = json!(5);
    input
}

#[tokio::test(start_paused = true)]
async fn a_token_finds_its_build_for_five_minutes() {
    let world = World::new(None, 10);
    let request = |depth: u64| json!({"idempotencyToken": "job-1", "gitCloneDepthOverride": depth});
    let first = world.start(request(1));
    sleep(Duration::from_secs(299)).await;
    assert_eq!(world.start(request(1)), first);
    assert_eq!(
        world.refused("StartBuild", with_project(request(2))),
        "InvalidInputException: Request parameter mismatch for idempotency token"
    );
    sleep(Duration::from_secs(1)).await;
    assert_ne!(world.start(request(2)), first, "the token is forgotten");
    assert_ne!(world.start(json!({})), world.start(json!({})), "without a token each start is a build");
}

#[tokio::test(start_paused = true)]
async fn a_refused_start_does_not_use_its_token_up() {
    let world = World::new(Some(0), 0);
    let request = json!({"idempotencyToken": "job-1"});
    world.refused("StartBuild", with_project(request.clone()));
    world.codebuild.set_account_limit(Some(1));
    world.start(request);
    assert_eq!(world.codebuild.builds().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_account_runs_some_queues_some_and_refuses_the_rest() {
    let world = World::new(Some(2), 2);
    let ids: Vec<_> = (0..4).map(|_| world.start(doing("hang"))).collect();
    assert_eq!(
        world.refused("StartBuild", with_project(json!({}))),
        "AccountLimitExceededException: Cannot have more than 2 builds in queue for the account"
    );
    let stop = async |id: &String| {
        world.ok("StopBuild", json!({"id": id}));
        sleep(Duration::from_secs(10)).await;
    };
    let phases = || world.codebuild.builds().iter().map(|build| build.phase).collect::<Vec<_>>();
    settle().await;
    assert_eq!(phases(), ["PROVISIONING", "PROVISIONING", "QUEUED", "QUEUED"]);

    world.codebuild.set_account_limit(Some(3));
    settle().await;
    assert_eq!(phases(), ["PROVISIONING", "PROVISIONING", "PROVISIONING", "QUEUED"]);

    world.codebuild.set_account_limit(Some(2));
    stop(&ids[0]).await;
    assert_eq!(phases(), ["COMPLETED", "BUILD", "BUILD", "QUEUED"], "running builds stay when the limit falls");
    stop(&ids[1]).await;
    assert_eq!(phases(), ["COMPLETED", "COMPLETED", "BUILD", "BUILD"]);
}

#[tokio::test(start_paused = true)]
async fn a_project_refuses_more_than_its_limit_and_never_queues() {
    let world = World::new(Some(1), 10);
    world.ok("UpdateProject", json!({"name": "slipway", "concurrentBuildLimit": 2}));
    let first = world.start(json!({}));
    world.start(json!({}));
    let refusal = "AccountLimitExceededException: Cannot have more than 2 active builds for the project";
    assert_eq!(world.refused("StartBuild", with_project(json!({}))), refusal);
    world.ok("StopBuild", json!({"id": first}));
    world.start(json!({}));
    assert_eq!(world.refused("StartBuild", with_project(json!({}))), refusal);
    world.ok("UpdateProject", json!({"name": "slipway", "concurrentBuildLimit": -1}));
    world.start(json!({}));
}

#[tokio::test(start_paused = true)]
async fn a_build_can_be_stopped_in_the_queue_and_while_it_runs() {
    let world = World::new(Some(1), 2);
    let running = world.start(doing("hang"));
    let queued = world.start(json!({}));
    let next = world.start(json!({}));
    sleep(Duration::from_secs(10)).await;

    let stopped = world.ok("StopBuild", json!({"id": queued}));
    assert_eq!((&stopped["build"]["buildStatus"], &stopped["build"]["buildComplete"]), (&json!("STOPPED"), &json!(true)));
    assert_eq!(world.phase(&queued, "QUEUED").0, "STOPPED");
    settle().await;
    world.start(json!({}));

    let arn = world.build(&running)["arn"].clone();
    world.ok("StopBuild", json!({"id": arn}));
    assert_eq!(world.phase(&running, "BUILD").0, "STOPPED");
    sleep(Duration::from_secs(3)).await;
    assert_eq!(world.status(&running), "STOPPED COMPLETED", "what the runner answers then does not matter");
    assert_eq!(world.status(&next), "IN_PROGRESS PROVISIONING");

    world.ended(&next).await;
    assert_eq!(world.ok("StopBuild", json!({"id": next}))["build"]["buildStatus"], "SUCCEEDED");
    assert!(world.refused("StopBuild", json!({"id": "slipway:none"})).starts_with("ResourceNotFoundException"));
}

#[tokio::test(start_paused = true)]
async fn a_build_that_waits_too_long_times_out_in_the_queue() {
    let world = World::new(Some(0), 1);
    let id = world.start(json!({"queuedTimeoutInMinutesOverride": 5}));
    sleep(Duration::from_secs(299)).await;
    assert_eq!(world.status(&id), "IN_PROGRESS QUEUED");
    sleep(Duration::from_secs(2)).await;
    assert_eq!(world.status(&id), "FAILED COMPLETED");
    assert_eq!(world.phase(&id, "QUEUED").0, "TIMED_OUT");
    world.start(json!({}));
}

#[tokio::test(start_paused = true)]
async fn builds_are_listed_newest_first_a_hundred_a_page() {
    let world = World::new(Some(10), 1000);
    let ids: Vec<_> = (0..250).map(|_| world.start(json!({}))).collect();
    let newest: Vec<_> = ids.iter().rev().cloned().collect();
    for operation in ["ListBuildsForProject", "ListBuilds"] {
        let mut input = if operation == "ListBuilds" { json!({}) } else { with_project(json!({})) };
        let mut pages = Vec::new();
        let mut listed = Vec::new();
        loop {
            let answer = world.ok(operation, input.clone());
            let page = answer["ids"].as_array().unwrap();
            pages.push(page.len());
            listed.extend(page.iter().map(|id| id.as_str().unwrap().to_owned()));
            world.start(json!({}));
            match answer.get("nextToken") {
                Some(token) => input["nextToken"] = token.clone(),
                None => break,
            }
        }
        let listed: Vec<_> = listed.into_iter().filter(|id| ids.contains(id)).collect();
        assert_eq!((&pages[..2], &listed), (&[100, 100][..], &newest), "{operation}: builds that start meanwhile move nothing");
    }
    let ordered = json!({"projectName": "slipway", "sortOrder": "ASCENDING"});
    assert!(world.refused("ListBuildsForProject", ordered).starts_with("InvalidInputException"));
    assert_eq!(world.ok("ListBuilds", json!({"sortOrder": "ASCENDING"}))["ids"][0], ids[0]);
}

#[tokio::test(start_paused = true)]
async fn unknown_builds_are_named_and_ended_builds_can_be_deleted() {
    let world = World::new(None, 10);
    let (ended, running) = (world.start(json!({})), world.start(doing("hang")));
    world.ended(&ended).await;
    let deletion = world.ok("BatchDeleteBuilds", json!({"ids": [ended, running]}));
    assert_eq!(deletion["buildsDeleted"].as_array().unwrap().len(), 1);
    assert_eq!(deletion["buildsNotDeleted"][0]["id"], running);
    let answer = world.ok("BatchGetBuilds", json!({"ids": [ended, running]}));
    assert_eq!((&answer["buildsNotFound"], &answer["builds"][0]["id"]), (&json!([ended]), &json!(running)));
    assert_eq!(world.ok("ListBuilds", json!({}))["ids"], json!([running]));
}

#[tokio::test(start_paused = true)]
async fn a_failed_build_is_retried_as_often_as_asked_and_by_hand() {
    let world = World::new(None, 10);
    let mut input = doing("fail");
    input["autoRetryLimitOverride"] = json!(2);
    let first = world.start(input);
    sleep(Duration::from_mins(2)).await;
    let builds = world.codebuild.builds();
    assert_eq!(builds.iter().map(|build| build.status).collect::<Vec<_>>(), ["FAILED"; 3]);
    let [first_view, last] = [&first, &builds[2].id].map(|id| world.build(id));
    assert_eq!(first_view["autoRetryConfig"]["nextAutoRetry"], world.build(&builds[1].id)["arn"]);
    assert_eq!(last["autoRetryConfig"]["autoRetryNumber"], 2);

    let by_hand = id(&world.ok("RetryBuild", json!({"id": first})));
    assert_eq!(world.build(&by_hand)["environment"], first_view["environment"]);
}

#[tokio::test(start_paused = true)]
async fn inputs_that_aws_refuses_are_refused() {
    let world = World::new(None, 10);
    let long = "x".repeat(4097);
    for (operation, input, error) in [
        ("StartBuild", json!({}), "InvalidInputException: 1 validation error detected: Value null at 'projectName'"),
        (
            "StartBuild",
            json!({"projectName": "none"}),
            "ResourceNotFoundException: Project cannot be found: arn:aws:codebuild:us-east-1:000000000000:project/none",
        ),
        (
            "StartBuild",
            with_project(json!({"timeoutInMinutesOverride": 4})),
            "InvalidInputException: 1 validation error detected: Value '4' at 'timeoutInMinutesOverride' failed to satisfy \
             constraint: Member must have value greater than or equal to 5",
        ),
        ("StartBuild", with_project(json!({"timeoutInMinutesOverride": 2161})), "InvalidInputException"),
        ("StartBuild", with_project(json!({"queuedTimeoutInMinutesOverride": 481})), "InvalidInputException"),
        ("StartBuild", with_project(json!({"sourceTypeOverride": "SVN"})), "InvalidInputException"),
        ("StartBuild", with_project(json!({"sourceTypeOverride": "NO_SOURCE", "buildspecOverride": ""})), "InvalidInputException"),
        ("StartBuild", with_project(json!({"idempotencyToken": "x".repeat(65)})), "InvalidInputException"),
        ("StartBuild", with_project(json!({"imageOverride": 7})), "SerializationException"),
        (
            "StartBuild",
            with_project(json!({"environmentVariablesOverride": [{"name": "A", "value": long}]})),
            "InvalidInputException: Invalid environment variable A",
        ),
        ("StartBuild", with_project(json!({"environmentVariablesOverride": [{"value": ""}]})), "InvalidInputException"),
        (
            "StartBuild",
            with_project(json!({"environmentVariablesOverride": [{"name": "CODEBUILD_SRC_DIR", "value": "/"}]})),
            "InvalidInputException: Invalid environment variable CODEBUILD_SRC_DIR",
        ),
        ("BatchGetBuilds", json!({"ids": []}), "InvalidInputException"),
        ("BatchGetBuilds", json!({"ids": vec!["a:b"; 101]}), "InvalidInputException"),
        ("ListBuilds", json!({"nextToken": "?"}), "InvalidInputException: Invalid next token"),
        ("CreateProject", project("slipway"), "ResourceAlreadyExistsException: Project already exists"),
        ("CreateProject", project("no spaces"), "InvalidInputException"),
        ("UpdateProject", json!({"name": "none"}), "ResourceNotFoundException"),
        ("ListBuildBatches", json!({}), "UnknownOperationException"),
    ] {
        let refusal = world.refused(operation, input.clone());
        assert!(refusal.starts_with(error), "{operation} {input}: {refusal}");
    }
    assert!(world.codebuild.builds().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_runner_is_told_which_values_a_store_keeps() {
    let world = World::new(None, 10);
    let variables = json!([
        {"name": "A", "value": "plain"},
        {"name": "B", "value": "/ci/token", "type": "PARAMETER_STORE"},
        {"name": "C", "value": "app:key", "type": "SECRETS_MANAGER"},
        {"name": "DO", "value": "tell"},
    ]);
    let id = world.start(json!({"environmentVariablesOverride": variables}));
    let build = world.ended(&id).await;
    let told = r#"["A", "DO"] {"B": Parameter("/ci/token"), "C": Secret("app:key")}"#;
    assert_eq!(build["exportedEnvironmentVariables"][1], json!({"name": "TOLD", "value": told}));
    assert_eq!(build["environment"]["environmentVariables"][1], json!({"name": "B", "value": "/ci/token", "type": "PARAMETER_STORE"}));
}

#[tokio::test(start_paused = true)]
async fn projects_are_listed_updated_and_deleted() {
    let world = World::new(None, 10);
    world.ok("CreateProject", project("another"));
    let updated = world.ok("UpdateProject", json!({"name": "slipway", "description": "builds", "timeoutInMinutes": 90}));
    assert_eq!((&updated["project"]["timeoutInMinutes"], &updated["project"]["serviceRole"]), (&json!(90), &project("")["serviceRole"]));
    assert_eq!(world.ok("ListProjects", json!({}))["projects"], json!(["another", "slipway"]));
    assert_eq!(world.ok("ListProjects", json!({"sortBy": "CREATED_TIME"}))["projects"], json!(["another", "slipway"]));
    world.ok("DeleteProject", json!({"name": "another"}));
    let answer = world.ok("BatchGetProjects", json!({"names": ["slipway", "another"]}));
    assert_eq!((&answer["projects"][0], &answer["projectsNotFound"]), (&updated["project"], &json!(["another"])));
}

#[tokio::test(start_paused = true)]
async fn each_change_of_status_is_an_event_in_eventbridges_shape() {
    let world = World::new(None, 10);
    let id = world.start(doing("fail"));
    let arn = world.ended(&id).await["arn"].clone();
    let events: Vec<Value> = world.events.lock().unwrap().iter().map(|event| serde_json::from_str(event).unwrap()).collect();
    let statuses: Vec<_> = events.iter().map(|event| event["detail"]["build-status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["IN_PROGRESS", "FAILED"]);
    for event in &events {
        assert_eq!((&event["detail-type"], &event["source"]), (&json!("CodeBuild Build State Change"), &json!("aws.codebuild")));
        assert_eq!((&event["detail"]["build-id"], &event["resources"][0]), (&arn, &arn));
        assert_eq!(event["detail"]["project-name"], "slipway");
    }
    let [first, last] = [&events[0], &events[1]].map(|event| &event["detail"]["additional-information"]);
    assert_eq!(events[0]["time"], "2026-11-22T10:22:00Z");
    assert_eq!(first["build-start-time"], "Nov 22, 2026 10:22:00 AM");
    assert_eq!((&first["build-complete"], &last["build-complete"]), (&json!(false), &json!(true)));
    assert_eq!((&first["logs"]["group-name"], &last["logs"]["group-name"]), (&Value::Null, &json!("/aws/codebuild/slipway")));
    assert_eq!(last["timeout-in-minutes"].to_string(), "60.0");
    assert_eq!(last["environment"]["environment-variables"][2], json!({"name": "DO", "value": "fail", "type": "PLAINTEXT"}));
    assert_eq!(
        last["phases"][2],
        json!({
            "phase-type": "PROVISIONING",
            "phase-status": "SUCCEEDED",
            "phase-context": [": "],
            "start-time": "Nov 22, 2026 10:22:00 AM",
            "end-time": "Nov 22, 2026 10:22:05 AM",
            "duration-in-seconds": 5.0,
        })
    );
    assert_eq!(last["phases"][3]["phase-context"], json!(["COMMAND_EXECUTION_ERROR: exit status 1"]));
    assert_eq!(last["phases"][4], json!({"phase-type": "COMPLETED", "start-time": "Nov 22, 2026 10:22:05 AM"}));
}

#[tokio::test(start_paused = true)]
async fn thousands_of_builds_go_through_the_accounts_room_in_order() {
    let world = World::new(Some(100), 2_000);
    for _ in 0..2_000 {
        world.start(json!({}));
    }
    sleep(Duration::from_secs(20 * 65 + 1)).await;
    let builds = world.codebuild.builds();
    assert!(builds.iter().all(|build| build.status == "SUCCEEDED"));
    assert!(builds.is_sorted_by_key(|build| build.end_ms));
}
