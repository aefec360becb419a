//! Interruption by a signal.

use anyhow::Context;

use crate::{
    cli::{daemon, site::Location},
    shutdown::Shutdown,
};

/// Runs the work. `None`: it was interrupted.
pub(in crate::cli) async fn until_interrupted<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<Option<T>> {
    let asked = Shutdown::default();
    tokio::select! {
        biased;
        failed = daemon::signals(&asked) => Err(failed).context("cannot listen to signals"),
        () = asked.drain.cancelled() => Ok(None),
        done = work => done.map(Some),
    }
}

/// The command that continues to follow.
pub(in crate::cli) fn way_back(what: &str, location: &Location) -> String {
    let location = location.typed();
    let words = ["--follow"].into_iter().chain(location.iter().map(String::as_str)).map(quoted);
    format!("slipway logs {} {}", quoted(what), words.collect::<Vec<_>>().join(" "))
}

/// Quotes an argument for a shell.
pub(in crate::cli) fn quoted(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:@%+=,".contains(&byte);
    if !text.is_empty() && text.bytes().all(is_plain) { text.to_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_can_be_pasted_into_a_shell() {
        for (what, config, expected) in [
            ("flex:5fea-77", None, "slipway logs flex:5fea-77 --follow"),
            ("app-1", Some("/etc/slipway.toml"), "slipway logs app-1 --follow --config /etc/slipway.toml"),
            ("app-1", Some("it's mine.toml"), r"slipway logs app-1 --follow --config 'it'\''s mine.toml'"),
        ] {
            let location = Location { config: config.map(Into::into), ..Location::default() };
            assert_eq!(way_back(what, &location), expected);
        }
    }
}
