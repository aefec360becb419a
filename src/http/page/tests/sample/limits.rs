//! Limits, and dead letters.

use serde_json::{Value, json};

use super::ago;

pub(super) fn limits() -> Value {
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

pub(super) fn letters() -> Value {
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
