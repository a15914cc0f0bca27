//! cargo test --release -p strata-suite --test linux -- busybox/sort     (any part of a case's name)
//! EVERYTHING=1 cargo test --release -p strata-suite --test linux         (every case in every tier: takes long)
//!
//! Guest programs under Strata, in each tier, against QEMU: standard output, exit status and files. The cases are rows
//! of `tests/linux/*.toml`, the programs of `guests/programs/c` and the demos; what fails is in known-failures.txt.

use anyhow::{Result, ensure};
use libtest_mimic::{Arguments, Failed, Trial};
use std::collections::BTreeSet;
use std::sync::Arc;
use strata_suite::known::{self, Known};
use strata_suite::{Case, oracle, place, strata, table};

fn main() -> Result<()> {
    let arguments = Arguments::from_args();
    let known = Arc::new(known::failures(false)?);
    let is_everything = std::env::var_os("EVERYTHING").is_some();
    let mut trials = Vec::new();
    let tables = table::FILES.iter().map(|name| table::cases(name)).collect::<Result<Vec<_>>>()?;
    for case in tables.into_iter().chain([table::programs()?, table::demos()?]).flatten().map(Arc::new) {
        for tier in strata::TIERS.iter().filter(|tier| is_everything || is_worth_it(&case.name, tier)) {
            trials.push(trial(&case, tier, &known));
        }
    }
    let names: BTreeSet<String> = trials.iter().map(|trial| trial.name().to_owned()).collect();
    trials.push(Trial::test("known-failures", move || Ok(all_exist(&known, &names)?)));
    let conclusion = libtest_mimic::run(&arguments, trials);
    // Failing cases leave nothing that a rerun would not make again.
    std::fs::remove_dir_all(place::scratch()).or_else(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Ok(()),
        _ => Err(error),
    })?;
    conclusion.exit()
}

/// How a program was optimized matters little for whether its functions are translated right, which takes a while; and
/// each run of a big program in tier `region` or `mixed` translates a lot that the one before translated too. Of those two
/// each has half of the others, by byte order and instruction set: what they have in common `auto` has in all.
fn is_worth_it(name: &str, tier: &str) -> bool {
    let is_big = name.starts_with("busybox/") || name.starts_with("bash/");
    let is_same = ["/O0/", "/Os/"].iter().any(|level| name.contains(level));
    if name.starts_with("debian/") {
        return tier == "auto" || tier == "interp";
    }
    if name.starts_with("firmware/") {
        // What computes most, as it is done without instructions for it, also block by block.
        return tier == "auto" || tier == "interp" || tier == "block" && name.contains("/awk-");
    }
    if name.starts_with("processes/") || name.starts_with("servers") {
        return tier == "auto";
    }
    let is_even = name.contains("/mips/") == name.contains("/mips16/");
    match tier {
        "region" => !is_same && !is_big && is_even,
        "mixed" => !is_same && !is_big && !is_even,
        "auto" => !is_same,
        // One is to see code that was not optimized, the other code that is short.
        "interp" => !name.contains("/O0/"),
        // Each of these levels in one byte order.
        _ if name.starts_with("c/mipsel/") => !name.contains("/Os/") && !name.contains("/O2/"),
        _ => !is_same,
    }
}

fn trial(case: &Arc<Case>, tier: &'static str, known: &Arc<Known>) -> Trial {
    let name = format!("{}/{tier}", case.name);
    let reason = known.get(&name).cloned();
    let has_oracle = case.expected.is_some() || oracle::is_there(case);
    let is_ready = case.program.is_file() && has_oracle;
    let case = Arc::clone(case);
    // What set-up could not bring is shown as ignored, never as passed.
    Trial::test(name, move || check(&case, tier, reason.as_deref())).with_ignored_flag(!is_ready)
}

fn check(case: &Case, tier: &str, known: Option<&str>) -> Result<(), Failed> {
    let mut right = oracle::outcome(case)?;
    let ours = strata::outcome(case, tier)?;
    if case.expected.is_some() {
        right.files.clone_from(&ours.files);
    }
    match (ours.difference(&right), known) {
        (None, None) | (Some(_), Some(_)) => Ok(()),
        (Some(difference), None) => Err(difference.into()),
        (None, Some(reason)) => Err(format!("passes now: delete its line in known-failures.txt ({reason})").into()),
    }
}

fn all_exist(known: &Known, names: &BTreeSet<String>) -> Result<()> {
    let gone: Vec<&String> = known.keys().filter(|name| !names.contains(*name)).collect();
    ensure!(gone.is_empty(), "known-failures.txt lists cases that do not exist: {gone:?}");
    Ok(())
}
