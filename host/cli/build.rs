//! Builds `host/portable` for wasm32, for `strata translate` to put into portable modules. Without the standard library for
//! that target, strata is built all the same, and says so when it is asked for one.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const TARGET: &str = "wasm32-unknown-unknown";
/// What the module is made of.
const SOURCES: &[&str] =
    &["translators", "guests/abi", "guests/vfs", "guests/linux", "guests/run", "host/namespace", "host/portable"];

fn main() {
    let root = PathBuf::from(variable("CARGO_MANIFEST_DIR")).join("../..");
    let out = PathBuf::from(variable("OUT_DIR"));
    for source in SOURCES.iter().copied().chain(["Cargo.lock"]) {
        println!("cargo::rerun-if-changed={}", root.join(source).display());
    }
    let library = library();
    // Of what is not there, cargo looks again each time.
    println!("cargo::rerun-if-changed={}", library.display());
    let module = if library.is_dir() {
        build(&root, &out.join("portable")).ok_or("host/portable does not build for wasm32".to_owned())
    } else {
        Err(format!("rustup target add {TARGET}"))
    };
    let module = module.unwrap_or_else(|why| {
        println!("cargo::warning=`strata translate` is left out: {why}");
        let empty = out.join("none.wasm");
        fs::write(&empty, []).expect("cargo's folder can be written");
        empty
    });
    println!("cargo::rustc-env=STRATA_PORTABLE={}", module.display());
}

/// What cargo tells a build script.
fn variable(name: &str) -> String {
    env::var(name).unwrap_or_else(|error| panic!("cargo sets {name}: {error}"))
}

/// Where the standard library for the target is, once it is installed.
fn library() -> PathBuf {
    let print = Command::new(variable("RUSTC")).args(["--print", "target-libdir", "--target", TARGET]).output();
    PathBuf::from(print.map_or(String::new(), |output| String::from_utf8_lossy(&output.stdout).trim().to_owned()))
}

/// Builds the module, in a folder of its own: the other one is locked by who runs this.
fn build(root: &Path, folder: &Path) -> Option<PathBuf> {
    let mut command = Command::new(variable("CARGO"));
    // What cargo tells this script is not meant for another cargo.
    let told = env::vars_os().filter(|(name, _)| {
        let name = name.to_string_lossy();
        name.starts_with("CARGO_") && name != "CARGO_HOME" || name.ends_with("RUSTFLAGS") || name.starts_with("DEP_")
    });
    told.for_each(|(name, _)| _ = command.env_remove(name));
    command.current_dir(root).args(["build", "--quiet", "--package", "strata-portable", "--lib"]);
    command.args(["--profile", "portable", "--target", TARGET, "--target-dir"]).arg(folder);
    let module = folder.join(TARGET).join("portable/strata_portable.wasm");
    command.status().is_ok_and(|status| status.success()).then_some(module).filter(|module| module.is_file())
}
