//! cargo test --release -p strata-suite --test commit
//!
//! `strata run --commit`: Debian's own commands change a root, each in a run of its own that begins with what the runs
//! before have committed, as tar files and directories in turn. What is there at the end must be what Linux and QEMU leave
//! when the same commands run one after the other in an overlay.

use anyhow::{Context, Result, ensure};
use libtest_mimic::{Arguments, Failed, Trial};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use strata_suite::place;

/// The changes. Times that are not set differ from run to run and are not compared.
const COMMANDS: &[&str] = &[
    "mkdir -p /opt/a/b/c",
    "cp /etc/debian_version /opt/a/version",
    "dd if=/etc/profile of=/etc/debian_version bs=3 count=1 seek=100000",
    "rm /etc/issue",
    "ln /etc/issue.net /opt/a/hard",
    "ln -s ../a/hard /opt/a/soft",
    "mv /usr/share/base-passwd /opt/moved",
    "mv /opt/moved/passwd.master /opt/a/b",
    "rm -r /etc/skel",
    "mkdir -m 1770 /etc/skel",
    "cp -a /etc/hosts /etc/skel/hosts",
    "chmod 4711 /opt/a/version",
    "touch -d @1000000000.25 /opt/a/hard",
    "mkfifo /opt/a/fifo",
    "truncate -s 5M /opt/a/sparse",
    "dd if=/etc/profile of=/opt/a/sparse bs=1 count=7 seek=2000000 conv=notrunc",
    "cp /etc/profile /opt/a/name-that-is-longer-than-the-hundred-bytes-which-the-header-of-a-tar-file-has-for-it-and-so-needs-a-record",
    "python3 -c import(os);os.setxattr('/opt/a/hard','user.colour',b'green\\xff\\x00')",
    "python3 -c import(os);os.removexattr('/opt/a/hard','user.none')if(0)else(os.setxattr('/opt/moved','user.of','directory'.encode()))",
    "mv /opt/a/b /etc/b",
    "rmdir /etc/b/c",
    "rm /opt/a/soft",
    "cp /etc/profile /opt/a/soft",
];

/// What is compared: names, modes, owners, links, sizes; contents; times and attributes.
const LOOKS: &[&str] = &[
    "ls -lanR --time-style=+ /opt /etc/skel /etc/b /etc/hosts /etc/debian_version /etc/issue.net",
    "ls -d /etc/issue /usr/share/base-passwd",
    "stat -c %Y.%y /opt/a/hard /etc/issue.net",
    "sha256sum /opt/a/sparse /opt/a/version /opt/a/hard /opt/a/soft /etc/debian_version /etc/skel/hosts /etc/b/passwd.master",
    "python3 -c import(os);print(os.getxattr('/opt/a/hard','user.colour'),os.listxattr('/opt/a/version'),os.listxattr('/opt/moved'))",
    "find /etc -xdev -type f -newermt 2100-01-01",
];

fn main() -> Result<()> {
    let arguments = Arguments::from_args();
    let root = place::inputs().join("debian");
    let is_made = root.join("etc/hosts").is_file();
    let has_oracle = is_made && in_chroot(&root, "true").is_ok_and(|output| output.status.success());
    let trials = vec![
        Trial::test("as-linux-does", as_linux_does).with_ignored_flag(!has_oracle),
        Trial::test("refuses-what-is-there", refuses_what_is_there).with_ignored_flag(!is_made),
        Trial::test("other-programs-read-it", other_programs_read_it).with_ignored_flag(!is_made),
        Trial::test("is-as-small-as-its-changes", is_as_small_as_its_changes).with_ignored_flag(!is_made),
    ];
    libtest_mimic::run(&arguments, trials).exit()
}

fn as_linux_does() -> Result<(), Failed> {
    let (root, room) = (place::inputs().join("debian"), room("linux")?);
    let mut layers = vec![root.clone()];
    for (number, command) in COMMANDS.iter().enumerate() {
        let to = room.join(if number % 2 == 0 { format!("{number}.tar") } else { number.to_string() });
        let output = strata(&layers, Some(&to), command)?;
        ensure_success(&output).map_err(|error| format!("{command}: {error}"))?;
        layers.push(to);
    }
    let all = |commands: &[&str]| commands.iter().map(|command| script(command)).collect::<Vec<_>>().join("\n");
    let right = in_chroot(&root, &format!("set -e\n{}\nset +e\n{}", all(COMMANDS), all(LOOKS)))?;
    let mut ours = Vec::new();
    for look in LOOKS {
        ours.extend(strata(&layers, None, look)?.stdout);
    }
    let lines = |text: &[u8]| String::from_utf8_lossy(text).lines().map(is_compared).collect::<Vec<_>>();
    assert_eq!(lines(&ours).join("\n"), lines(&right.stdout).join("\n"), "{}", String::from_utf8_lossy(&right.stderr));
    assert!(lines(&ours).len() > 40, "{ours:?}");
    Ok(())
}

/// Lengths and links of directories, which file systems count as they like, and blocks are left out.
fn is_compared(line: &str) -> String {
    if line.starts_with("total ") {
        return String::from("total");
    }
    let words: Vec<&str> = line.split_whitespace().collect();
    match words[..] {
        [mode, _, uid, gid, _, name] if mode.starts_with('d') => format!("{mode} {uid} {gid} {name}"),
        _ => words.join(" "),
    }
}

/// Python text has no blanks here, so that a command is split by them; `import(os)` stands for what has one.
fn script(command: &str) -> String {
    words(command).iter().map(|word| format!("'{}'", word.replace('\'', "'\\''"))).collect::<Vec<_>>().join(" ")
}

fn words(command: &str) -> Vec<String> {
    command.split(' ').map(|word| word.replace("import(os)", "import os")).collect()
}

fn refuses_what_is_there() -> Result<(), Failed> {
    let (root, room) = (place::inputs().join("debian"), room("there")?);
    for name in ["file.tar", "folder"] {
        let to = room.join(name);
        fs::write(&to, "precious")?;
        let output = strata(std::slice::from_ref(&root), Some(&to), "true")?;
        assert_eq!(output.status.code(), Some(125), "{output:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("there already"), "{output:?}");
        assert_eq!(fs::read(&to)?, b"precious");
    }
    let output = strata(&[root, room.join("nothing.tar")], None, "true")?;
    assert_eq!(output.status.code(), Some(125), "{output:?}");
    Ok(())
}

fn other_programs_read_it() -> Result<(), Failed> {
    let (root, room) = (place::inputs().join("debian"), room("tar")?);
    let to = room.join("changes.tar");
    let command = "python3 -c import(os);f=open('/opt/sparse','wb');f.truncate(9000000);f.seek(5000000);f.write(b'x'*5000);os.remove('/etc/issue');os.chown('/opt/sparse',12,3456789)";
    let output = strata(&[root], Some(&to), command)?;
    ensure_success(&output)?;
    ensure_success(&Command::new("tar").arg("-xf").arg(&to).arg("-C").arg(&room).output()?)?;
    let bytes = fs::read(room.join("opt/sparse"))?;
    assert_eq!((bytes.len(), bytes[5_000_000], bytes[5_004_999], bytes[5_005_000]), (9_000_000, b'x', b'x', 0));
    assert_eq!(fs::read(room.join("etc/.wh.issue"))?, b"");
    let list = Command::new("tar").args(["-tv", "--numeric-owner", "-f"]).arg(&to).arg("./opt/sparse").output()?;
    assert!(String::from_utf8_lossy(&list.stdout).contains(" 12/3456789 "), "{list:?}");
    Ok(())
}

fn is_as_small_as_its_changes() -> Result<(), Failed> {
    let (root, room) = (place::inputs().join("debian"), room("small")?);
    ensure_success(&strata(std::slice::from_ref(&root), Some(&room.join("none.tar")), "true")?)?;
    let list = Command::new("tar").arg("-tf").arg(room.join("none.tar")).output()?;
    assert_eq!(String::from_utf8_lossy(&list.stdout), "", "nothing was changed");
    ensure_success(&strata(&[root], Some(&room.join("one.tar")), "touch /etc/new")?)?;
    let list = Command::new("tar").arg("-tf").arg(room.join("one.tar")).output()?;
    assert_eq!(String::from_utf8_lossy(&list.stdout), "./\n./etc/\n./etc/new\n");
    Ok(())
}

fn ensure_success(output: &Output) -> Result<()> {
    ensure!(output.status.success(), "{output:?}");
    Ok(())
}

fn strata(layers: &[PathBuf], commit: Option<&Path>, command: &str) -> Result<Output> {
    let mut run = Command::new(place::strata());
    run.args(["run", "--cache-dir"]).arg(place::cache().join("code")).args([
        "--env",
        "PATH=/usr/bin",
        "--env",
        "TZ=UTC",
    ]);
    layers.iter().for_each(|layer| _ = run.arg("--root").arg(layer));
    commit.iter().for_each(|to| _ = run.arg("--commit").arg(to));
    let words = words(command);
    run.arg(format!("/usr/bin/{}", words[0])).args(&words[1..]);
    run.output().context("the program under test is built: cargo build --release")
}

/// Runs a script of the root's shell in an overlay over it.
fn in_chroot(root: &Path, script: &str) -> Result<Output> {
    let folder = room("folder")?;
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--mount", "--pid", "--fork", "--kill-child", "sh", "-eu", "-c"]);
    command.arg(include_str!("../src/chroot.sh")).arg("sh").arg(root).arg(folder).args(["/bin/sh", "-c", script]);
    Ok(command.env_clear().env("PATH", "/usr/bin:/bin:/usr/sbin").env("TZ", "UTC").output()?)
}

/// A fresh folder.
fn room(name: &str) -> Result<PathBuf> {
    let folder = place::cache().join("commit").join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder)?;
    Ok(folder)
}
