//! A daemon in the middle of its day, as the pictures of the design show it.

mod detail;

use serde_json::{Value, json};

use self::detail::failed;
pub(super) use self::detail::{detail, running_detail};
use super::super::{Daemon, Scene};
use crate::{
    engine::dead_letter::Look,
    job::standing::{JobDetail, Snapshot},
};

pub(super) const NOW: &str = "2026-11-24T14:32:07.250Z";
/// Which forms are the page's own.
pub(super) const TOKEN: &str = "0123456789abcdef";

/// Everything that a view is made from.
pub(super) struct Sample {
    pub(super) snapshot: Snapshot,
    pub(super) daemon: Daemon,
    pub(super) letters: Option<Look>,
    pub(super) failed: JobDetail,
}

impl Sample {
    pub(super) fn scene(&self) -> Scene<'_> {
        Scene {
            snapshot: &self.snapshot,
            daemon: &self.daemon,
            letters: self.letters.as_ref(),
            now: NOW.parse().unwrap(),
            may_steer: true,
            token: TOKEN,
        }
    }
}

/// A time so many seconds before now.
pub(super) fn ago(seconds: i64) -> String {
    let now: jiff::Timestamp = NOW.parse().unwrap();
    format!("{:.3}", now - jiff::SignedDuration::from_secs(seconds))
}

fn merge(mut job: Value, more: Value) -> Value {
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

fn waiting() -> Vec<Value> {
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

fn running() -> Vec<Value> {
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

fn ended() -> Vec<Value> {
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

fn limits() -> Value {
    let tenant = |name: &str, running: usize, waiting: usize, longest: u64| json!({ "name": name, "running": running, "limit": 4, "waiting": waiting, "longest_wait_seconds": longest, "weight": 1 });
    json!({
        "all": { "name": "", "running": 12, "limit": 16, "learned": 12, "learned_at": ago(727), "refusal": "Cannot have more than 12 builds in queue for the account", "waiting": 23 },
        "tenants": [
            tenant("team-a", 4, 9, 200), tenant("team-b", 2, 4, 182), tenant("team-c", 2, 3, 213), tenant("team-d", 1, 2, 72),
            tenant("team-e", 1, 1, 90), tenant("team-f", 2, 1, 161), tenant("team-g", 0, 3, 2049),
        ],
        "profiles": [{ "name": "default", "running": 12, "waiting": 23, "longest_wait_seconds": 2049 }],
        "repositories": [],
        "projects": [{ "name": "flex-images", "running": 12, "learned": 12, "learned_at": ago(727), "refusal": "Cannot have more than 12 builds", "waiting": 23 }],
        "pauses": [{ "scope": { "tenant": "team-g" }, "since": "2026-11-24T13:58:00Z", "reason": "disk full on the runners’ cache" }],
    })
}

fn letters() -> Value {
    let letter = |id: &str, job: Option<&str>, kind: &str, problems: Value, acceptable: bool, sent: i64, body: &str| json!({ "id": id, "job": job, "queue": "slipway-jobs-dlq", "kind": kind, "problems": problems, "acceptable": acceptable, "receives": 5, "sent_at": ago(sent), "kept_until": ago(sent - 1_209_600), "body": body });
    let storefront = r#"{ "version": 1, "id": "storefront-5120", "source": { "url": "https://github.com/acme/storefront", "revision": "main" },
  "images": [{ "name": "team/storefront", "dockerfile": "../shared/Dockerfile" }], "timeout_minutes": 90, "tenant": "team-a" }"#;
    json!([
        letter(
            "88aa-1",
            Some("firmware-nightly-88"),
            "received_too_often",
            json!([]),
            true,
            172_900,
            r#"{"tenant":"team-g","source":{"url":"https://github.com/acme/firmware"}}"#
        ),
        letter(
            "77aa-1",
            Some("<img src=x onerror=alert(1)>\u{202e}"),
            "rejected",
            json!([{ "path": "/id", "problem": "is not 1-64 of A-Z a-z 0-9 . _ -" }, { "path": "/source/url", "problem": "is missing" }]),
            false,
            32_400,
            r#"{"id":"<img src=x onerror=alert(1)>\u202e"}"#
        ),
        letter(
            "66aa-1",
            Some("gateway-311"),
            "rejected",
            json!([{ "path": "/profile", "problem": "names no profile: “arm”" }]),
            true,
            18_000,
            r#"{"version":1,"id":"gateway-311","profile":"arm","tenant":"team-e","source":{"url":"https://github.com/acme/gateway"}}"#
        ),
        letter(
            "55aa-1",
            Some("e2e-nightly-1124"),
            "received_too_often",
            json!([]),
            true,
            10_900,
            r#"{"tenant":"team-c","source":{"url":"https://github.com/acme/e2e"}}"#
        ),
        letter(
            "5fea7756-1",
            None,
            "rejected",
            json!([{ "path": "", "problem": "not JSON: line 1, column 1" }]),
            false,
            2_480,
            "version: 1"
        ),
        letter(
            "44aa-1",
            Some("storefront-5120"),
            "rejected",
            json!([{ "path": "/images/0/dockerfile", "problem": "leaves the checkout: “../shared/Dockerfile”" }, { "path": "/timeout_minutes", "problem": "90 is above the profile’s 60" }]),
            false,
            725,
            storefront
        ),
    ])
}

fn sample(jobs: &[Value], limits: &Value, letters: Value, failed: JobDetail) -> Sample {
    let notice = json!({
        "severity": "warning", "kind": "capacity_learned", "since": ago(727),
        "text": "CodeBuild takes 12 builds of flex-images at once: the others wait; ask AWS for a higher quota on concurrent builds, or lower limits.running",
    });
    let snapshot = json!({ "time": NOW, "started_at": "2026-11-24T09:12:00Z", "jobs": jobs, "limits": limits, "notices": [notice] });
    Sample {
        snapshot: serde_json::from_value(snapshot).unwrap(),
        daemon: Daemon {
            queues: vec!["slipway-jobs".into()],
            region: Some("eu-west-1".into()),
            submit: "slipway submit --url …".into(),
            history: 1_000,
        },
        letters: Some(Look { time: NOW.parse().unwrap(), letters: serde_json::from_value(letters).unwrap(), complete: true }),
        failed,
    }
}

/// A daemon with all that the pictures show.
pub(super) fn busy() -> Sample {
    let before = |id: &str, at: i64| {
        let line = "ERROR: failed to solve: team/base:node22: docker.io/team/base:node22: not found";
        let more = json!({ "state": "ended", "status": "failed", "decisive_line": line, "started_at": ago(at + 200), "ended_at": ago(at) });
        job(id, "acme/storefront", "release/1.4", "team-a", at + 300, more)
    };
    let jobs: Vec<_> = [waiting(), running(), ended(), vec![before("storefront-5102", 12_500), before("storefront-5088", 17_400)]].concat();
    sample(&jobs, &limits(), letters(), failed())
}

/// The same daemon, where everything that a sender chooses is hostile, and as long as it may be.
pub(super) fn hostile() -> Sample {
    let texts = [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "a\u{202e}gnp.exe\u{200b}",
        "javascript:alert(1)",
        "nul\0 escape\u{1b}[31mred\u{1b}[0m",
        "a-name-without-any-break-that-goes-on-and-on-for-two-hundred-characters-so-that-nothing-fits-in-a-row-of-a-lane-and-everything-has-to-give-way-to-figures-which-never-do-that-is-the-rule-of-names-in-rows-0",
    ];
    let mut next = 0;
    let mut hostile = |value: &mut Value, keys: &[&str]| {
        for key in keys {
            if value.get(key).is_some_and(|value| !value.is_null()) {
                next += 1;
                value[*key] = texts[next % texts.len()].into();
            }
        }
    };
    let mut jobs: Vec<_> = [waiting(), running(), ended()].concat();
    for job in &mut jobs {
        hostile(job, &["repository", "queue", "phase", "decisive_line", "cancel_reason", "superseded_by", "group", "profile"]);
        hostile(&mut job["source"], &["url", "revision", "commit"]);
        job["tenant"] = "t".repeat(64).into();
        job["labels"] = json!({ texts[1]: texts[0], "release": texts[5] });
        job["group"] = texts[0].into();
        if job.get("pushed").is_some() {
            job["pushed"] = json!([texts[0], texts[5]]);
        }
        if let Some(reasons) = job.pointer_mut("/wait/reasons") {
            hostile(&mut reasons[0], &["name", "job"]);
        }
    }
    let mut limits = limits();
    for (index, tenant) in limits["tenants"].as_array_mut().unwrap().iter_mut().enumerate() {
        tenant["name"] = format!("{}{index}", texts[5]).into();
    }
    limits["pauses"] = json!([{ "scope": { "tenant": texts[2] }, "since": ago(100), "reason": texts[0] }, { "scope": { "profile": texts[5] }, "reason": texts[5] }]);
    limits["all"]["refusal"] = texts[5].into();
    let mut letters = letters();
    for letter in letters.as_array_mut().unwrap() {
        hostile(letter, &["job", "body", "queue"]);
        letter["problems"] = json!([{ "path": texts[1], "problem": texts[5] }, { "path": texts[5], "problem": texts[2] }]);
    }
    let mut failed = serde_json::to_value(failed()).unwrap();
    hostile(&mut failed, &["repository", "decisive_line", "group"]);
    hostile(&mut failed["source"], &["url", "revision"]);
    hostile(&mut failed["failure"], &["message", "command", "phase", "code"]);
    failed["labels"] = json!({ texts[1]: texts[0], "release": texts[5] });
    failed["log"]["url"] = texts[3].into();
    failed["log"]["excerpt"] = texts.join("\n").into();
    failed["builds"][0]["console_url"] = texts[3].into();
    for entry in failed["history"].as_array_mut().unwrap() {
        hostile(entry, &["text"]);
    }
    for phase in failed["builds"][0]["phases"].as_array_mut().unwrap() {
        hostile(phase, &["name"]);
    }
    sample(&jobs, &limits, letters, serde_json::from_value(failed).unwrap())
}
