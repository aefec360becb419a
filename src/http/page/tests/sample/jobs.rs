//! Jobs that wait, run and have ended.

use serde_json::{Value, json};

use super::ago;

pub(super) fn merge(mut job: Value, more: Value) -> Value {
    if let (Value::Object(job), Value::Object(more)) = (&mut job, more) {
        job.extend(more);
    }
    job
}

/// A job, sent so many seconds ago, and what else is known of it.
pub(super) fn job(id: &str, repository: &str, revision: &str, tenant: &str, sent: i64, more: Value) -> Value {
    let job = json!({
        "id": id, "message_id": format!("m-{id}"), "tenant": tenant, "profile": "default", "priority": "normal",
        "source": { "url": format!("https://github.com/{repository}"), "revision": revision }, "labels": {},
        "enqueued_at": ago(sent), "queue": "slipway-jobs", "repository": format!("github.com/{repository}"), "received_at": ago(sent - 1),
    });
    merge(job, more)
}

pub(super) fn waiting() -> Vec<Value> {
    let tenant = json!({ "reason": "tenant", "name": "team-a", "running": 4, "limit": 4 });
    let limit = json!({ "reason": "limit", "running": 12, "limit": 12 });
    let group = json!({ "reason": "group", "name": "acme/docs@main", "job": "docs-902" });
    let paused = json!({ "reason": "paused", "name": "team-g" });
    let rows = [
        ("storefront", "main", "team-a", 40, &tenant, [10, 50]),
        ("billing", "release/2.9", "team-b", 65, &limit, [60, 110]),
        ("ml-images", "main", "team-d", 72, &limit, [80, 170]),
        ("gateway", "pr/311", "team-e", 90, &limit, [80, 175]),
        ("storefront", "pr/2041", "team-a", 130, &tenant, [130, 290]),
        ("docs", "main", "team-f", 161, &group, [130, 230]),
        ("search-indexer", "feature/a-long-name-of-a-branch", "team-b", 182, &limit, [190, 290]),
        ("storefront", "pr/2044", "team-a", 200, &tenant, [250, 470]),
        ("mobile-backend", "main", "team-c", 213, &limit, [250, 470]),
    ];
    let mut jobs: Vec<_> = (0..20_i64)
        .map(|index| {
            let (name, revision, team, sent, reason, estimate) = &rows[usize::try_from(index).unwrap() % rows.len()];
            let wait = json!({ "reasons": [reason], "position": index + 1, "estimate_seconds": estimate });
            job(
                &format!("{name}-w{index}"),
                &format!("acme/{name}"),
                revision,
                team,
                sent + index,
                json!({ "state": "waiting", "wait": wait }),
            )
        })
        .collect();
    for index in 0..3 {
        let wait = json!({ "reasons": [paused] });
        jobs.push(job(
            &format!("firmware-{index}"),
            "acme/firmware",
            "nightly",
            "team-g",
            2049 - index,
            json!({ "state": "waiting", "wait": wait }),
        ));
    }
    jobs
}

pub(super) fn running() -> Vec<Value> {
    let rows = [
        ("monolith", "main", "team-c", 1872, "BUILD", [1510, 1700], None),
        ("ml-images", "cuda-12", "team-d", 880, "BUILD", [1160, 1290], Some([190, 350])),
        ("api", "main", "team-a", 391, "POST_BUILD", [395, 460], Some([0, 50])),
        ("storefront", "pr/2039", "team-a", 252, "BUILD", [360, 430], Some([130, 175])),
        ("billing", "main", "team-b", 230, "BUILD", [300, 360], Some([61, 118])),
        ("storefront", "pr/2040", "team-a", 202, "BUILD", [370, 430], Some([190, 230])),
        ("checkout", "hotfix/4711", "team-b", 168, "BUILD", [240, 290], Some([61, 118])),
        ("docs", "main", "team-f", 117, "BUILD", [190, 220], Some([61, 118])),
        ("gateway", "pr/310", "team-e", 44, "PRE_BUILD", [260, 310], Some([190, 290])),
        ("worker", "main", "team-a", 12, "PROVISIONING", [260, 310], Some([190, 230])),
        ("web", "main", "team-a", 8, "QUEUED", [260, 310], None),
        ("site", "main", "team-f", 3, "QUEUED", [260, 310], None),
    ];
    rows.iter().map(|(name, revision, team, sent, phase, usual, left)| {
        let building = (*phase == "BUILD" || *phase == "POST_BUILD").then(|| ago(sent - 20));
        let more = json!({
            "state": "running", "attempt": 1, "started_at": ago(*sent), "phase": phase, "usual_seconds": usual, "left_seconds": left, "building_since": building,
        });
        job(&format!("{name}-r{sent}"), &format!("acme/{name}"), revision, team, sent + 30, more)
    }).collect()
}

pub(super) fn ended() -> Vec<Value> {
    let rows = [
        (
            "storefront",
            "release/1.4",
            "team-a",
            255,
            "failed",
            json!({ "decisive_line": "ERROR: failed to solve: team/base:node22: not found" }),
        ),
        ("gateway", "main", "team-e", 270, "succeeded", json!({ "pushed": ["1234.dkr.ecr.eu-west-1.amazonaws.com/team/gateway:main"] })),
        ("api", "pr/877", "team-a", 320, "succeeded", json!({})),
        ("worker", "pr/126", "team-a", 430, "failed", json!({ "decisive_line": "error[E0308]: mismatched types" })),
        ("docs", "main", "team-f", 490, "superseded", json!({ "superseded_by": "docs-902", "started_at": null })),
        (
            "billing",
            "main",
            "team-b",
            550,
            "succeeded",
            json!({ "pushed": ["r.example/team/billing:2.8.14", "r.example/team/billing:latest"] }),
        ),
        ("e2e", "nightly", "team-c", 670, "timed_out", json!({ "decisive_line": "no output for 41 min after “waiting for #pay”" })),
        ("checkout", "main", "team-b", 720, "succeeded", json!({ "pushed": ["r.example/team/checkout:main"] })),
        ("ml-images", "main", "team-d", 840, "errored", json!({ "decisive_line": "CodeBuild: no machine after 2 attempts" })),
        ("api", "pr/871", "team-a", 960, "cancelled", json!({ "cancel_reason": "wrong branch" })),
    ];
    let mut jobs: Vec<_> = rows
        .into_iter()
        .map(|(name, revision, team, at, status, more)| {
            let base = json!({ "state": "ended", "status": status, "started_at": ago(at + 231), "ended_at": ago(at) });
            job(&format!("{name}-e{at}"), &format!("acme/{name}"), revision, team, at + 300, merge(base, more))
        })
        .collect();
    for index in 0..108_i64 {
        let at = 1_000 + index * 20;
        let more = json!({ "state": "ended", "status": if index % 20 == 0 { "failed" } else { "succeeded" }, "started_at": ago(at + 200), "ended_at": ago(at) });
        jobs.push(job(
            &format!("old-{index}"),
            "acme/api",
            "main",
            ["team-a", "team-b", "team-c"][usize::try_from(index % 3).unwrap()],
            at + 300,
            more,
        ));
    }
    jobs
}
