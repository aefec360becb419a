//! What the benchmarks share: the embedded endpoint on a socket, the real daemon as a process of its own, and a subscriber.
#![allow(dead_code, reason = "not every benchmark needs all of it")]

pub(crate) mod day;

use std::{
    collections::BTreeMap,
    fs,
    ops::Range,
    path::Path,
    process::{Child, Command, Stdio},
    str::FromStr,
    sync::Arc,
    time::Duration,
};

use aws_sdk_sqs::{
    config::{Credentials, Region, SharedCredentialsProvider},
    types::QueueAttributeName,
};
use aws_smithy_http_client::Builder;
use futures_util::{StreamExt, stream};
use localaws::{
    LocalAws, Options,
    clock::Clock,
    fault::Faults,
    runner::{
        Assignment,
        scripted::{Script, Scripted},
    },
};
use serde_json::Value;
use slipway::aws::{
    Clients,
    batch::Batch,
    provision::Provision,
    queue::{Deletes, Queue},
};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

/// The endpoint with what a daemon works with.
pub(crate) struct Rig {
    pub(crate) aws: LocalAws,
    clients: Clients,
    sqs: aws_sdk_sqs::Client,
    pub(crate) provision: Provision,
    pub(crate) endpoint: String,
    stop: CancellationToken,
    server: JoinHandle<std::io::Result<()>>,
    folder: tempfile::TempDir,
}

impl Rig {
    pub(crate) async fn start(script: impl Fn(&Assignment) -> Script + Send + Sync + 'static, faults: Option<Arc<dyn Faults>>) -> Self {
        let clock = Clock::system();
        let aws = LocalAws::new(Options {
            build_events: Some("arn:aws:sqs:us-east-1:000000000000:slipway-build-events".to_owned()),
            faults,
            ..Options::new(clock, Arc::new(Scripted::new(script).with_clock(clock)))
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let stop = CancellationToken::new();
        #[expect(clippy::disallowed_methods, reason = "the benchmark's own server")]
        let server = tokio::spawn(localaws::server::serve(aws.clone(), listener, stop.clone()));
        let clients = Clients::for_endpoint(&endpoint, "us-east-1", Builder::new().build_http());
        let provision = clients.provision().await.unwrap();
        let sqs = aws_sdk_sqs::Client::new(
            &aws_config::SdkConfig::builder()
                .behavior_version(aws_config::BehaviorVersion::latest())
                .endpoint_url(&endpoint)
                .region(Region::from_static("us-east-1"))
                .credentials_provider(SharedCredentialsProvider::new(Credentials::new("bench", "bench", None, None, "bench")))
                .http_client(Builder::new().build_http())
                .build(),
        );
        Self { aws, clients, sqs, provision, endpoint, stop, server, folder: tempfile::tempdir().unwrap() }
    }

    /// Puts jobs on the queue: `job-0`, `job-1`, ...
    pub(crate) async fn submit(&self, jobs: Range<u32>) {
        let queue = self.clients.queue(&self.provision.jobs);
        let sends = jobs.map(|n| {
            let queue = queue.clone();
            let job = format!(r#"{{"version":1,"id":"job-{n}","source":{{"url":"https://github.com/acme/app"}}}}"#);
            async move { queue.send(&job, &BTreeMap::new()).await.unwrap() }
        });
        stream::iter(sends).buffer_unordered(16).collect::<Vec<_>>().await;
    }

    /// A message may be received as often as there are kills: what is tested is the daemon, not the redrive.
    pub(crate) async fn receive_without_bound(&self) {
        let policy = r#"{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:slipway-jobs-dlq","maxReceiveCount":"1000"}"#;
        let request = self.sqs.set_queue_attributes().queue_url(&self.provision.jobs).attributes(QueueAttributeName::RedrivePolicy, policy);
        request.send().await.unwrap();
    }

    /// How many jobs' messages wait on the queue, and how many are held by whoever received them.
    pub(crate) async fn messages(&self) -> (usize, usize) {
        let names = [QueueAttributeName::ApproximateNumberOfMessages, QueueAttributeName::ApproximateNumberOfMessagesNotVisible];
        let request = self.sqs.get_queue_attributes().queue_url(&self.provision.jobs).set_attribute_names(Some(names.to_vec()));
        let counts = request.send().await.unwrap().attributes.unwrap_or_default();
        let [waiting, held] = names.map(|name| counts[&name].parse().unwrap());
        (waiting, held)
    }

    pub(crate) fn queue(&self, url: &str) -> Queue {
        self.clients.queue(url)
    }

    /// The next events, waiting for them as long as `wait`; on a bad day some come again later, or twice.
    pub(crate) async fn events(&self, wait: Duration) -> Vec<Value> {
        let results = self.queue(&self.provision.results);
        let deliveries = results.receive(10, Duration::from_secs(30), wait).await.unwrap_or_default();
        let events = deliveries.iter().map(|delivery| serde_json::from_str(&delivery.body).unwrap()).collect();
        if !deliveries.is_empty() {
            // A delete that fails may have been carried out; else the event comes once more.
            drop(Deletes(results).send(deliveries.into_iter().map(|delivery| delivery.receipt).collect()).await);
        }
        events
    }

    /// Starts the daemon; `limits` are lines of the configuration's `[limits]`.
    pub(crate) fn daemon(&self, limits: &str) -> Child {
        let Provision { jobs, topic, build_events, project, .. } = &self.provision;
        let push = format!(r#"events_queue_url = "{build_events}""#);
        let text = configuration(&Setup {
            jobs,
            topic,
            project,
            limits,
            watch: &push,
            pace: QUICK,
            reads_per_second: 1000,
            listen: "127.0.0.1:0",
        });
        daemon(self.folder.path(), &text, &self.endpoint)
    }

    pub(crate) async fn stop(self) {
        self.stop.cancel();
        self.server.await.unwrap().unwrap();
    }
}

/// How often a worker looks at its builds, and for how long a message that it has received stays invisible; in seconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    pub(crate) look: u32,
    pub(crate) visibility: u32,
}

/// Short, so that a benchmark waits for builds and not for looks.
pub(crate) const QUICK: Pace = Pace { look: 1, visibility: 30 };
/// The daemon's defaults.
pub(crate) const USUAL: Pace = Pace { look: 10, visibility: 120 };

/// What a configuration says.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setup<'a> {
    pub(crate) jobs: &'a str,
    pub(crate) topic: &'a str,
    pub(crate) project: &'a str,
    /// Lines of `[limits]`, and of `[watch]`.
    pub(crate) limits: &'a str,
    pub(crate) watch: &'a str,
    pub(crate) pace: Pace,
    pub(crate) reads_per_second: u32,
    pub(crate) listen: &'a str,
}

/// The daemon's configuration: all defaults, but for what a setup says.
pub(crate) fn configuration(setup: &Setup<'_>) -> String {
    let Setup { jobs, topic, project, limits, watch, pace: Pace { look, visibility }, reads_per_second, listen } = setup;
    format!(
        r#"
        [[queues]]
        url = "{jobs}"
        visibility = "{visibility}s"
        [topic]
        arn = "{topic}"
        events = ["finished"]
        [limits]
        {limits}
        [watch]
        interval = "{look}s"
        {watch}
        [log]
        reads_per_second = {reads_per_second}
        [profiles.default]
        project = "{project}"
        sources = ["https://github.com/*"]
        [http]
        listen = "{listen}"
        "#,
    )
}

/// Starts the daemon with this configuration.
pub(crate) fn daemon(folder: &Path, configuration: &str, endpoint: &str) -> Child {
    let file = folder.join("slipway.toml");
    fs::write(&file, configuration).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_slipway"));
    command.args(["run", "--config"]).arg(&file);
    with_credentials(&mut command, endpoint).env("SLIPWAY_LOG", "error").stdin(Stdio::null()).spawn().unwrap()
}

/// The environment of a program that calls the endpoint.
pub(crate) fn with_credentials<'a>(command: &'a mut Command, endpoint: &str) -> &'a mut Command {
    let variables = [
        ("AWS_ENDPOINT_URL", endpoint),
        ("AWS_REGION", "us-east-1"),
        // boto3 reads this one.
        ("AWS_DEFAULT_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "bench"),
        ("AWS_SECRET_ACCESS_KEY", "bench"),
    ];
    command.envs(variables)
}

/// The value of an argument such as `--jobs 500`.
pub(crate) fn argument<T: FromStr>(name: &str, default: T) -> T {
    let value = std::env::args().skip_while(|argument| argument != name).nth(1);
    value.map_or(default, |value| value.parse().unwrap_or_else(|_| panic!("{name} {value} is no number")))
}
