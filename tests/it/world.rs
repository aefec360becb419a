//! The daemon and the embedded endpoint in one process on tokio's paused clock: everything but the sockets is real.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

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
        AwsError, Clients,
        provision::Provision,
        queue::{Delivery, Queue},
    },
    clock::Clock,
    config::{Config, Current, Profile, Reload, ReloadError, TenantLimits},
    engine::{self, Controls, Exit, Vitals},
    shutdown::Shutdown,
};
use tokio::task::JoinHandle;

use crate::wire::{self, Answers};

/// When every world begins.
const BEGINNING: &str = "2026-11-22T10:00:00Z";
const VISIBLE: Duration = Duration::from_mins(2);

/// A world to be set up.
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

/// Where every build does the same.
pub(crate) fn world(script: impl Fn(&Assignment) -> Script + Send + Sync + 'static) -> Setup {
    Setup { script: Box::new(script), config: String::new(), faults: None, account_limit: None, answers: None }
}

impl Setup {
    /// More configuration, as overrides such as `SLIPWAY__LIMITS__RUNNING=2`, separated by white space.
    pub(crate) fn with(mut self, overrides: &str) -> Self {
        self.config.push_str(overrides);
        self.config.push(' ');
        self
    }

    pub(crate) fn faults(mut self, faults: impl Faults + 'static) -> Self {
        self.faults = Some(Arc::new(faults));
        self
    }

    /// Calls that are answered with a body of ours, by their operation, and do not come to the endpoint.
    pub(crate) fn answering(mut self, answers: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        self.answers = Some(Arc::new(answers));
        self
    }

    pub(crate) fn account_limit(mut self, limit: usize) -> Self {
        self.account_limit = Some(limit);
        self
    }

    /// Makes the queues, the topic and the project, and starts the daemon.
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

    /// What the world outside may see of the running daemon.
    pub(crate) fn vitals(&self) -> Vitals {
        self.daemon.as_ref().unwrap().vitals.clone()
    }

    /// What steers the daemon.
    pub(crate) fn controls(&self) -> Controls {
        self.daemon.as_ref().unwrap().vitals.controls().unwrap()
    }

    /// Changes the configuration by overrides, and lets the daemon read it again.
    pub(crate) fn reload(&mut self, overrides: &str) -> Result<Vec<String>, ReloadError> {
        self.overrides = format!("{} {overrides}", self.overrides);
        self.config = Arc::new(configuration(&self.overrides));
        self.read_again()
    }

    /// Lets the daemon read the configuration again.
    pub(crate) fn read_again(&self) -> Result<Vec<String>, ReloadError> {
        let config = Arc::clone(&self.config);
        Reload::new(self.daemon.as_ref().unwrap().current.clone(), move || Ok((*config).clone())).reload()
    }

    /// Takes the dead-letter queue out of the configuration: the daemon is to find it by the queue's redrive policy.
    pub(crate) fn name_no_dead_letters(&mut self) {
        Arc::make_mut(&mut self.config).queues[0].dead_letter_url = None;
    }

    /// Changes the configuration for the next daemon, by an override.
    pub(crate) fn set(&mut self, overrides: &str) {
        self.overrides.push_str(overrides);
        self.config = Arc::new(configuration(&self.overrides));
    }

    /// Limits of some tenants, for the next daemon.
    pub(crate) fn limit_tenants(&mut self, tenants: Vec<TenantLimits>) {
        Arc::make_mut(&mut self.config).limits.tenants = tenants;
    }

    /// How many builds may run at once.
    pub(crate) fn running(&self) -> usize {
        self.config.limits.running
    }

    /// A further profile, on a project that need not be there.
    pub(crate) fn add_profile(&mut self, name: &str, project: &str) {
        let config = Arc::make_mut(&mut self.config);
        let profile = config.profiles["default"].clone();
        config.profiles.insert(name.to_owned(), Profile { name: name.to_owned(), project: project.to_owned(), ..profile });
    }

    /// Names the queue that rejected messages go to.
    pub(crate) fn bury_in(&mut self, url: &str) {
        Arc::make_mut(&mut self.config).queues[0].dead_letter_url = Some(url.to_owned());
    }

    /// Receives a message in the daemon's place, so that nobody else gets it for a time.
    pub(crate) async fn hide_message(&self, time: Duration) {
        let received = self.clients.queue(&self.provision.jobs).receive(1, time, Duration::ZERO).await.unwrap();
        assert_eq!(received.len(), 1);
    }

    /// Ends the daemon as a signal would, and waits for it.
    pub(crate) async fn drain(&mut self) -> Exit {
        let daemon = self.daemon.take().unwrap();
        daemon.shutdown.drain.cancel();
        daemon.task.await.unwrap()
    }

    /// Ends the daemon as `kill -9` would, when it has deleted the messages of all that it has told.
    pub(crate) async fn kill_when_quiet(&mut self) {
        tokio::time::sleep(Duration::from_secs(2)).await;
        self.kill().await;
    }

    /// Ends the daemon as `kill -9` would: nothing more happens in it.
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

    /// Sends a message that no terminal event answers.
    pub(crate) async fn send(&self, body: &str) -> String {
        self.clients.queue(&self.provision.jobs).send(body, &BTreeMap::new()).await.unwrap()
    }

    /// The next event at the subscriber.
    pub(crate) async fn next_event(&self) -> Value {
        loop {
            let mut deliveries = receive(&self.results(), 1).await;
            if let Some(delivery) = deliveries.pop() {
                return serde_json::from_str(&delivery.body).unwrap();
            }
        }
    }

    /// The next terminal event: finished or rejected.
    pub(crate) async fn next_end(&self) -> Value {
        loop {
            let event = self.next_event().await;
            if is_terminal(&event) {
                return event;
            }
        }
    }

    /// Every terminal event until as many have come as jobs were submitted, by event id.
    pub(crate) async fn ends(&self) -> BTreeMap<String, Value> {
        let mut ends = BTreeMap::new();
        for _ in 0..self.submitted {
            let event = self.next_end().await;
            ends.insert(event["id"].as_str().unwrap().to_owned(), event);
        }
        ends
    }

    /// Takes a profile away.
    pub(crate) fn remove_profile(&mut self, name: &str) {
        Arc::make_mut(&mut self.config).profiles.remove(name).unwrap();
    }

    /// Makes a queue.
    pub(crate) async fn create_queue(&self, name: &str, attributes: &[(QueueAttributeName, &str)]) -> Queue {
        let create = aws_sdk_sqs::Client::new(&self.sdk()).create_queue().queue_name(name);
        let create = attributes.iter().fold(create, |create, (name, value)| create.attributes(name.clone(), *value));
        self.clients.queue(create.send().await.unwrap().queue_url().unwrap())
    }

    /// Names the queue that jobs come from.
    pub(crate) fn take_from(&mut self, url: &str) {
        url.clone_into(&mut Arc::make_mut(&mut self.config).queues[0].url);
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

    /// A further subscriber's queue, with raw delivery and a filter policy.
    pub(crate) async fn subscribe(&self, name: &str, policy: &str, scope: &str) -> Queue {
        let config = self.sdk();
        let created = aws_sdk_sqs::Client::new(&config).create_queue().queue_name(name).send().await.unwrap();
        let subscribe = aws_sdk_sns::Client::new(&config).subscribe().topic_arn(&self.provision.topic).protocol("sqs");
        let subscribe = subscribe.endpoint(format!("arn:aws:sqs:us-east-1:000000000000:{name}"));
        let attributes = [("RawMessageDelivery", "true"), ("FilterPolicyScope", scope), ("FilterPolicy", policy)];
        let subscribe = attributes.into_iter().fold(subscribe, |subscribe, (name, value)| subscribe.attributes(name, value));
        subscribe.send().await.unwrap();
        self.clients.queue(created.queue_url().unwrap())
    }

    /// The ids of the events that a queue has got, in order of name.
    pub(crate) async fn received(&self, queue: &Queue) -> Vec<String> {
        let mut ids = BTreeSet::new();
        loop {
            let deliveries = receive(queue, 10).await;
            if deliveries.is_empty() {
                return ids.into_iter().collect();
            }
            let events = deliveries.iter().map(|delivery| serde_json::from_str::<Value>(&delivery.body).unwrap());
            ids.extend(events.map(|event| event["id"].as_str().unwrap().to_owned()));
        }
    }

    /// How many messages the job queue holds.
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

    /// Ends a world in which not everything can come to its end.
    pub(crate) async fn abandon(mut self) {
        self.kill().await;
        self.ended = true;
    }

    /// Drains, and holds the world to its promises: no message is left, and no attempt at a job was built twice.
    pub(crate) async fn end(mut self) {
        self.ended = true;
        if self.daemon.is_some() {
            assert_eq!(self.drain().await, Exit::Drained, "jobs were left");
        }
        // Whatever was held would be visible again by now.
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

/// The local configuration with overrides, separated by white space.
fn configuration(overrides: &str) -> Config {
    let overrides = overrides.split_whitespace().map(|pair| {
        let (name, value) = pair.split_once('=').unwrap();
        (name.to_owned(), value.to_owned())
    });
    slipway::config::parse(include_str!("../../config/local.toml"), "config/local.toml", overrides).unwrap()
}

/// Receives and deletes. The endpoint's bad days are a subscriber's too: what fails is tried again.
pub(crate) async fn receive(queue: &Queue, max: usize) -> Vec<Delivery> {
    let deliveries = insist(|| queue.receive(max, VISIBLE, Duration::from_secs(20))).await;
    for delivery in &deliveries {
        insist(|| queue.delete(&delivery.receipt)).await;
    }
    deliveries
}

async fn insist<T, R: Future<Output = Result<T, AwsError>>>(call: impl Fn() -> R) -> T {
    let mut last = None;
    for _ in 0..10 {
        match call().await {
            Ok(answer) => return answer,
            Err(error) => last = Some(error),
        }
    }
    panic!("{last:?}");
}

pub(crate) fn is_terminal(event: &Value) -> bool {
    matches!(event["type"].as_str(), Some("slipway.job.finished" | "slipway.job.rejected"))
}

fn attempt(build: &BuildView) -> (String, String) {
    (build.variables["SLIPWAY_JOB_ID"].clone(), build.variables["SLIPWAY_ATTEMPT"].clone())
}

/// A small valid job.
pub(crate) fn job(id: &str) -> Value {
    json!({ "version": 1, "id": id, "source": { "url": "https://github.com/acme/app" } })
}
