//! Checks the `Host` header. A web page whose host name was pointed at this machine (DNS rebinding) sends its own name.

use std::net::IpAddr;

use axum::{
    extract::Request,
    http::{StatusCode, header, uri::Authority},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::problem::Problem;
use crate::loopback::is_loopback;

const REFUSAL: &str = "this daemon answers requests to localhost or a loopback address only; a proxy must send that as the Host";

/// Passes a request on if its host fits a daemon that listens on this address.
pub(super) async fn check(listen: IpAddr, request: Request, next: Next) -> Response {
    let named = request.headers().get_all(header::HOST).iter();
    let named = named.map(|host| host.to_str().ok().and_then(|host| host.parse().ok()));
    let mut named = named.chain(request.uri().authority().cloned().map(Some));
    if named.all(|host| is_ours(listen, host.as_ref())) {
        next.run(request).await
    } else {
        Problem::new(StatusCode::MISDIRECTED_REQUEST, "another-host", REFUSAL).into_response()
    }
}

/// On the loopback address only names of the loopback fit. On another address the names in the network are not known here, and everybody in
/// it reaches the daemon anyway, so any host fits. `None`: the host cannot be read.
fn is_ours(listen: IpAddr, host: Option<&Authority>) -> bool {
    !listen.is_loopback() || host.is_some_and(|host| is_loopback(host.host()))
}

#[cfg(test)]
mod tests {
    use super::is_ours;

    #[test]
    fn on_the_loopback_only_its_own_names_are_answered() {
        for (listen, host, ours) in [
            ("127.0.0.1", "localhost:9090", true),
            ("127.0.0.1", "127.0.0.1:9090", true),
            ("::1", "[::1]:9090", true),
            ("127.0.0.1", "evil.example:9090", false),
            ("127.0.0.1", "localhost.evil.example", false),
            ("127.0.0.1", "127.0.0.1@evil.example", false),
            ("0.0.0.0", "slipway.builds.svc:9090", true),
            ("10.0.0.7", "10.0.0.7", true),
        ] {
            let authority = host.parse().ok();
            assert_eq!(listen.parse().map(|listen| is_ours(listen, authority.as_ref())), Ok(ours), "{listen} {host}");
        }
    }
}
