//! cargo test --release -p strata-suite --test web
//!
//! The core that pages load, under Node: guests end as they do under the native interpreter, and what V8 makes of
//! translated regions is what the interpreter makes of them. Without Node there is nothing to run it, and that is said.

#![expect(clippy::print_stderr, reason = "a test that skips says why")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use strata_suite::place;

/// Major version of the first Node that allows two memories in a module.
const TWO_MEMORIES: u32 = 22;

#[test]
fn guests_end_as_they_do_natively() {
    let Some(core) = core() else { return };
    let demos = place::root().join("guests/programs/bin");
    for order in ["mipsel", "mips"] {
        for name in ["hello", "sha256", "nbody"] {
            check(&core, &demos.join(order).join(name), &[], "some input\n");
        }
    }
    let busybox = place::inputs().join("mipsel/bin/busybox");
    if busybox.is_file() {
        check(&core, &busybox, &["echo", "two words", ""], "");
        check(&core, &busybox, &["sort", "-n"], "10\n9\n1\n");
        check(
            &core,
            &busybox,
            &["sh", "-c", "read -r x; echo $x; read -r x </proc/self/comm; echo $x; exit 7"],
            "in\n",
        );
        check(&core, &busybox, &["sh", "-c", "kill -SEGV $$"], "");
    } else {
        eprintln!("skipped: busybox; `cargo xtask setup` brings it");
    }
}

#[test]
fn translated_regions_do_what_the_interpreter_does() {
    let Some(core) = core() else { return };
    if place::node().is_some_and(|(_, version)| version < TWO_MEMORIES) {
        return eprintln!("skipped: this Node knows one memory a module; version {TWO_MEMORIES} knows two");
    }
    for program in ["mipsel/race", "mips/nbody"] {
        let output = node(&core, "translate.mjs", &place::root().join("guests/programs/bin").join(program), &[], "");
        assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

fn check(core: &Path, program: &Path, arguments: &[&str], input: &str) {
    let mut native = Command::new(place::strata());
    native.args(["run", "--tier", "interp"]).arg(program).args(arguments);
    let (right, ours) = (output(&mut native, input), node(core, "run.mjs", program, arguments, input));
    let shown = format!("{} {arguments:?}: {}", program.display(), String::from_utf8_lossy(&ours.stderr));
    assert_eq!(String::from_utf8_lossy(&ours.stdout), String::from_utf8_lossy(&right.stdout), "{shown}");
    assert_eq!(ours.status.code(), right.status.code(), "{shown}");
}

fn node(core: &Path, script: &str, program: &Path, arguments: &[&str], input: &str) -> Output {
    let (node, _) = place::node().expect("a core is there only with Node");
    let mut command = Command::new(node);
    command.arg(place::root().join("web-demo/node").join(script)).arg(program).args(arguments);
    output(command.env("STRATA_WEB", core), input)
}

/// What comes of a command that reads `input`.
fn output(command: &mut Command, input: &str) -> Output {
    static FILES: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
    let number = FILES.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let path = std::env::temp_dir().join(format!("strata-web-{}-{number}", std::process::id()));
    fs::write(&path, input).expect("scratch room can be written");
    let stdin = fs::File::open(&path).expect("it was just written");
    fs::remove_file(&path).expect("it is ours");
    command.stdin(Stdio::from(stdin)).output().unwrap_or_else(|error| panic!("{command:?}: {error}"))
}

/// The core, built now; none without Node.
fn core() -> Option<PathBuf> {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    if place::node().is_none() {
        eprintln!("skipped: there is no node to run the browser's core with; install Debian's nodejs");
        return None;
    }
    let build = || {
        const TARGET: &str = "wasm32-unknown-unknown";
        let folder = place::built().parent().expect("a profile's folder lies in the target folder").to_path_buf();
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--release", "--package", "strata-web", "--target", TARGET, "--target-dir"]).arg(&folder);
        let output = cargo.current_dir(place::root()).output().expect("cargo runs this test, so it is there");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        folder.join(TARGET).join("release/strata_web.wasm")
    };
    Some(BUILT.get_or_init(build).clone())
}
