#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use nix::{errno::Errno, sys::signal::kill, unistd::Pid};
use tokio::time::timeout;

use super::*;

/// Enough time for everything here, and a bound for a test that hangs.
const PATIENCE: Duration = Duration::from_secs(30);

/// The process ids that the build printed.
fn ids(seen: &Seen) -> Vec<Pid> {
    let ids: Vec<_> = printed(seen).iter().filter_map(|line| Some(Pid::from_raw(line.strip_prefix("pid ")?.parse().ok()?))).collect();
    assert!(!ids.is_empty(), "{}", seen.log());
    ids
}

/// Waits until these processes are gone. A zombie counts as gone.
async fn gone(ids: &[Pid]) {
    for id in ids {
        let stat = format!("/proc/{id}/stat");
        let lives = || kill(*id, None) != Err(Errno::ESRCH) && !fs::read_to_string(&stat).is_ok_and(|stat| stat.contains(") Z "));
        timeout(PATIENCE, async {
            while lives() {
                tokio::task::yield_now().await;
            }
        })
        .await
        .unwrap_or_else(|_| panic!("process {id} lives on"));
    }
}

const GRANDCHILDREN: &[&str] = &[
    r#"sh -c 'trap "" TERM; echo pid $$; sleep 600 & echo pid $!; touch started; while :; do wait; sleep 600; done' & echo pid $$"#,
    "while [ ! -e started ]; do sleep 0.01; done; echo ready; sleep 600",
];

#[tokio::test]
async fn an_interrupted_build_leaves_no_process_behind() {
    let site = Site::new();
    let recorder = Recorder::new();
    let build = tokio::spawn(site.shell.clone().carry_out(building("sh", GRANDCHILDREN), recorder.clone()));
    timeout(PATIENCE, recorder.logs("ready")).await.unwrap();
    recorder.interrupt.cancel();
    timeout(PATIENCE, build).await.unwrap().unwrap();
    let ids = ids(&recorder.seen());
    assert_eq!(ids.len(), 3);
    gone(&ids).await;
    assert!(site.is_clean());
}

#[tokio::test]
async fn a_dropped_build_leaves_no_process_behind() {
    let site = Site::new();
    let recorder = Recorder::new();
    let build = tokio::spawn(site.shell.clone().carry_out(building("sh", GRANDCHILDREN), recorder.clone()));
    timeout(PATIENCE, recorder.logs("ready")).await.unwrap();
    build.abort();
    assert!(build.await.unwrap_err().is_cancelled());
    gone(&ids(&recorder.seen())).await;
}

#[tokio::test]
async fn background_processes_delay_nothing_and_live_until_the_end_of_the_build() {
    let spec = r"
version: 0.2
phases:
  install: { commands: ['(while [ ! -e stop ]; do sleep 0.01; done; echo from the background; touch heard; sleep 600) & echo pid $!'] }
  build: { commands: ['touch stop; while [ ! -e heard ]; do sleep 0.01; done; echo done'] }
";
    let (ending, seen) = timeout(PATIENCE, run(inline(spec))).await.unwrap();
    assert_eq!(ending, Ending::Succeeded);
    assert_eq!(printed(&seen)[1..], ["from the background", "done"]);
    gone(&ids(&seen)).await;
}

#[tokio::test]
async fn read_only_files_of_a_build_are_removed() {
    let (ending, _) = run(building("sh", &["mkdir -p $HOME/cache/deep && touch $HOME/cache/deep/file && chmod -R a-w $HOME/cache"])).await;
    assert_eq!(ending, Ending::Succeeded);
}

#[tokio::test]
async fn builds_do_not_disturb_each_other() {
    let site = Site::new();
    let mut builds = tokio::task::JoinSet::new();
    for number in 0..8 {
        let recorder = Recorder::new();
        let command = format!("echo {number} > mine; sleep 0.1; echo $(ls) $(cat mine)");
        let build = site.shell.clone().carry_out(building("sh", &[&command]), recorder.clone());
        builds.spawn(async move { (build.await, number, printed(&recorder.seen())) });
    }
    for (ending, number, printed) in builds.join_all().await {
        assert_eq!((ending, printed), (Ending::Succeeded, vec![format!("mine {number}")]));
    }
}

#[tokio::test]
async fn other_users_cannot_read_a_checkout() {
    let (_, seen) = run(building("sh", &["stat -c %a .."])).await;
    assert_eq!(printed(&seen), ["700"]);
}
