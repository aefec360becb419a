//! Projects, builds and tokens as rows of the store.

use serde_json::{Map, Value};

use super::model::{
    build::{Build, Live},
    project::Project,
};
use crate::{
    change::{Cell, Change},
    deduplication::WINDOW_MS,
};

/// Writes a project.
pub(super) fn project(name: &str, project: &Project) -> [Change; 1] {
    let sql = "INSERT INTO project VALUES (?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET members = excluded.members, \
               modified_ms = excluded.modified_ms, last_number = excluded.last_number";
    let values =
        [name.into(), Cell::json(&project.members), project.created_ms.into(), project.modified_ms.into(), project.last_number.into()];
    [Change::new(sql, values)]
}

/// Removes a project. Its builds stay.
pub(super) fn no_project(name: &str) -> [Change; 2] {
    [
        Change::new("DELETE FROM project WHERE name = ?", [name.into()]),
        Change::new("UPDATE build SET listed = 0 WHERE project = ?", [name.into()]),
    ]
}

/// Adds a build to its project.
pub(super) fn build(build: &Build) -> [Change; 3] {
    let live = build.live();
    let (group, stream) = live.transcript.target().unzip();
    let values = [
        build.sequence.into(),
        build.id.as_str().into(),
        build.number.into(),
        build.project.as_str().into(),
        true.into(),
        Cell::json(&build.request),
        Cell::json(&build.settings),
        build.retry.limit.into(),
        build.retry.number.into(),
        build.retry.previous.as_ref().into(),
        group.into(),
        stream.into(),
    ];
    let begun = [build.sequence.into(), live.status.name().into(), Cell::json(&live.phases), Cell::json(&live.exported)];
    let counted = [build.number.into(), build.project.as_str().into()];
    [
        Change::new("INSERT INTO build VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", values),
        Change::new("INSERT INTO progress VALUES (?, ?, ?, NULL, NULL, ?, 0, NULL)", begun),
        Change::new("UPDATE project SET last_number = ? WHERE name = ?", counted),
    ]
}

/// Writes the state of a build.
pub(super) fn progress(build: u64, live: &Live) -> [Change; 1] {
    let sql = "UPDATE progress SET status = ?, phases = ?, end_ms = ?, resolved = ?, exported = ?, log_revealed = ?, next_retry = ? \
               WHERE build = ?";
    let values = [
        live.status.name().into(),
        Cell::json(&live.phases),
        live.end_ms.into(),
        live.resolved.as_ref().into(),
        Cell::json(&live.exported),
        live.transcript.names().is_some().into(),
        live.next_retry.as_ref().into(),
        build.into(),
    ];
    [Change::new(sql, values)]
}

pub(super) fn no_build(sequence: u64) -> [Change; 2] {
    [
        Change::new("DELETE FROM build WHERE sequence = ?", [sequence.into()]),
        Change::new("DELETE FROM progress WHERE build = ?", [sequence.into()]),
    ]
}

/// Adds the token of a start, and removes tokens that have expired.
pub(super) fn token(token: &str, now_ms: u64, request: &Map<String, Value>, build_id: &str) -> [Change; 2] {
    let values = [token.into(), now_ms.into(), Cell::json(request), build_id.into()];
    [
        Change::new("DELETE FROM token WHERE since_ms <= ?", [now_ms.saturating_sub(WINDOW_MS).into()]),
        Change::new("INSERT OR REPLACE INTO token VALUES (?, ?, ?, ?)", values),
    ]
}
