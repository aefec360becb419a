//! Bars: SVG rectangles with positions and widths in percent as attributes, so that no inline style is needed.

use maud::{Markup, html};

use super::text::spelled;

/// A part of a bar, in percent of its width.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    pub(super) tone: &'static str,
    pub(super) x: f64,
    pub(super) width: f64,
}

/// The most places that are drawn one by one.
const BOXES: usize = 40;

/// A part of a whole, in percent.
#[expect(clippy::cast_precision_loss, reason = "counts of jobs and seconds are far below 2^52")]
pub(super) fn percent(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part.min(whole) as f64 * 100.0 / whole as f64 }
}

fn figure(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A bar of parts, with a text that says the same. `tick`: the position of the usual time.
pub(super) fn bar(sentence: &str, parts: &[Part], tick: Option<f64>) -> Markup {
    html! {
        svg.bar role="img" aria-label=(spelled(sentence)) {
            rect.track width="100%" height="100%" {}
            @for part in parts.iter().filter(|part| part.width > 0.0) {
                rect.(part.tone) x={ (figure(part.x)) "%" } width={ (figure(part.width)) "%" } height="100%" {}
            }
            @if let Some(at) = tick {
                rect.tick x={ (figure(at.min(99.0))) "%" } width="2" height="100%" {}
            }
        }
    }
}

/// Counts side by side, each as wide as its share, with a gap between them.
pub(super) fn shares(sentence: &str, counts: &[(&'static str, usize)]) -> Markup {
    const GAP: f64 = 0.4;
    let counts: Vec<_> = counts.iter().filter(|(_, count)| *count > 0).collect();
    let all = counts.iter().map(|(_, count)| *count as u64).sum();
    let mut x = 0.0;
    let mut parts = Vec::with_capacity(counts.len());
    for (index, (tone, count)) in counts.iter().enumerate() {
        let share = percent(*count as u64, all);
        let gap = if index + 1 < counts.len() { GAP } else { 0.0 };
        parts.push(Part { tone, x, width: (share - gap).max(0.3) });
        x += share;
    }
    bar(sentence, &parts, None)
}

/// One box for each place: taken, free, or refused by CodeBuild. Above 40 places one plain bar.
pub(super) fn places(sentence: &str, taken: usize, free: usize, refused: usize) -> Markup {
    let all = taken + free + refused;
    if all > BOXES || all == 0 {
        let parts = [
            Part { tone: "fill-run", x: 0.0, width: percent(taken as u64, all as u64) },
            Part { tone: "refused", x: percent((taken + free) as u64, all as u64), width: percent(refused as u64, all as u64) },
        ];
        return bar(sentence, &parts, None);
    }
    let step = percent(1, all as u64);
    let gap = if all > 20 { 0.5 } else { 0.8 };
    let tone = |index: usize| match index {
        _ if index < taken => "fill-run",
        _ if index < taken + free => "free",
        _ => "refused",
    };
    html! {
        svg.bar role="img" aria-label=(spelled(sentence)) {
            @for index in 0..all {
                rect.(tone(index)) x={ (figure(percent(index as u64, all as u64))) "%" }
                    width={ (figure(if index + 1 < all { step - gap } else { step })) "%" } height="100%" {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_lie_within_the_bar_and_places_are_counted() {
        let drawn = shares("3 of 4", &[("fill-ok", 3), ("fill-fail", 0), ("fill-warn", 1)]).0;
        assert!(drawn.contains(r#"<rect class="fill-ok" x="0%" width="74.6%""#), "{drawn}");
        assert!(drawn.contains(r#"<rect class="fill-warn" x="75%" width="25%""#), "{drawn}");
        let boxes = |taken, free, refused| places("", taken, free, refused).0.matches("<rect").count();
        assert_eq!((boxes(12, 0, 4), boxes(30, 10, 0)), (16, 40));
        assert_eq!(boxes(41, 0, 0), 2, "a plain bar on its track");
        assert_eq!(boxes(0, 0, 0), 1);
    }
}
