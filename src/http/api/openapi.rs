//! `GET openapi.json`: the API's description, made of the types that it reads and writes.

use axum::{Json, http::Uri};
use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use super::{
    Accepted, Cancel, Cancelled, DeadLetterList, DeadLetterWish, JobList, LimitsNow, PauseWish, ROOT, Redrive, Reloaded, ResumeWish,
    Resumed, no_parameters,
};
use crate::{
    engine::dead_letter::Done,
    http::problem::{MEDIA_TYPE, Problem},
    job::{
        message::wire::JobMessage,
        outcome::Status,
        standing::{Cause, JobDetail, Pause, State},
    },
};

/// What every operation may answer besides what it is for.
const ALWAYS: [(&str, &str); 6] = [
    ("400", "The request is wrong: an unknown parameter, a wrong value."),
    ("401", "A token is needed, or is not known."),
    ("403", "The token may only read, or a page of another site asks."),
    ("404", "There is nothing by this name."),
    ("421", "The request names another host than this daemon."),
    ("503", "Too much is under way, the daemon is starting, or AWS throttles: `Retry-After` says when to come back."),
];
/// What the listener itself answers, without a body.
const OF_A_HEAD: [(&str, &str); 2] = [
    ("414", "The address is too long; the answer has no body."),
    ("431", "The request's head is larger than 32 KiB; the answer has no body."),
];
/// What an operation that asks AWS may answer.
const OF_AWS: (&str, &str) = ("502", "AWS does not answer, or refuses.");
/// What an operation that takes a body may answer.
const OF_A_BODY: [(&str, &str); 4] = [
    ("408", "The body did not come in time."),
    ("413", "The body is larger than SQS takes in a message."),
    ("415", "The body must be `application/json`."),
    ("422", "The body breaks a rule."),
];

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

/// One operation in the making.
struct Operation {
    object: Map<String, Value>,
    responses: Map<String, Value>,
    refusals: Vec<(&'static str, &'static str)>,
}

impl Operation {
    fn new(id: &str, summary: &str) -> Self {
        let operation = [("operationId", id), ("summary", summary)].map(|(key, value)| (key.to_owned(), Value::from(value)));
        Self { object: operation.into_iter().collect(), responses: Map::new(), refusals: ALWAYS.to_vec() }
    }

    fn takes(mut self, parameters: Vec<Value>) -> Self {
        self.object.insert("parameters".to_owned(), parameters.into());
        self
    }

    fn brings(mut self, schema: &Value, required: bool) -> Self {
        let body = json!({ "required": required, "content": { "application/json": { "schema": schema } } });
        self.object.insert("requestBody".to_owned(), body);
        self.refusals.extend(OF_A_BODY);
        self
    }

    fn asks_aws(mut self) -> Self {
        self.refusals.push(OF_AWS);
        self
    }

    fn gives(mut self, status: &str, about: &str, media: &str, schema: &Value) -> Self {
        self.responses.insert(status.to_owned(), json!({ "description": about, "content": { media: { "schema": schema } } }));
        self
    }

    fn refuses(mut self, status: &'static str, about: &'static str) -> Self {
        self.refusals.push((status, about));
        self
    }

    fn finish(mut self, shapes: &mut Shapes) -> Value {
        let problem = shapes.written::<Problem>();
        for (status, about) in self.refusals {
            let refusal = json!({ "description": about, "content": { MEDIA_TYPE: { "schema": problem } } });
            self.responses.insert(status.to_owned(), refusal);
        }
        for (status, about) in OF_A_HEAD {
            self.responses.insert(status.to_owned(), json!({ "description": about }));
        }
        self.object.insert("responses".to_owned(), self.responses.into());
        self.object.into()
    }
}

/// The shapes that the operations name.
struct Shapes {
    /// What the daemon writes ...
    written: SchemaGenerator,
    /// ... and what it reads, where fields with a default may be left out.
    read: SchemaGenerator,
}

impl Shapes {
    fn new() -> Self {
        let settings = || SchemaSettings::draft2020_12().with(|settings| settings.definitions_path = "/components/schemas".into());
        Self { written: settings().for_serialize().into_generator(), read: settings().for_deserialize().into_generator() }
    }

    fn written<T: JsonSchema>(&mut self) -> Value {
        self.written.subschema_for::<T>().to_value()
    }

    fn read<T: JsonSchema>(&mut self) -> Value {
        self.read.subschema_for::<T>().to_value()
    }

    /// All of them. One that is read and written is as it is read, which takes all that is written.
    fn finish(mut self) -> Map<String, Value> {
        let mut all = self.written.take_definitions(true);
        all.extend(self.read.take_definitions(true));
        all
    }
}
