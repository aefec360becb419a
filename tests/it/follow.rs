//! `slipway submit --follow` with faults that local mode does not have: platform faults, late lines, empty pages.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{fmt::Write, fs, process::Stdio, sync::Arc, time::Duration};

use aws_smithy_http_client::Builder;
use localaws::{
    LocalAws, Options,
    clock::Clock,
    runner::scripted::{Script, Scripted},
};
use slipway::aws::Clients;
use tokio::{
    net::TcpListener,
    process::{Child, Command},
};
use tokio_util::sync::CancellationToken;

const LINES: usize = 12_000;

/// The program, with an environment that has only the endpoint.
fn slipway(endpoint: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_slipway"));
    let variables =
        [("AWS_ENDPOINT_URL", endpoint), ("AWS_REGION", "us-east-1"), ("AWS_ACCESS_KEY_ID", "x"), ("AWS_SECRET_ACCESS_KEY", "x")];
    command
        .args(arguments)
        .env_clear()
        .envs(variables)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

fn daemon(endpoint: &str, config: &str) -> Child {
    slipway(endpoint, &["run", "--config", config]).stderr(Stdio::inherit()).env("SLIPWAY_LOG", "error").spawn().unwrap()
}

#[tokio::test]
async fn every_line_of_every_attempt_is_printed_once_however_late() {
    let mut output = String::new();
    for n in 0..LINES {
        writeln!(output, "line {n}").unwrap();
    }
    let clock = Clock::system();
    let runner = Scripted::new(move |build| match build.environment["SLIPWAY_ATTEMPT"].as_str() {
        "1" => Script::faults().printing("the first attempt\n"),
        _ => Script::succeeds().printing(output.clone()),
    });
    let aws = LocalAws::new(Options::new(clock, Arc::new(runner.with_clock(clock))));
    aws.logs().set_ingestion_delay(Duration::from_secs(2));
    aws.logs().set_empty_pages(true);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let stop = CancellationToken::new();
    #[expect(clippy::disallowed_methods, reason = "the test's own server")]
    let server = tokio::spawn(localaws::server::serve(aws.clone(), listener, stop.clone()));
    Clients::for_endpoint(&endpoint, "us-east-1", Builder::new().build_http()).provision().await.unwrap();

    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("slipway.toml");
    let text = include_str!("../../config/local.toml").replace("http://127.0.0.1:4566", &endpoint);
    fs::write(&config, format!("{}\n[http]\nlisten = \"127.0.0.1:0\"\n", text.replace("settle = \"2s\"", "settle = \"5s\""))).unwrap();
    let config = config.to_str().unwrap();
    let mut daemon = daemon(&endpoint, config);
    let url = "https://github.com/acme/app";
    let follow = slipway(&endpoint, &["submit", "--config", config, "--url", url, "--id", "app-1", "--follow"]).output().await.unwrap();
    daemon.kill().await.unwrap();
    stop.cancel();
    server.await.unwrap().unwrap();

    let (shown, stderr) = (String::from_utf8(follow.stdout).unwrap(), String::from_utf8(follow.stderr).unwrap());
    assert_eq!(follow.status.code(), Some(0), "{stderr}");
    let lines: Vec<usize> = shown.lines().filter_map(|line| line.strip_prefix("line ")?.parse().ok()).collect();
    assert!(lines.iter().copied().eq(0..LINES), "{} lines", lines.len());
    assert_eq!(shown.lines().filter(|line| *line == "the first attempt").count(), 1, "{stderr}");
    let builds: Vec<_> = stderr.lines().filter(|line| line.starts_with("build ")).collect();
    assert!(builds.len() == 2 && builds[1].ends_with(", attempt 2"), "{stderr}");
    assert!(stderr.contains(" BUILD            fault "), "{stderr}");
    assert!(stderr.ends_with("app-1 succeeded\n"), "{stderr}");
    assert_eq!(aws.calls()["sqs.DeleteQueue"], 1, "the follower's own queue");
}
