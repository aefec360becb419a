//! Gives names numbers that are quick to look up.

use std::collections::HashMap;

use slab::Slab;

#[derive(Debug)]
pub(super) struct Names<T> {
    ids: HashMap<String, usize>,
    named: Slab<(String, T)>,
}

impl<T> Default for Names<T> {
    fn default() -> Self {
        Self { ids: HashMap::new(), named: Slab::new() }
    }
}

impl<T> Names<T> {
    /// The number of a name. `make`: the value of a new name.
    pub(super) fn id(&mut self, name: &str, make: impl FnOnce() -> T) -> usize {
        if let Some(id) = self.ids.get(name) {
            return *id;
        }
        let id = self.named.insert((name.to_owned(), make()));
        self.ids.insert(name.to_owned(), id);
        id
    }

    pub(super) fn find(&self, name: &str) -> Option<&T> {
        self.ids.get(name).map(|id| &self[*id])
    }

    pub(super) fn name(&self, id: usize) -> &str {
        &self.named[id].0
    }

    pub(super) fn forget(&mut self, id: usize) {
        let (name, _) = self.named.remove(id);
        self.ids.remove(&name);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, &str, &T)> {
        self.named.iter().map(|(id, (name, it))| (id, name.as_str(), it))
    }

    pub(super) fn each(&mut self, mut change: impl FnMut(&str, &mut T)) {
        self.named.iter_mut().for_each(|(_, (name, it))| change(name, it));
    }
}

impl<T> std::ops::Index<usize> for Names<T> {
    type Output = T;

    fn index(&self, id: usize) -> &T {
        &self.named[id].1
    }
}

impl<T> std::ops::IndexMut<usize> for Names<T> {
    fn index_mut(&mut self, id: usize) -> &mut T {
        &mut self.named[id].1
    }
}
