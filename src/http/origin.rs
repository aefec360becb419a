//! Refuses requests of other sites' pages in a browser, by the headers that browsers send. Programs that are no browsers send none of these
//! headers and need only their token.

use axum::{
    extract::Request,
    http::{HeaderMap, Method, StatusCode, Uri, header, uri::Authority},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::problem::Problem;

/// Passes a request on unless another site's page sent it.
pub(super) async fn check(request: Request, next: Next) -> Response {
    if is_ours(request.method(), request.headers(), request.uri()) {
        return next.run(request).await;
    }
    let detail = "a page of another site asks: only the daemon's own pages, and programs that are no browsers, may";
    Problem::new(StatusCode::FORBIDDEN, "cross-site-request", detail).into_response()
}

fn is_ours(method: &Method, headers: &HeaderMap, uri: &Uri) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let reads = matches!(*method, Method::GET | Method::HEAD);
    match text("sec-fetch-site") {
        Some("same-origin") => return true,
        // A typed address, or a bookmark.
        Some("none") => return reads,
        // A link to one of our pages: the other site cannot read it.
        Some(_) => return reads && text("sec-fetch-mode") == Some("navigate"),
        None => {}
    }
    let Some(origin) = text(header::ORIGIN.as_str()) else { return true };
    let named = headers.get(header::HOST).and_then(|host| host.to_str().ok()).or_else(|| uri.authority().map(Authority::as_str));
    let of = |scheme: &str| origin.strip_prefix(scheme).zip(named).is_some_and(|(origin, named)| origin.eq_ignore_ascii_case(named));
    of("http://") || of("https://")
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn only_the_daemons_own_pages_and_programs_may() {
        for (method, headers, ours) in [
            ("GET", "", true),
            ("POST", "", true),
            ("POST", "sec-fetch-site: same-origin", true),
            ("POST", "sec-fetch-site: same-site", false),
            ("POST", "sec-fetch-site: cross-site", false),
            ("POST", "sec-fetch-site: none", false),
            ("POST", "sec-fetch-site: cross-site\nsec-fetch-mode: navigate", false),
            ("DELETE", "sec-fetch-site: cross-site\norigin: http://localhost:9090", false),
            ("GET", "sec-fetch-site: none", true),
            ("GET", "sec-fetch-site: cross-site\nsec-fetch-mode: navigate", true),
            ("GET", "sec-fetch-site: cross-site\nsec-fetch-mode: no-cors", false),
            ("GET", "sec-fetch-site: same-site\nsec-fetch-mode: cors", false),
            ("POST", "origin: http://localhost:9090", true),
            ("POST", "origin: https://localhost:9090", true),
            ("POST", "origin: http://localhost:9091", false),
            ("POST", "origin: http://evil.example", false),
            ("POST", "origin: null", false),
            ("GET", "origin: http://evil.example", false),
        ] {
            let mut map = HeaderMap::new();
            map.insert("host", "localhost:9090".parse().unwrap());
            for (name, value) in headers.lines().filter_map(|line| line.split_once(": ")) {
                map.insert(axum::http::HeaderName::try_from(name).unwrap(), value.parse().unwrap());
            }
            assert_eq!(is_ours(&method.parse().unwrap(), &map, &Uri::default()), ours, "{method} {headers}");
        }
    }
}
