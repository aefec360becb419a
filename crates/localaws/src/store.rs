//! Stores the endpoint's state in SQLite in a folder, so that it survives the end of the process in any way.
//!
//! One transaction writes all changes that are sealed by then. SQLite appends them to its write-ahead log, which the kernel holds even if
//! the process is killed. The log is synced to the disk only now and then: a power cut can lose the last transactions, but no part of one.

mod folder;
mod reserve;

use std::{
    io,
    path::{Path, PathBuf},
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use rusqlite::{
    Connection, ErrorCode, Row, ToSql, TransactionBehavior, params_from_iter,
    types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef},
};
use serde::de::DeserializeOwned;

use self::{folder::Place, reserve::Reserve};
use crate::{
    change::{Cell, Change, NotKept},
    lock::lock,
};

/// The name of the database file in the folder.
const FILE: &str = "aws.sqlite3";
/// For each format, the statements that make it from the one before. A database has the number of its format.
const FORMATS: [&str; 2] = [include_str!("store/1.sql"), include_str!("store/2.sql")];
/// More than the number of different statements.
const STATEMENTS: usize = 64;

/// Why a folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The folder does not exist and cannot be created.
    #[error("cannot make the folder {}", .folder.display())]
    Folder { folder: PathBuf, source: io::Error },
    /// Others may open the folder, and it has other files than the data.
    #[error("others may open {} (mode {mode:o}), and there are other things in it: make its mode 700, or name a folder for the data alone", .folder.display())]
    Shared { folder: PathBuf, mode: u32 },
    /// The folder belongs to another user, who could replace the data.
    #[error("{} belongs to another user (uid {owner}), who could replace the data: name a folder of your own", .folder.display())]
    Foreign { folder: PathBuf, owner: u32 },
    /// The stored data is gone or damaged.
    #[error("{} is {what}: what it kept is lost; put a copy of it back, or remove it with the files of that name to start with nothing", .file.display())]
    Lost { file: PathBuf, what: String },
    /// SQLite cannot read or write the database.
    #[error("cannot use {}", .file.display())]
    Database { file: PathBuf, source: rusqlite::Error },
    /// Another process has the folder open.
    #[error("{} is in use by another process", .file.display())]
    InUse { file: PathBuf },
    /// A later version wrote a newer format.
    #[error("{} was written by a newer version: its format is {found}, and this version knows those up to {known}", .file.display())]
    Newer { file: PathBuf, found: usize, known: usize },
    /// The data belongs to another region or account, so its ARNs would be wrong.
    #[error("{} holds the data of account {account} in region {region}, and no other's", .file.display())]
    Elsewhere { file: PathBuf, region: String, account: String },
}

/// An open database. No other process can open it.
#[derive(Debug)]
pub(crate) struct Store {
    file: PathBuf,
    connection: Mutex<Connection>,
    /// The sealed changes that are not written yet, in their order.
    pending: Mutex<Vec<Change>>,
    /// Whether the last commit failed.
    is_behind: AtomicBool,
    reserve: Mutex<Reserve>,
}

impl Store {
    /// Opens the database in the folder, and creates it if it does not exist.
    pub(crate) fn open(folder: &Path, region: &str, account: &str) -> Result<Self, Error> {
        let place = Place::prepare(folder)?;
        let file = place.file.clone();
        let trouble = |source: rusqlite::Error| match source.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Error::InUse { file: file.clone() },
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
                Error::Lost { file: file.clone(), what: format!("damaged ({source})") }
            }
            _ => Error::Database { file: file.clone(), source },
        };
        let mut connection = connect(&file).map_err(trouble)?;
        if !place.is_new {
            check(&connection).map_err(trouble)?.map_err(|what| Error::Lost { file: file.clone(), what })?;
        }
        log_ahead(&connection).map_err(trouble)?;
        let found = upgrade(&mut connection).map_err(trouble)?;
        if found > FORMATS.len() {
            return Err(Error::Newer { file, found, known: FORMATS.len() });
        }
        let (home_region, home_account) = origin(&connection, region, account).map_err(trouble)?;
        if (home_region.as_str(), home_account.as_str()) != (region, account) {
            return Err(Error::Elsewhere { file, region: home_region, account: home_account });
        }
        let reserve = place.filled().and_then(|()| Reserve::open(&place.log()));
        let reserve = reserve.map_err(|source| Error::Folder { folder: folder.to_owned(), source })?;
        Ok(Self {
            file,
            connection: Mutex::new(connection),
            pending: Mutex::default(),
            is_behind: AtomicBool::default(),
            reserve: Mutex::new(reserve),
        })
    }

    /// Makes sure, before a call is carried out, that its changes can be written: earlier changes are written, and the disk has room for
    /// `bytes` more.
    pub(crate) fn admit(&self, bytes: u64) -> Result<(), NotKept> {
        if self.is_behind.load(Ordering::Acquire) {
            self.commit()?;
        }
        lock(&self.reserve).hold(bytes).map_err(|error| self.not_kept(error))
    }

    fn not_kept(&self, error: impl std::fmt::Display) -> NotKept {
        NotKept(format!("{}: {error}", self.file.display()))
    }

    /// Takes changes that belong together.
    pub(crate) fn push(&self, changes: &mut Vec<Change>) {
        if !changes.is_empty() {
            lock(&self.pending).append(changes);
        }
    }

    /// Writes all changes that were pushed so far. Concurrent callers wait, and then find theirs written, or write them together.
    pub(crate) fn commit(&self) -> Result<(), NotKept> {
        let mut connection = lock(&self.connection);
        let changes = std::mem::take(&mut *lock(&self.pending));
        if changes.is_empty() {
            return Ok(());
        }
        let written = write(&mut connection, &changes);
        self.is_behind.store(written.is_err(), Ordering::Release);
        if written.is_err() {
            lock(&self.pending).splice(0..0, changes);
        }
        written.map_err(|error| self.not_kept(error))
    }

    /// Simulates a full disk: the database cannot grow.
    #[cfg(test)]
    pub(crate) fn fill(&self, full: bool) -> rusqlite::Result<()> {
        let connection = lock(&self.connection);
        let pages: i64 = if full { connection.pragma_query_value(None, "page_count", |row| row.get(0))? } else { i64::from(u32::MAX) - 1 };
        connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))
    }

    /// Calls `each` with each row of a query.
    pub(crate) fn each(&self, sql: &str, mut each: impl FnMut(&Row<'_>) -> rusqlite::Result<()>) -> Result<(), Error> {
        let mut read = || {
            let connection = lock(&self.connection);
            let mut statement = connection.prepare(sql)?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                each(row)?;
            }
            Ok(())
        };
        read().map_err(|source| Error::Database { file: self.file.clone(), source })
    }
}

fn connect(file: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(file)?;
    // Another process that has the database keeps it, so waiting does not help.
    connection.busy_timeout(Duration::ZERO)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // Set before the log is first used. SQLite then needs no shared memory, and the kernel's locks keep other processes out.
    connection.pragma_update_and_check(None, "locking_mode", "EXCLUSIVE", |_| Ok(()))?;
    Ok(connection)
}

/// What is wrong with a database that should be one of ours, and complete.
fn check(connection: &Connection) -> rusqlite::Result<Result<(), String>> {
    let format: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if format == 0 {
        return Ok(Err("not the data of this program".to_owned()));
    }
    let found: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    Ok(if found == "ok" { Ok(()) } else { Err(format!("damaged ({found})")) })
}

fn log_ahead(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "NORMAL")
}

/// Brings the database to the newest format. Returns the format that it has then.
fn upgrade(connection: &mut Connection) -> rusqlite::Result<usize> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found: u32 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let found = usize::try_from(found).unwrap_or(usize::MAX);
    for (number, format) in FORMATS.iter().enumerate().skip(found) {
        transaction.execute_batch(format)?;
        transaction.pragma_update(None, "user_version", number + 1)?;
    }
    transaction.commit()?;
    Ok(found.max(FORMATS.len()))
}

/// The region and account of the data. A new database gets those of the caller.
fn origin(connection: &Connection, region: &str, account: &str) -> rusqlite::Result<(String, String)> {
    connection.execute("INSERT INTO origin SELECT ?, ? WHERE NOT EXISTS (SELECT 1 FROM origin)", [region, account])?;
    connection.query_row("SELECT region, account FROM origin", [], |row| Ok((row.get(0)?, row.get(1)?)))
}

fn write(connection: &mut Connection, changes: &[Change]) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for Change { sql, values } in changes {
        transaction.prepare_cached(sql)?.execute(params_from_iter(values))?;
    }
    transaction.commit()
}

impl ToSql for Cell {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Integer(number) => ValueRef::Integer(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
        }))
    }
}

/// A value that [`Cell::json`] wrote.
#[derive(Debug)]
pub(crate) struct Json<T>(pub(crate) T);

impl<T: DeserializeOwned> FromSql for Json<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        serde_json::from_str(value.as_str()?).map(Self).map_err(FromSqlError::other)
    }
}

/// The error for a value in a row that its service cannot read.
pub(crate) fn unfit(error: impl std::error::Error + Send + Sync + 'static) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(error))
}

#[cfg(test)]
mod tests;
