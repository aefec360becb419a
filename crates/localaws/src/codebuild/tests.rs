#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod capacity;
mod life;
mod request;

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

/// A runner whose builds take a minute and end as their variable `DO` says. Each running build holds a clone of the counter.
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

    /// How many runners have neither returned nor been dropped.
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

/// Lets all tasks run that can.
async fn settle() {
    sleep(Duration::from_millis(1)).await;
}
