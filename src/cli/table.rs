//! A table that fits the terminal: columns are as wide as their cells, and the last one has the remaining width.

use std::io::IsTerminal;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::paint::{Paint, Tone};
use crate::job::plain::plain;

/// The width if the terminal does not say one, in columns.
const USUAL: usize = 80;
/// Between two columns.
const GAP: &str = "  ";
/// The greatest width of a column except the last, and the least width to which one is cut.
const WIDEST: usize = 40;
const NARROWEST: usize = 6;

/// One cell.
#[derive(Debug, Clone)]
pub(super) struct Cell {
    text: String,
    tone: Tone,
}

/// A table.
#[derive(Debug)]
pub(super) struct Table {
    head: Vec<&'static str>,
    rows: Vec<Vec<Cell>>,
}

/// The columns of the terminal that a command writes to. `None`: it is no terminal, and nothing is cut.
pub(super) fn width(output: &impl IsTerminal) -> Option<usize> {
    output.is_terminal().then(|| terminal_size::terminal_size().map_or(USUAL, |(width, _)| usize::from(width.0)))
}

/// The lines that fit the terminal, and the number of lines left out.
pub(super) fn within_height(text: &str, height: Option<usize>) -> String {
    let lines: Vec<&str> = text.lines().collect();
    // The last row of a terminal is for the cursor.
    let Some(most) = height.map(|height| height.saturating_sub(2)).filter(|most| lines.len() > most + 1) else { return text.to_owned() };
    let left_out = lines.len() - most;
    format!("{}\n{left_out} lines more: filter, or make the terminal taller\n", lines[..most].join("\n"))
}

/// The rows of the terminal that a command writes to. `None`: it is no terminal.
pub(super) fn height(output: &impl IsTerminal) -> Option<usize> {
    output.is_terminal().then(terminal_size::terminal_size).flatten().map(|(_, height)| usize::from(height.0))
}

impl Cell {
    pub(super) fn new(text: impl AsRef<str>) -> Self {
        Self::painted(text, Tone::Plain)
    }

    /// A cell. Texts of a job may have any content: they are shown on one line, without control characters.
    pub(super) fn painted(text: impl AsRef<str>, tone: Tone) -> Self {
        let line = text.as_ref().replace(['\n', '\t'], " ");
        Self { text: plain(&line).into_owned(), tone }
    }
}

impl Table {
    pub(super) fn new(head: &[&'static str]) -> Self {
        Self { head: head.to_vec(), rows: Vec::new() }
    }

    pub(super) fn row(&mut self, cells: Vec<Cell>) {
        self.rows.push(cells);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The table as lines, each with its line break.
    pub(super) fn render(&self, width: Option<usize>, paint: Paint) -> String {
        let widths = self.widths(width);
        let head: Vec<Cell> = self.head.iter().map(|name| Cell::painted(name, Tone::Bold)).collect();
        let lines = std::iter::once(&head).chain(&self.rows).map(|cells| line(cells, &widths, paint));
        lines.fold(String::new(), |text, line| text + &line + "\n")
    }

    fn widths(&self, width: Option<usize>) -> Vec<usize> {
        let natural = |at: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(at)).map(|cell| cell.text.width());
            cells.chain([self.head[at].width()]).max().unwrap_or_default()
        };
        let mut widths: Vec<usize> = (0..self.head.len()).map(natural).collect();
        let Some(width) = width else { return widths };
        let last = widths.len() - 1;
        for wide in &mut widths[..last] {
            *wide = (*wide).min(WIDEST);
        }
        let room = width.saturating_sub(GAP.len() * last);
        // The widest column is cut first, until the last one, which is the most important, has three fifths of the width or all that it
        // needs.
        let wanted = widths[last].min(room * 3 / 5);
        while widths[..last].iter().sum::<usize>() + wanted > room {
            let Some(widest) = widths[..last].iter_mut().max().filter(|widest| **widest > NARROWEST) else { break };
            *widest -= 1;
        }
        widths[last] = room.saturating_sub(widths[..last].iter().sum()).min(widths[last]);
        widths
    }
}

fn line(cells: &[Cell], widths: &[usize], paint: Paint) -> String {
    let last = cells.len() - 1;
    let cells = cells.iter().zip(widths).enumerate().map(|(at, (cell, &width))| {
        let text = clip(&cell.text, width);
        let pad = if at == last { 0 } else { width.saturating_sub(text.width()) };
        format!("{}{}", if text.is_empty() { text } else { paint.paint(cell.tone, &text) }, " ".repeat(pad))
    });
    cells.collect::<Vec<_>>().join(GAP).trim_end().to_owned()
}

/// The text in at most `width` columns of a terminal.
pub(super) fn clip(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut room = width.saturating_sub(1);
    let fits = |c: &char| {
        let wide = c.width().unwrap_or_default();
        let fits = wide <= room;
        room -= if fits { wide } else { room };
        fits
    };
    text.chars().take_while(fits).chain(['…'].into_iter().filter(|_| width > 0)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new(&["JOB", "REPOSITORY", "WHY"]);
        table.row(vec![
            Cell::new("app-1"),
            Cell::new("github.com/acme/a-repository-with-a-long-name"),
            Cell::new("tenant team-a runs 4 of 4"),
        ]);
        table.row(vec![Cell::painted("b\u{1b}[2J\n\u{202e}x", Tone::Bad), Cell::new("漢字漢字"), Cell::new("")]);
        table
    }

    #[test]
    fn a_terminal_shows_the_first_lines_and_how_many_more_there_are() {
        let text = "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n".to_owned();
        assert_eq!(within_height(&text, Some(5)), "1\n2\n3\n7 lines more: filter, or make the terminal taller\n");
        assert_eq!((within_height(&text, Some(11)), within_height(&text, None)), (text.clone(), text.clone()));
    }

    #[test]
    fn every_line_fits_and_nothing_moves_the_terminal() {
        for width in 20..120 {
            let text = table().render(Some(width), Paint { colours: false });
            assert!(text.lines().all(|line| line.width() <= width), "{width}:\n{text}");
            assert!(!text.contains(['\u{1b}', '\u{202e}']), "{text:?}");
        }
        let wide = table().render(None, Paint { colours: true });
        assert!(wide.contains("a-repository-with-a-long-name  tenant team-a runs 4 of 4\n"), "{wide}");
        assert!(wide.contains("\u{1b}[31mb <U+202E>x\u{1b}[0m"), "{wide:?}");
    }

    #[test]
    fn columns_stand_below_each_other() {
        let text = table().render(Some(60), Paint { colours: false });
        let starts: Vec<_> = text.lines().take(2).map(|line| line.find("REP").or(line.find("git")).unwrap_or_default()).collect();
        assert_eq!(starts[0], starts[1], "{text}");
        assert_eq!(clip("漢字x", 4), "漢…");
        assert_eq!((clip("abc", 0), clip("abc", 1)), (String::new(), "…".to_owned()));
    }
}
