//! `GET openapi.json`: the API's description, made of the types that it reads and writes.

mod operation;
mod shape;

use axum::{Json, http::Uri};
use serde_json::{Value, json};

use self::{operation::Operation, shape::Shapes};
use super::{
    Accepted, Cancel, Cancelled, DeadLetterList, DeadLetterWish, JobList, LimitsNow, PauseWish, ROOT, Redrive, Reloaded, ResumeWish,
    Resumed, no_parameters,
};
use crate::{
    engine::dead_letter::Done,
    http::problem::Problem,
    job::{
        message::wire::JobMessage,
        outcome::Status,
        standing::{Cause, JobDetail, Pause, State},
    },
};

pub(super) async fn document(uri: Uri) -> Result<Json<Value>, Problem> {
    no_parameters(&uri)?;
    Ok(Json(openapi()))
}

/// The description, as `OpenAPI` 3.1 has it.
pub fn openapi() -> Value {
    let mut shapes = Shapes::new();
    let paths = paths(&mut shapes);
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Slipway",
            "version": "1",
            "description": "Where every job stands and why, and how to steer what goes on. Fields may be added without a new version: ignore \
                            those that you do not know. Times are RFC 3339 in UTC.",
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": ROOT, "description": "The daemon." }],
        // On a loopback address without tokens everybody who reaches it may.
        "security": [{}, { "bearer": [] }, { "basic": [] }],
        "paths": paths,
        "components": {
            "schemas": shapes.finish(),
            "securitySchemes": {
                "bearer": { "type": "http", "scheme": "bearer", "description": "A token of `[http.tokens]`: `read`, or `steer` for what changes something." },
                "basic": { "type": "http", "scheme": "basic", "description": "The token as the password, with any name, as browsers send it." },
            },
        },
    })
}

fn paths(shapes: &mut Shapes) -> Value {
    let name = json!({
        "name": "id", "in": "path", "required": true,
        "description": "The job's id; or a build of it: its id (`project:uuid`), its ARN, or the ARN's last part. The ids `.` and `..`, which \
                        clients take for folders, are written `%2E` and `%2E%2E`, and encoded: `%252E` and `%252E%252E`.",
        "schema": { "type": "string", "minLength": 1, "maxLength": 512 },
    });
    let list = shapes.written::<JobList>();
    let detail = shapes.written::<JobDetail>();
    let limits = shapes.written::<LimitsNow>();
    let accepted = shapes.written::<Accepted>();
    let cancelled = shapes.written::<Cancelled>();
    let (message, wish) = (shapes.read::<JobMessage>(), shapes.read::<Cancel>());
    let filters = filters(shapes);
    let mut paths = json!({
        "/jobs": {
            "get": Operation::new("listJobs", "The jobs that are held or remembered, filtered and in pages.")
                .takes(filters).gives("200", "A page of jobs.", "application/json", &list).finish(shapes),
            "post": Operation::new("submitJob", "Puts a job on the first queue, if the daemon would accept it. A header `traceparent` goes with it.")
                .brings(&message, true).asks_aws().gives("202", "It is on the queue; `Location` says where to look.", "application/json", &accepted)
                .refuses("429", "As many jobs of its tenant wait as may (`when_full = \"reject\"`): send it again later.").finish(shapes),
        },
        "/jobs/{id}": {
            "get": Operation::new("showJob", "One job with all that is known of it: held, remembered, or else found among CodeBuild's builds (`from_record`).")
                .takes(vec![name.clone()]).asks_aws().gives("200", "The job.", "application/json", &detail).finish(shapes),
        },
        "/jobs/{id}/log": {
            "get": Operation::new("readLog", "The log of a job's latest build, or of the build that is named, whole, as plain text and without secrets. A log that cannot be read \
                                              to its end breaks off: the answer's transfer is then incomplete.")
                .takes(vec![name.clone(), json!({
                    "name": "follow", "in": "query", "description": "Whether the answer goes on until the build has ended.",
                    "schema": { "type": "boolean", "default": false },
                })])
                .asks_aws().gives("200", "The log.", "text/plain", &json!({ "type": "string" })).finish(shapes),
        },
        "/jobs/{id}/cancel": {
            "post": Operation::new("cancelJob", "Cancels a job. The wish is also sent to the queue, so that it outlives this daemon.")
                .takes(vec![name]).brings(&wish, false).asks_aws()
                .gives("202", "The job is ending, or the wish is on the queue.", "application/json", &cancelled)
                .refuses("409", "The job has ended already.").finish(shapes),
        },
        "/limits": {
            "get": Operation::new("showLimits", "All limits: as configured, as learned from CodeBuild, and what is used of them; what is paused, and what somebody should know of.")
                .gives("200", "The limits.", "application/json", &limits).finish(shapes),
        },
        "/events": {
            "get": Operation::new("listen", "What changes, as server-sent events: `job` with a job as lists show it, `gone` with the id of a job that \
                                             went back to the queue, `missed` when the list must be read again. Places in line and estimates are no events.")
                .takes(vec![json!({
                    "name": "Last-Event-ID", "in": "header", "description": "The id of the last event that was read: those after it come first.",
                    "schema": { "type": "string" },
                })])
                .gives("200", "The events, without end.", "text/event-stream", &json!({ "type": "string" })).finish(shapes),
        },
        "/openapi.json": {
            "get": Operation::new("describe", "This description.").gives("200", "OpenAPI 3.1.", "application/json", &json!({ "type": "object" })).finish(shapes),
        },
    });
    for (path, operations) in [steering(shapes), dead_letters(shapes)].into_iter().flatten() {
        paths[path] = operations;
    }
    paths
}

/// What stops, goes on, and holds from now on.
fn steering(shapes: &mut Shapes) -> Vec<(&'static str, Value)> {
    let (pause, resumed, reloaded) = (shapes.written::<Pause>(), shapes.written::<Resumed>(), shapes.written::<Reloaded>());
    let (pause_wish, resume_wish) = (shapes.read::<PauseWish>(), shapes.read::<ResumeWish>());
    let of = |operation: Value| json!({ "post": operation });
    let pause = Operation::new(
        "pause",
        "Starts no more builds of all jobs, a queue, a tenant or a profile, until they are resumed. Builds that run go on. \
                                         It outlives this daemon: it is kept as a tag of the queue.",
    )
    .brings(&pause_wish, true)
    .asks_aws()
    .gives("200", "What is paused.", "application/json", &pause)
    .finish(shapes);
    let resume = Operation::new("resume", "Starts builds again.")
        .brings(&resume_wish, true)
        .asks_aws()
        .gives("200", "Whether it was paused.", "application/json", &resumed)
        .finish(shapes);
    let reload = Operation::new("reload", "Reads the configuration again. A wrong one, or one that takes a restart, changes nothing.")
        .gives("200", "What has changed.", "application/json", &reloaded)
        .refuses("409", "There is no configuration that can be read again.")
        .refuses("422", "The configuration is wrong, or takes a restart.")
        .finish(shapes);
    vec![("/pause", of(pause)), ("/resume", of(resume)), ("/reload", of(reload))]
}

/// The messages that are no valid jobs, or were received too often.
fn dead_letters(shapes: &mut Shapes) -> Vec<(&'static str, Value)> {
    let (list, done) = (shapes.written::<DeadLetterList>(), shapes.written::<Done>());
    let (wish, redrive) = (shapes.read::<DeadLetterWish>(), shapes.read::<Redrive>());
    let id = json!({
        "name": "id", "in": "path", "required": true, "description": "SQS's id of the message.", "schema": { "type": "string", "minLength": 1, "maxLength": 256 },
    });
    let look = json!({
        "name": "look", "in": "query", "schema": { "type": "boolean", "default": true },
        "description": "false: what the last look found, without asking SQS. A look counts one receive more for each message; one that is \
                        10 s old is not made again.",
    });
    let one = |operation: Operation| {
        operation
            .takes(vec![id.clone()])
            .asks_aws()
            .gives("200", "What became of it.", "application/json", &done)
            .refuses("409", "It stays where it is: `problems` says why.")
    };
    let some =
        |operation: Operation| operation.brings(&wish, true).asks_aws().gives("200", "What became of them.", "application/json", &done);
    let listed = Operation::new("listDeadLetters", "The dead letters, the oldest first, each with all its problems.")
        .takes(vec![look])
        .asks_aws()
        .gives("200", "The dead letters.", "application/json", &list)
        .finish(shapes);
    let redriven = one(Operation::new("redriveDeadLetter", "Moves a dead letter back to its jobs queue, if it would be accepted now.")
        .brings(&redrive, false))
    .finish(shapes);
    let deleted = one(Operation::new("deleteDeadLetter", "Deletes a dead letter.")).finish(shapes);
    let some_redriven = some(Operation::new("redriveDeadLetters", "Moves those that fit back to their jobs queues.")).finish(shapes);
    let some_deleted = some(Operation::new("deleteDeadLetters", "Deletes those that fit; an empty wish means all.")).finish(shapes);
    vec![
        ("/dead-letters", json!({ "get": listed })),
        ("/dead-letters/{id}", json!({ "delete": deleted })),
        ("/dead-letters/{id}/redrive", json!({ "post": redriven })),
        ("/dead-letters/redrive", json!({ "post": some_redriven })),
        ("/dead-letters/delete", json!({ "post": some_deleted })),
    ]
}

/// The parameters of a list.
fn filters(shapes: &mut Shapes) -> Vec<Value> {
    let (state, status, reason) = (shapes.written::<State>(), shapes.written::<Status>(), shapes.written::<Cause>());
    let text = json!({ "type": "string", "maxLength": 1024 });
    let of = [
        ("state", "Where jobs are on their way.", state),
        ("status", "How they ended.", status),
        ("reason", "What keeps them waiting.", reason),
        ("tenant", "Their tenant.", text.clone()),
        ("profile", "Their profile.", text.clone()),
        ("repository", "Their repository, as `github.com/acme/app`.", text.clone()),
        ("group", "The key of their group.", text.clone()),
        ("label", "A label by its name, or as `NAME=VALUE`.", text.clone()),
        ("q", "A text in their ids, sources, tenants, labels or decisive lines, in any case.", text),
    ];
    let several = |(name, about, of): (&str, &str, Value)| {
        json!({
            "name": name, "in": "query", "explode": true, "style": "form",
            "description": format!("{about} Several are alternatives; different parameters must all fit."),
            "schema": { "type": "array", "maxItems": 100, "items": of },
        })
    };
    let number = |name: &str, about: &str, default: usize, most: usize| {
        json!({
            "name": name, "in": "query", "description": about,
            "schema": { "type": "integer", "minimum": 1, "maximum": most, "default": default },
        })
    };
    let paging = [
        number("page", "Which page.", 1, super::list::MOST_PAGES),
        number("per_page", "Jobs on a page.", super::list::PER_PAGE, super::list::MOST_PER_PAGE),
    ];
    of.into_iter().map(several).chain(paging).collect()
}
