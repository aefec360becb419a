//! The closing table.

use super::{
    audit::Finding,
    ledger::{Entry, Ledger},
    paint::Tone,
    screen::Screen,
    telling, verdict,
};

/// Prints how every job ended and everything else that was looked at; gives whether all of it is as it should be.
pub(super) fn print(screen: &Screen, ledger: &Ledger, left_out: Option<(&str, &str)>, findings: &[Finding]) -> std::io::Result<bool> {
    screen.say("")?;
    screen.say(&screen.paint.paint(Tone::Bold, &row(" ", "JOB", "ENDED", "WAITED", "BUILT", "")))?;
    let mut all_good = true;
    for entry in &ledger.entries {
        let differences = verdict::differences(entry);
        all_good &= differences.is_empty();
        line(screen, entry, &differences)?;
    }
    if let Some((name, why)) = left_out {
        screen.say(&format!("– {name:<9}  left out   {why}"))?;
    }
    screen.say("")?;
    for Finding { good, text } in findings {
        all_good &= good;
        screen.say(&format!("{} {text}", mark(screen, *good)))?;
    }
    Ok(all_good)
}

fn line(screen: &Screen, entry: &Entry, differences: &[String]) -> std::io::Result<()> {
    let data = entry.end().map(|event| &event.data);
    let timings = data.and_then(|data| data.timings);
    let seconds = |seconds: Option<f64>| seconds.map(|seconds| format!("{seconds:.1}s")).unwrap_or_default();
    let waited = seconds(timings.and_then(|timings| timings.waiting_seconds));
    let built = seconds(timings.and_then(|timings| timings.building_seconds));
    let ended = data.map_or("no end", |data| telling::ending(data.status));
    let text = row("", entry.planned.name, ended, &waited, &built, entry.planned.about);
    screen.say(&format!("{}{text}", mark(screen, differences.is_empty())))?;
    differences.iter().try_for_each(|difference| screen.say(&screen.paint.paint(Tone::Bad, &format!("    {difference}"))))
}

fn row(mark: &str, name: &str, ended: &str, waited: &str, built: &str, about: &str) -> String {
    format!("{mark} {name:<9}  {ended:<9}  {waited:>6}  {built:>6}  {about}").trim_end().to_owned()
}

fn mark(screen: &Screen, good: bool) -> String {
    if good { screen.paint.paint(Tone::Good, "✓") } else { screen.paint.paint(Tone::Bad, "✗") }
}
