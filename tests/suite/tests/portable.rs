//! cargo test --release -p strata-suite --test portable
//!
//! `strata translate PROGRAM -o OUT.wasm`, run where there is no Strata: on wasmtime with its own WASI, and on Node's. The
//! program must do what it does under `strata run`. A runtime that is not there is skipped, and that is said.

#![expect(clippy::print_stderr, reason = "a test that skips says why")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use strata_suite::place;
use strata_suite::translated::{scratch, translate};

/// Major version of the first Node that allows several memories in a module.
const SEVERAL_MEMORIES: u32 = 22;

/// A program to translate.
struct Program {
    /// The program.
    path: PathBuf,
    /// Its translation.
    module: PathBuf,
    /// What wasmtime made of that, if it is there.
    compiled: Option<PathBuf>,
}

/// How a program is run.
#[derive(Default)]
struct Case<'a> {
    arguments: &'a [&'a str],
    input: &'a str,
    /// Whether wasmtime refuses its exit status: it lets no program exit with 126 or more.
    is_killed: bool,
}

#[test]
fn demos_in_both_byte_orders() {
    for order in ["mipsel", "mips"] {
        for name in ["hello", "sha256", "nbody"] {
            let demo = place::root().join("guests/programs/bin").join(order).join(name);
            Program::translate(&demo).check(&Case { input: "some input\n", ..Case::default() });
        }
    }
}

#[test]
fn c_programs_do_what_they_do_under_strata() {
    let programs = [
        ("mipsel", "O2", ["setjmp", "signals", "deep", "qsort", "selfmod", "stdio", "callbacks", "ucontext"]),
        ("mips", "Os", ["malloc", "double", "switch", "varargs", "memory", "llsc", "times", "environment"]),
    ];
    for (order, level, names) in programs {
        for name in names {
            let path = place::inputs().join("c").join(order).join(level).join(name);
            if !path.is_file() {
                eprintln!("skipped: {order} {name}; `cargo xtask setup` fetches it");
                continue;
            }
            Program::translate(&path).check(&Case::default());
        }
    }
}

#[test]
fn a_shell_and_its_files() {
    let busybox = place::inputs().join("mipsel/bin/busybox");
    if !busybox.is_file() {
        return eprintln!("skipped: busybox; `cargo xtask setup` brings it");
    }
    let program = Program::translate(&busybox);
    // A module is one process: its shell has what is built in.
    let script = "echo one >a; echo two >>a; while read -r line; do echo \"<$line>\"; done <a; echo a*; cd none";
    for arguments in [
        &["sh", "-c", script][..],
        &["sh", "-c", "i=0; while [ $i -lt 3000 ]; do i=$((i+1)); done; echo $i; exit 7"],
        &["sh", "-c", "echo nowhere >/etc/file; cd /proc/self; read -r name <comm; echo $name"],
        &["mkdir", "-p", "-v", "d/e"],
        &["ls", "-d", "."],
        &["cat", "none"],
        &["usleep", "10000"],
        &["sort", "-n"],
        &["awk", "BEGIN { for (i = 0; i < 50000; i++) n += i % 7; print n }"],
    ] {
        program.check(&Case { arguments, input: "10\n9\n1\n", ..Case::default() });
    }
    program.check(&Case { arguments: &["sh", "-c", "kill -SEGV $$"], is_killed: true, ..Case::default() });
}

#[test]
fn what_cannot_be_translated_says_so() {
    let out = scratch("none.wasm");
    for (input, said) in [("Cargo.toml", "ELF"), ("target/release/strata", "only 32-bit MIPS")] {
        let path = place::root().join(input);
        if !path.is_file() {
            continue;
        }
        let output = translate(&path, &out, &[]);
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && text.contains(said), "{input}: {text}");
        assert!(!out.exists(), "nothing is written");
    }
    let hello = place::root().join("guests/programs/bin/mipsel/hello");
    let output = translate(&hello, Path::new("/nowhere/out.wasm"), &[]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("/nowhere/out.wasm"));
    let output = translate(&hello, &scratch("out.txt"), &[]);
    assert!(String::from_utf8_lossy(&output.stderr).contains(".wasm"));
}

impl Program {
    fn translate(path: &Path) -> Program {
        let folder = scratch("translated");
        fs::create_dir(&folder).expect("scratch room can be written");
        let module = folder.join(path.file_name().expect("a program has a name")).with_extension("wasm");
        let output = translate(path, &module, &[]);
        assert!(output.status.success(), "{}: {}", path.display(), String::from_utf8_lossy(&output.stderr));
        let compiled = place::wasmtime().map(|mut command| {
            let compiled = module.with_extension("cwasm");
            let done = command.arg("compile").args([&module, &compiled]).output().expect("it starts");
            assert!(done.status.success(), "{}: {}", path.display(), String::from_utf8_lossy(&done.stderr));
            compiled
        });
        if compiled.is_none() {
            eprintln!("skipped: wasmtime with its own WASI; `cargo xtask setup` fetches it");
        }
        Program { path: path.to_path_buf(), module, compiled }
    }

    /// Runs it in an empty directory that it may use, wherever it can be run, and compares.
    fn check(&self, case: &Case<'_>) {
        let mut strata = Command::new(place::strata());
        let right = finish(strata.arg("run").arg("--no-cache"), ":", &self.path, case);
        if let (Some(mut command), Some(compiled)) = (place::wasmtime(), &self.compiled)
            && !case.is_killed
        {
            let ours = finish(command.arg("run"), "::", compiled, case);
            self.compare("wasmtime", case, &ours, &right);
        }
        match place::node() {
            Some((node, version)) if version >= SEVERAL_MEMORIES => {
                let script = place::root().join("tests/runtime/node.mjs");
                let mut command = Command::new(node);
                let ours = finish(command.arg("--no-warnings").arg(script), "::", &self.module, case);
                self.compare("node", case, &ours, &right);
            }
            _ => eprintln!("skipped: Node {SEVERAL_MEMORIES} or later; `cargo xtask setup` fetches it"),
        }
    }

    fn compare(&self, runtime: &str, case: &Case<'_>, ours: &Output, right: &Output) {
        let shown = format!("{} {:?} on {runtime}: {}", self.path.display(), case.arguments, text(&ours.stderr));
        assert_eq!(text(&ours.stdout), text(&right.stdout), "{shown}");
        assert_eq!(ours.status.code(), right.status.code(), "{shown}");
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It is scratch either way.
        let _ = self.module.parent().map(fs::remove_dir_all);
    }
}

/// Runs `command` on a program, with an empty directory as the guest's /work.
fn finish(command: &mut Command, between: &str, program: &Path, case: &Case<'_>) -> Output {
    let (work, input) = (scratch("work"), scratch("input"));
    fs::create_dir_all(&work).and_then(|()| fs::write(&input, case.input)).expect("scratch room can be written");
    command.arg("--dir").arg(format!("{}{between}/work", work.display()));
    if between == ":" {
        command.args(["--workdir", "/work"]);
    }
    command.arg(program).args(case.arguments).stdin(Stdio::from(fs::File::open(&input).expect("just written")));
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    fs::remove_dir_all(&work).and_then(|()| fs::remove_file(&input)).expect("it is ours");
    output
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
