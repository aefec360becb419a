//! The workers that are measured, each a process of its own, and what Linux says of them.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use crate::{
    endpoint::Places,
    rig::{self, Pace, Setup},
};

/// Who does the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Slipway,
    Bare,
    Boto3,
    SqsConsumer,
}

pub(crate) const ALL: [Kind; 4] = [Kind::Slipway, Kind::Bare, Kind::Boto3, Kind::SqsConsumer];

impl Kind {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Slipway => "Slipway",
            Self::Bare => "bare SDK loop",
            Self::Boto3 => "boto3",
            Self::SqsConsumer => "sqs-consumer",
        }
    }

    /// What it is made of, with versions. `None`: it is not there to be measured.
    pub(crate) fn version(self) -> Option<String> {
        let said = |command: &mut Command| {
            let output = command.output().ok().filter(|output| output.status.success())?;
            String::from_utf8(output.stdout).ok().map(|text| text.trim().replace('\n', ", "))
        };
        match self {
            Self::Slipway => Some(env!("CARGO_PKG_VERSION").to_owned()),
            Self::Bare => said(Command::new("rustc").arg("--version")).map(|rustc| format!("{rustc}, aws-sdk-rust as in Cargo.lock")),
            Self::Boto3 => said(
                Command::new(python())
                    .args(["-c", "import boto3,sys;print('boto3',boto3.__version__);print('Python',sys.version.split()[0])"]),
            ),
            Self::SqsConsumer => {
                let modules = modules().filter(|modules| modules.join("node_modules/sqs-consumer").exists())?;
                let program = "const of=n=>JSON.parse(require('fs').readFileSync('node_modules/'+n+'/package.json')).version;\
                               console.log('sqs-consumer '+of('sqs-consumer')+', client-sqs '+of('@aws-sdk/client-sqs')+', Node '+process.versions.node)";
                said(Command::new("node").args(["-e", program]).current_dir(modules))
            }
        }
    }
}

/// A worker that runs.
#[derive(Debug)]
pub(crate) struct Worker {
    process: Child,
    _folder: tempfile::TempDir,
}

/// What a worker has used so far.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Used {
    pub(crate) cpu_ms: f64,
    pub(crate) resident_mb: f64,
    pub(crate) peak_mb: f64,
    pub(crate) descriptors: usize,
    pub(crate) threads: usize,
}

/// How it is to work.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Settings<'a> {
    /// Builds at once.
    pub(crate) running: usize,
    /// Slipway's looks at builds are pushed.
    pub(crate) push: bool,
    pub(crate) reads_per_second: u32,
    pub(crate) pace: Pace,
    /// More of Slipway's `[limits]`.
    pub(crate) limits: &'a str,
    pub(crate) listen: &'a str,
}

impl Settings<'_> {
    pub(crate) const fn running(running: usize) -> Self {
        Self { running, push: false, reads_per_second: 1000, pace: rig::QUICK, limits: "", listen: "127.0.0.1:0" }
    }
}

impl Worker {
    pub(crate) fn start(kind: Kind, places: &Places, settings: &Settings<'_>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("bench/peers");
        let process = match kind {
            Kind::Slipway => {
                let push = format!(r#"events_queue_url = "{}""#, places.build_events);
                let text = rig::configuration(&Setup {
                    jobs: &places.jobs,
                    topic: &places.topic,
                    project: &places.project,
                    limits: &format!("running = {}\n{}", settings.running, settings.limits),
                    watch: if settings.push { &push } else { "" },
                    pace: settings.pace,
                    reads_per_second: settings.reads_per_second,
                    listen: settings.listen,
                });
                rig::daemon(folder.path(), &text, &places.endpoint)
            }
            Kind::Bare => peer(Command::new(std::env::current_exe().unwrap()).arg("--bare"), places, settings),
            Kind::Boto3 => peer(Command::new(python()).arg(here.join("boto3_worker.py")), places, settings),
            Kind::SqsConsumer => {
                // Node looks for packages beside the program.
                let modules = modules().unwrap();
                fs::copy(here.join("consumer.mjs"), modules.join("consumer.mjs")).unwrap();
                peer(Command::new("node").arg(modules.join("consumer.mjs")), places, settings)
            }
        };
        Self { process, _folder: folder }
    }

    pub(crate) fn used(&self) -> Used {
        let id = self.process.id();
        let read =
            |name: &str| fs::read_to_string(format!("/proc/{id}/{name}")).unwrap_or_else(|error| panic!("the worker is gone: {error}"));
        let (stat, status) = (read("stat"), read("status"));
        // After the name in parentheses: user and system time are fields 14 and 15 of all, in ticks of 10 ms.
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        let ticks: f64 = fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap();
        let number = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
            line.split_whitespace().next().and_then(|text| text.parse::<f64>().ok()).unwrap_or_default()
        };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few threads")]
        let threads = number("Threads:") as usize;
        Used {
            cpu_ms: ticks * 10.0,
            resident_mb: number("VmRSS:") / 1024.0,
            peak_mb: number("VmHWM:") / 1024.0,
            descriptors: fs::read_dir(format!("/proc/{id}/fd")).map_or(0, Iterator::count),
            threads,
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.process.kill().unwrap_or_default();
        self.process.wait().map(drop).unwrap_or_default();
    }
}

fn peer(command: &mut Command, places: &Places, settings: &Settings<'_>) -> Child {
    command.envs([("QUEUE_URL", &places.jobs), ("TOPIC_ARN", &places.topic), ("PROJECT", &places.project)]);
    command.env("RUNNING", settings.running.to_string());
    command.env("LOOK", settings.pace.look.to_string()).env("VISIBILITY", settings.pace.visibility.to_string());
    rig::with_credentials(command, &places.endpoint).stdin(Stdio::null()).spawn().unwrap()
}

/// The Python that has boto3: `PEERS_PYTHON`, or that of the tests from outside.
fn python() -> PathBuf {
    let outside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("target/outside/bin/python");
    std::env::var_os("PEERS_PYTHON").map_or_else(outside, PathBuf::from)
}

/// Where `npm ci` was run with `bench/peers/package.json`: `PEERS_NODE`, or `target/peers`.
fn modules() -> Option<PathBuf> {
    let target = || Path::new(env!("CARGO_MANIFEST_DIR")).join("target/peers");
    let folder = std::env::var_os("PEERS_NODE").map_or_else(target, PathBuf::from);
    folder.exists().then_some(folder)
}
