//! The JSON Schemas of what others write and read.

/// The schema of a message on the job queue.
pub fn job() -> serde_json::Value {
    todo!()
}

/// The schema of an event on the topic.
pub fn event() -> serde_json::Value {
    todo!()
}
