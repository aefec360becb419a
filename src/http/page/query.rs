//! The query of a page's address: the filter and the appearance of a view. There is no other state.

use maud::{Markup, html};
use url::form_urlencoded;

use super::{
    layout::Look,
    text::{Name, encoded, spelled},
};
use crate::{
    http::filter::{Filter, NAMES},
    job::standing::State,
};

/// The range of the rows of a lane.
const ROWS: std::ops::RangeInclusive<usize> = 4..=40;
/// The rules of the page's own parameters.
const OWN: [(&str, &str); 3] = [("theme", "dark or light"), ("rows", "a whole number from 4 to 40"), ("page", "a whole number from 1")];
/// The most parameters of an address; further ones are not read.
const MOST: usize = 100;

/// An address's query.
#[derive(Debug, Default, Clone)]
pub(super) struct Query {
    pub(super) filter: Filter,
    /// The filter's parameters, as they were given.
    pub(super) pairs: Vec<(String, String)>,
    pub(super) look: Look,
    pub(super) rows: Option<usize>,
    /// From 1.
    pub(super) page: usize,
    /// Texts about parameters that mean nothing.
    pub(super) faults: Vec<String>,
}

impl Query {
    pub(super) fn read(query: &str) -> Self {
        let mut read = Self { page: 1, ..Self::default() };
        for (name, value) in form_urlencoded::parse(query.as_bytes()).take(MOST) {
            let known = read.own(&name, &value);
            if known || value.is_empty() && NAMES.contains(&&*name) {
                continue;
            }
            match read.filter.take(&name, &value) {
                Ok(true) => read.pairs.push((name.into_owned(), value.into_owned())),
                Ok(false) => read.faults.push(match OWN.iter().find(|(own, _)| *own == name) {
                    Some((own, rule)) => format!("{own} must be {rule}"),
                    None => format!("{} is no filter here; there are {}", spelled(&name), NAMES.join(", ")),
                }),
                Err(problem) => read.faults.push(problem.detail.clone()),
            }
        }
        read
    }

    /// Takes a parameter if it is one of the page's own.
    fn own(&mut self, name: &str, value: &str) -> bool {
        match (name, value) {
            ("theme", "dark") => self.look.theme = Some("dark"),
            ("theme", "light") => self.look.theme = Some("light"),
            ("wall", _) => self.look.wall = true,
            ("rows", rows) if rows.parse().is_ok_and(|rows| ROWS.contains(&rows)) => self.rows = rows.parse().ok(),
            ("page", page) if page.parse().is_ok_and(|page: usize| page > 0) => self.page = page.parse().unwrap_or(1),
            _ => return false,
        }
        true
    }

    /// The one text that is looked for.
    pub(super) fn text(&self) -> &str {
        self.pairs.iter().find(|(name, _)| name == "q").map_or("", |(_, value)| value)
    }

    /// The address of the jobs with these parameters, without those that `leave` is true for.
    fn address(&self, leave: impl Fn(usize, &str) -> bool, more: &[(&str, &str)]) -> String {
        let kept = self
            .pairs
            .iter()
            .enumerate()
            .filter(|(index, (name, _))| !leave(*index, name))
            .map(|(_, (name, value))| (name.as_str(), value.as_str()));
        let all: Vec<_> = kept.chain(more.iter().copied()).map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        if all.is_empty() { "/jobs".to_owned() } else { format!("/jobs?{}", all.join("&")) }
    }

    /// Another page of the same jobs.
    pub(super) fn at_page(&self, page: usize) -> String {
        let page = page.to_string();
        self.address(|_, _| false, &[("page", &page)])
    }

    /// The same filters with another state; what is only of one state is left out.
    pub(super) fn with_state(&self, state: Option<State>) -> String {
        let of_states = |name: &str| matches!(name, "state" | "status" | "reason");
        let word = state.map(state_word);
        let more: Vec<_> = word.into_iter().map(|word| ("state", word)).collect();
        self.address(|_, name| of_states(name), &more)
    }

    /// Each filter as a chip with a link that removes it.
    pub(super) fn chips(&self) -> Markup {
        let filters = self.pairs.iter().enumerate().filter(|(_, (name, _))| !matches!(name.as_str(), "state" | "q"));
        html! {
            @for (index, (name, value)) in filters {
                a.chip href=(self.address(|other, _| other == index, &[])) aria-label={ "Remove the filter " (name) " " (spelled(value)) } {
                    (name) " " b { (Name(value)) } span aria-hidden="true" { "×" }
                }
            }
        }
    }
}

/// A state as an address has it.
pub(super) fn state_word(state: State) -> &'static str {
    match state {
        State::Waiting => "waiting",
        State::Running => "running",
        State::Reporting => "reporting",
        State::Ended => "ended",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_live_in_the_address_and_what_means_nothing_is_told() {
        let query =
            Query::read("state=waiting&tenant=team-a&tenant=b%26c&q=%3Cb%3E&page=3&rows=12&wall&theme=dark&nonsense=1&state=x&rows=1000");
        assert_eq!((query.page, query.rows, query.look.wall, query.look.theme, query.text()), (3, Some(12), true, Some("dark"), "<b>"));
        assert_eq!(query.faults.len(), 3, "{:?}", query.faults);
        for (wrong, rule) in
            [("rows=0", "rows must be a whole number from 4 to 40"), ("page=x", "page must be a"), ("theme=pink", "dark or light")]
        {
            assert!(Query::read(wrong).faults[0].contains(rule), "{wrong}");
        }
        assert_eq!(query.with_state(Some(State::Ended)), "/jobs?tenant=team-a&tenant=b%26c&q=%3Cb%3E&state=ended");
        assert_eq!(query.at_page(2), "/jobs?state=waiting&tenant=team-a&tenant=b%26c&q=%3Cb%3E&page=2");
        let chips = query.chips().0;
        assert!(chips.contains("href=\"/jobs?state=waiting&amp;tenant=team-a&amp;q=%3Cb%3E\""), "{chips}");
        assert_eq!(Query::read("").at_page(1), "/jobs?page=1");
    }
}
