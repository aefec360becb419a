//! Who may use the API.

use std::path::PathBuf;

use slipway::config::{TokenSource, Tokens};

use super::*;

const READ: &str = "read-0123456789abcdef";
const STEER: &str = "steer-0123456789abcdef";

#[tokio::test(start_paused = true)]
async fn a_token_allows_reading_or_changes_and_pages_of_other_sites_are_refused() {
    let world = world(|_| Script::succeeds()).start().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("steer");
    std::fs::write(&file, format!("{STEER}\n")).unwrap();
    let tokens = Tokens { read: Some(TokenSource::Variable("READ".into())), steer: Some(TokenSource::File(file.clone())) };
    let variable = |name: &str| (name == "READ").then(|| READ.to_owned());
    let access = Access::guarded(&tokens, "slipway.toml", variable).unwrap();
    let router = served(world.vitals(), access, "0.0.0.0");
    let basic =
        |token: &str| format!("authorization: Basic {}", base64::Engine::encode(&base64::prelude::BASE64_STANDARD, format!("me:{token}")));
    let bearer = |token: &str| format!("authorization: Bearer {token}");
    let cancel = "POST /jobs/app-1/cancel";
    for (request, header, expected) in [
        ("GET /limits", String::new(), 401),
        ("GET /openapi.json", String::new(), 401),
        ("GET /nothing", String::new(), 401),
        ("GET /limits", bearer("wrong-0123456789abcdef"), 401),
        ("GET /limits", bearer(""), 401),
        ("GET /limits", bearer(READ), 200),
        ("GET /limits", basic(READ), 200),
        ("GET /limits", bearer(STEER), 200),
        (cancel, String::new(), 401),
        (cancel, bearer(READ), 403),
        (cancel, bearer(STEER), 202),
        (cancel, basic(STEER), 202),
        // A browser sends the password with requests of any page.
        (cancel, format!("{}\norigin: http://evil.example", basic(STEER)), 403),
        (cancel, format!("{}\nsec-fetch-site: cross-site", basic(STEER)), 403),
        (cancel, format!("{}\nsec-fetch-site: same-origin", basic(STEER)), 202),
        ("GET /limits", format!("{}\nsec-fetch-site: cross-site", basic(READ)), 403),
        ("GET /healthz", String::new(), 200),
        ("GET /readyz", String::new(), 200),
        ("GET /metrics", String::new(), 200),
    ] {
        let (status, headers, text) = ask(&router, &format!("{request}\n{header}"), None).await;
        assert_eq!(status.as_u16(), expected, "{request} {header}: {text}");
        assert_eq!(headers.get_all("www-authenticate").iter().count(), if expected == 401 { 2 } else { 0 });
        assert!(!text.contains(READ) && !text.contains(STEER));
    }
    // The token changes while the daemon runs.
    std::fs::write(&file, "steer-fedcba9876543210\n").unwrap();
    tokio::time::sleep(Duration::from_secs(11)).await;
    for (token, expected) in [(STEER, 401), ("steer-fedcba9876543210", 200), (READ, 200)] {
        let (status, _, _) = ask(&router, &format!("GET /limits\n{}", bearer(token)), None).await;
        assert_eq!(status.as_u16(), expected, "{token}");
    }
    world.end().await;
}

#[tokio::test(start_paused = true)]
async fn clients_on_the_loopback_need_no_token_but_pages_of_other_sites_are_refused() {
    let world = world(|_| Script::succeeds()).start().await;
    let router = open(&world);
    for (request, expected) in [
        ("GET /limits", 200),
        ("POST /jobs/app-1/cancel", 202),
        ("GET /limits\nhost: evil.example", 421),
        ("POST /jobs/app-1/cancel\norigin: http://evil.example", 403),
        ("POST /jobs/app-1/cancel\norigin: null", 403),
        ("POST /jobs/app-1/cancel\norigin: http://localhost:9090", 202),
        ("POST /jobs/app-1/cancel\nsec-fetch-site: same-site\norigin: http://localhost:9090", 403),
    ] {
        let (status, headers, text) = ask(&router, request, None).await;
        assert_eq!(status.as_u16(), expected, "{request}: {text}");
        if expected != 421 {
            assert!(headers["content-security-policy"].to_str().unwrap().starts_with("default-src 'none';"));
            assert_eq!(
                (&headers["x-content-type-options"], &headers["cache-control"]),
                (&"nosniff".parse().unwrap(), &"no-store".parse().unwrap())
            );
        }
    }
    // The daemon receives the cancellation before it drains.
    tokio::time::sleep(Duration::from_mins(1)).await;
    // A form of another site cannot send JSON.
    let request = Request::post("/api/v1/jobs").header("host", "localhost").header("content-type", "text/plain").body(Body::from("{}"));
    assert_eq!(router.clone().oneshot(request.unwrap()).await.unwrap().status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    world.end().await;
}

#[test]
fn the_daemon_does_not_start_with_a_short_or_missing_token() {
    let folder = tempfile::tempdir().unwrap();
    let file = |text: &str| {
        let path: PathBuf = folder.path().join(text.len().to_string());
        std::fs::write(&path, text).unwrap();
        TokenSource::File(path)
    };
    for (source, rule) in [
        (file("short"), "20 to 512 characters"),
        (file("   \n"), "1 to 10 tokens"),
        (file(&format!("{STEER}\n").repeat(11)), "1 to 10 tokens"),
        (file(&"x".repeat(9_000)), "larger than"),
        (TokenSource::File("/nowhere/token".into()), "cannot read /nowhere/token"),
        (TokenSource::Variable("TOKEN".into()), "TOKEN is not set"),
    ] {
        let faults = Access::guarded(&Tokens { read: None, steer: Some(source) }, "slipway.toml", |_| None).unwrap_err().to_string();
        assert!(faults.contains("http.tokens.steer") && faults.contains(rule), "{rule}: {faults}");
    }
}
