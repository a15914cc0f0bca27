//! cargo test --release -p strata-suite --test binfmt
//!
//! MIPS programs started by their names: the kernel is told in a user namespace of its own, which has a binfmt_misc of
//! its own since Linux 6.7; where it has not, all is shown as ignored.

use anyhow::Result;
use libtest_mimic::{Arguments, Failed, Trial};
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};
use strata_suite::place;

/// Name, what a shell does, its standard output. `$STRATA` is the program under test; `busybox` and `hello-mips` are in
/// the current directory.
const ROWS: &[(&str, &str, &str)] = &[
    ("name-is-kept", "(exec -a echo ./busybox two 'words  here')", "two words  here\n"),
    ("status-and-environment", "FRUIT=pear ./busybox sh -c 'echo $FRUIT; exit 7' || echo $?", "pear\n7\n"),
    ("directory", "cd sub && ../busybox pwd | sed 's,.*/,,'", "sub\n"),
    ("writes-as-the-user", "umask 27; ./busybox sh -c 'echo hi >made'; stat -c '%u %a' made", "0 640\n"),
    ("temporary-files-are-the-hosts", "echo shared >$TMPDIR/t; ./busybox cat $TMPDIR/t", "shared\n"),
    ("is-who-started-it", "./busybox id -u; ./busybox sh -c 'test $PPID -gt 1 && echo child'", "0\nchild\n"),
    ("options-are-the-programs", "./busybox echo --help -- --tier", "--help -- --tier\n"),
    ("pipes", "seq 5 | ./busybox sort -r | ./busybox head -n 2", "5\n4\n"),
    ("big-endian", "./hello-mips | head -c 5", "Hello"),
    (
        "removed",
        "$STRATA binfmt --remove 2>&1; ./busybox true 2>/dev/null || echo $?",
        "strata: MIPS programs are not started with strata any more\n126\n",
    ),
    ("installed-twice", "$STRATA binfmt --install 2>/dev/null && ./busybox echo again", "again\n"),
];

fn main() -> Result<()> {
    let arguments = Arguments::from_args();
    let is_possible = place::inputs().join("mipsel/bin/busybox").is_file()
        && in_namespace("true", "unpossible").is_ok_and(|output| output.status.success());
    let mut trials: Vec<Trial> =
        ROWS.iter().map(|row| Trial::test(row.0, move || check(row)).with_ignored_flag(!is_possible)).collect();
    trials.push(Trial::test("says-what-is-missing", says_what_is_missing));
    libtest_mimic::run(&arguments, trials).exit()
}

fn check((name, script, stdout): &(&str, &str, &str)) -> Result<(), Failed> {
    let output = in_namespace(&format!("$STRATA binfmt --install 2>/dev/null\n{script}"), name)?;
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(String::from_utf8_lossy(&output.stdout), *stdout, "standard error: {error}");
    Ok(())
}

/// Runs a script of bash as root of a user namespace, in a fresh folder with the programs.
fn in_namespace(script: &str, name: &str) -> Result<Output> {
    let folder = room(name)?;
    fs::copy(place::inputs().join("mipsel/bin/busybox"), folder.join("busybox"))?;
    fs::copy(place::root().join("guests/programs/bin/mips/hello"), folder.join("hello-mips"))?;
    fs::create_dir(folder.join("sub"))?;
    let mount = "mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc || exit 99";
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--mount", "bash", "-c", &format!("{mount}\n{script}")]);
    command.current_dir(&folder).env("TMPDIR", &folder).env("STRATA", place::strata());
    Ok(command.env("STRATA_CACHE_DIR", folder.join("cache")).output()?)
}

/// Where nothing is mounted, or who asks may not.
fn says_what_is_missing() -> Result<(), Failed> {
    let hidden = "mount -t tmpfs tmpfs /proc/sys/fs/binfmt_misc && exec \"$STRATA\" binfmt --install";
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--mount", "sh", "-c", hidden]).env("STRATA", place::strata());
    let output = command.output()?;
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("mount -t binfmt_misc") || text.contains("unshare"), "{text}");
    Ok(())
}

fn room(name: &str) -> Result<PathBuf> {
    let folder = place::cache().join("binfmt").join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder)?;
    Ok(folder)
}
