//! The log: to stderr, as text for people and as JSON for collectors.

use std::io;

use tracing::{Subscriber, subscriber::set_global_default};
use tracing_subscriber::{EnvFilter, filter::ParseError, fmt::MakeWriter};

/// What the libraries say on every call, as directives that the environment's come after.
const QUIET: &str = "aws_config=warn,aws_credential_types=warn,aws_runtime=warn,aws_sdk_cloudwatchlogs=warn,aws_sdk_codebuild=warn,\
                     aws_sdk_sns=warn,aws_sdk_sqs=warn,aws_smithy_http_client=warn,aws_smithy_runtime=warn,aws_smithy_runtime_api=warn,\
                     hyper=warn,hyper_util=warn,rustls=warn";

/// Why there is no log.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// `SLIPWAY_LOG` or `RUST_LOG`
    #[error("the log filter {0:?} is not one, like \"info\" or \"info,slipway=debug\"")]
    Filter(String, #[source] ParseError),
    /// `SLIPWAY_LOG_FORMAT`
    #[error("the log format {0:?} is neither \"text\" nor \"json\"")]
    Format(String),
    /// It was set up before.
    #[error(transparent)]
    Twice(#[from] tracing::subscriber::SetGlobalDefaultError),
}

/// Sets up the process's log. What is logged: `SLIPWAY_LOG`, else `RUST_LOG`, else `level`. How: `SLIPWAY_LOG_FORMAT`, else text on
/// a terminal and JSON elsewhere.
pub fn init(variable: impl Fn(&str) -> Option<String>, level: &str, terminal: bool) -> Result<(), Error> {
    set_global_default(subscriber(variable, level, terminal, io::stderr)?)?;
    Ok(())
}

type Boxed = Box<dyn Subscriber + Send + Sync>;

fn subscriber<W>(variable: impl Fn(&str) -> Option<String>, level: &str, terminal: bool, writer: W) -> Result<Boxed, Error>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let wanted = variable("SLIPWAY_LOG").or_else(|| variable("RUST_LOG")).unwrap_or_else(|| level.to_owned());
    let filter = EnvFilter::try_new(format!("{QUIET},{wanted}")).map_err(|error| Error::Filter(wanted, error))?;
    let text = match variable("SLIPWAY_LOG_FORMAT").as_deref() {
        None => terminal,
        Some("text") => true,
        Some("json") => false,
        Some(other) => return Err(Error::Format(other.to_owned())),
    };
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer);
    // Colours only where they are seen, and where nobody asked for none (https://no-color.org).
    let colours = terminal && variable("NO_COLOR").is_none();
    Ok(if text {
        Box::new(log.with_ansi(colours).finish())
    } else {
        Box::new(log.json().flatten_event(true).with_span_list(false).finish())
    })
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
        let subscriber = subscriber(variable, "info", terminal, move || writer.clone())?;
        tracing::subscriber::with_default(subscriber, || {
            let _job = tracing::info_span!("job", job.id = "app-4711").entered();
            tracing::info!(build.id = "b:1", wait_ms = 12, "the build started");
            tracing::debug!("a detail");
            tracing::info!(target: "aws_smithy_runtime::client", "an attempt");
        });
        let bytes = written.0.lock().map(|bytes| bytes.clone()).unwrap_or_default();
        Ok(String::from_utf8_lossy(&bytes).into_owned())
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
        ];
        for (environment, expected) in table {
            let log = log(environment, false)?;
            let said = ["the build started", "a detail", "an attempt"].into_iter().filter(|text| log.contains(text));
            assert_eq!(said.collect::<Vec<_>>(), *expected, "{environment:?}");
        }
        Ok(())
    }

    #[test]
    fn a_wrong_wish_is_refused_and_not_guessed_at() {
        assert!(matches!(log(&[("SLIPWAY_LOG", "slipway=loud")], false), Err(Error::Filter(wish, _)) if wish == "slipway=loud"));
        assert!(matches!(log(&[("SLIPWAY_LOG_FORMAT", "xml")], false), Err(Error::Format(wish)) if wish == "xml"));
    }
}
