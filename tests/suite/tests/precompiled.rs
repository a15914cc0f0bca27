//! cargo test --release -p strata-suite --test precompiled
//!
//! `strata translate PROGRAM -o OUT.cwasm` and `strata run --allow-precompiled OUT.cwasm`: the program must do what it does
//! when it is translated as it runs, and a file that is not as it should be is refused.

#![expect(clippy::print_stderr, reason = "a test that skips says why")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use strata_suite::place;
use strata_suite::translated::{scratch, translate};

/// A program and its translation, in a folder of their own.
struct Program {
    path: PathBuf,
    folder: PathBuf,
    precompiled: PathBuf,
}

impl Program {
    fn translate(path: &Path) -> Program {
        let folder = scratch("precompiled");
        fs::create_dir(&folder).expect("scratch room can be written");
        let precompiled = folder.join(path.file_name().expect("a program has a name")).with_extension("cwasm");
        let output = translate(path, &precompiled, &[]);
        assert!(output.status.success(), "{}: {}", path.display(), text(&output.stderr));
        Program { path: path.to_path_buf(), folder, precompiled }
    }

    fn run(&self, options: &[&str], arguments: &[&str]) -> Output {
        let mut command = Command::new(place::strata());
        command.args(["run", "--no-cache", "--allow-precompiled"]).args(options).arg(&self.precompiled).args(arguments);
        command.output().expect("strata starts")
    }

    /// Compares it with its program.
    fn check(&self, arguments: &[&str]) {
        let mut command = Command::new(place::strata());
        let right =
            command.args(["run", "--no-cache"]).arg(&self.path).args(arguments).output().expect("strata starts");
        let ours = self.run(&[], arguments);
        let shown = format!("{} {arguments:?}: {}", self.path.display(), text(&ours.stderr));
        assert_eq!(text(&ours.stdout), text(&right.stdout), "{shown}");
        assert_eq!(ours.status.code(), right.status.code(), "{shown}");
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It is scratch either way.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn demo(name: &str) -> PathBuf {
    place::root().join("guests/programs/bin/mipsel").join(name)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A number that `--stats` says.
fn counted(output: &Output, what: &str) -> u64 {
    let text = text(&output.stderr);
    let line = text.lines().find(|line| line.ends_with(what)).unwrap_or_else(|| panic!("no {what:?} in {text}"));
    line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).unwrap_or_else(|| panic!("{line}"))
}

#[test]
fn programs_do_what_they_do_otherwise() {
    Program::translate(&demo("nbody")).check(&[]);
    let programs = [
        ("mipsel", "O2", ["setjmp", "signals", "deep", "qsort", "selfmod", "trampolines", "rounding", "callbacks"]),
        ("mips", "Os", ["jit", "double", "switch", "varargs", "mmapfile", "llsc", "trampolines", "ucontext"]),
    ];
    for (order, level, names) in programs {
        for name in names {
            let path = place::inputs().join("c").join(order).join(level).join(name);
            if !path.is_file() {
                eprintln!("skipped: {order} {name}; `cargo xtask setup` builds it");
                continue;
            }
            Program::translate(&path).check(&[]);
        }
    }
}

#[test]
fn a_shell_hardly_leaves_its_code() {
    let busybox = place::inputs().join("mipsel/bin/busybox");
    if !busybox.is_file() {
        return eprintln!("skipped: busybox; `cargo xtask setup` brings it");
    }
    let program = Program::translate(&busybox);
    program.check(&["awk", "BEGIN { for (i = 0; i < 50000; i++) n += i % 7; print n }"]);
    program.check(&["sh", "-c", "kill -SEGV $$"]);
    let loops = ["sh", "-c", "i=0; while [ $i -lt 3000 ]; do i=$((i+1)); done; echo $i; exit 7"];
    program.check(&loops);
    let output = program.run(&["--stats"], &loops);
    // Each turn is 20,000 instructions and calls some hundred functions. But for where the shell was when its code came,
    // all is there.
    assert!(counted(&output, "guest instructions interpreted") < 300_000, "{}", text(&output.stderr));
    assert!(counted(&output, "times translated code was entered") < 15_000, "{}", text(&output.stderr));
    assert!(counted(&output, "modules made") < 10, "{}", text(&output.stderr));
}

#[test]
fn the_same_program_gives_the_same_file() {
    let outs = [scratch("one.cwasm"), scratch("other.cwasm")];
    let made = outs.each_ref().map(|out| {
        assert!(translate(&demo("race"), out, &[]).status.success());
        let made = fs::read(out).expect("just written");
        fs::remove_file(out).expect("it is ours");
        made
    });
    assert!(made[0] == made[1]);
}

#[test]
fn what_runs_taught_is_used() {
    let sorts = place::inputs().join("c/mipsel/O2/qsort");
    if !sorts.is_file() {
        return eprintln!("skipped: qsort; `cargo xtask setup` builds it");
    }
    let (cache, out) = (scratch("taught"), scratch("race.cwasm"));
    let cached = ["--cache-dir", cache.to_str().expect("scratch room has a name")];
    let run = |options: &[&str], program: &Path| {
        let mut command = Command::new(place::strata());
        let output = command.arg("run").args(options).arg(program).output().expect("strata starts");
        assert!(output.status.success(), "{}", text(&output.stderr));
        output.stdout
    };
    let right = run(&cached, &sorts);
    assert!(translate(&sorts, &out, &cached).status.success());
    let taught = fs::read(&out).expect("just written");
    assert!(run(&["--no-cache", "--allow-precompiled"], &out) == right);
    assert!(translate(&sorts, &out, &[]).status.success());
    let untaught = fs::read(&out).expect("just written");
    assert!(taught != untaught, "what it calls through pointers is known");
    fs::remove_file(out).and_then(|()| fs::remove_dir_all(cache)).expect("they are ours");
}

#[test]
fn what_is_not_as_it_should_be_is_refused() {
    let program = Program::translate(&demo("hello"));
    let whole = fs::read(&program.precompiled).expect("just written");
    let mut command = Command::new(place::strata());
    let unasked = command.args(["run", "--no-cache"]).arg(&program.precompiled).output().expect("strata starts");
    assert_eq!(unasked.status.code(), Some(126));
    assert!(text(&unasked.stderr).contains("--allow-precompiled"), "{}", text(&unasked.stderr));

    let refused = |bytes: &[u8], why: &str| {
        fs::write(&program.precompiled, bytes).expect("scratch room");
        let output = program.run(&[], &[]);
        assert_eq!(output.status.code(), Some(126), "{}", text(&output.stderr));
        assert!(text(&output.stderr).contains(why), "{}", text(&output.stderr));
    };
    let end = whole.len();
    let flipped = |at: usize| {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        bytes
    };
    // The bundle's beginning is told 16 bytes before the end.
    refused(&flipped(end - 16), "damaged");
    refused(&flipped(end - 1), "another build");
    refused(&[&whole[..1000], &whole[end - 24..]].concat(), "damaged");
    refused(&whole[..end - 1], "MIPS");
    // What is behind the index is looked at where it is needed, and then the program is translated as it runs.
    fs::write(&program.precompiled, flipped(end - 30)).expect("scratch room");
    let output = program.run(&[], &[]);
    assert!(output.status.success() && !output.stdout.is_empty(), "{}", text(&output.stderr));
}
