//! The configuration is read again while jobs are received, wait and run.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use localaws::runner::scripted::Script;
use serde_json::json;
use slipway::config::ReloadError;
use tokio::time::sleep;

use crate::world::{job, world};

#[tokio::test(start_paused = true)]
async fn changed_limits_hold_after_a_reload_under_load() {
    let mut world = world(|_| Script::succeeds().taking(Duration::from_mins(1))).with("SLIPWAY__LIMITS__RUNNING=2").start().await;
    for n in 0..40 {
        world.submit(&job(&format!("app-{n}"))).await;
    }
    world.until_builds(|builds| builds.len() == 2).await;
    sleep(Duration::from_secs(20)).await;
    assert_eq!(world.builds().len(), 2);
    assert_eq!(world.reload("SLIPWAY__LIMITS__RUNNING=10").unwrap(), ["limits.running", "limits.per_tenant"]);
    sleep(Duration::from_secs(20)).await;
    assert_eq!(world.builds().len(), 10, "new places are filled at once");
    // Fewer than run. Running builds go on, and no job starts until fewer builds run.
    assert_eq!(world.reload("SLIPWAY__LIMITS__RUNNING=1").unwrap(), ["limits.running", "limits.per_tenant"]);
    sleep(Duration::from_mins(3)).await;
    let running = world.builds().iter().filter(|build| build.status == "IN_PROGRESS").count();
    assert!(running <= 1, "{running} run");
    assert!((11..=14).contains(&world.builds().len()), "{} were started", world.builds().len());
    world.reload("SLIPWAY__LIMITS__RUNNING=40").unwrap();
    assert_eq!(world.ends().await.len(), 40);
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_job_keeps_the_profile_with_which_it_was_received() {
    let mut world =
        world(|_| Script::succeeds().taking(Duration::from_mins(1))).with("SLIPWAY__LIMITS__RUNNING=1").start_without_daemon().await;
    world.add_profile("old", "slipway");
    world.start_daemon().await;
    let of = |id: &str, profile: &str| {
        let mut job = job(id);
        job["profile"] = json!(profile);
        job
    };
    world.submit(&of("first", "old")).await;
    world.submit(&of("waits", "old")).await;
    world.until_builds(|builds| builds.len() == 1).await;
    sleep(Duration::from_secs(5)).await;
    world.remove_profile("old");
    world.add_profile("new", "slipway");
    assert_eq!(world.read_again().unwrap(), ["profiles.new", "profiles.old"]);
    world.submit(&of("late", "old")).await;
    world.submit(&of("fits", "new")).await;
    let ends = world.ends().await;
    let status = |id: &str| ends[id]["data"]["status"].as_str().unwrap_or("rejected").to_owned();
    assert_eq!([status("first/finished"), status("waits/finished"), status("fits/finished")], ["succeeded"; 3].map(str::to_owned));
    assert!(ends["late/rejected"]["data"]["problems"][0]["path"] == "/profile");
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_reload_that_changes_what_needs_a_restart_is_refused_as_a_whole() {
    let mut world = world(|_| Script::succeeds()).start().await;
    let refused = world.reload("SLIPWAY__LIMITS__RUNNING=3 SLIPWAY__QUEUES__0__WAIT=19s SLIPWAY__HTTP__LISTEN=127.0.0.1:1").unwrap_err();
    assert!(matches!(&refused, ReloadError::Fixed(keys) if *keys == ["queues[0].wait", "http.listen"]), "{refused}");
    assert_eq!(refused.to_string(), "nothing has changed: only a restart can change queues[0].wait, http.listen");
    assert!(world.read_again().is_err(), "the valid part is not applied, and the refused part is reported again");
    world.end().await;
}
