//! What comes of a case: the program under test runs it, in one tier.

use crate::case::{Case, ENVIRONMENT, GUEST_FOLDER};
use crate::outcome::{self, Outcome};
use crate::place;
use anyhow::Result;

/// Ways of executing that every case is run in.
pub const TIERS: &[&str] = &["interp", "block", "region", "auto", "mixed"];

/// Runs `case` in `tier`.
pub fn outcome(case: &Case, tier: &str) -> Result<Outcome> {
    outcome::run(case, |folder| {
        let mut words = vec![place::strata().to_string_lossy().into_owned(), "run".to_owned(), "--no-cache".to_owned()];
        let mut option = |name: &str, value: String| words.extend([name.to_owned(), value]);
        option("--tier", tier.to_owned());
        option("--dir", format!("{}:{GUEST_FOLDER}", folder.display()));
        option("--workdir", GUEST_FOLDER.to_owned());
        for (name, value) in ENVIRONMENT {
            option("--env", format!("{name}={value}"));
        }
        words.push(case.program.to_string_lossy().into_owned());
        words.extend(case.arguments.iter().cloned());
        words
    })
}
