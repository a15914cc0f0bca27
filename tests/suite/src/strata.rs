//! What comes of a case: the program under test runs it, in one tier.

use crate::case::{Case, GUEST_FOLDER};
use crate::outcome::{self, Outcome};
use crate::place;
use anyhow::Result;

/// Ways of executing that every case is run in.
pub const TIERS: &[&str] = &["interp", "block", "region", "auto", "mixed"];

/// Runs `case` in `tier`.
pub fn outcome(case: &Case, tier: &str) -> Result<Outcome> {
    outcome::run(case, |folder| {
        let mut words = vec![place::strata().to_string_lossy().into_owned(), "run".to_owned()];
        let mut option = |name: &str, value: String| words.extend([name.to_owned(), value]);
        match &case.root {
            // What programs share is kept between cases, as it is for users.
            Some(root) => {
                option("--root", root.display().to_string());
                option("--cache-dir", place::cache().join("code").display().to_string());
            }
            None => words.push("--no-cache".to_owned()),
        }
        let mut option = |name: &str, value: String| words.extend([name.to_owned(), value]);
        option("--tier", tier.to_owned());
        option("--dir", format!("{}:{GUEST_FOLDER}", folder.display()));
        option("--workdir", GUEST_FOLDER.to_owned());
        for (name, value) in case.environment() {
            option("--env", format!("{name}={value}"));
        }
        words.push(case.program_in_root().unwrap_or_else(|| case.program.display().to_string()));
        words.extend(case.arguments.iter().cloned());
        words
    })
}
