//! `cargo bench --bench view`: what it costs to look at a daemon that holds ten thousand jobs, whoever looks and however often.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark fails by panicking, and prints what it measured")]

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use futures_util::{StreamExt, stream};
use localaws::{
    LocalAws, Options,
    runner::scripted::{Script, Scripted},
};
use slipway::{
    aws::Clients,
    clock::Clock,
    config,
    engine::{self, Vitals},
    shutdown::Shutdown,
};
use tokio::time::{Instant, sleep};

const JOBS: usize = 10_000;
const LOOKS: u32 = 20;
const LIMITS: [(&str, &str); 4] = [
    ("SLIPWAY__LIMITS__RUNNING", "40"),
    ("SLIPWAY__LIMITS__WAITING", "20000"),
    ("SLIPWAY__LIMITS__WAITING_BYTES", "512MiB"),
    ("SLIPWAY__WATCH__INTERVAL", "10s"),
];

#[tokio::main]
async fn main() {
    let clock = localaws::clock::Clock::system();
    let script = |_: &_| Script::succeeds().taking(Duration::from_hours(1));
    let aws = LocalAws::new(Options::new(clock, Arc::new(Scripted::new(script).with_clock(clock))));
    let clients = Clients::for_endpoint("http://127.0.0.1:4566", "us-east-1", localaws::connector::client(&aws));
    let provision = clients.provision().await.unwrap();
    let queue = clients.queue(&provision.jobs);
    let send = |n: usize| {
        let tenant = format!("team-{}", n % 40);
        let body = format!(
            r#"{{"version":1,"id":"job-{n}","source":{{"url":"https://github.com/acme/app-{}"}},"tenant":"{tenant}","labels":{{"n":"{n}"}}}}"#,
            n % 200
        );
        let queue = queue.clone();
        async move { queue.send(&body, &BTreeMap::new()).await.unwrap() }
    };
    stream::iter((0..JOBS).map(send)).buffer_unordered(16).collect::<Vec<_>>().await;

    let overrides = LIMITS.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let config = config::parse(include_str!("../config/local.toml"), "config/local.toml", overrides).unwrap();
    let (vitals, shutdown) = (Vitals::default(), Shutdown::default());
    let daemon = engine::run(Arc::new(config), clients, Clock::system(), vitals.clone(), shutdown.clone());
    let looked = async {
        vitals.ready().await;
        let console = vitals.console().unwrap();
        while console.snapshot().jobs.len() < JOBS {
            sleep(Duration::from_secs(1)).await;
        }
        let before = aws.calls();
        let (mut taken, mut filtered, mut longest) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
        let (mut snapshot, looks) = (console.snapshot(), Instant::now());
        for _ in 0..LOOKS {
            // Until there is another one than that which is kept.
            let fresh = loop {
                sleep(Duration::from_millis(50)).await;
                let began = Instant::now();
                let fresh = console.snapshot();
                if !Arc::ptr_eq(&fresh, &snapshot) {
                    taken += began.elapsed();
                    longest = longest.max(began.elapsed());
                    break fresh;
                }
            };
            snapshot = fresh;
            let began = Instant::now();
            let page: Vec<_> = snapshot.jobs.iter().filter(|job| job.repository.ends_with("app-7")).take(100).collect();
            assert!(!serde_json::to_string(&page).unwrap().is_empty());
            filtered += began.elapsed();
        }
        let (taken, filtered, every) = (taken / LOOKS, filtered / LOOKS, looks.elapsed() / LOOKS);
        println!(
            "a snapshot of {JOBS} held jobs: {:.1} ms, at most {:.1} ms; taken every {:.1} s while somebody looks: {:.2} % of a core",
            ms(taken),
            ms(longest),
            every.as_secs_f64(),
            100.0 * taken.as_secs_f64() / every.as_secs_f64()
        );
        println!("a filtered page of it, as JSON: {:.2} ms", ms(filtered));
        let lists = |calls: &BTreeMap<String, u64>| calls.get("codebuild.ListBuildsForProject").copied().unwrap_or_default();
        println!("lists of builds that looking caused: {}", lists(&aws.calls()) - lists(&before));
        shutdown.leave.cancel();
        shutdown.drain.cancel();
    };
    let (ended, ()) = tokio::join!(daemon, looked);
    ended.unwrap();
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}
