//! Which folders are opened, and what reaches them when.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{fs, sync::Arc};

use super::*;
use crate::journal::Journal;

const HOME: (&str, &str) = ("us-east-1", "000000000000");

fn open(folder: &Path) -> Result<Store, Error> {
    Store::open(folder, HOME.0, HOME.1)
}

/// An error with its sources, as it is printed.
fn refusal(folder: &Path) -> String {
    let error = open(folder).unwrap_err();
    let mut text = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}

#[test]
fn a_folder_that_cannot_be_used_is_refused_with_its_name_and_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let prepare = |name: &str| {
        let place = folder.path().join(name);
        fs::create_dir(&place).unwrap();
        place
    };
    let file = folder.path().join("file");
    fs::write(&file, "x").unwrap();
    let below_file = file.join("data");
    let garbage = prepare("garbage");
    fs::write(garbage.join(FILE), "no database at all, whatever its name says").unwrap();
    let newer = prepare("newer");
    drop(open(&newer).unwrap());
    Connection::open(newer.join(FILE)).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let taken = prepare("taken");
    let _taken = open(&taken).unwrap();
    let elsewhere = prepare("elsewhere");
    drop(Store::open(&elsewhere, "eu-west-1", HOME.1).unwrap());

    let made_into_a_folder = prepare("folder");
    fs::create_dir(made_into_a_folder.join(FILE)).unwrap();
    for (place, reason) in [
        (&file, "cannot make the folder"),
        (&below_file, "Not a directory"),
        (&garbage, "file is not a database"),
        (&newer, "written by a newer version: its format is 99, and this version knows those up to 2"),
        (&taken, "in use by another process"),
        (&elsewhere, "holds the data of account 000000000000 in region eu-west-1"),
        (&made_into_a_folder, "unable to open database file"),
    ] {
        let refusal = refusal(place);
        assert!(refusal.contains(reason) && refusal.contains(place.to_str().unwrap()), "{refusal}");
    }
}

#[test]
fn a_new_folder_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("a/b");
    open(&data).unwrap();
    assert_eq!(fs::metadata(&data).unwrap().permissions().mode() & 0o777, 0o700);
    open(&data).unwrap();
}

fn group(name: &str) -> [Change; 1] {
    [Change::new("INSERT INTO log_group VALUES (?, 0, '', NULL, '{}')", [name.into()])]
}

fn groups(store: &Store) -> Vec<String> {
    let mut names = Vec::new();
    let read = |row: &Row<'_>| {
        names.push(row.get(0)?);
        Ok(())
    };
    store.each("SELECT name FROM log_group ORDER BY rowid", read).unwrap();
    names
}

#[test]
fn what_is_recorded_is_written_by_the_first_commit_after_its_seal() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(open(folder.path()).unwrap());
    let one = Journal::new(Arc::clone(&store));
    let other = one.fork();
    one.record(|| group("a"));
    other.record(|| group("b"));
    other.seal();
    // Whoever commits writes what is sealed, and nothing of a section that is still open.
    one.commit().unwrap();
    assert_eq!(groups(&store), ["b"]);
    one.record(|| group("c"));
    one.seal();
    other.commit().unwrap();
    assert_eq!(groups(&store), ["b", "a", "c"]);
}

#[test]
fn a_commit_that_fails_writes_nothing_and_leaves_all_to_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(open(folder.path()).unwrap());
    let journal = Journal::new(Arc::clone(&store));
    store.fill(true).unwrap();
    journal.record(|| group("small"));
    journal.record(|| group(&"large".repeat(10_000)));
    journal.seal();
    let error = journal.commit().unwrap_err().to_string();
    assert!(error.contains("full") && error.contains(FILE), "{error}");
    assert!(groups(&store).is_empty());
    store.fill(false).unwrap();
    journal.record(|| group("last"));
    journal.seal();
    journal.commit().unwrap();
    assert_eq!(groups(&store), ["small", &"large".repeat(10_000), "last"]);
}
