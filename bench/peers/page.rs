//! What was measured, as tables and pictures: the part of `docs/performance.md` between its marks.

use std::{
    collections::BTreeMap,
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

use crate::{
    plot::{Axis, Line, plot},
    scenario::{self, Measure, Scenario},
    worker::{self, Kind},
};

const BEGIN: &str = "<!-- measured: begin -->\n";
const END: &str = "<!-- measured: end -->";

/// By scenario and worker. Kept between runs, so that some can be measured anew.
pub(crate) type Results = BTreeMap<String, BTreeMap<String, Measure>>;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn store() -> PathBuf {
    root().join("target/peers.json")
}

pub(crate) fn load() -> Results {
    fs::read_to_string(store()).map(|text| serde_json::from_str(&text).unwrap()).unwrap_or_default()
}

pub(crate) fn keep(results: &Results) {
    fs::write(store(), serde_json::to_string_pretty(results).unwrap()).unwrap();
}

type Column = (&'static str, fn(&Measure) -> f64);
const CPU: Column = ("CPU, ms a job", |measure| measure.cpu_ms);
const CALLS: Column = ("calls a job", |measure| measure.calls);
const PEAK: Column = ("MB at most", |measure| measure.peak_mb);

/// Writes the page's part, and the pictures beside it.
pub(crate) fn write(results: &Results) {
    let mut text = format!("{}\n\n", machine());
    for kind in worker::ALL {
        writeln!(text, "- {}: {}", kind.name(), kind.version().unwrap_or_else(|| "not measured".to_owned())).unwrap();
    }
    text.push('\n');
    table(&mut text, results, CPU);
    table(&mut text, results, CALLS);
    table(&mut text, results, PEAK);
    if let Some(delay) = results.get("delay").and_then(|row| row.get(Kind::Slipway.name())) {
        let parts: Vec<_> = delay.curve.iter().map(|(share, ms)| format!("p{:.0} {ms:.0} ms", share * 100.0)).collect();
        writeln!(text, "From a build's end to its event, 20 ends a second, pushed, `reads_per_second = 25`: {}.\n", parts.join(", "))
            .unwrap();
    }
    if let Some(restart) = results.get("restart").and_then(|row| row.get(Kind::Slipway.name())) {
        writeln!(
            text,
            "A restart beside {} recent builds, 100 ms a call of CodeBuild: a job's event comes {:.1} s after the start. The list has {} pages, \
             and each names the next.\n",
            restart.jobs,
            restart.seconds,
            restart.jobs / 100,
        )
        .unwrap();
    }
    pictures(&mut text, results);
    let page = root().join("docs/performance.md");
    let whole = fs::read_to_string(&page).unwrap();
    let (before, rest) = whole.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    fs::write(page, format!("{before}{BEGIN}{text}{END}{after}")).unwrap();
}

fn machine() -> String {
    let read = |name: &str| fs::read_to_string(name).unwrap_or_default();
    let info = read("/proc/cpuinfo");
    let model =
        info.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default().trim_start_matches([' ', '\t', ':']).to_owned();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let kernel = read("/proc/sys/kernel/osrelease");
    format!(
        "Measured on {cores} cores of {model}, Linux {}; the machine had other work too, so CPU time is told and not time.",
        kernel.trim()
    )
}

/// One figure of all workers, a row each scenario that has it.
fn table(text: &mut String, results: &Results, (what, of): Column) {
    let names: Vec<_> = worker::ALL.iter().map(|kind| kind.name()).collect();
    writeln!(text, "| {what} | {} |\n| --- | {} |", names.join(" | "), vec!["--:"; names.len()].join(" | ")).unwrap();
    for (name, scenario) in scenario::ALL {
        let Some(row) = results.get(name) else { continue };
        let label = match scenario {
            Scenario::Jobs { count, running, shape } => {
                let end = if shape.fails { ", failed" } else { "" };
                match (shape.lines, shape.seconds > 0.0) {
                    (0, false) => format!("{count} builds that end at once, {running} at a time"),
                    (0, true) => format!("{count} builds of {} s, {running} at a time", shape.seconds),
                    (lines, _) => format!("{count} builds with a log of {lines} lines{end}"),
                }
            }
            Scenario::Idle { .. } if what == CPU.0 => "idle, ms a minute".to_owned(),
            Scenario::Flight { count } if what == PEAK.0 => format!("{count} builds in flight"),
            Scenario::Backlog { count, .. } => format!("a backlog of {count} builds that end at once"),
            _ => continue,
        };
        let cell = |name: &&str| match row.get(*name).map(of) {
            Some(figure) if figure >= 10.0 => format!("{figure:.0}"),
            Some(figure) => format!("{figure:.2}"),
            None => "-".to_owned(),
        };
        writeln!(text, "| {label} | {} |", names.iter().map(cell).collect::<Vec<_>>().join(" | ")).unwrap();
    }
    text.push('\n');
}

fn pictures(text: &mut String, results: &Results) {
    let flight = |kind: Kind| {
        let points = scenario::ALL.iter().filter_map(|(name, scenario)| match scenario {
            Scenario::Flight { .. } => results.get(*name)?.get(kind.name()).map(|measure| (f64::from(measure.jobs), measure.resident_mb)),
            _ => None,
        });
        Line { name: kind.name(), points: points.collect() }
    };
    let backlog = |kind: Kind| {
        let curve = results.get("backlog").and_then(|row| row.get(kind.name())).map(|measure| measure.curve.clone());
        Line { name: kind.name(), points: curve.unwrap_or_default() }
    };
    let calls = |kind: Kind| {
        let points = ["instant", "20 s"].iter().zip([0.0, 20.0]);
        let points = points.filter_map(|(name, at)| Some((at, results.get(*name)?.get(kind.name())?.calls)));
        Line { name: kind.name(), points: points.collect() }
    };
    let delay = results.get("delay").and_then(|row| row.get(Kind::Slipway.name())).map(|measure| measure.curve.clone()).unwrap_or_default();
    let delay = Line { name: Kind::Slipway.name(), points: delay.iter().map(|(share, ms)| (share * 100.0, *ms)).collect() };
    let all = |of: &dyn Fn(Kind) -> Line| worker::ALL.map(of).into_iter().collect::<Vec<_>>();
    let pictures = [
        ("memory", "Memory over builds in flight", all(&flight), Axis::log("builds in flight"), Axis::linear("MB")),
        ("backlog", "CPU for each job over the backlog that is left", all(&backlog), Axis::linear("jobs left"), Axis::linear("ms a job")),
        ("calls", "Calls for each job over the time that a build takes", all(&calls), Axis::linear("seconds"), Axis::linear("calls a job")),
        ("delay", "From a build's end to its event", vec![delay], Axis::linear("percentile"), Axis::linear("ms")),
    ];
    let folder = root().join("docs/performance");
    fs::create_dir_all(&folder).unwrap();
    for (file, title, lines, x, y) in pictures {
        let lines: Vec<_> = lines.into_iter().filter(|line| line.points.len() > 1).collect();
        if lines.is_empty() {
            continue;
        }
        fs::write(folder.join(format!("{file}.svg")), plot(title, &lines, &x, &y)).unwrap();
        writeln!(text, "![{title}](performance/{file}.svg)").unwrap();
    }
}
