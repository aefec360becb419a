//! The daemon and the embedded endpoint in one process on tokio's paused clock. Everything is real, except for the sockets.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod configuration;
mod events;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use aws_sdk_sns::config::{Credentials, SharedCredentialsProvider};
use aws_sdk_sqs::types::QueueAttributeName;
use jiff::Timestamp;
use localaws::{
    LocalAws, Options,
    codebuild::BuildView,
    fault::Faults,
    runner::{
        Assignment,
        scripted::{Script, Scripted},
    },
};
use serde_json::{Value, json};
use slipway::{
    aws::{
        Clients,
        provision::Provision,
        queue::{Delivery, Queue},
    },
    clock::Clock,
    config::{Config, Current},
    engine::{self, Controls, Exit, Vitals},
    shutdown::Shutdown,
};
use tokio::task::JoinHandle;

use self::configuration::configuration;
pub(crate) use self::events::{is_terminal, receive};
use crate::wire::{self, Answers};

/// The time at which every world begins.
const BEGINNING: &str = "2026-11-22T10:00:00Z";
const VISIBLE: Duration = Duration::from_mins(2);

/// The settings of a world.
pub(crate) struct Setup {
    script: Box<dyn Fn(&Assignment) -> Script + Send + Sync>,
    config: String,
    faults: Option<Arc<dyn Faults>>,
    account_limit: Option<usize>,
    answers: Option<Answers>,
}

/// A running world.
pub(crate) struct World {
    pub(crate) aws: LocalAws,
    pub(crate) clients: Clients,
    pub(crate) provision: Provision,
    config: Arc<Config>,
    overrides: String,
    clock: Clock,
    daemon: Option<Daemon>,
    submitted: usize,
    ended: bool,
}

struct Daemon {
    current: Current,
    vitals: Vitals,
    shutdown: Shutdown,
    task: JoinHandle<Exit>,
}

/// A world in which all builds follow one script.
pub(crate) fn world(script: impl Fn(&Assignment) -> Script + Send + Sync + 'static) -> Setup {
    Setup { script: Box::new(script), config: String::new(), faults: None, account_limit: None, answers: None }
}

impl Setup {
    /// Adds configuration, as overrides such as `SLIPWAY__LIMITS__RUNNING=2`, separated by white space.
    pub(crate) fn with(mut self, overrides: &str) -> Self {
        self.config.push_str(overrides);
        self.config.push(' ');
        self
    }

    pub(crate) fn faults(mut self, faults: impl Faults + 'static) -> Self {
        self.faults = Some(Arc::new(faults));
        self
    }

    /// Answers calls with a body, by their operation. They do not reach the endpoint.
    pub(crate) fn answering(mut self, answers: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        self.answers = Some(Arc::new(answers));
        self
    }

    pub(crate) fn account_limit(mut self, limit: usize) -> Self {
        self.account_limit = Some(limit);
        self
    }

    /// Creates the queues, the topic and the project, and starts the daemon.
    pub(crate) async fn start(self) -> World {
        let mut world = self.start_without_daemon().await;
        world.start_daemon().await;
        world
    }

    pub(crate) async fn start_without_daemon(self) -> World {
        let beginning: Timestamp = BEGINNING.parse().unwrap();
        let clock = localaws::clock::Clock::starting_at(beginning.into());
        let aws = LocalAws::new(Options {
            build_events: Some("arn:aws:sqs:us-east-1:000000000000:slipway-build-events".to_owned()),
            faults: self.faults,
            account_limit: self.account_limit,
            queue_limit: if self.account_limit.is_some() { 0 } else { usize::MAX },
            ..Options::new(clock, Arc::new(Scripted::new(self.script).with_clock(clock)))
        });
        let http = localaws::connector::client(&aws);
        let http = if let Some(answers) = self.answers { wire::client(http, answers) } else { http };
        let clients = Clients::for_endpoint("http://127.0.0.1:4566", "us-east-1", http);
        let provision = clients.provision().await.unwrap();
        let config = Arc::new(configuration(&self.config));
        let clock = Clock::starting_at(beginning);
        World { aws, clients, provision, config, overrides: self.config, clock, daemon: None, submitted: 0, ended: false }
    }
}

impl World {
    pub(crate) async fn start_daemon(&mut self) {
        let (shutdown, vitals) = (Shutdown::default(), Vitals::default());
        let current = Current::from(Arc::clone(&self.config));
        let run = engine::run(current.clone(), self.clients.clone(), self.clock, vitals.clone(), shutdown.clone());
        #[expect(clippy::disallowed_methods, reason = "the test owns the daemon's task, and ends it in its own ways")]
        let task = tokio::spawn(async move { run.await.unwrap() });
        vitals.ready().await;
        self.daemon = Some(Daemon { current, vitals, shutdown, task });
    }

    /// The vitals of the running daemon, from which its health is computed.
    pub(crate) fn vitals(&self) -> Vitals {
        self.daemon.as_ref().unwrap().vitals.clone()
    }

    /// The controls of the running daemon.
    pub(crate) fn controls(&self) -> Controls {
        self.daemon.as_ref().unwrap().vitals.controls().unwrap()
    }

    /// Receives a message, so that the daemon cannot receive it for some time.
    pub(crate) async fn hide_message(&self, time: Duration) {
        let received = self.clients.queue(&self.provision.jobs).receive(1, time, Duration::ZERO).await.unwrap();
        assert_eq!(received.len(), 1);
    }

    /// Ends the daemon like a signal, and waits for its end.
    pub(crate) async fn drain(&mut self) -> Exit {
        let daemon = self.daemon.take().unwrap();
        daemon.shutdown.drain.cancel();
        daemon.task.await.unwrap()
    }

    /// Ends the daemon like `kill -9`, once it has deleted the messages of all published ends.
    pub(crate) async fn kill_when_quiet(&mut self) {
        tokio::time::sleep(Duration::from_secs(2)).await;
        self.kill().await;
    }

    /// Ends the daemon like `kill -9`: its tasks stop at once.
    pub(crate) async fn kill(&mut self) {
        let daemon = self.daemon.take().unwrap();
        daemon.task.abort();
        assert!(daemon.task.await.unwrap_err().is_cancelled());
    }

    pub(crate) async fn submit(&mut self, job: &Value) -> String {
        self.submit_text(&job.to_string()).await
    }

    pub(crate) async fn submit_text(&mut self, body: &str) -> String {
        self.submitted += 1;
        self.send(body).await
    }

    /// Sends a message that has no terminal event.
    pub(crate) async fn send(&self, body: &str) -> String {
        self.clients.queue(&self.provision.jobs).send(body, &BTreeMap::new()).await.unwrap()
    }

    /// Creates a queue.
    pub(crate) async fn create_queue(&self, name: &str, attributes: &[(QueueAttributeName, &str)]) -> Queue {
        let create = aws_sdk_sqs::Client::new(&self.sdk()).create_queue().queue_name(name);
        let create = attributes.iter().fold(create, |create, (name, value)| create.attributes(name.clone(), *value));
        self.clients.queue(create.send().await.unwrap().queue_url().unwrap())
    }

    fn sdk(&self) -> aws_config::SdkConfig {
        aws_config::SdkConfig::builder()
            .behavior_version(aws_config::BehaviorVersion::latest())
            .endpoint_url("http://127.0.0.1:4566")
            .region(aws_sdk_sns::config::Region::from_static("us-east-1"))
            .credentials_provider(SharedCredentialsProvider::new(Credentials::new("test", "test", None, None, "test")))
            .http_client(localaws::connector::client(&self.aws))
            .build()
    }

    /// How many messages are in the job queue.
    pub(crate) async fn depth(&self) -> usize {
        self.clients.queue(&self.provision.jobs).depth().await.unwrap()
    }

    pub(crate) async fn dead_letters(&self) -> Vec<Delivery> {
        receive(&self.clients.queue(&self.provision.dead_letters), 10).await
    }

    pub(crate) fn builds(&self) -> Vec<BuildView> {
        self.aws.codebuild().builds()
    }

    /// Waits until the builds are as wanted.
    pub(crate) async fn until_builds(&self, mut wanted: impl FnMut(&[BuildView]) -> bool) {
        while !wanted(&self.builds()) {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Ends a world in which not every job can end.
    pub(crate) async fn abandon(mut self) {
        self.kill().await;
        self.ended = true;
    }

    /// Drains, and checks that no message is left and that no attempt was built twice.
    pub(crate) async fn end(mut self) {
        self.ended = true;
        if self.daemon.is_some() {
            assert_eq!(self.drain().await, Exit::Drained, "jobs were left");
        }
        // Messages that were held would be visible again by then.
        tokio::time::sleep(2 * VISIBLE).await;
        let left = receive(&self.clients.queue(&self.provision.jobs), 10).await;
        assert!(left.is_empty(), "messages were left: {left:?}");
        let mut attempts: Vec<_> = self.builds().into_iter().map(|build| attempt(&build)).collect();
        attempts.sort();
        let twice: Vec<_> = attempts.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| &pair[0]).collect();
        assert!(twice.is_empty(), "built twice: {twice:?}");
    }

    fn results(&self) -> Queue {
        self.clients.queue(&self.provision.results)
    }
}

impl Drop for World {
    fn drop(&mut self) {
        assert!(self.ended || std::thread::panicking(), "a test must end its world, which checks its promises");
    }
}

fn attempt(build: &BuildView) -> (String, String) {
    (build.variables["SLIPWAY_JOB_ID"].clone(), build.variables["SLIPWAY_ATTEMPT"].clone())
}

/// A small valid job.
pub(crate) fn job(id: &str) -> Value {
    json!({ "version": 1, "id": id, "source": { "url": "https://github.com/acme/app" } })
}
