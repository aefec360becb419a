//! The endpoint in a process of its own: wishes come in as lines of JSON, each is answered by one. What it calls itself is not counted.

use std::{
    collections::{BTreeMap, HashMap},
    io::{BufRead, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{Arc, Mutex, atomic::Ordering},
    time::Duration,
};

use localaws::{fault::Faults, runner::scripted::Script};
use serde::{Deserialize, Serialize};
use slipway::aws::provision::Provision;

use crate::rig::{Rig, day::BadDay};

/// What builds look like from now on.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Shape {
    pub(crate) seconds: f64,
    /// Lines that the command prints.
    pub(crate) lines: usize,
    pub(crate) fails: bool,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Wish {
    Shape(Shape),
    Submit(u32),
    /// Some calls go wrong from now on, or no more.
    BadDay(bool),
    /// Each call of CodeBuild takes so many milliseconds more.
    Slow(u64),
    Counts,
    /// The times from the builds' ends to the events, in milliseconds, in order.
    Delays,
}

/// Where workers find what they need.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Places {
    pub(crate) endpoint: String,
    pub(crate) jobs: String,
    pub(crate) topic: String,
    pub(crate) project: String,
    pub(crate) build_events: String,
}

/// How far the work has come.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Counts {
    /// Builds that were started, and those that have not ended.
    pub(crate) builds: usize,
    pub(crate) running: usize,
    /// Events, each once.
    pub(crate) told: usize,
    /// Messages that wait, and those that are received and not deleted.
    pub(crate) waiting: usize,
    pub(crate) held: usize,
    /// The workers' calls by operation.
    pub(crate) calls: BTreeMap<String, u64>,
}

/// What was heard on the topic: by event id, the build's id and the time.
type Heard = Arc<Mutex<HashMap<String, (String, u64)>>>;
/// Calls that are no worker's.
type Calls = Arc<Mutex<BTreeMap<String, u64>>>;

/// Subscribers to the topic.
const LISTENERS: usize = 4;

/// The process, seen from outside. It ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Endpoint {
    process: Child,
    to: ChildStdin,
    from: std::io::BufReader<ChildStdout>,
    pub(crate) places: Places,
}

impl Endpoint {
    pub(crate) fn start() -> Self {
        let mut process =
            Command::new(std::env::current_exe().unwrap()).arg("--endpoint").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (to, from) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
        let mut from = std::io::BufReader::new(from);
        let mut line = String::new();
        from.read_line(&mut line).unwrap();
        Self { process, to, from, places: serde_json::from_str(&line).unwrap() }
    }

    fn ask<T: serde::de::DeserializeOwned>(&mut self, wish: &Wish) -> T {
        writeln!(self.to, "{}", serde_json::to_string(wish).unwrap()).unwrap();
        let mut line = String::new();
        self.from.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{wish:?}: {error}: {line}"))
    }

    /// Returns when it is fulfilled.
    pub(crate) fn wish(&mut self, wish: &Wish) {
        self.ask::<()>(wish);
    }

    /// Looks at every build that there was: not to be asked for often. A bad day would spoil it.
    pub(crate) fn counts(&mut self) -> Counts {
        self.ask(&Wish::Counts)
    }

    pub(crate) fn delays(&mut self) -> Vec<u64> {
        self.ask(&Wish::Delays)
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        self.process.kill().unwrap_or_default();
        self.process.wait().map(drop).unwrap_or_default();
    }
}

/// The process itself.
pub(crate) async fn serve() {
    let shape = Arc::new(Mutex::new(Script::succeeds()));
    let day = BadDay::new(1);
    let current = Arc::clone(&shape);
    let script = move |_: &_| current.lock().unwrap().clone();
    let rig = Arc::new(Box::pin(Rig::start(script, Some(Arc::clone(&day) as Arc<dyn Faults>))).await);
    rig.receive_without_bound().await;
    let Provision { jobs, topic, project, build_events, .. } = rig.provision.clone();
    say(&Places { endpoint: rig.endpoint.clone(), jobs, topic, project, build_events });
    let heard = Heard::default();
    let own = Arc::new(Mutex::new(rig.aws.calls()));
    for _ in 0..LISTENERS {
        tokio::spawn(listen(Arc::clone(&rig), Arc::clone(&heard), Arc::clone(&own)));
    }
    let (lines, mut wishes) = tokio::sync::mpsc::channel(1);
    std::thread::spawn(move || std::io::stdin().lines().map_while(Result::ok).try_for_each(|line| lines.blocking_send(line)));
    let mut submitted = 0;
    while let Some(line) = wishes.recv().await {
        match serde_json::from_str(&line).unwrap() {
            Wish::Shape(wanted) => *shape.lock().unwrap() = script_of(&wanted),
            Wish::Submit(count) => {
                rig.submit(submitted..submitted + count).await;
                submitted += count;
                note(&own, "sqs.SendMessage", u64::from(count));
            }
            Wish::BadDay(on) => day.on.store(on, Ordering::Relaxed),
            Wish::Slow(ms) => day.slow_ms.store(ms, Ordering::Relaxed),
            Wish::Counts => {
                say(&counts(&rig, &heard, &own).await);
                continue;
            }
            Wish::Delays => {
                say(&delays(&rig, &heard));
                continue;
            }
        }
        say(&());
    }
}

fn say(answer: &impl Serialize) {
    println!("{}", serde_json::to_string(answer).unwrap());
}

fn note(own: &Calls, name: &str, count: u64) {
    *own.lock().unwrap().entry(name.to_owned()).or_default() += count;
}

fn script_of(shape: &Shape) -> Script {
    let lines = crate::noise::Noise::new(1, false).lines(shape.lines + 1);
    let log: String = lines.iter().take(shape.lines).flat_map(|line| [line.as_str(), "\n"]).collect();
    let script = if shape.fails {
        Script::fails("make", log + "src/cart.c:12:9: error: unknown type name 'price'\nmake: *** [Makefile:3: cart.o] Error 1\n", 2)
    } else {
        Script::succeeds().printing(log)
    };
    script.taking(Duration::from_secs_f64(shape.seconds))
}

async fn listen(rig: Arc<Rig>, heard: Heard, own: Calls) {
    loop {
        let events = rig.events(Duration::from_secs(1)).await;
        note(&own, "sqs.ReceiveMessage", 1);
        note(&own, "sqs.DeleteMessageBatch", u64::from(!events.is_empty()));
        let now = u64::try_from(jiff::Timestamp::now().as_millisecond()).unwrap();
        for event in events {
            let (id, build) =
                (event["id"].as_str().unwrap().to_owned(), event["data"]["build"]["id"].as_str().unwrap_or_default().to_owned());
            heard.lock().unwrap().entry(id).or_insert((build, now));
        }
    }
}

async fn counts(rig: &Rig, heard: &Heard, own: &Calls) -> Counts {
    let (waiting, held) = rig.messages().await;
    note(own, "sqs.GetQueueAttributes", 1);
    let mut calls = rig.aws.calls();
    let own = own.lock().unwrap().clone();
    for (name, count) in &mut calls {
        *count = count.saturating_sub(own.get(name).copied().unwrap_or_default());
    }
    calls.retain(|_, count| *count > 0);
    let builds = rig.aws.codebuild().builds();
    let running = builds.iter().filter(|build| build.end_ms.is_none()).count();
    Counts { builds: builds.len(), running, told: heard.lock().unwrap().len(), waiting, held, calls }
}

fn delays(rig: &Rig, heard: &Heard) -> Vec<u64> {
    let ends: HashMap<String, u64> = rig.aws.codebuild().builds().into_iter().filter_map(|build| Some((build.id, build.end_ms?))).collect();
    let heard = heard.lock().unwrap();
    let mut delays: Vec<_> = heard.values().filter_map(|(build, at)| Some(at.saturating_sub(*ends.get(build)?))).collect();
    delays.sort_unstable();
    delays
}
