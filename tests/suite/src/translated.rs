//! Programs translated ahead of time, and where they are put.

use crate::place;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicUsize, Ordering};

/// `strata translate PROGRAM -o OUT`, without what earlier runs left unless `options` say so.
pub fn translate(program: &Path, out: &Path, options: &[&str]) -> Output {
    let mut command = Command::new(place::strata());
    command.arg("translate").args(if options.is_empty() { &["--no-cache"] } else { options });
    command.arg(program).arg("-o").arg(out).output().expect("strata starts")
}

/// A path of this call's own.
pub fn scratch(name: &str) -> PathBuf {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let folder = place::scratch();
    fs::create_dir_all(&folder).expect("scratch room can be made");
    folder.join(format!("{}-{name}", NEXT.fetch_add(1, Ordering::Relaxed)))
}
