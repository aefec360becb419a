//! Splits the schema of all events into one shape for each type.

use serde_json::{Map, Value, json};

use crate::job::outcome::Status;

/// The shape of events of one type.
struct Shape {
    /// The name of its definition. The definition of its details has `Data` at the end.
    name: &'static str,
    kind: &'static str,
    /// The fields that its details always have besides `version` and `job`, and those that they may have.
    required: &'static [&'static str],
    optional: &'static [&'static str],
    /// The definition of its job.
    job: &'static str,
}

const SHAPES: [Shape; 4] = [
    Shape { name: "QueuedEvent", kind: "slipway.job.queued", required: &[], optional: &[], job: VALID_JOB },
    Shape { name: "StartedEvent", kind: "slipway.job.started", required: &["attempt", "build"], optional: &[], job: VALID_JOB },
    Shape {
        name: "FinishedEvent",
        kind: "slipway.job.finished",
        required: &["status", "timings"],
        optional: &["attempt", "build", "images", "outputs", "artifacts", "reason", "superseded_by", "failure", "log"],
        job: VALID_JOB,
    },
    Shape { name: "RejectedEvent", kind: "slipway.job.rejected", required: &["problems"], optional: &[], job: ANY_JOB },
];

/// The definitions of a valid job, and of a job of which only parts may be known.
const VALID_JOB: &str = "ValidJob";
const ANY_JOB: &str = "JobSummary";
/// The fields that a valid job always has besides.
const OF_A_JOB: [&str; 5] = ["id", "tenant", "profile", "priority", "source"];
/// The fields that the details of a finished job always have besides, by status. A status that is added later may have none of them.
const BY_STATUS: [(&[Status], &[&str]); 4] = [
    (&[Status::Succeeded], &["attempt", "build", "log"]),
    (&[Status::Failed, Status::TimedOut, Status::Errored], &["failure"]),
    (&[Status::Cancelled], &["reason"]),
    (&[Status::Superseded], &["reason", "superseded_by"]),
];
/// Types to which values may be added without a new version.
const OPEN: [&str; 3] = ["Status", "FailureKind", "Priority"];

/// Splits the schema of an event by its type.
pub(super) fn by_type(mut schema: Value) -> Value {
    let mut properties = schema["properties"].take();
    let required = schema["required"].take();
    let mut definitions = schema["$defs"].take();
    let data = definitions["Data"].take();
    let kinds = definitions["EventKind"]["oneOf"].take();
    properties["specversion"]["const"] = "1.0".into();
    properties["datacontenttype"]["const"] = "application/json".into();

    let mut job = definitions[ANY_JOB].clone();
    job["description"] = "The job an event is about.".into();
    add(&mut job["required"], &OF_A_JOB);
    definitions[VALID_JOB] = job;
    for name in OPEN {
        let closed = &mut definitions[name];
        let description = closed["description"].clone();
        let known = closed.as_object_mut().and_then(|closed| closed.remove("oneOf")).unwrap_or_default();
        let values: Vec<&Value> = known.as_array().into_iter().flatten().map(|value| &value["const"]).collect();
        let words: Vec<String> = known.as_array().into_iter().flatten().map(in_words).collect();
        *closed = json!({
            "description": format!("{} Others may be added. {}", description.as_str().unwrap_or_default(), words.join(" ")),
            "anyOf": [{ "type": "string", "enum": values }, { "type": "string" }],
        });
    }
    for shape in &SHAPES {
        let details = format!("{}Data", shape.name);
        let kind = kinds.as_array().into_iter().flatten().find(|kind| kind["const"] == shape.kind);
        let mut of_event = properties.clone();
        of_event["type"] = json!({ "type": "string", "const": shape.kind });
        of_event["data"] = json!({ "$ref": format!("#/$defs/{details}"), "description": "The details." });
        definitions[shape.name] = json!({
            "description": kind.map(|kind| kind["description"].clone()),
            "type": "object",
            "properties": of_event,
            "required": required,
        });
        let common = ["version", "job"];
        let mut of_data: Map<String, Value> = Map::new();
        for name in common.iter().chain(shape.required).chain(shape.optional) {
            of_data.insert((*name).to_owned(), data["properties"][*name].clone());
        }
        of_data["job"]["$ref"] = format!("#/$defs/{}", shape.job).into();
        if let Some(problems) = of_data.get_mut("problems") {
            problems["minItems"] = 1.into();
        }
        let mut always = json!(common);
        add(&mut always, shape.required);
        let mut of_data = json!({
            "description": "An event's details.",
            "type": "object",
            "properties": of_data,
            "required": always,
        });
        if shape.required.contains(&"status") {
            by_status(&mut of_data);
        }
        definitions[details] = of_data;
    }
    if let Some(definitions) = definitions.as_object_mut() {
        definitions.retain(|name, _| !["Data", "EventKind"].contains(&name.as_str()));
    }
    let shapes: Vec<Value> = SHAPES.iter().map(|shape| json!({ "$ref": format!("#/$defs/{}", shape.name) })).collect();
    json!({
        "$schema": schema["$schema"],
        "$id": schema["$id"],
        "title": schema["title"],
        "description": "One event, of a shape that its type says. Fields may be added without a new version: ignore those that you do not know.",
        "oneOf": shapes,
        "$defs": definitions,
    })
}

/// Adds the fields that each status has, as one chain of conditions. Generators of types ignore conditions that they cannot express.
fn by_status(details: &mut Value) {
    let mut chain = Value::Null;
    for (statuses, required) in BY_STATUS.iter().rev() {
        let names: Vec<&str> = statuses.iter().map(|status| status.as_str()).collect();
        let properties: Map<String, Value> = required.iter().map(|&name| (name.to_owned(), true.into())).collect();
        let mut condition = json!({
            "if": { "type": "object", "properties": { "status": { "type": "string", "enum": names } } },
            // A strict validator demands that the required properties are listed beside it.
            "then": { "type": "object", "properties": properties, "required": required },
        });
        if !chain.is_null() {
            condition["else"] = chain;
        }
        chain = condition;
    }
    if let (Some(details), Some(chain)) = (details.as_object_mut(), chain.as_object()) {
        details.extend(chain.clone());
    }
}

fn add(required: &mut Value, names: &[&str]) {
    if let Some(required) = required.as_array_mut() {
        required.extend(names.iter().map(|&name| name.into()));
    }
}

/// In words: `failed`: the build failed because ...
fn in_words(value: &Value) -> String {
    let description = value["description"].as_str().unwrap_or_default();
    format!("`{}`: {description}", value["const"].as_str().unwrap_or_default())
}
