//! cargo test --release --workspace --test python -- test_fcntl     (any part of a module's name)
//! cargo xtask python                                               (every module: takes long)
//!
//! python3's own test modules under Strata, each test against what it comes to under QEMU. The modules are in
//! `tests/linux/python.toml`; tests that fail are in known-failures.txt, by their names or by those of their classes or modules.

use anyhow::Result;
use libtest_mimic::{Arguments, Failed, Trial};
use std::sync::Arc;
use strata_suite::known::{self, Known};
use strata_suite::python::{self, Table};
use strata_suite::{oracle, place, strata};

fn main() -> Result<()> {
    let arguments = Arguments::from_args();
    let (table, known) = (Arc::new(Table::read()?), Arc::new(known::failures(true)?));
    let is_everything = std::env::var_os("EVERYTHING").is_some();
    let is_there = table.is_there();
    let mut trials = Vec::new();
    for (modules, is_wanted) in [(&table.quick, true), (&table.slow, is_everything)] {
        for module in modules {
            let case = table.case(module, true);
            let is_ready = is_there && is_wanted && oracle::is_there(&case);
            let (table, known, module) = (table.clone(), known.clone(), module.clone());
            trials.push(Trial::test(case.name, move || check(&table, &module, &known)).with_ignored_flag(!is_ready));
        }
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    // A module that hung leaves its room.
    let _ = std::fs::remove_dir_all(place::scratch());
    conclusion.exit()
}

fn check(table: &Table, module: &str, known: &Known) -> Result<(), Failed> {
    let right = python::verdicts(module, &oracle::outcome(&table.case(module, true))?)?;
    let ours = python::verdicts(module, &strata::outcome(&table.case(module, false), "auto")?)?;
    let complaints = python::complaints(module, &ours, &right, known);
    if complaints.is_empty() { Ok(()) } else { Err(complaints.join("\n").into()) }
}
