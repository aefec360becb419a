//! What the benchmarks share: the embedded endpoint on a socket, the real daemon as a process of its own, and a subscriber.

use std::{
    collections::BTreeMap,
    fs,
    path::PathBuf,
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
use slipway::aws::{Clients, provision::Provision, queue::Queue};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

/// The endpoint with what a daemon works with.
pub(crate) struct Rig {
    pub(crate) aws: LocalAws,
    clients: Clients,
    pub(crate) provision: Provision,
    endpoint: String,
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
        Self { aws, clients, provision, endpoint, stop, server, folder: tempfile::tempdir().unwrap() }
    }

    /// Puts jobs on the queue: `job-0`, `job-1`, ...
    pub(crate) async fn submit(&self, jobs: u32) {
        let queue = self.clients.queue(&self.provision.jobs);
        let sends = (0..jobs).map(|n| {
            let queue = queue.clone();
            let job = format!(r#"{{"version":1,"id":"job-{n}","source":{{"url":"https://github.com/acme/app"}}}}"#);
            async move { queue.send(&job, &BTreeMap::new()).await.unwrap() }
        });
        stream::iter(sends).buffer_unordered(16).collect::<Vec<_>>().await;
    }

    /// A message may be received as often as there are kills: what is tested is the daemon, not the redrive.
    #[allow(dead_code, reason = "not every benchmark kills")]
    pub(crate) async fn receive_without_bound(&self) {
        let config = aws_config::SdkConfig::builder()
            .behavior_version(aws_config::BehaviorVersion::latest())
            .endpoint_url(&self.endpoint)
            .region(Region::from_static("us-east-1"))
            .credentials_provider(SharedCredentialsProvider::new(Credentials::new("bench", "bench", None, None, "bench")))
            .http_client(Builder::new().build_http())
            .build();
        let sqs = aws_sdk_sqs::Client::new(&config);
        let policy = r#"{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:slipway-jobs-dlq","maxReceiveCount":"1000"}"#;
        let request = sqs.set_queue_attributes().queue_url(&self.provision.jobs).attributes(QueueAttributeName::RedrivePolicy, policy);
        request.send().await.unwrap();
    }

    pub(crate) fn queue(&self, url: &str) -> Queue {
        self.clients.queue(url)
    }

    /// The next events, waiting for them as long as `wait`; on a bad day some come again later, or twice.
    pub(crate) async fn events(&self, wait: Duration) -> Vec<Value> {
        let results = self.queue(&self.provision.results);
        let mut events = Vec::new();
        for delivery in results.receive(10, Duration::from_secs(5), wait).await.unwrap_or_default() {
            events.push(serde_json::from_str(&delivery.body).unwrap());
            // A delete that fails may have been carried out; else the event comes once more.
            results.delete(&delivery.receipt).await.unwrap_or_default();
        }
        events
    }

    /// Starts the daemon; `limits` are lines of the configuration's `[limits]`.
    pub(crate) fn daemon(&self, limits: &str) -> Child {
        let config: PathBuf = self.folder.path().join("slipway.toml");
        let Provision { jobs, topic, build_events, project, .. } = &self.provision;
        let text = format!(
            r#"
            [[queues]]
            url = "{jobs}"
            visibility = "30s"
            [topic]
            arn = "{topic}"
            events = ["finished"]
            [limits]
            {limits}
            [watch]
            interval = "1s"
            events_queue_url = "{build_events}"
            [log]
            reads_per_second = 1000
            [profiles.default]
            project = "{project}"
            sources = ["https://github.com/*"]
            [http]
            listen = "127.0.0.1:0"
            "#,
        );
        fs::write(&config, text).unwrap();
        Command::new(env!("CARGO_BIN_EXE_slipway"))
            .args(["run", "--config"])
            .arg(&config)
            .env("AWS_ENDPOINT_URL", &self.endpoint)
            .env("AWS_REGION", "us-east-1")
            .env("AWS_ACCESS_KEY_ID", "bench")
            .env("AWS_SECRET_ACCESS_KEY", "bench")
            .env("SLIPWAY_LOG", "error")
            .stdin(Stdio::null())
            .spawn()
            .unwrap()
    }

    pub(crate) async fn stop(self) {
        self.stop.cancel();
        self.server.await.unwrap().unwrap();
    }
}

/// The value of an argument such as `--jobs 500`.
#[allow(dead_code, reason = "not every benchmark has arguments")]
pub(crate) fn argument<T: FromStr>(name: &str, default: T) -> T {
    let value = std::env::args().skip_while(|argument| argument != name).nth(1);
    value.map_or(default, |value| value.parse().unwrap_or_else(|_| panic!("{name} {value} is no number")))
}
