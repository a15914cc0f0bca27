//! [`Spot`]: where a node lies below its preopen, also after the guest has renamed it or a directory above it.
//!
//! WASI names files by paths, so a node is found again by its path. All spots of a preopen are in one table, [`Spots`], and
//! what the guest renames or removes is renamed or removed there. What others do outside is not noticed: the node is then
//! whatever has its path, or nothing.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// Where nodes of one preopen lie that somebody holds, by path.
#[derive(Default)]
pub(crate) struct Spots(Mutex<BTreeMap<String, Weak<Spot>>>);

/// Where a node lies.
pub(crate) struct Spot {
    spots: Arc<Spots>,
    /// None once it was removed.
    path: Mutex<Option<String>>,
}

impl Spots {
    /// The spot at a path; the preopen itself is at the empty one.
    pub(crate) fn at(self: &Arc<Spots>, path: String) -> Arc<Spot> {
        let mut table = self.table();
        if let Some(known) = table.get(&path).and_then(Weak::upgrade) {
            return known;
        }
        let spot = Arc::new(Spot { spots: self.clone(), path: Mutex::new(Some(path.clone())) });
        table.insert(path, Arc::downgrade(&spot));
        spot
    }

    /// What lay at `path` or below has been removed.
    pub(crate) fn remove(&self, path: &str) {
        for (_, spot) in take(&mut self.table(), path) {
            *lock(&spot.path) = None;
        }
    }

    /// What lay at `from` or below lies at `to` now, and what lay there has been replaced.
    pub(crate) fn rename(&self, from: &str, to: &str) {
        if from == to {
            return;
        }
        self.remove(to);
        let mut table = self.table();
        for (rest, spot) in take(&mut table, from) {
            let path = [to, &rest].concat();
            *lock(&spot.path) = Some(path.clone());
            table.insert(path, Arc::downgrade(&spot));
        }
    }

    fn table(&self) -> MutexGuard<'_, BTreeMap<String, Weak<Spot>>> {
        lock(&self.0)
    }
}

/// Takes the spots at and below `path` out, each with what follows `path` in its own.
fn take(table: &mut BTreeMap<String, Weak<Spot>>, path: &str) -> Vec<(String, Arc<Spot>)> {
    let rest_of = |found: &String| {
        let rest = found.strip_prefix(path)?;
        (rest.is_empty() || rest.starts_with('/')).then(|| rest.to_owned())
    };
    let found: Vec<(String, String)> = table.keys().filter_map(|key| Some((key.clone(), rest_of(key)?))).collect();
    found.into_iter().filter_map(|(key, rest)| Some((rest, table.remove(&key)?.upgrade()?))).collect()
}

impl Spot {
    /// Its path below the preopen; none once it was removed.
    pub(crate) fn path(&self) -> Option<String> {
        lock(&self.path).clone()
    }
}

/// The path of a name in the directory at `path`.
pub(crate) fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { [path, "/", name].concat() }
}

impl Drop for Spot {
    fn drop(&mut self) {
        let Some(path) = lock(&self.path).take() else { return };
        let mut table = self.spots.table();
        // There may be a new one in its place.
        if table.get(&path).is_some_and(|spot| spot.strong_count() == 0) {
            table.remove(&path);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spots_go_where_the_guest_moves_them() {
        let spots = Arc::new(Spots::default());
        let at = |path: &str| spots.at(path.to_owned());
        let (directory, file, beside) = (at("a"), at(&join("a", "b/c")), at("ab"));
        assert!(Arc::ptr_eq(&file, &at("a/b/c")));
        let replaced = at("d");
        spots.rename("a", "d");
        let paths = [&directory, &file, &beside, &replaced].map(|spot| spot.path());
        assert_eq!(paths, [Some("d".into()), Some("d/b/c".into()), Some("ab".into()), None]);
        spots.rename("d", "d");
        spots.remove("d/b");
        assert_eq!((directory.path(), file.path()), (Some("d".into()), None));
        let again = at("d/b/c");
        drop(file);
        assert!(Arc::ptr_eq(&again, &at("d/b/c")));
        drop((again, directory, beside, replaced));
        assert!(spots.table().is_empty());
        assert_eq!(join("", "x"), "x");
    }
}
