//! The permissions in `deploy/`: the daemon's policy must match every call that it makes here, with its resource, and the policy of builds
//! must match the central buildspec. No permission may be missing, and none may be unused.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use aws_smithy_runtime_api::client::{
    http::{HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector},
    orchestrator::HttpRequest,
    runtime_components::RuntimeComponents,
};
use localaws::runner::scripted::Script;
use serde_json::{Value, json};
use slipway::{aws::Clients, engine::dead_letter::Selection, job::standing::PauseScope};

use crate::world::{World, job, world};

/// The placeholders of the policies, and their values in the embedded endpoint.
const PLACES: [(&str, &str); 6] = [
    ("jobs_queue_arn", "arn:aws:sqs:us-east-1:000000000000:slipway-jobs"),
    ("dead_letter_queue_arn", "arn:aws:sqs:us-east-1:000000000000:slipway-jobs-dlq"),
    ("build_events_queue_arn", "arn:aws:sqs:us-east-1:000000000000:slipway-build-events"),
    ("topic_arn", "arn:aws:sns:us-east-1:000000000000:slipway-events"),
    ("project_arn", "arn:aws:codebuild:us-east-1:000000000000:project/slipway"),
    ("build_log_group_arn", "arn:aws:logs:us-east-1:000000000000:log-group:/aws/codebuild/slipway"),
];

/// Parts of `src/aws` that only other commands than the daemon use: `check --online`, local mode, and following a job.
const OF_OTHER_COMMANDS: [&str; 5] = ["inspect.rs", "inspect/project.rs", "inspect/queue.rs", "provision.rs", "subscription.rs"];

/// A call as IAM checks it: the operation, and the ARN of its resource.
type Call = (String, String);
type Calls = Arc<Mutex<BTreeSet<Call>>>;

/// Records calls and passes them on.
#[derive(Debug, Clone)]
struct Recorder<I> {
    inner: I,
    calls: Calls,
}

impl HttpClient for Recorder<SharedHttpClient> {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(Recorder { inner, calls: Arc::clone(&self.calls) })
    }
}

impl HttpConnector for Recorder<SharedHttpConnector> {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let body = std::str::from_utf8(request.body().bytes().unwrap()).unwrap();
        let found = match request.headers().get("x-amz-target") {
            Some(target) => json_calls(target, &serde_json::from_str(body).unwrap()),
            None => vec![query_call(body)],
        };
        self.calls.lock().unwrap().extend(found);
        self.inner.call(request)
    }
}

/// The calls in a request of a JSON protocol.
fn json_calls(target: &str, body: &Value) -> Vec<Call> {
    let (service, operation) = target.split_once('.').unwrap();
    let text = |key: &str| body[key].as_str().unwrap();
    let project = |build: &str| format!("codebuild:us-east-1:000000000000:project/{}", build.split(':').next().unwrap());
    let queue = |url: &str| format!("sqs:us-east-1:000000000000:{}", url.rsplit('/').next().unwrap());
    let (prefix, resources) = match (service, operation) {
        ("AmazonSQS", "GetQueueUrl") => ("sqs", vec![queue(text("QueueName"))]),
        ("AmazonSQS", _) => ("sqs", vec![queue(text("QueueUrl"))]),
        ("CodeBuild_20161006", "StopBuild") => ("codebuild", vec![project(text("id"))]),
        ("CodeBuild_20161006", "BatchGetBuilds") => {
            ("codebuild", body["ids"].as_array().unwrap().iter().map(|id| project(id.as_str().unwrap())).collect())
        }
        ("CodeBuild_20161006", _) => ("codebuild", vec![project(text("projectName"))]),
        ("Logs_20140328", _) => {
            let (group, stream) = (text("logGroupName"), text("logStreamName"));
            ("logs", vec![format!("logs:us-east-1:000000000000:log-group:{group}:log-stream:{stream}")])
        }
        _ => panic!("{target} is new: which resource does it name?"),
    };
    resources.into_iter().map(|resource| (format!("{prefix}.{operation}"), format!("arn:aws:{resource}"))).collect()
}

/// The call in a request of SNS's query protocol.
fn query_call(body: &str) -> Call {
    let fields: BTreeMap<String, String> = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    (format!("sns.{}", fields["Action"]), fields["TopicArn"].clone())
}

/// The IAM action of an operation. A batch operation needs the action of the single one.
fn action(operation: &str) -> String {
    let (service, name) = operation.split_once('.').unwrap();
    let single = name.strip_suffix("Batch").filter(|_| matches!(service, "sqs" | "sns"));
    format!("{service}:{}", single.unwrap_or(name))
}

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// Every action of a policy with every resource, with the placeholders filled in.
fn allowed(file: &str) -> BTreeSet<(String, String)> {
    let mut text = read(file);
    for (name, arn) in PLACES {
        text = text.replace(&format!("${{{name}}}"), arn);
    }
    let policy: Value = serde_json::from_str(&text).unwrap();
    let texts = |value: &Value| -> Vec<String> { value.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect() };
    let mut pairs = BTreeSet::new();
    for statement in policy["Statement"].as_array().unwrap() {
        assert_eq!(statement["Effect"], "Allow");
        for resource in texts(&statement["Resource"]) {
            pairs.extend(texts(&statement["Action"]).into_iter().map(|action| (action, resource.clone())));
        }
    }
    pairs
}

/// Whether a resource of a policy, which may end with `*`, matches.
fn covers(pattern: &str, resource: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == resource, |start| resource.starts_with(start))
}

/// Starts the world's daemon with clients that record its calls. The test's own calls are not recorded.
async fn start_recorded(world: &mut World, calls: &Calls) {
    let recorder = Recorder { inner: localaws::connector::client(&world.aws), calls: Arc::clone(calls) };
    let clients = Clients::for_endpoint("http://127.0.0.1:4566", "us-east-1", recorder);
    let own = std::mem::replace(&mut world.clients, clients);
    world.start_daemon().await;
    world.clients = own;
}

/// All calls of a daemon that builds, adopts, cancels, rejects, extends, looks up its dead-letter queue, and receives pushed events.
async fn calls_of_a_full_life() -> BTreeSet<Call> {
    let calls = Calls::default();
    let mut world = world(|_| Script::succeeds().taking(Duration::from_mins(2))).start_without_daemon().await;
    world.name_no_dead_letters();
    start_recorded(&mut world, &calls).await;
    world.submit(&job("adopted")).await;
    world.submit(&job("cancelled")).await;
    world.until_builds(|builds| builds.len() == 2).await;
    world.kill().await;
    start_recorded(&mut world, &calls).await;
    world.send(&json!({ "version": 1, "cancel": "cancelled" }).to_string()).await;
    world.submit_text("no job").await;
    let ends = world.ends().await;
    let statuses: BTreeSet<_> = ends.values().map(|end| end["data"]["status"].as_str().unwrap_or("rejected")).collect();
    assert_eq!(statuses, ["cancelled", "rejected", "succeeded"].into());
    steer(&world).await;
    assert_eq!(world.dead_letters().await.len(), 1);
    world.end().await;
    calls.lock().unwrap().clone()
}

/// Pauses and resumes, and handles the dead letter, which is rejected again.
async fn steer(world: &World) {
    let controls = world.controls();
    controls.pauses.pause(PauseScope::Tenant("team-a".to_owned()), None).await.unwrap();
    assert!(controls.pauses.resume(&PauseScope::Tenant("team-a".to_owned())).await.unwrap());
    let look = controls.dead_letters.look().await.unwrap();
    let again = Selection { force: true, ..Selection::of(&look.letters[0].id) };
    assert_eq!(controls.dead_letters.redrive(again).await.unwrap().done.len(), 1);
    assert_eq!(world.next_end().await["type"], "slipway.job.rejected");
}

#[tokio::test(start_paused = true)]
async fn the_policy_of_the_daemon_allows_exactly_its_calls() {
    let calls = calls_of_a_full_life().await;
    let policy = allowed("deploy/policy.json");
    let fits =
        |(allowed, pattern): &(String, String), (operation, resource): &Call| *allowed == action(operation) && covers(pattern, resource);
    let missing: Vec<_> = calls.iter().filter(|call| !policy.iter().any(|pair| fits(pair, call))).collect();
    let superfluous: Vec<_> = policy.iter().filter(|pair| !calls.iter().any(|call| fits(pair, call))).collect();
    assert!(missing.is_empty() && superfluous.is_empty(), "not allowed: {missing:#?}\nnever done: {superfluous:#?}");

    let written = operations();
    let done: BTreeSet<String> = calls.into_iter().map(|(operation, _)| operation).collect();
    assert_eq!(
        written, done,
        "each operation of the daemon must be exercised above; OF_OTHER_COMMANDS names the parts that are not its own"
    );
}

/// The operations in the daemon's part of `src/aws`.
fn operations() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut paths = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src/aws")];
    while let Some(path) = paths.pop() {
        if path.is_dir() {
            paths.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        if path.ends_with("tests.rs") || OF_OTHER_COMMANDS.iter().any(|other| path.ends_with(other)) {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        found.extend(daemons_part(&text).split('"').filter(|text| is_operation(text)).map(str::to_owned));
    }
    found
}

/// A source without tests, comments, and code for local mode only.
fn daemons_part(text: &str) -> String {
    let mut kept = String::new();
    let mut left_out = false;
    for line in text.lines().take_while(|line| *line != "#[cfg(test)]").filter(|line| !line.trim_start().starts_with("//")) {
        left_out |= line == "    #[cfg(feature = \"local\")]";
        if !left_out {
            kept.push_str(line);
            kept.push('\n');
        }
        left_out &= line != "    }";
    }
    kept
}

fn is_operation(text: &str) -> bool {
    let name = text.split_once('.').filter(|(service, _)| matches!(*service, "sqs" | "sns" | "codebuild" | "logs"));
    name.is_some_and(|(_, name)| name.starts_with(char::is_uppercase) && name.chars().all(char::is_alphanumeric))
}

#[test]
fn the_policy_of_builds_allows_exactly_what_the_buildspec_and_codebuild_need() {
    /// A sign in the buildspec, or in the configuration of how sources are fetched, and the actions that it needs.
    const NEEDS: [(&str, &str, &[&str]); 7] = [
        ("deploy/buildspec.yml", "aws ecr get-login-password", &["ecr:GetAuthorizationToken"]),
        (
            "deploy/buildspec.yml",
            "docker push",
            &[
                "ecr:BatchCheckLayerAvailability",
                "ecr:InitiateLayerUpload",
                "ecr:UploadLayerPart",
                "ecr:CompleteLayerUpload",
                "ecr:PutImage",
                "ecr:BatchGetImage",
            ],
        ),
        ("deploy/buildspec.yml", "--cache-from", &["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]),
        ("config/slipway.toml", "SECRETS_MANAGER", &["secretsmanager:GetSecretValue"]),
        ("config/slipway.toml", "PARAMETER_STORE", &["ssm:GetParameters"]),
        ("config/slipway.toml", "connection = ", &["codeconnections:GetConnection", "codeconnections:GetConnectionToken"]),
        (
            "docs/schemas/job.schema.json",
            "s3://",
            &["s3:GetObject", "s3:GetObjectVersion", "s3:GetBucketAcl", "s3:GetBucketLocation", "s3:ListBucket"],
        ),
    ];
    let mut needed: BTreeSet<&str> = ["logs:CreateLogStream", "logs:PutLogEvents"].into();
    for (file, sign, actions) in NEEDS {
        assert!(read(file).contains(sign), "{file} no longer says {sign}: does the policy still need {actions:?}?");
        needed.extend(actions);
    }
    let policy = allowed("deploy/policy-build.json");
    let granted: BTreeSet<&str> = policy.iter().map(|(action, _)| action.as_str()).collect();
    assert_eq!(granted, needed);
    // Any other use of AWS in the buildspec would need another permission.
    let buildspec = read("deploy/buildspec.yml");
    let code = buildspec.lines().filter(|line| !line.trim_start().starts_with('#'));
    let commands: BTreeSet<&str> = code.flat_map(|line| line.split("aws ").skip(1)).map(|rest| rest.split(" --").next().unwrap()).collect();
    assert_eq!(commands, ["ecr get-login-password"].into());
}

#[test]
fn only_actions_without_a_resource_are_allowed_on_all_resources() {
    let files = ["deploy/policy.json", "deploy/policy-build.json", "deploy/policy-execution.json", "deploy/policy-follower.json"];
    let everywhere = files.into_iter().flat_map(allowed).filter(|(action, resource)| resource == "*" || action.contains('*'));
    let actions: BTreeSet<String> = everywhere.map(|(action, _)| action).collect();
    assert_eq!(actions, ["ecr:GetAuthorizationToken", "sns:Unsubscribe"].map(str::to_owned).into());
}
