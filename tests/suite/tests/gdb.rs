//! cargo test --release -p strata-suite --test gdb
//!
//! A real gdb debugs programs that `strata run --gdb` runs. What it prints is compared with what it prints of the same program
//! under QEMU where that can do the same, and else with what is written here. Ignored where no gdb, no QEMU or no program is.

use anyhow::{Context, Result};
use libtest_mimic::{Arguments, Failed, Trial};
use strata_suite::{gdb, place};

/// Scripts that print the same under QEMU. What lies on the stack lies elsewhere there.
const AS_QEMU: &[(&str, &str)] = &[
    (
        "breakpoints",
        "break main\nbreak inner\nbreak scale\ncontinue\nbt\ncontinue\nbt\nprint/x $v0\nprint/x $a0\nprint/x $a1\ncontinue\n\
         info registers a0 a1 t0 t1 hi lo pc\ndelete 2\ncontinue\nbt\nprint $f12\ncontinue\n",
    ),
    (
        "steps",
        "break outer\ncontinue\nset $n = 0\nwhile $n < 100\nstepi\nprintf \"%x %x %x\\n\", $pc, $v0, $t9\nset $n = $n + 1\nend\n\
         info registers a0 a1 v0 v1 s0 ra\nkill\n",
    ),
    (
        "calls",
        "break scale\ncontinue\nprint ((int (*)(int, int)) inner)(3, 4)\nprint *(int *)&counter\nset var *(int *)&counter = 100\n\
         print ((int (*)(int)) outer)(3)\nfinish\ncontinue\n",
    ),
    (
        "memory",
        "break scale\ncontinue\nx/8xw &text\nx/3i outer\npython exec(\"try: gdb.execute('print *(int *)16')\\nexcept gdb.error as error: print(error)\")\n\
         set var *(unsigned *)&text = 0x41424344\nx/s &text\ncontinue\n",
    ),
    ("condition", "break inner if $a0 == 3\ncontinue\nprint $a0\nbt\ncontinue\n"),
    ("temporary", "tbreak inner\ncontinue\nuntil *outer\nbt 1\nkill\n"),
];

/// Options, the program's argument, a script, and lines of what gdb prints, in this order.
type Row = (&'static str, &'static [&'static str], &'static str, &'static str, &'static [&'static str]);

/// What QEMU does not know, or does in another way.
const OWN: &[Row] = &[
    (
        "watch",
        &[],
        "",
        "break outer\ncontinue\nwatch *(int *)&counter\ncontinue\ncontinue\ndelete\nrwatch *(char *)&text\ncontinue\ndelete\ncontinue\n",
        &[
            "Old value = 0",
            "New value = 1",
            "Old value = 1",
            "New value = 3",
            "Value = 120 'x'",
            "[Inferior 1 (process 1) exited normally]",
        ],
    ),
    (
        "code",
        &[],
        "",
        "break scale\ncontinue\nprint ((int (*)(int *)) peek)((int *)&counter)\nset var *(unsigned *)peek = 0x03e00008\n\
         set var *(unsigned *)((char *)peek + 4) = 0x2402002a\nprint ((int (*)(int)) peek)(0)\ncontinue\n",
        &["$1 = 11", "$2 = 42", "[Inferior 1 (process 1) exited normally]"],
    ),
    (
        "access",
        &[],
        "",
        "break scale\ncontinue\nawatch *(double *)&share\ncontinue\ncontinue\n",
        &[
            "Hardware access (read/write) watchpoint 2: *(double *)&share",
            "New value = 4.5",
            "[Inferior 1 (process 1) exited normally]",
        ],
    ),
    (
        "fault",
        &[],
        "fault",
        "continue\nprint/x $badvaddr\nprint/x $a0\nbt 2\ncontinue\n",
        &[
            "Program received signal SIGSEGV, Segmentation fault.",
            "$1 = 0x40",
            "$2 = 0x40",
            "#1  0x",
            "Program terminated with signal SIGSEGV, Segmentation fault.",
        ],
    ),
    (
        "fault-mended",
        &["--tier", "region"],
        "fault",
        "continue\nset $a0 = &counter\nsignal 0\n",
        &["Program received signal SIGSEGV, Segmentation fault.", "[Inferior 1 (process 1) exited with code 013]"],
    ),
    (
        "signals",
        &[],
        "signals",
        "handle SIGUSR1 nostop noprint pass\nbreak handler\ncontinue\nprint $a0\nbt 1\ncontinue\nsignal 0\nprint $a0\ncontinue\n",
        &[
            "$1 = 16",
            "Program received signal SIGUSR2, User defined signal 2.",
            "$2 = 16",
            "[Inferior 1 (process 1) exited normally]",
        ],
    ),
    (
        "signal-of-gdbs",
        &[],
        "signals",
        "break raise\ncontinue\nbreak handler\nsignal SIGUSR1\nprint $a0\ndelete\nhandle SIGUSR1 SIGUSR2 nostop\ncontinue\n",
        &["$1 = 16", "[Inferior 1 (process 1) exited normally]"],
    ),
    (
        "children-run-free",
        &[],
        "children",
        "break fork\ncontinue\nbreak outer\ncontinue\nbt 1\ncontinue\n",
        &["Breakpoint 2, 0x", "#0  0x", "[Inferior 1 (process 1) exited normally]"],
    ),
    (
        "exec",
        &[],
        "exec",
        "break inner\ntbreak scale\ncontinue\ndelete 1\ncontinue\ncontinue\ninfo registers ra\ntbreak scale\ncontinue\nbt 1\ncontinue\n",
        &[
            "Program received signal SIGTRAP, Trace/breakpoint trap.",
            "ra: 0x0",
            "#0  0x",
            "[Inferior 1 (process 1) exited with code 07]",
        ],
    ),
    (
        "threads",
        &[],
        "threads",
        "break body\ncontinue\ninfo threads\nprint $a0\nset scheduler-locking on\nstepi\nset scheduler-locking off\ncontinue\n\
         print $a0\nthread 1\nbt 1\ndelete\ncontinue\n",
        &[
            "hit Breakpoint 1, 0x",
            "  1    Thread 1.1 (debugged) 0x",
            "* 2    Thread 1.2 (debugged) 0x",
            "$1 = 10",
            "hit Breakpoint 1, 0x",
            "$2 = 11",
            "#0  0x",
            "[Inferior 1 (process 1) exited normally]",
        ],
    ),
    (
        "interrupt",
        &[],
        "compute",
        "python import os, signal, threading\n\
         python threading.Timer(1, lambda: os.kill(os.getpid(), signal.SIGINT)).start()\n\
         continue\nprint ((int (*)(int, int)) inner)(3, 4) > 0\nkill\n",
        &["Program received signal SIGINT, Interrupt.", "$1 = 1", "[Inferior 1 (process 1) killed]"],
    ),
    (
        "interrupt-of-a-call",
        &[],
        "wait",
        "python import os, signal, threading\n\
         python threading.Timer(1, lambda: os.kill(os.getpid(), signal.SIGINT)).start()\n\
         continue\nprint ((int (*)(int, int)) inner)(3, 4) > 0\ndetach\n",
        &["Program received signal SIGINT, Interrupt.", "$1 = 1", "[Inferior 1 (process 1) detached]"],
    ),
    (
        "mixed",
        &["--tier", "mixed"],
        "",
        "break inner\nignore 1 3\ncontinue\nprint $a0\nbt 2\ncontinue\n",
        &["$1 = 3", "#1  0x"],
    ),
    (
        "block",
        &["--tier", "block"],
        "",
        "break inner\nignore 1 3\ncontinue\nprint $a0\nbt 2\ncontinue\n",
        &["$1 = 3", "#1  0x"],
    ),
    (
        "interp",
        &["--tier", "interp"],
        "",
        "break inner\nignore 1 3\ncontinue\nprint $a0\nbt 2\ncontinue\n",
        &["$1 = 3", "#1  0x"],
    ),
];

/// MIPS16e code, of which QEMU finds no breakpoints: an instruction is at an odd address there.
const MIPS16E: (&str, &[&str]) = (
    "break inner\nignore 1 3\ncontinue\nprint $a0\nprint (int)$pc & 1\nbt 2\nset $from = (int)$pc\nstepi\nprint (int)$pc - $from < 5\n\
     watch *(int *)&counter\ncontinue\ndelete\nprint ((int (*)(int)) outer)(1)\ncontinue\n",
    &[
        "$1 = 3",
        "$2 = 1",
        "#1  0x",
        "$3 = 1",
        "Old value = 3",
        "New value = 6",
        "$4 = ",
        "[Inferior 1 (process 1) exited normally]",
    ],
);

/// In a root of Debian packages: the program and its argument, a script, lines.
const DYNAMIC: &[(&str, &[&str], &str, &[&str])] = &[
    (
        "libraries",
        &["/usr/bin/ls", "/"],
        "break __libc_start_main\ncontinue\ninfo sharedlibrary\nbreak write\ncontinue\nbt 4\ndelete\ncontinue\n",
        &[
            "Breakpoint 1, 0x",
            "target:/lib/ld.so.1",
            "target:/lib/mipsel-linux-gnu/libc.so.6",
            "in write () from target:/lib/mipsel-linux-gnu/libc.so.6",
            "in _IO_do_write () from target:/lib/mipsel-linux-gnu/libc.so.6",
            "[Inferior 1 (process 1) exited normally]",
        ],
    ),
    (
        "shell",
        &["/usr/bin/bash", "-c", "x=$(/usr/bin/ls / | /usr/bin/head -n 1); exec /usr/bin/test $x = bin"],
        "break execve\nbreak fork\ncontinue\nbt 1\ndelete 2\ncontinue\ndelete\ncontinue\ncontinue\n",
        &[
            "in fork () from target:/lib/mipsel-linux-gnu/libc.so.6",
            "in execve () from target:/lib/mipsel-linux-gnu/libc.so.6",
            "Program received signal SIGTRAP",
            "[Inferior 1 (process 1) exited normally]",
        ],
    ),
];

fn main() -> Result<()> {
    let arguments = Arguments::from_args();
    let is_possible = gdb::is_there() && gdb::program("mipsel", "O0").is_file();
    let mut trials = Vec::new();
    let mut add = |name: String, is_possible: bool, check: Box<dyn Fn() -> Result<(), Failed> + Send>| {
        trials.push(Trial::test(name, check).with_ignored_flag(!is_possible));
    };
    for (architecture, level) in [("mipsel", "O0"), ("mips", "O2")] {
        for row in AS_QEMU {
            let name = format!("{}-{architecture}-{level}", row.0);
            add(name, is_possible, Box::new(move || as_qemu(architecture, level, row)));
        }
    }
    for architecture in ["mipsel", "mips"] {
        let program = gdb::program(architecture, "mips16").display().to_string();
        let check = move || check(std::slice::from_ref(&program), MIPS16E.0, MIPS16E.1);
        add(format!("mips16e-{architecture}"), is_possible, Box::new(check));
    }
    for row in OWN {
        add(row.0.to_owned(), is_possible, Box::new(move || own(row)));
    }
    let has_root = place::mark(&place::inputs().join("debian")).is_file();
    for row in DYNAMIC {
        add(row.0.to_owned(), is_possible && has_root, Box::new(move || dynamic(row)));
    }
    libtest_mimic::run(&arguments, trials).exit()
}

fn as_qemu(architecture: &str, level: &str, (_, script, ..): &(&str, &str)) -> Result<(), Failed> {
    let program = gdb::program(architecture, level);
    let right = gdb::Debuggee::qemus(architecture, &program, &[])?;
    let right = gdb::script(&right.address, Some(&program), script)?;
    let path = program.to_str().context("its path is text")?.to_owned();
    let ours = gdb::Debuggee::ours(&[path])?;
    let ours = gdb::script(&ours.address, Some(&program), script)?;
    assert_eq!(ours, right, "ours, and QEMU's");
    Ok(())
}

fn own((_, options, argument, script, lines): &Row) -> Result<(), Failed> {
    let program = gdb::program("mipsel", "O2");
    let mut words: Vec<String> = options.iter().map(|word| (*word).to_owned()).collect();
    words.push(program.to_str().context("its path is text")?.to_owned());
    words.extend(Some((*argument).to_owned()).filter(|word| !word.is_empty()));
    check(&words, script, lines)
}

fn dynamic((_, command, script, lines): &(&str, &[&str], &str, &[&str])) -> Result<(), Failed> {
    let root = place::inputs().join("debian").display().to_string();
    let words = ["--root".to_owned(), root].into_iter().chain(command.iter().map(|word| (*word).to_owned()));
    check(&words.collect::<Vec<_>>(), script, lines)
}

/// Whether gdb, which asks the guest for all files, prints these lines in this order.
fn check(words: &[String], script: &str, lines: &[&str]) -> Result<(), Failed> {
    let ours = gdb::Debuggee::ours(words)?;
    let printed = gdb::script(&ours.address, None, script)?;
    let mut rest = printed.lines();
    for line in lines {
        assert!(rest.any(|printed| printed.contains(line)), "gdb should print {line:?}, and printed:\n{printed}");
    }
    Ok(())
}
