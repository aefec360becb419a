//! The page of keyboard shortcuts, with the links that do the same.

use maud::html;

use super::layout::{Page, View};

const KEYS: [(&str, &str); 15] = [
    ("/", "find"),
    ("g o", "Overview"),
    ("g j", "Jobs"),
    ("g l", "Limits"),
    ("g d", "Dead letters"),
    ("j", "next row"),
    ("k", "previous row"),
    ("Enter", "open the row"),
    ("n", "next decisive line of a log"),
    ("p", "previous decisive line"),
    ("f", "follow the log"),
    ("x", "select a dead letter"),
    (".", "hold changes, or show them"),
    ("t", "ages, clock times, UTC"),
    ("w", "for a screen on the wall"),
];

pub(super) fn view() -> Page {
    let main = html! {
        h1 { "Keys" }
        div.prose {
            p { "No key cancels, pauses or redrives anything. None works within a field, or together with Ctrl, Alt or the command key." }
            table.keys { tbody {
                @for (key, does) in KEYS { tr { th scope="row" { @for key in key.split(' ') { kbd { (key) } " " } } td { (does) } } }
                tr { th scope="row" { kbd { "?" } } td { "this page" } }
                tr { th scope="row" { kbd { "Esc" } } td { "leave a field" } }
            } }
            p { label hidden #single-keys data-own { input type="checkbox"; " Single keys do nothing in this browser" } }
        }
    };
    Page { live: false, ..Page::new("Keys", View::Other, main) }
}
