//! The waiting line: who is next. Higher priority first; within a priority tenants take turns; within a tenant the first to come.

use std::collections::{BTreeMap, HashMap, VecDeque};

use super::{Priority, Tenant, schedule::Ticket};

/// The waiting line. `T` is what waits.
#[derive(Debug)]
pub struct Line<T> {
    /// Highest priority first.
    lanes: BTreeMap<Priority, Lane<T>>,
}

#[derive(Debug)]
struct Lane<T> {
    /// Every tenant that waits, once; the front has its turn.
    turns: VecDeque<Tenant>,
    waiting: HashMap<Tenant, VecDeque<(Ticket, T)>>,
}

impl<T> Default for Line<T> {
    fn default() -> Self {
        Self { lanes: BTreeMap::new() }
    }
}

impl<T> Line<T> {
    /// Joins the line.
    pub fn push(&mut self, ticket: Ticket, it: T) {
        self.lane(ticket.priority).push(ticket, it);
    }

    /// Comes back to the line: a place was found, and was none. It is where it was, and its tenant has the next turn.
    pub fn put_back(&mut self, ticket: Ticket, it: T) {
        let lane = self.lane(ticket.priority);
        let tenant = ticket.tenant.clone();
        lane.push(ticket, it);
        lane.turns.retain(|other| *other != tenant);
        lane.turns.push_front(tenant);
    }

    fn lane(&mut self, priority: Priority) -> &mut Lane<T> {
        self.lanes.entry(priority).or_insert_with(|| Lane { turns: VecDeque::new(), waiting: HashMap::new() })
    }

    /// Takes the next for whom `admit` finds a place; a tenant that was served goes to the end of its lane's turns.
    pub fn take<P>(&mut self, mut admit: impl FnMut(&Ticket) -> Option<P>) -> Option<(T, P)> {
        self.lanes.values_mut().find_map(|lane| lane.take(&mut admit))
    }

    /// All that wait, in some order.
    pub fn tickets(&self) -> impl Iterator<Item = &Ticket> {
        self.lanes.values().flat_map(|lane| lane.waiting.values()).flatten().map(|(ticket, _)| ticket)
    }

    /// Lets go of those that no longer wait.
    pub fn retain(&mut self, mut waits: impl FnMut(&T) -> bool) {
        for lane in self.lanes.values_mut() {
            lane.waiting.retain(|_, queue| {
                queue.retain(|(_, it)| waits(it));
                !queue.is_empty()
            });
            lane.turns.retain(|tenant| lane.waiting.contains_key(tenant));
        }
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.lanes.values().flat_map(|lane| lane.waiting.values()).map(VecDeque::len).sum()
    }

    /// Whether nobody waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<T> Lane<T> {
    fn push(&mut self, ticket: Ticket, it: T) {
        let queue = self.waiting.entry(ticket.tenant.clone()).or_default();
        if queue.is_empty() {
            self.turns.push_back(ticket.tenant.clone());
        }
        let at = queue.partition_point(|(other, _)| other.arrival <= ticket.arrival);
        queue.insert(at, (ticket, it));
    }

    fn take<P>(&mut self, admit: &mut impl FnMut(&Ticket) -> Option<P>) -> Option<(T, P)> {
        for turn in 0..self.turns.len() {
            let tenant = &self.turns[turn];
            let Some(queue) = self.waiting.get_mut(tenant) else { continue };
            let Some((at, place)) = queue.iter().enumerate().find_map(|(at, (ticket, _))| Some((at, admit(ticket)?))) else { continue };
            let taken = queue.remove(at);
            let is_last = queue.is_empty();
            if let Some(tenant) = self.turns.remove(turn) {
                if is_last {
                    self.waiting.remove(&tenant);
                } else {
                    self.turns.push_back(tenant);
                }
            }
            return taken.map(|(_, it)| (it, place));
        }
        None
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn ticket(tenant: &str, priority: Priority, arrival: u64) -> Ticket {
        use crate::job::{JobId, schedule::Age};
        Ticket {
            job: JobId::parse("job").unwrap(),
            queue: String::new(),
            profile: String::new(),
            project: String::new(),
            tenant: Tenant::parse(tenant).unwrap(),
            repository: String::new(),
            priority,
            group: None,
            age: Age { enqueued_ms: 0, message_id: "".into() },
            arrival,
        }
    }

    fn line(jobs: &[(&str, Priority, &'static str)]) -> Line<&'static str> {
        let mut line = Line::default();
        for (arrival, (tenant, priority, name)) in (0..).zip(jobs) {
            line.push(ticket(tenant, *priority, arrival), *name);
        }
        line
    }

    fn order(mut line: Line<&'static str>) -> Vec<&'static str> {
        std::iter::from_fn(|| line.take(|_| Some(())).map(|(name, ())| name)).collect()
    }

    #[test]
    fn higher_priority_goes_first_and_arrival_decides_within_a_tenant() {
        let line = line(&[
            ("a", Priority::Low, "low"),
            ("a", Priority::Normal, "n1"),
            ("a", Priority::High, "high"),
            ("a", Priority::Normal, "n2"),
        ]);
        assert_eq!(order(line), ["high", "n1", "n2", "low"]);
    }

    #[test]
    fn tenants_take_turns_whatever_their_number_of_jobs() {
        let n = Priority::Normal;
        let line = line(&[("a", n, "a1"), ("a", n, "a2"), ("a", n, "a3"), ("b", n, "b1"), ("c", n, "c1"), ("b", n, "b2")]);
        assert_eq!(order(line), ["a1", "b1", "c1", "a2", "b2", "a3"]);
    }

    #[test]
    fn a_tenant_without_a_place_is_passed_over_and_keeps_its_turn() {
        let n = Priority::Normal;
        let mut line = line(&[("a", n, "a1"), ("b", n, "b1"), ("b", n, "b2")]);
        let not_a = |ticket: &Ticket| (ticket.tenant.as_str() != "a").then_some(());
        assert_eq!(line.take(not_a).unwrap().0, "b1");
        assert_eq!(order(line), ["a1", "b2"]);
    }

    #[test]
    fn who_comes_back_has_its_old_place_and_its_tenant_the_next_turn() {
        let n = Priority::Normal;
        let mut line = line(&[("a", n, "a1"), ("b", n, "b1"), ("a", n, "a2"), ("a", n, "a3"), ("b", n, "b2")]);
        assert_eq!([0, 1, 2].map(|_| line.take(|_| Some(())).unwrap().0), ["a1", "b1", "a2"]);
        // In the order of their refusals, which need not be that of their arrivals.
        line.put_back(ticket("a", n, 2), "a2");
        line.put_back(ticket("a", n, 0), "a1");
        assert_eq!(order(line), ["a1", "b2", "a2", "a3"]);
    }

    #[test]
    fn those_who_left_are_not_served() {
        let n = Priority::Normal;
        let mut line = line(&[("a", n, "a1"), ("b", n, "b1"), ("a", n, "a2")]);
        line.retain(|name| *name != "a1" && *name != "b1");
        assert_eq!(line.len(), 1);
        assert_eq!(order(line), ["a2"]);
    }
}
