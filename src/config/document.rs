//! The parsed file: its values, where each was set, and the faults found in it so far.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use toml::{
    Table, Value,
    de::{DeTable, DeValue},
};

use super::fault::{Fault, Origin};

/// The values, their origins and their faults. Paths are written `queues[0].url`.
#[derive(Debug, Default)]
pub(super) struct Document {
    pub(super) table: Table,
    pub(super) faults: Vec<Fault>,
    places: BTreeMap<String, Place>,
    /// The source of an inherited key: a fault of its value is reported there.
    inherited: BTreeMap<String, String>,
    folder: PathBuf,
}

/// The text and line of a path. Kept beside the values, because a value with a fault is removed from them.
#[derive(Debug)]
struct Place {
    /// As TOML writes it; `None` for a table.
    value: Option<String>,
    origin: Origin,
}

impl Document {
    /// Parses TOML. After a syntax error the document is empty except for that fault.
    pub(super) fn parse(text: &str) -> Self {
        let mut document = Self::default();
        let (spans, errors) = DeTable::parse_recoverable(text);
        let parsed = if errors.is_empty() { text.parse::<Table>().map_err(|error| vec![error]) } else { Err(errors) };
        match parsed {
            Ok(table) => {
                document.place_table(text, "", &table, spans.get_ref());
                document.table = table;
            }
            Err(errors) => {
                document.faults.extend(errors.iter().map(|error| Fault {
                    key: String::new(),
                    value: None,
                    origin: error.span().map(|span| Origin::Line(line(text, span.start))),
                    rule: error.message().to_owned(),
                }));
            }
        }
        document
    }

    /// Sets the folder of the files that the document names: that of the document's own file.
    pub(super) fn read_from(&mut self, file: &Path) {
        self.folder = file.parent().map(Path::to_owned).unwrap_or_default();
    }

    /// A file that the document names.
    pub(super) fn beside(&self, file: &str) -> PathBuf {
        self.folder.join(file)
    }

    /// Notes a fault of `path`. A path that has a fault, or is part of one that has, gets no second fault.
    pub(super) fn fault(&mut self, path: &str, rule: impl Into<String>) {
        let path = &*self.origin(path);
        if self.is_faulty(path) {
            return;
        }
        let place = self.places.get(path);
        let fault = Fault {
            key: path.to_owned(),
            value: place.and_then(|place| place.value.clone()),
            origin: place.map(|place| place.origin.clone()).or_else(|| self.section(path)),
            rule: rule.into(),
        };
        self.faults.push(fault);
    }

    /// Whether `path`, or a path that it is part of, has a fault.
    pub(super) fn is_faulty(&self, path: &str) -> bool {
        self.faults.iter().any(|fault| {
            let rest = path.strip_prefix(fault.key.as_str()).filter(|_| !fault.key.is_empty());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        })
    }

    /// Notes that a key is inherited from another.
    pub(super) fn inherit(&mut self, path: String, from: String) {
        self.inherited.insert(path, from);
    }

    /// The path where the value of `path` is set.
    fn origin(&self, path: &str) -> String {
        let is_within = |rest: &&str| rest.is_empty() || rest.starts_with(['.', '[']);
        let found = self.inherited.iter().find_map(|(key, from)| Some((path.strip_prefix(key.as_str()).filter(is_within)?, from)));
        found.map_or_else(|| path.to_owned(), |(rest, from)| format!("{from}{rest}"))
    }

    /// Notes where the environment set `path`.
    pub(super) fn overridden(&mut self, path: String, value: &Value, variable: &str) {
        self.places.insert(path, Place { value: shown(value), origin: Origin::Variable(variable.to_owned()) });
    }

    /// The beginning of the closest section around a missing key.
    fn section(&self, path: &str) -> Option<Origin> {
        let (parent, _) = path.rsplit_once(['.', '['])?;
        self.places.get(parent).map(|place| place.origin.clone()).or_else(|| self.section(parent))
    }

    fn place_table(&mut self, text: &str, path: &str, table: &Table, spans: &DeTable<'_>) {
        for (key, span) in spans {
            let here = join(path, key.get_ref());
            if let Some(value) = table.get(key.get_ref().as_ref()) {
                self.place(text, here, line(text, key.span().start), value, span.get_ref());
            }
        }
    }

    fn place(&mut self, text: &str, path: String, line_number: usize, value: &Value, spans: &DeValue<'_>) {
        match (value, spans) {
            (Value::Table(table), DeValue::Table(spans)) => self.place_table(text, &path, table, spans),
            (Value::Array(items), DeValue::Array(spans)) => {
                for (index, (item, span)) in items.iter().zip(spans.iter()).enumerate() {
                    self.place(text, format!("{path}[{index}]"), line(text, span.span().start), item, span.get_ref());
                }
            }
            _ => {}
        }
        self.places.insert(path, Place { value: shown(value), origin: Origin::Line(line_number) });
    }
}

/// `path.key`, the key quoted where TOML demands it.
pub(super) fn join(path: &str, key: &str) -> String {
    let bare = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    let dot = if path.is_empty() { "" } else { "." };
    if bare { format!("{path}{dot}{key}") } else { format!("{path}{dot}{}", Value::from(key)) }
}

/// A value as TOML writes it on one line. `None` for a table.
fn shown(value: &Value) -> Option<String> {
    match value {
        Value::Table(_) => None,
        Value::Array(items) if items.iter().any(Value::is_table) => None,
        other => Some(other.to_string()),
    }
}

fn line(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}
