//! The views, from sample data.

mod sample;

use std::{fs, path::Path};

use maud::Markup;

use super::{asset::Assets, layout, overview, *};

/// Writes a page where a browser can open it: `target/page`.
fn write(name: &str, page: &Markup) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/page");
    let assets = Assets::get();
    let mut text = page.0.clone();
    for asset in [&assets.style, &assets.script, &assets.icon, &assets.icon_failing, &assets.icon_hollow] {
        let name = asset.address.trim_start_matches("/assets/");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(name), &asset.content).unwrap();
        text = text.replace(&asset.address, name);
    }
    fs::write(folder.join(name), text).unwrap();
}

#[test]
fn overview_of_a_busy_daemon() {
    let sample = sample::busy();
    let page = layout::page(&overview::view(sample.scene(), layout::Look::default(), overview::ROWS, |_| true), sample.scene());
    write("overview.html", &page);
}
