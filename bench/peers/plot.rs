//! A plot of some lines, as SVG.

use std::fmt::Write;

const SIZE: (f64, f64) = (640.0, 320.0);
/// Room at the left and below for the axes, above for the title, and at the right for the names.
const LEFT: f64 = 60.0;
const BELOW: f64 = 45.0;
const ABOVE: f64 = 30.0;
const RIGHT: f64 = 130.0;
const COLOURS: [&str; 4] = ["#0b5fa5", "#c0392b", "#7d6608", "#1e8449"];
const DASHES: [&str; 4] = ["none", "6 3", "2 3", "8 3 2 3"];

#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) name: &'static str,
    pub(crate) points: Vec<(f64, f64)>,
}

#[derive(Debug)]
pub(crate) struct Axis {
    label: &'static str,
    log: bool,
}

impl Axis {
    pub(crate) const fn linear(label: &'static str) -> Self {
        Self { label, log: false }
    }

    pub(crate) const fn log(label: &'static str) -> Self {
        Self { label, log: true }
    }

    /// Where a value lies between the axis's ends, 0 to 1.
    fn place(&self, value: f64, (from, to): (f64, f64)) -> f64 {
        let scale = |value: f64| if self.log { value.max(1.0).ln() } else { value };
        (scale(value) - scale(from)) / (scale(to) - scale(from)).max(f64::EPSILON)
    }

    /// Values with a mark.
    fn marks(&self, (from, to): (f64, f64)) -> Vec<f64> {
        if self.log {
            let decades = (0..9).map(|n| 10f64.powi(n));
            return decades.filter(|value| *value >= from && *value <= to).collect();
        }
        (0..=4).map(|n| from + (to - from) * f64::from(n) / 4.0).collect()
    }
}

pub(crate) fn plot(title: &str, lines: &[Line], x: &Axis, y: &Axis) -> String {
    let all = || lines.iter().flat_map(|line| &line.points);
    let span = |of: fn(&(f64, f64)) -> f64, zero: bool| {
        let (from, to) = all().map(of).fold((f64::MAX, f64::MIN), |(from, to), value| (from.min(value), to.max(value)));
        (if zero { 0.0 } else { from }, to)
    };
    let (xs, ys) = (span(|point| point.0, !x.log), span(|point| point.1, true));
    let (width, height) = (SIZE.0 - LEFT - RIGHT, SIZE.1 - ABOVE - BELOW);
    let at = |(vx, vy): (f64, f64)| (LEFT + width * x.place(vx, xs), ABOVE + height * (1.0 - y.place(vy, ys)));
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" font-family=\"sans-serif\" font-size=\"12\" role=\"img\">\n\
         <title>{title}</title>\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n<text x=\"{LEFT}\" y=\"18\" font-size=\"14\">{title}</text>\n",
        SIZE.0, SIZE.1
    );
    for value in x.marks(xs) {
        let (px, py) = at((value, ys.0));
        writeln!(svg, "<text x=\"{px:.0}\" y=\"{:.0}\" text-anchor=\"middle\">{}</text>", py + 16.0, number(value)).unwrap();
    }
    for value in y.marks(ys) {
        let (px, py) = at((xs.0, value));
        writeln!(svg, "<line x1=\"{px:.0}\" x2=\"{:.0}\" y1=\"{py:.1}\" y2=\"{py:.1}\" stroke=\"#ddd\"/>", px + width).unwrap();
        writeln!(svg, "<text x=\"{:.0}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>", px - 6.0, py + 4.0, number(value)).unwrap();
    }
    writeln!(svg, "<text x=\"{:.0}\" y=\"{:.0}\" text-anchor=\"middle\">{}</text>", LEFT + width / 2.0, SIZE.1 - 8.0, x.label).unwrap();
    writeln!(svg, "<text transform=\"translate(14 {:.0}) rotate(-90)\" text-anchor=\"middle\">{}</text>", ABOVE + height / 2.0, y.label)
        .unwrap();
    for (n, line) in lines.iter().enumerate() {
        let (colour, dash) = (COLOURS[n % COLOURS.len()], DASHES[n % DASHES.len()]);
        let points: Vec<_> = line.points.iter().map(|point| at(*point)).map(|(px, py)| format!("{px:.1},{py:.1}")).collect();
        writeln!(
            svg,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\" stroke-dasharray=\"{dash}\"/>",
            points.join(" ")
        )
        .unwrap();
        #[expect(clippy::cast_precision_loss, reason = "a few lines")]
        let ly = ABOVE + 16.0 * n as f64 + 8.0;
        let lx = SIZE.0 - RIGHT + 10.0;
        writeln!(
            svg,
            "<line x1=\"{lx}\" x2=\"{}\" y1=\"{ly}\" y2=\"{ly}\" stroke=\"{colour}\" stroke-width=\"2\" stroke-dasharray=\"{dash}\"/>",
            lx + 24.0
        )
        .unwrap();
        writeln!(svg, "<text x=\"{}\" y=\"{}\">{}</text>", lx + 30.0, ly + 4.0, line.name).unwrap();
    }
    svg + "</svg>\n"
}

fn number(value: f64) -> String {
    if value >= 10.0 || value == 0.0 { format!("{value:.0}") } else { format!("{value:.2}") }
}
