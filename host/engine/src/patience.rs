//! [`Patience`]: how long a thread of the host looks for what it waits for before it sleeps.

use crate::event::Event;
use std::hint::spin_loop;
use std::time::{Duration, Instant};

/// What it begins with once it has slept for nothing: to sleep and be woken takes about as long.
const FIRST: Duration = Duration::from_micros(5);
/// The most that it spends.
const MOST: Duration = Duration::from_micros(40);
/// Looks between two at the clock.
const LOOKS: u32 = 32;

/// As long as it has paid: it doubles whenever a wait was over soon after it gave up, and is gone after a long one (KVM calls
/// this halt polling).
#[derive(Default)]
pub(crate) struct Patience(Duration);

impl Patience {
    /// Looks for a ring, `most` at most; whether there was one.
    pub(crate) fn look(&self, event: &Event, most: Option<Duration>) -> bool {
        let most = most.map_or(self.0, |most| most.min(self.0));
        if most.is_zero() {
            return false;
        }
        let begun = Instant::now();
        loop {
            for _ in 0..LOOKS {
                if event.is_rung() {
                    return true;
                }
                spin_loop();
            }
            if begun.elapsed() >= most {
                return false;
            }
        }
    }

    /// A wait for which it did not suffice took so long.
    pub(crate) fn learn(&mut self, took: Duration) {
        self.0 = if took > MOST { Duration::ZERO } else { (2 * self.0).clamp(FIRST, MOST) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_grows_with_short_waits_and_ends_with_a_long_one() {
        let mut patience = Patience::default();
        patience.learn(Duration::from_micros(30));
        assert_eq!(patience.0, FIRST);
        (0..9).for_each(|_| patience.learn(Duration::from_micros(30)));
        assert_eq!(patience.0, MOST);
        patience.learn(Duration::from_millis(1));
        assert_eq!(patience.0, Duration::ZERO);
    }

    #[test]
    fn a_ring_is_seen() {
        let event = Event::new().expect("descriptors are left");
        let patience = Patience(MOST);
        assert!(!patience.look(&event, None));
        run::Bell::ring(&*event);
        assert!(patience.look(&event, None) && !Patience::default().look(&event, None));
    }
}
