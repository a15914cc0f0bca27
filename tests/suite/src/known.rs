//! `tests/known-failures.txt`: cases that fail and why. A listed case that passes is an error, and so is one that is gone.

use crate::place;
use anyhow::{Context, Result, bail};
use std::collections::BTreeMap;
use std::fs;

/// Reasons by case name.
pub type Known = BTreeMap<String, String>;

/// Whose cases have names that start with this: `tests/python.rs`.
pub const PYTHON: &str = "python/";

/// Reads the list: a case name, spaces, the reason; `#` starts a comment. Of python's modules, or of all else.
pub fn failures(of_python: bool) -> Result<Known> {
    let path = place::root().join("tests/known-failures.txt");
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut known = parse(&text)?;
    known.retain(|name, _| name.starts_with(PYTHON) == of_python);
    Ok(known)
}

fn parse(text: &str) -> Result<Known> {
    let mut known = Known::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let Some((name, reason)) = line.split_once(char::is_whitespace) else {
            bail!("known-failures.txt line {}: {line} has no reason", index + 1);
        };
        if known.insert(name.to_owned(), reason.trim().to_owned()).is_some() {
            bail!("known-failures.txt line {}: {name} stands there twice", index + 1);
        }
    }
    Ok(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wants_a_reason_once() {
        assert_eq!(parse("# none\n\na/b  not yet\n").expect("well formed").len(), 1);
        assert!(parse("a/b\n").is_err());
        assert!(parse("a/b x\na/b y\n").is_err());
    }
}
