//! Access to the API and the status page: with a token for reading (`read`) or for changes (`steer`). Without tokens everybody who reaches
//! the loopback address has access.

use std::{
    fs, io,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    extract::{Request, State},
    http::{HeaderMap, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};
use tokio::time::Instant;

use super::problem::Problem;
use crate::{
    config::{Fault, Faults, Origin, TokenSource, Tokens},
    observe,
};

/// A request reads the files of tokens again if the last read is so long ago.
const FRESH: Duration = Duration::from_secs(10);
/// The length of a token in characters: enough that it cannot be guessed, and bounded.
const LENGTH: std::ops::RangeInclusive<usize> = 20..=512;
/// The most tokens of one kind: the present one and its successors.
const MOST: usize = 10;
/// The largest file of tokens, in bytes.
const MOST_BYTES: u64 = 8 * 1024;

/// What a request may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Right {
    /// Read.
    Read,
    /// Read and change.
    Steer,
}

/// The tokens and their rights. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Access {
    /// `None`: everybody may read and change.
    guarded: Option<Arc<Guarded>>,
}

#[derive(Debug)]
struct Guarded {
    tokens: Tokens,
    known: Mutex<Known>,
}

#[derive(Debug)]
struct Known {
    read_at: Instant,
    /// Whether a failed read is logged already.
    failing: bool,
    digests: Vec<(Right, Token)>,
}

/// A token's SHA-256.
#[derive(Clone, PartialEq, Eq)]
struct Token([u8; 32]);

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token")
    }
}

impl Access {
    /// Access for everybody who reaches the listener.
    pub fn open() -> Self {
        Self::default()
    }

    /// Access by tokens. `variable` reads the environment.
    ///
    /// # Errors
    /// A source of tokens cannot be read or has a wrong token. The text names the source and the rule.
    pub fn guarded(tokens: &Tokens, file: &str, variable: impl Fn(&str) -> Option<String>) -> Result<Self, Faults> {
        let (mut digests, mut faults) = (Vec::new(), Vec::new());
        for (right, key, source) in sources(tokens) {
            match read(source, &variable) {
                Ok(found) => digests.extend(found.into_iter().map(|token| (right, token))),
                Err(rule) => {
                    let origin = if let TokenSource::Variable(name) = source { Some(Origin::Variable(name.clone())) } else { None };
                    faults.push(Fault { key: key.to_owned(), value: None, origin, rule });
                }
            }
        }
        if !faults.is_empty() {
            return Err(Faults { file: file.to_owned(), faults });
        }
        let known = Mutex::new(Known { read_at: Instant::now(), failing: false, digests });
        Ok(Self { guarded: Some(Arc::new(Guarded { tokens: tokens.clone(), known })) })
    }

    /// The right of a request. `None`: it has no known token.
    fn right(&self, headers: &HeaderMap) -> Option<Right> {
        let Some(guarded) = &self.guarded else { return Some(Right::Steer) };
        let presented = presented(headers)?;
        let presented = Sha256::digest(presented.as_bytes());
        let mut known = guarded.known.lock().unwrap_or_else(PoisonError::into_inner);
        guarded.refresh(&mut known);
        // All tokens are compared, so that the time does not depend on which one matches.
        let (mut reads, mut steers) = (Choice::from(0), Choice::from(0));
        for (right, Token(digest)) in &known.digests {
            let is_it = digest.ct_eq(&presented);
            match right {
                Right::Read => reads |= is_it,
                Right::Steer => steers |= is_it,
            }
        }
        if steers.into() {
            Some(Right::Steer)
        } else if reads.into() {
            Some(Right::Read)
        } else {
            None
        }
    }
}

impl Guarded {
    /// Reads the files again, so that tokens can be changed while the daemon runs. If a read fails, the old tokens stay.
    fn refresh(&self, known: &mut Known) {
        if known.read_at.elapsed() < FRESH {
            return;
        }
        known.read_at = Instant::now();
        for (right, key, source) in sources(&self.tokens) {
            let TokenSource::File(_) = source else { continue };
            match read(source, |_| None) {
                Ok(found) => {
                    known.failing = false;
                    known.digests.retain(|(other, _)| *other != right);
                    known.digests.extend(found.into_iter().map(|token| (right, token)));
                }
                Err(rule) if !known.failing => {
                    known.failing = true;
                    observe::tokens_unread(key, &rule);
                }
                Err(_) => {}
            }
        }
    }
}

/// The right of a kind of tokens, and its key in the configuration.
fn sources(tokens: &Tokens) -> impl Iterator<Item = (Right, &'static str, &TokenSource)> {
    let read = tokens.read.as_ref().map(|source| (Right::Read, "http.tokens.read", source));
    let steer = tokens.steer.as_ref().map(|source| (Right::Steer, "http.tokens.steer", source));
    [read, steer].into_iter().flatten()
}

/// The digests of a source's tokens. The error is the rule that is broken.
fn read(source: &TokenSource, variable: impl Fn(&str) -> Option<String>) -> Result<Vec<Token>, String> {
    let text = match source {
        TokenSource::File(path) => file(path).map_err(|error| format!("cannot read {}: {error}", path.display()))?,
        TokenSource::Variable(name) => variable(name).ok_or_else(|| format!("the variable {name} is not set, or empty"))?,
    };
    let tokens: Vec<&str> = text.split_whitespace().collect();
    if tokens.is_empty() || tokens.len() > MOST {
        return Err(format!("must have 1 to {MOST} tokens, one a line; has {}", tokens.len()));
    }
    let is_good = |token: &&str| LENGTH.contains(&token.len()) && token.bytes().all(|byte| byte.is_ascii_graphic());
    if !tokens.iter().all(is_good) {
        return Err(format!(
            "each token must have {} to {} characters of printable ASCII: `openssl rand -hex 32` makes one",
            LENGTH.start(),
            LENGTH.end()
        ));
    }
    Ok(tokens.into_iter().map(|token| Token(Sha256::digest(token.as_bytes()).into())).collect())
}

fn file(path: &Path) -> io::Result<String> {
    if fs::metadata(path)?.len() > MOST_BYTES {
        return Err(io::Error::other(format!("is larger than {MOST_BYTES} bytes")));
    }
    fs::read_to_string(path)
}

/// The token of a request: `Bearer TOKEN`, or `Basic` with the token as the password, as browsers send it.
fn presented(headers: &HeaderMap) -> Option<String> {
    let (scheme, rest) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let rest = rest.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(rest.to_owned());
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let pair = String::from_utf8(BASE64_STANDARD.decode(rest).ok()?).ok()?;
    pair.split_once(':').map(|(_, password)| password.to_owned())
}

/// Checks the request's token, and passes its right on.
pub(super) async fn check(State(access): State<Access>, mut request: Request, next: Next) -> Response {
    let wanted = if matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) { Right::Read } else { Right::Steer };
    let problem = match access.right(request.headers()) {
        Some(right) if right >= wanted => {
            request.extensions_mut().insert(right);
            return next.run(request).await;
        }
        Some(_) => Problem::new(
            StatusCode::FORBIDDEN,
            "token-may-only-read",
            "this token may read; to change something takes a token of [http.tokens].steer",
        ),
        None => Problem::new(
            StatusCode::UNAUTHORIZED,
            "token-needed",
            "send a token of [http.tokens]: `Authorization: Bearer TOKEN`, or in a browser as the password with any name",
        ),
    };
    problem.into_response()
}
