//! What the pages of single jobs show.

use serde_json::{Value, json};

use super::{
    ago,
    jobs::{job, merge},
};
use crate::job::standing::{JobDetail, JobStanding};

/// A job's page, with what is known besides its standing.
pub(in super::super) fn detail(job: &JobStanding, more: Value) -> JobDetail {
    let message = json!({ "version": 1, "id": job.job.id, "timeout_minutes": 20, "priority": "normal", "images": [{ "name": "team/storefront", "tags": ["1.4.0"] }] });
    let base = json!({ "message": message, "builds": [], "history": [{ "time": job.received_at, "text": "received; waits: team-a runs 4 of 4" }], "from_record": false });
    let standing = serde_json::to_value(job).unwrap();
    serde_json::from_value(merge(merge(standing, base), more)).unwrap()
}

fn build(started: i64, ended: Option<i64>, phases: &Value) -> Value {
    json!({
        "id": "flex-images:5fea", "arn": "arn:aws:codebuild:eu-west-1:1:build/flex-images:5fea", "number": 1187, "project": "flex-images",
        "started_at": ago(started), "ended_at": ended.map(ago),
        "console_url": "https://eu-west-1.console.aws.amazon.com/codesuite/codebuild/1/projects/flex-images/build/5fea", "phases": phases,
    })
}

pub(in super::super) fn running_detail(job: &JobStanding) -> JobDetail {
    let phases = json!([
        { "name": "QUEUED", "status": "SUCCEEDED", "seconds": 2.0 }, { "name": "PROVISIONING", "status": "SUCCEEDED", "seconds": 18.0 },
        { "name": "DOWNLOAD_SOURCE", "status": "SUCCEEDED", "seconds": 12.5 }, { "name": "BUILD" },
    ]);
    detail(job, json!({ "builds": [build(1_872, None, &phases)] }))
}

const LOG: &str = "\
… 4727 lines left out …
#14 [runtime 1/6] FROM docker.io/team/base:node22
#14 resolve docker.io/team/base:node22
#14 resolve docker.io/team/base:node22 0.6s done
#14 ERROR: docker.io/team/base:node22: not found
… 65 lines left out …
------
 > [runtime 1/6] FROM docker.io/team/base:node22:
------
Dockerfile:18
--------------------
  16 |     RUN npm ci && npm run build
  17 |     
  18 | >>> FROM team/base:node22 AS runtime
  19 |     COPY --from=build /app/dist /srv
--------------------
ERROR: failed to solve: team/base:node22: docker.io/team/base:node22: not found

[Container] 2026/11/24 14:27:49 Command did not exit successfully docker build … exit status 1
[Container] 2026/11/24 14:27:49 Phase complete: BUILD State: FAILED
… 2 lines left out …";

pub(super) fn failed() -> JobDetail {
    let decisive = "ERROR: failed to solve: team/base:node22: docker.io/team/base:node22: not found";
    let standing = job(
        "storefront-5117",
        "acme/storefront",
        "release/1.4",
        "team-a",
        628,
        json!({
            "state": "ended", "status": "failed", "attempt": 1, "started_at": ago(527), "ended_at": ago(255), "decisive_line": decisive,
            "group": "acme/storefront@release/1.4", "labels": { "release": "1.4.0", "sender": "ci-github" },
            "source": { "url": "https://github.com/acme/storefront", "revision": "release/1.4", "commit": "9f3c2a71d0e4b5c6d7e8f9a0b1c2d3e4f5a6b7c8" },
        }),
    );
    let phases = json!([
        { "name": "SUBMITTED", "status": "SUCCEEDED", "seconds": 0.1 }, { "name": "PROVISIONING", "status": "SUCCEEDED", "seconds": 22.0 },
        { "name": "DOWNLOAD_SOURCE", "status": "SUCCEEDED", "seconds": 6.0 }, { "name": "INSTALL", "status": "SUCCEEDED", "seconds": 3.0 },
        { "name": "PRE_BUILD", "status": "SUCCEEDED", "seconds": 6.0 }, { "name": "BUILD", "status": "FAILED", "seconds": 231.0 }, { "name": "COMPLETED" },
    ]);
    let history = [
        (628, "sent"),
        (627, "received; waits: team-a runs 4 of 4"),
        (576, "next in line; waits: all 12 places taken"),
        (527, "build 1187 started in project flex-images"),
        (258, "phase BUILD failed"),
        (257, "log read: 4,812 lines, 1 secret hidden"),
        (255, "event storefront-5117/finished published, message deleted"),
    ];
    let history: Vec<_> = history.iter().map(|(at, text)| json!({ "time": ago(*at), "text": text })).collect();
    let standing: JobStanding = serde_json::from_value(standing).unwrap();
    detail(
        &standing,
        json!({
            "builds": [build(527, Some(258), &phases)], "history": history,
            "failure": { "kind": "build", "phase": "BUILD", "code": "COMMAND_EXECUTION_ERROR", "message": decisive, "command": "docker build --file Dockerfile --target runtime --tag …/team/storefront:1.4.0 ." },
            "log": {
                "excerpt": LOG, "group": "g", "stream": "s", "url": "https://eu-west-1.console.aws.amazon.com/cloudwatch/home", "lines": 18, "truncated": true, "complete": true, "redactions": 1, "redacted": { "github-token": 1 },
                "highlights": [{ "line": 4807, "text": decisive }, { "line": 4804, "text": "  18 | >>> FROM team/base:node22 AS runtime" }, { "line": 4731, "text": "ERROR: docker.io/team/base:node22: not found" }],
            },
            "timings": { "queued_seconds": 1.0, "waiting_seconds": 100.0, "provisioning_seconds": 22.1, "building_seconds": 231.0 },
        }),
    )
}
