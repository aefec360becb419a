//! Reads a file and the environment, and checks them.

use std::{fs, io, path::Path};

use serde::Deserialize;

use super::{
    Config, check,
    document::Document,
    fault::{Error, Fault, Faults, File},
    overrides,
    raw::{self, Raw},
    shape,
};

/// Reads the file and checks it with the overrides of the environment.
///
/// # Errors
/// The file cannot be read, or the configuration has faults: all are named.
pub fn load(path: &Path, environment: impl IntoIterator<Item = (String, String)>) -> Result<Config, Error> {
    let text = text(path, File::Configuration)?;
    Ok(parse(&text, &path.display().to_string(), environment)?)
}

/// The file's text.
pub(super) fn text(path: &Path, file: File) -> Result<String, Error> {
    let named = |error: io::Error| match error.kind() {
        io::ErrorKind::InvalidData => io::Error::new(error.kind(), "it must be text in UTF-8: save it so"),
        _ => error,
    };
    fs::read_to_string(path).map_err(|error| Error::Unreadable { file, path: path.to_owned(), source: named(error) })
}

/// Checks a text as the content of `file`, with the overrides of the environment.
///
/// # Errors
/// All faults of the configuration.
pub fn parse(text: &str, file: &str, environment: impl IntoIterator<Item = (String, String)>) -> Result<Config, Faults> {
    let mut document = Document::parse(text);
    document.read_from(Path::new(file));
    let config = if document.faults.is_empty() { read(&mut document, environment) } else { None };
    let mut faults = document.faults;
    match config {
        Some(config) if faults.is_empty() => Ok(config),
        _ => {
            faults.sort_by_key(|fault| (fault.origin.is_none(), fault.origin.clone(), fault.key.clone()));
            Err(Faults { file: file.to_owned(), faults })
        }
    }
}

fn read(document: &mut Document, environment: impl IntoIterator<Item = (String, String)>) -> Option<Config> {
    let schema = raw::schema();
    overrides::apply(document, &schema, environment);
    shape::check(document, &schema);
    match Raw::deserialize(document.table.clone()) {
        Ok(raw) => check::check(document, raw),
        // The shape was checked by the schema of these types, so this cannot fail.
        Err(error) => {
            document.faults.push(Fault { key: String::new(), value: None, origin: None, rule: error.message().to_owned() });
            None
        }
    }
}
