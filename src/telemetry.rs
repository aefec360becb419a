//! The log on stderr: as text for people, or as JSON for collectors.

mod writer;

use std::{
    io::{self, IsTerminal},
    panic::{self, PanicHookInfo},
    sync::OnceLock,
};

use tracing::{Level, Metadata, Subscriber, subscriber::set_global_default};
use tracing_subscriber::{
    EnvFilter,
    filter::{LevelFilter, ParseError, filter_fn},
    fmt::MakeWriter,
    layer::SubscriberExt,
};
pub use writer::LogWriter;

use crate::{observe, supervise};

/// Directives that silence libraries. Those of the environment come after them. What the libraries warn of is also an error of the call,
/// which is logged in one line.
const QUIET: &str = "aws_config=error,aws_credential_types=error,aws_runtime=error,aws_sdk_cloudwatchlogs=error,aws_sdk_codebuild=error,\
                     aws_sdk_sns=error,aws_sdk_sqs=error,aws_sdk_sts=error,aws_smithy_http_client=error,aws_smithy_runtime=error,\
                     aws_smithy_runtime_api=error,\
                     hyper=warn,hyper_util=warn,rustls=warn";
/// Crates that may log below `info`. Others would log message bodies, environment values or credentials there.
const OURS: [&str; 2] = ["slipway", "localaws"];

/// The variables with the filter. The first that is set counts.
const ENVIRONMENT: [&str; 2] = ["SLIPWAY_LOG", "RUST_LOG"];

/// Why the log cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// `SLIPWAY_LOG` or `RUST_LOG` is no filter.
    #[error("{variable}: the log filter {wish:?} is none ({why}): write a level, or CRATE=LEVEL, like \"info\" or \"info,slipway=debug\"")]
    Filter { variable: &'static str, wish: String, why: String },
    /// `SLIPWAY_LOG` has a word that would be taken for a crate's name, and so silence the log.
    #[error("SLIPWAY_LOG: {0:?} is no level: error, warn, info, debug, trace or off, or CRATE=LEVEL, like \"info,slipway=debug\"")]
    Level(String),
    /// `SLIPWAY_LOG_FORMAT` is neither `text` nor `json`.
    #[error("SLIPWAY_LOG_FORMAT: the log format {0:?} is neither \"text\" nor \"json\"")]
    Format(String),
    /// The log was set up before.
    #[error(transparent)]
    Twice(#[from] tracing::subscriber::SetGlobalDefaultError),
    /// The log's thread cannot be started.
    #[error("cannot start the log's thread")]
    Thread(#[from] io::Error),
}

/// Replaces the filter. The answer is whether that worked.
type Refilter = Box<dyn Fn(EnvFilter) -> bool + Send + Sync>;

/// Replaces the filter of the process's log. Empty if the environment sets the filter, which is then fixed.
static REFILTER: OnceLock<Refilter> = OnceLock::new();

/// Whether a text is a filter.
pub fn is_filter(wish: &str) -> bool {
    filter(wish).is_ok()
}

/// Sets the filter to `wish`, unless the environment sets it. The answer is whether the filter was set.
pub fn refilter(wish: &str) -> bool {
    REFILTER.get().is_some_and(|refilter| filter(wish).is_ok_and(refilter))
}

fn filter(wish: &str) -> Result<EnvFilter, ParseError> {
    EnvFilter::try_new(format!("{QUIET},{wish}"))
}

/// Sets up the process's log, and logs panics. The filter is `SLIPWAY_LOG`, else `RUST_LOG`, else `level`. The format is
/// `SLIPWAY_LOG_FORMAT`, else text on a terminal and JSON elsewhere. The caller flushes the queue at the end.
///
/// # Errors
/// See [`Error`].
pub fn init(variable: impl Fn(&str) -> Option<String>, level: &str) -> Result<LogWriter, Error> {
    let writer = LogWriter::start(io::stderr())?;
    let lines = writer.clone();
    let (subscriber, refilter) = subscriber(&variable, level, io::stderr().is_terminal(), move || lines.clone())?;
    set_global_default(subscriber)?;
    if ENVIRONMENT.iter().all(|name| variable(name).is_none()) {
        REFILTER.set(refilter).unwrap_or_default();
    }
    // The default hook writes to stderr, and aborts the process if that fails.
    panic::set_hook(Box::new(log_panic));
    Ok(writer)
}

fn log_panic(panic: &PanicHookInfo<'_>) {
    let location = panic.location().map(ToString::to_string);
    observe::panicked(supervise::panic_message(panic.payload()), location.as_deref().unwrap_or_default());
}

type Boxed = Box<dyn Subscriber + Send + Sync>;

fn subscriber<W>(variable: impl Fn(&str) -> Option<String>, level: &str, terminal: bool, writer: W) -> Result<(Boxed, Refilter), Error>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let named = ENVIRONMENT.into_iter().find_map(|name| Some((name, variable(name)?)));
    let (name, wish) = named.unwrap_or_else(|| ("SLIPWAY_LOG", level.to_owned()));
    if name == "SLIPWAY_LOG"
        && let Some(word) = wish.split(',').map(str::trim).find(|part| !part.is_empty() && !part.contains(['=', '[']) && !is_level(part))
    {
        return Err(Error::Level(word.to_owned()));
    }
    let filter = filter(&wish).map_err(|error| Error::Filter { variable: name, why: error.to_string(), wish })?;
    let text = match variable("SLIPWAY_LOG_FORMAT").as_deref() {
        None => terminal,
        Some("text") => true,
        Some("json") => false,
        Some(other) => return Err(Error::Format(other.to_owned())),
    };
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer).log_internal_errors(false);
    // Colours only on a terminal, and not with NO_COLOR (https://no-color.org).
    let colours = terminal && variable("NO_COLOR").is_none();
    Ok(if text {
        let log = log.with_ansi(colours).with_filter_reloading();
        let handle = log.reload_handle();
        (Box::new(log.finish().with(filter_fn(is_harmless))), Box::new(move |filter| handle.reload(filter).is_ok()))
    } else {
        let log = log.json().flatten_event(true).with_span_list(false).with_filter_reloading();
        let handle = log.reload_handle();
        (Box::new(log.finish().with(filter_fn(is_harmless))), Box::new(move |filter| handle.reload(filter).is_ok()))
    })
}

fn is_level(word: &str) -> bool {
    word.parse::<LevelFilter>().is_ok()
}

/// Whether an event or a span may be logged, whatever the filter says.
fn is_harmless(metadata: &Metadata<'_>) -> bool {
    let target = metadata.target().split("::").next().unwrap_or_default();
    *metadata.level() <= Level::INFO || OURS.contains(&target)
}

#[cfg(test)]
mod tests {
    use std::{
        io,
        sync::{Arc, Mutex},
    };

    use serde_json::Value;

    use super::{Error, subscriber};

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().map_err(|_| io::ErrorKind::Other)?.write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What is written of one story under this environment.
    fn log(environment: &[(&str, &str)], terminal: bool) -> Result<String, Error> {
        let written = Written::default();
        let writer = written.clone();
        let variable = |name: &str| environment.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        let (subscriber, _) = subscriber(variable, "info", terminal, move || writer.clone())?;
        tracing::subscriber::with_default(subscriber, || {
            let _job = tracing::info_span!("job", job.id = "app-4711").entered();
            tracing::info!(build.id = "b:1", wait_ms = 12, "the build started");
            tracing::debug!("a detail");
            tracing::info!(target: "aws_smithy_runtime::client", "an attempt");
            tracing::debug!(target: "aws_smithy_runtime::client", "a message's body");
            tracing::trace!(target: "hyper", "a header");
            tracing::debug!(target: "slipwayward", "not ours");
        });
        let bytes = written.0.lock().map(|bytes| bytes.clone()).unwrap_or_default();
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    #[test]
    fn a_panic_is_a_line_of_the_log() -> Result<(), Box<dyn std::error::Error>> {
        let written = Written::default();
        let writer = written.clone();
        let (subscriber, _) = subscriber(|_| None, "warn", false, move || writer.clone())?;
        std::panic::set_hook(Box::new(super::log_panic));
        let said = || tracing::subscriber::with_default(subscriber, || panic!("out of luck"));
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(said));
        drop(std::panic::take_hook());
        assert!(panicked.is_err());
        let bytes = written.0.lock().map(|bytes| bytes.clone()).unwrap_or_default();
        let line: Value = serde_json::from_slice(&bytes)?;
        assert_eq!((&line["level"], &line["reason"]), (&"ERROR".into(), &"out of luck".into()));
        assert!(line["location"].as_str().is_some_and(|location| location.contains("telemetry.rs")));
        Ok(())
    }

    #[test]
    fn a_collector_gets_one_object_a_line_with_the_job_it_belongs_to() -> Result<(), Box<dyn std::error::Error>> {
        let line: Value = serde_json::from_str(&log(&[], false)?)?;
        assert_eq!(line["message"], "the build started");
        assert_eq!((&line["build.id"], &line["wait_ms"]), (&"b:1".into(), &12.into()));
        assert_eq!(line["span"]["job.id"], "app-4711");
        Ok(())
    }

    #[test]
    fn a_person_gets_text_and_colours_only_on_a_terminal() -> Result<(), Error> {
        assert!(log(&[], true)?.contains("\u{1b}["));
        let plain = log(&[("NO_COLOR", "1")], true)?;
        assert!(plain.contains("the build started") && !plain.contains('\u{1b}'));
        assert!(log(&[("SLIPWAY_LOG_FORMAT", "text")], false)?.contains("INFO job{"));
        assert!(log(&[("SLIPWAY_LOG_FORMAT", "json")], true)?.starts_with('{'));
        Ok(())
    }

    #[test]
    fn the_environment_chooses_what_is_logged_and_the_sdk_is_quiet_unless_named() -> Result<(), Error> {
        type Case<'a> = (&'a [(&'a str, &'a str)], &'a [&'a str]);
        let table: &[Case<'_>] = &[
            (&[], &["the build started"]),
            (&[("RUST_LOG", "debug")], &["the build started", "a detail"]),
            (&[("SLIPWAY_LOG", "warn"), ("RUST_LOG", "debug")], &[]),
            (&[("SLIPWAY_LOG", "info,aws_smithy_runtime=info")], &["the build started", "an attempt"]),
            // Below info only our own crates are logged: the others show bodies and credentials there.
            (&[("SLIPWAY_LOG", "trace,aws_smithy_runtime=trace,hyper=trace")], &["the build started", "a detail", "an attempt"]),
        ];
        for (environment, expected) in table {
            let log = log(environment, false)?;
            let said = ["the build started", "a detail", "an attempt", "a message's body", "a header", "not ours"]
                .into_iter()
                .filter(|text| log.contains(text));
            assert_eq!(said.collect::<Vec<_>>(), *expected, "{environment:?}");
        }
        Ok(())
    }

    #[test]
    fn a_wrong_filter_level_or_format_is_refused() {
        assert!(matches!(log(&[("SLIPWAY_LOG", "slipway=loud")], false), Err(Error::Filter { wish, .. }) if wish == "slipway=loud"));
        for word in ["lod", "slipway", "info,debugg"] {
            let named = word.rsplit(',').next();
            assert!(matches!(log(&[("SLIPWAY_LOG", word)], false), Err(Error::Level(wrong)) if Some(&*wrong) == named), "{word}");
        }
        assert!(log(&[("SLIPWAY_LOG", "WARN,slipway=debug,off")], false).is_ok());
        // Other programs' filters are not ours to judge.
        assert!(log(&[("RUST_LOG", "cargo")], false).is_ok());
        let error = log(&[("RUST_LOG", "slipway=loud")], false).map_err(|error| error.to_string());
        assert!(error.is_err_and(|error| error.starts_with("RUST_LOG: ")));
        assert!(matches!(log(&[("SLIPWAY_LOG_FORMAT", "xml")], false), Err(Error::Format(wish)) if wish == "xml"));
    }
}
