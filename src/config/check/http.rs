//! The rules of the HTTP listener and its tokens.

use std::net::SocketAddr;

use crate::config::{Http, TokenSource, Tokens, default, document::Document, raw};

pub(super) fn http(document: &mut Document, raw: &raw::Http) -> Option<Http> {
    let listen = raw.listen.as_deref().unwrap_or(default::LISTEN);
    let parsed = listen.parse::<SocketAddr>();
    if parsed.is_err() {
        document.fault("http.listen", "must be ADDRESS:PORT, like \"127.0.0.1:9090\" or \"[::1]:9090\"");
    }
    let api = raw.api.unwrap_or(true);
    let history = document.number("http.history", raw.history.or(Some(default::HISTORY)), (0, 100_000));
    let history_bytes = document.size("http.history_bytes", raw.history_bytes.as_deref().unwrap_or(default::HISTORY_BYTES), ("0B", "1GiB"));
    let tokens = raw.tokens.as_ref().map(|raw| {
        let mut source = |key: &str, text: &Option<String>| text.as_deref().and_then(|text| source(document, key, text));
        let tokens = Tokens { read: source("http.tokens.read", &raw.read), steer: source("http.tokens.steer", &raw.steer) };
        if raw.read.is_none() && raw.steer.is_none() {
            document.fault("http.tokens", "must name `read`, `steer` or both");
        }
        tokens
    });
    let listen = parsed.ok()?;
    if api && tokens.is_none() && !listen.ip().is_loopback() {
        document.fault(
            "http.listen",
            "is not a loopback address: the API and the status page then need [http.tokens], or `api = false` to serve health and metrics alone",
        );
    }
    Some(Http { listen, api, tokens, history: history?, history_bytes: history_bytes? })
}

/// The source of tokens. The file must not have the tokens themselves: more people can read it than may make changes.
fn source(document: &mut Document, key: &str, text: &str) -> Option<TokenSource> {
    match text.split_once(':') {
        Some(("file", path)) if !path.is_empty() => return Some(TokenSource::File(document.beside(path))),
        Some(("env", name)) if is_variable(name) => return Some(TokenSource::Variable(name.to_owned())),
        _ => {}
    }
    document.fault(key, "must be \"file:PATH\" or \"env:NAME\", where the token is kept");
    None
}

fn is_variable(name: &str) -> bool {
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    plain && name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
}
