//! Answers: a view as it is now, with an `ETag` by which a browser sees that nothing changed.

use axum::{
    http::{HeaderMap, StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use maud::Markup;

use crate::{
    aws::AwsError,
    http::{
        Pages,
        access::Right,
        page::{Scene, Site, asset::hash, form, layout, time},
    },
};

/// Makes an answer from the daemon's present state.
pub(super) fn with(pages: &Pages, right: Right, make: impl FnOnce(Scene<'_>) -> Response) -> Response {
    let Some(console) = pages.vitals.console() else { return starting() };
    let snapshot = console.snapshot();
    let letters = Site::letters(&pages.vitals);
    make(Scene {
        snapshot: &snapshot,
        daemon: pages.site.daemon(),
        letters: letters.as_deref(),
        now: time::parse(&snapshot.time).unwrap_or_default(),
        may_steer: right >= Right::Steer,
        token: pages.site.token(),
    })
}

/// A view, unless the browser has it already.
pub(super) fn show(pages: &Pages, right: Right, headers: &HeaderMap, view: impl FnOnce(Scene<'_>) -> layout::Page) -> Response {
    with(pages, right, |scene| {
        let page = layout::page(&view(scene), scene);
        let tag = format!("W/\"{}\"", tag(&page));
        let known = headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
        let caching = [(header::ETAG, tag.as_str()), (header::CACHE_CONTROL, "private, no-cache"), (header::VARY, "authorization")];
        if known { (StatusCode::NOT_MODIFIED, caching).into_response() } else { (caching, Html(page.0)).into_response() }
    })
}

/// A page that is not cached.
pub(super) fn html(status: StatusCode, page: &layout::Page, scene: Scene<'_>) -> Response {
    (status, Html(layout::page(page, scene).0)).into_response()
}

/// A page without the durations that the browser updates by itself.
fn tag(page: &Markup) -> String {
    let mut rest = page.0.as_str();
    let mut counted = String::with_capacity(rest.len());
    while let Some(start) = rest.find("<time ") {
        counted.push_str(&rest[..start]);
        let (element, behind) = rest[start..].split_once("</time>").unwrap_or((&rest[start..], ""));
        // A time is part of the content unless it is the page's own.
        if element.contains("data-time=\"age\"") || element.contains("data-time=\"elapsed\"") {
            counted.push_str(element.split_once('>').map_or(element, |(tag, _)| tag));
        } else if !element.contains("data-now") {
            counted.push_str(element);
        }
        rest = behind;
    }
    counted.push_str(rest);
    hash(counted.as_bytes())
}

/// The page for a refusal of AWS.
pub(super) fn failed(pages: &Pages, right: Right, head: &str, error: &AwsError, back: &str) -> Response {
    refuse(pages, right, StatusCode::BAD_GATEWAY, head, &error.to_string(), back)
}

/// The page for a request that was not carried out.
pub(super) fn refuse(pages: &Pages, right: Right, status: StatusCode, head: &str, why: &str, back: &str) -> Response {
    with(pages, right, |scene| html(status, &form::refused(head, why, back), scene))
}

/// The page for a daemon that is still starting.
pub(super) fn starting() -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, [("refresh", "1"), ("retry-after", "1")], "the daemon is starting\n").into_response()
}

pub(super) fn missing() -> Response {
    (StatusCode::NOT_FOUND, "there is nothing here\n").into_response()
}

#[cfg(test)]
mod tests {
    use maud::PreEscaped;

    use super::*;

    #[test]
    fn the_tag_is_of_what_the_page_says_but_for_counted_seconds() {
        let tag_of = |text: &str| tag(&PreEscaped(text.to_owned()));
        let row = |state: &str, seconds: &str| format!("{state}<time datetime=\"x\" data-time=\"elapsed\">{seconds}</time>.");
        assert_eq!(tag_of(&row("a", "4s")), tag_of(&row("a", "5s")));
        assert_ne!(tag_of(&row("a", "4s")), tag_of(&row("b", "4s")));
        let clock = |text: &str| format!("<time datetime=\"x\" data-time=\"clock\">{text}</time>");
        assert_ne!(tag_of(&clock("14:00")), tag_of(&clock("14:01")));
    }
}
