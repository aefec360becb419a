//! One simulated world: AWS, the daemons, their senders and a subscriber, in one thread on tokio's paused clock.

use std::{sync::Arc, time::Duration};

use aws_sdk_sqs::{
    config::{BehaviorVersion, Credentials, Region, SharedCredentialsProvider},
    types::QueueAttributeName,
};
use jiff::Timestamp;
use localaws::{LocalAws, Options, codebuild::BuildView, runner::scripted::Scripted};
use serde_json::Value;
use slipway::{
    aws::{Clients, provision::Provision, queue::Queue},
    clock::Clock,
    config::Config,
    engine::{self, Vitals},
    shutdown::Shutdown,
};
use tokio::{task::JoinHandle, time::Instant};

use crate::{
    bug::Bug,
    event_bridge, law,
    plan::{Deed, Plan},
    wire::{self, Life, Wires},
};

const BEGINNING: &str = "2026-11-22T10:00:00Z";
const ENDPOINT: &str = "http://127.0.0.1:4566";
const REGION: &str = "us-east-1";
/// A message may be received as often as there are crashes: the test is of the daemon, and not of the redrive.
const REDRIVE: &str = r#"{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:slipway-jobs-dlq","maxReceiveCount":"1000"}"#;
/// Much longer than any world needs.
const PATIENCE: Duration = Duration::from_hours(6);

/// The results of a world.
#[derive(Debug)]
pub(crate) struct Course {
    pub(crate) broken: Vec<String>,
    pub(crate) trace: Vec<String>,
    pub(crate) kills: usize,
    pub(crate) jobs: usize,
    pub(crate) builds: Vec<BuildView>,
}

/// Runs the world of a seed, and checks the laws.
pub(crate) fn run(seed: u64, bug: Option<Bug>) -> Course {
    // Jitter and ids come from the thread's generator.
    fastrand::seed(seed);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async { World::new(seed, bug).await.live().await })
}

struct World {
    plan: Plan,
    aws: LocalAws,
    wires: Arc<Wires>,
    /// Clients without faults, for the outside.
    clients: Clients,
    provision: Provision,
    config: Arc<Config>,
    daemons: Vec<Daemon>,
    kills: usize,
    lives: usize,
    events: Vec<Value>,
    /// The ids of messages, with what was sent.
    sent: Vec<(String, Value)>,
    broken: Vec<String>,
}

struct Daemon {
    life: Arc<Life>,
    shutdown: Shutdown,
    task: JoinHandle<Result<engine::Exit, slipway::supervise::Ended>>,
}

impl World {
    async fn new(seed: u64, bug: Option<Bug>) -> Self {
        let plan = Plan::new(seed);
        let beginning: Timestamp = BEGINNING.parse().unwrap();
        let clock = localaws::clock::Clock::starting_at(beginning.into());
        let scripts = plan.scripts.clone();
        let aws = LocalAws::new(Options {
            build_events: Some("arn:aws:sqs:us-east-1:000000000000:raw-events".to_owned()),
            account_limit: plan.account_limit,
            queue_limit: if plan.account_limit.is_some() { 0 } else { usize::MAX },
            ..Options::new(clock, Arc::new(Scripted::new(move |assignment| scripts.script(assignment)).with_clock(clock)))
        });
        let clients = Clients::for_endpoint(ENDPOINT, REGION, localaws::connector::client(&aws));
        let provision = clients.provision().await.unwrap();
        let sqs = sqs(&aws);
        sqs.create_queue().queue_name("raw-events").send().await.unwrap();
        let redrive = sqs.set_queue_attributes().queue_url(&provision.jobs).attributes(QueueAttributeName::RedrivePolicy, REDRIVE);
        redrive.send().await.unwrap();
        let overrides = plan.config.iter().map(|(name, value)| (format!("SLIPWAY__{name}"), value.clone()));
        let mut config = slipway::config::parse(include_str!("../../config/local.toml"), "config/local.toml", overrides).unwrap();
        if !plan.names_dead_letters {
            config.queues[0].dead_letter_url = None;
        }
        let wires = Wires::new(&aws, &plan, seed, bug);
        Self {
            plan,
            aws,
            wires,
            clients,
            provision,
            config: Arc::new(config),
            daemons: Vec::new(),
            kills: 0,
            lives: 0,
            events: Vec::new(),
            sent: Vec::new(),
            broken: Vec::new(),
        }
    }

    async fn live(mut self) -> Course {
        for _ in 0..=usize::from(self.plan.twins) {
            self.start();
        }
        let forwarding = event_bridge::forward(&self.clients, &self.provision, &self.wires);
        let began = Instant::now();
        for (at, deed) in self.plan.deeds.clone() {
            self.until(began + at).await;
            self.do_it(deed).await;
        }
        self.wires.calm();
        let deadline = Instant::now() + PATIENCE;
        while !self.is_quiet().await && Instant::now() < deadline {
            self.until(Instant::now() + Duration::from_secs(30)).await;
        }
        self.leave().await;
        forwarding.abort();
        self.judge().await
    }

    fn start(&mut self) {
        let (wire, life) = self.wires.wire();
        let clients = Clients::for_endpoint(ENDPOINT, REGION, wire::client(&wire));
        let shutdown = Shutdown::default();
        // The clocks of the machines differ from AWS's.
        let skew = Duration::from_secs(90 * self.daemons.len() as u64);
        let now = BEGINNING.parse::<Timestamp>().unwrap().checked_add(self.wires.age() + skew).unwrap();
        let run = engine::run(Arc::clone(&self.config), clients, Clock::starting_at(now), Vitals::default(), shutdown.clone());
        #[expect(clippy::disallowed_methods, reason = "the simulation owns the daemons' tasks, and ends them in its own ways")]
        let task = tokio::spawn(run);
        self.daemons.push(Daemon { life, shutdown, task });
        self.lives += 1;
    }

    /// Waits until a time, and replaces each daemon that ends.
    async fn until(&mut self, time: Instant) {
        loop {
            let deaths = self.daemons.iter().map(|daemon| Box::pin(daemon.life.ended()));
            let died = tokio::select! {
                biased;
                ((), died, _) = futures_util::future::select_all(deaths) => died,
                () = tokio::time::sleep_until(time) => return,
            };
            self.kill(died).await;
        }
    }

    async fn kill(&mut self, index: usize) {
        let daemon = self.daemons.remove(index);
        daemon.life.end();
        daemon.task.abort();
        self.note(daemon.task.await);
        self.kills += 1;
        self.start();
    }

    /// A daemon must end only when told to.
    fn note(&mut self, ended: Result<Result<engine::Exit, slipway::supervise::Ended>, tokio::task::JoinError>) {
        match ended {
            Ok(Ok(_)) => {}
            Ok(Err(ended)) => self.broken.push(format!("a daemon ended: {ended}")),
            Err(error) if error.is_cancelled() => {}
            Err(error) => self.broken.push(format!("a daemon panicked: {error}")),
        }
    }

    async fn do_it(&mut self, deed: Deed) {
        match deed {
            Deed::Send(body, late) => {
                let request = sqs(&self.aws).send_message().queue_url(&self.provision.jobs).message_body(body.to_string());
                let sent = request.delay_seconds(i32::try_from(late.as_secs()).unwrap()).send().await.unwrap();
                self.sent.push((sent.message_id.unwrap(), body));
            }
            Deed::Kill => self.kill(0).await,
            Deed::Restart => {
                let daemon = self.daemons.remove(0);
                daemon.shutdown.drain.cancel();
                tokio::select! {
                    biased;
                    () = daemon.life.ended() => daemon.task.abort(),
                    () = tokio::time::sleep(self.config.shutdown.grace + Duration::from_mins(2)) => {
                        if !daemon.task.is_finished() {
                            self.broken.push("a drain took longer than its grace period".to_owned());
                        }
                    }
                    () = async { while !daemon.task.is_finished() { tokio::time::sleep(Duration::from_secs(1)).await } } => {}
                }
                self.note(daemon.task.await);
                self.start();
            }
            Deed::Sleep(time) => tokio::time::advance(time).await,
            Deed::Limit(limit) => {
                if self.plan.account_limit.is_some() {
                    self.aws.codebuild().set_account_limit(Some(limit));
                }
            }
        }
    }

    /// Whether every message was handled.
    async fn is_quiet(&mut self) -> bool {
        self.read_events().await;
        self.jobs().depth().await.unwrap() == 0
    }

    async fn leave(&mut self) {
        if self.plan.twins {
            // One daemon may still watch a build whose end the other has reported.
            self.until(Instant::now() + Duration::from_mins(5)).await;
        }
        for daemon in std::mem::take(&mut self.daemons) {
            daemon.shutdown.drain.cancel();
            let ended = daemon.task.await;
            if matches!(ended, Ok(Ok(engine::Exit::Left(_)))) {
                self.broken.push("a daemon with nothing to do left jobs behind".to_owned());
            }
            self.note(ended);
        }
    }

    async fn judge(mut self) -> Course {
        // Any message that was held would be visible by then.
        tokio::time::sleep(Duration::from_hours(1)).await;
        self.read_events().await;
        let left = take(&self.jobs()).await;
        let dead = take(&self.clients.queue(&self.provision.dead_letters)).await;
        let builds = self.aws.codebuild().builds();
        let world = law::World {
            plan: &self.plan,
            lives: self.lives,
            attempts: self.config.retry.attempts,
            sent: &self.sent,
            events: &self.events,
            builds: &builds,
            left: &left,
            dead: &dead,
            kills: self.kills,
            receives: &self.wires.receives(),
            refused: &self.wires.refused(),
        };
        self.broken.extend(law::broken(&world));
        let jobs = self.sent.iter().filter(|(_, body)| body.get("source").is_some()).count();
        Course { trace: self.wires.trace(), broken: self.broken, kills: self.kills, jobs, builds }
    }

    async fn read_events(&mut self) {
        let bodies = take(&self.clients.queue(&self.provision.results)).await;
        self.events.extend(bodies.iter().map(|body| serde_json::from_str::<Value>(body).unwrap()));
    }

    fn jobs(&self) -> Queue {
        self.clients.queue(&self.provision.jobs)
    }
}

/// Receives all visible messages.
async fn take(queue: &Queue) -> Vec<String> {
    let mut bodies = Vec::new();
    loop {
        let deliveries = queue.receive(10, Duration::from_mins(1), Duration::ZERO).await.unwrap();
        if deliveries.is_empty() {
            return bodies;
        }
        for delivery in deliveries {
            queue.delete(&delivery.receipt).await.unwrap();
            bodies.push(delivery.body);
        }
    }
}

fn sqs(aws: &LocalAws) -> aws_sdk_sqs::Client {
    let config = aws_config::SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(ENDPOINT)
        .region(Region::from_static(REGION))
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new("test", "test", None, None, "test")))
        .http_client(localaws::connector::client(aws))
        .build();
    aws_sdk_sqs::Client::new(&config)
}
