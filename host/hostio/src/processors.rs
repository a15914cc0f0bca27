//! The host's processors.

use rustix::thread::sched_getaffinity;

/// How many this process may run on, as sched_getaffinity(2) says; at least one.
#[must_use]
pub fn count() -> u32 {
    sched_getaffinity(None).map_or(1, |set| set.count().max(1))
}

#[cfg(test)]
mod tests {
    #[test]
    fn there_is_one() {
        assert!(super::count() >= 1);
    }
}
