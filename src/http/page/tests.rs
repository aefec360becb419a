//! The views, from sample data. Each page is also written below `target/page`, where a browser can open it.

mod sample;

use std::{fs, path::Path, sync::Arc};

use maud::Markup;

use self::sample::Sample;
use super::{asset::Assets, form, job, jobs, keys, layout, letters, limits, overview, query::Query, *};
use crate::{
    config::WhenFull,
    job::standing::{PauseScope, State},
};

/// Writes a page where a browser can open it.
fn write(name: &str, page: &Markup) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/page");
    fs::create_dir_all(&folder).unwrap();
    let mut text = page.0.clone();
    for asset in Assets::get().all() {
        let name = asset.address.trim_start_matches("/assets/");
        fs::write(folder.join(name), &asset.content).unwrap();
        text = text.replace(&asset.address, name);
    }
    fs::write(folder.join(format!("{name}.html")), text).unwrap();
}

/// Every view of a daemon, by name.
fn views(sample: &Sample) -> Vec<(&'static str, String)> {
    let scene = sample.scene();
    let read = Query::read;
    let looks = sample.letters.as_ref().unwrap();
    let all: Vec<_> = looks.letters.iter().collect();
    let first = |state| scene.jobs().find(|job| job.state == state).unwrap();
    let pages = [
        ("overview", overview::view(scene, &read(""))),
        ("wall", overview::view(scene, &read("wall"))),
        ("jobs", jobs::view(&read(""), scene)),
        ("jobs-filtered", jobs::view(&read("state=waiting&tenant=team-a&q=main"), scene)),
        ("jobs-nothing", jobs::view(&read("state=running&tenant=team-z&nonsense=1"), scene)),
        ("job-failed", job::view(&sample.failed, scene)),
        ("job-waiting", job::view(&sample::detail(first(State::Waiting), serde_json::json!({})), scene)),
        ("job-running", job::view(&sample::running_detail(first(State::Running)), scene)),
        ("limits", limits::view(scene)),
        ("letters", letters::view(looks, &letters::Wanted::default(), None, scene)),
        ("letters-delete", letters::confirm_delete(&all, scene)),
        ("letters-edit", letters::edit(all[0], &all[0].body, &all[1].problems, scene)),
        ("pause", form::pause(None, None, scene)),
        ("resume", form::pause(Some(&PauseScope::Tenant("team-g".into())), scene.snapshot.limits.pauses.first(), scene)),
        ("cancel", form::cancel(first(State::Running), scene)),
        ("submit", form::submit("{}", true, &all[1].problems, scene)),
        ("keys", keys::view()),
    ];
    pages.iter().map(|(name, page)| (*name, layout::page(page, scene).0)).collect()
}

#[test]
fn every_view_has_one_heading_its_own_place_and_no_inline_style_or_script() {
    for (name, page) in views(&sample::busy()) {
        write(name, &maud::PreEscaped(page.clone()));
        assert_eq!(page.matches("<h1").count(), 1, "{name}");
        assert_eq!(page.matches("<main").count(), 1, "{name}");
        assert!(!page.contains(" style=") && !page.contains("<style") && !page.contains(" onclick"), "{name}");
        assert_eq!(page.matches("<script ").count(), page.matches("<script src=\"/assets/").count(), "{name}");
        assert!(!page.contains("http://") || name.starts_with("letter"), "{name}: nothing is from elsewhere");
    }
}

#[test]
fn hostile_text_is_text_in_every_view() {
    for (name, page) in views(&sample::hostile()) {
        write(&format!("hostile-{name}"), &maud::PreEscaped(page.clone()));
        for markup in ["<script>", "<img", "onerror=alert(1)>", "\u{202e}", "\u{200b}", "\0", "\u{1b}", "href=\"javascript"] {
            // What is edited is the message itself, invisible characters too.
            let edited = name == "letters-edit" && markup.chars().all(|c| !c.is_ascii() || c.is_control());
            assert!(edited || !page.contains(markup), "{name} has {markup:?}");
        }
    }
}

#[test]
fn who_may_only_read_is_offered_nothing_to_steer() {
    let sample = sample::busy();
    let scene = Scene { may_steer: false, ..sample.scene() };
    let pages = [
        overview::view(scene, &Query::read("")),
        job::view(&sample.failed, scene),
        limits::view(scene),
        letters::view(sample.letters.as_ref().unwrap(), &letters::Wanted::default(), None, scene),
    ];
    for page in pages {
        let text = layout::page(&page, scene).0;
        for steering in ["method=\"post\"", "/pause", "/cancel", "/jobs/new", ">Redrive<", ">Delete", sample::TOKEN] {
            assert!(!text.contains(steering), "{} offers {steering}", page.title);
        }
    }
}

#[test]
fn the_newcomers_questions_are_answered() {
    let sample = sample::busy();
    let scene = sample.scene();
    let overview = layout::page(&overview::view(scene, &Query::read("")), scene).0;
    // In the lane: a place, a reason and an estimate; how far a build is; what broke.
    for words in [
        "team-a</bdi> runs 4 of 4",
        "all 12 places taken",
        "in <",
        "6 min</span>",
        " over",
        "failed to solve: team/base:node22",
        "(4 failing)",
    ] {
        let words = words.replace("in <", "in 0–1 min").replace("6 min</span>", "6 min");
        let is_there = overview.contains(&words) || words.starts_with('(');
        assert!(is_there, "no {words:?}");
    }
    let failed = layout::page(&job::view(&sample.failed, scene), scene).0;
    for words in ["What broke", "docker build", "log line 4807", "The sender:", "same line", "show 4732–4796", "id=\"L4804\""] {
        assert!(failed.contains(words), "no {words:?}");
    }
}

#[test]
fn a_tenant_beyond_its_limit_is_shown_with_what_it_may() {
    let mut sample = sample::busy();
    let tenant = &mut sample.snapshot.limits.tenants[0];
    (tenant.limit, tenant.burst, tenant.waiting_limit, tenant.when_full) = (Some(2), Some(4), Some(10), Some(WhenFull::Reject));
    let scene = sample.scene();
    let limits = layout::page(&limits::view(scene), scene).0;
    for words in ["4 of 2 places taken, up to 4 while nobody else waits", "2, burst 4", "9 of 10, then reject", "places to wait"] {
        assert!(limits.contains(words), "no {words:?}");
    }
}

#[test]
fn whoever_cancels_sees_which_job_and_every_id_has_an_address() {
    let mut sample = sample::busy();
    let job = Arc::make_mut(&mut sample.snapshot.jobs[0]);
    Arc::make_mut(&mut job.job).id = Some("..".to_owned());
    let scene = sample.scene();
    let cancel = layout::page(&form::cancel(&scene.snapshot.jobs[0], scene), scene).0;
    assert!(cancel.contains("The job <b><bdi>..</bdi></b>") && cancel.contains("action=\"/jobs/%252E%252E/cancel\""), "{cancel}");
}
