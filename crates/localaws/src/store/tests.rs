//! Which folders are accepted, and when changes are written.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{fs, os::unix::fs::PermissionsExt, sync::Arc};

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

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn only_the_owner_can_open_the_folder_and_its_files() {
    let folder = tempfile::tempdir().unwrap();
    let new = folder.path().join("a/b");
    let open_to_all = folder.path().join("there");
    fs::create_dir(&open_to_all).unwrap();
    set_mode(&open_to_all, 0o755);
    for data in [new, open_to_all] {
        let store = open(&data).unwrap();
        store.push(&mut group("g").into());
        store.commit().unwrap();
        let modes = || fs::read_dir(&data).unwrap().map(|entry| entry.unwrap().path()).map(|path| (mode(&path), path)).collect::<Vec<_>>();
        assert_eq!((mode(&data), modes().len()), (0o700, 2), "{:?}", modes());
        assert!(modes().iter().all(|(mode, _)| *mode == 0o600), "{:?}", modes());
        drop(store);
        // A folder that an earlier version left open is made private.
        set_mode(&data, 0o750);
        set_mode(&data.join(FILE), 0o644);
        let store = open(&data).unwrap();
        assert_eq!((mode(&data), mode(&data.join(FILE))), (0o700, 0o600));
        assert_eq!(groups(&store), ["g"]);
    }
}

#[test]
fn a_folder_that_others_may_open_is_refused_if_it_has_other_files() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("notes"), "mine").unwrap();
    set_mode(folder.path(), 0o755);
    let refused = refusal(folder.path());
    assert!(refused.contains("mode 755") && refused.contains("make its mode 700"), "{refused}");
    assert_eq!((mode(folder.path()), fs::read_dir(folder.path()).unwrap().count()), (0o755, 1), "nothing was changed");
    set_mode(folder.path(), 0o700);
    open(folder.path()).unwrap();
}

#[test]
fn a_folder_of_another_user_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    // Only root can give a folder away. Other users test with one of root's.
    let foreign = if std::os::unix::fs::chown(folder.path(), Some(65_534), None).is_ok() { folder.path() } else { Path::new("/") };
    let refused = refusal(foreign);
    assert!(refused.contains("belongs to another user") && refused.contains("a folder of your own"), "{refused}");
}

/// Lost data must not be taken for an empty start.
#[test]
fn emptied_cut_or_replaced_data_is_refused_and_not_changed() {
    let large = group(&"large".repeat(10_000));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(FILE);
    let store = open(folder.path()).unwrap();
    store.push(&mut large.into());
    store.commit().unwrap();
    drop(store);
    let whole = fs::read(&file).unwrap();
    let other = folder.path().join("other.sqlite3");
    Connection::open(&other).unwrap().execute_batch("CREATE TABLE mine (x)").unwrap();
    let foreign = fs::read(&other).unwrap();
    fs::remove_file(other).unwrap();
    let half = whole.len() / 2;
    for (content, reason) in [
        (&whole[..0], "is empty"),
        (&whole[..100], "is damaged"),
        (&whole[..4096], "is damaged"),
        (&whole[..half], "is damaged"),
        (&foreign[..], "is not the data of this program"),
    ] {
        fs::write(&file, content).unwrap();
        let refused = refusal(folder.path());
        assert!(refused.contains(reason) && refused.contains("put a copy of it back") && refused.contains(FILE), "{refused}");
        assert_eq!(fs::read(&file).unwrap(), content, "{reason}");
    }
    // A log without its database.
    fs::remove_file(&file).unwrap();
    fs::write(folder.path().join(format!("{FILE}-wal")), "log").unwrap();
    assert!(refusal(folder.path()).contains("missing, although its log is there"));
    fs::remove_file(folder.path().join(format!("{FILE}-wal"))).unwrap();
    fs::write(&file, whole).unwrap();
    assert_eq!(groups(&open(folder.path()).unwrap()).len(), 1);
}

#[test]
fn a_start_continues_after_one_that_ended_before_the_database_was_complete() {
    let folder = tempfile::tempdir().unwrap();
    let mark = folder.path().join(format!("{FILE}-new"));
    fs::write(&mark, "").unwrap();
    assert!(groups(&open(folder.path()).unwrap()).is_empty());
    assert!(!mark.exists());
    fs::write(&mark, "").unwrap();
    fs::write(folder.path().join(FILE), "").unwrap();
    assert!(groups(&open(folder.path()).unwrap()).is_empty());
    assert!(!mark.exists());
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
fn changes_are_written_by_the_first_commit_after_their_seal() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(open(folder.path()).unwrap());
    let one = Journal::new(Arc::clone(&store));
    let other = one.fork();
    one.record(|| group("a"));
    other.record(|| group("b"));
    other.seal();
    // A commit writes all sealed changes, and nothing of a section that is still open.
    one.commit().unwrap();
    assert_eq!(groups(&store), ["b"]);
    one.record(|| group("c"));
    one.seal();
    other.commit().unwrap();
    assert_eq!(groups(&store), ["b", "a", "c"]);
}

#[test]
fn a_failed_commit_writes_nothing_and_the_next_one_writes_all() {
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
