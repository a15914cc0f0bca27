//! cargo test --release -p strata-suite --test rootfs
//!
//! `strata rootfs`: what it refuses, and the root that set-up makes with it.

use anyhow::Result;
use libtest_mimic::{Arguments, Failed, Trial};
use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use strata_suite::place;

fn main() -> Result<()> {
    let arguments = Arguments::from_args();
    let is_made = place::inputs().join("debian/bin/bash").is_file();
    let trials = vec![
        Trial::test("refuses-what-is-there", refuses_what_is_there),
        Trial::test("says-what-to-install", says_what_to_install),
        Trial::test("leaves-nothing-behind", leaves_nothing_behind),
        // Made by set-up, where there are a network and mmdebstrap.
        Trial::test("a-root-is-whole", a_root_is_whole).with_ignored_flag(!is_made),
    ];
    libtest_mimic::run(&arguments, trials).exit()
}

fn refuses_what_is_there() -> Result<(), Failed> {
    let folder = room("there")?;
    fs::write(folder.join("file"), "precious")?;
    let text = failure(&strata(&["rootfs"], &folder, "/usr/bin:/bin")?)?;
    assert!(text.contains("not empty"), "{text}");
    let text = failure(&strata(&["rootfs"], &folder.join("file"), "/usr/bin:/bin")?)?;
    assert!(text.contains("file") && fs::read(folder.join("file"))? == b"precious", "{text}");
    Ok(())
}

fn says_what_to_install() -> Result<(), Failed> {
    let text = failure(&strata(&["rootfs"], &room("missing")?.join("root"), "/nowhere")?)?;
    assert!(text.contains("apt-get install"), "{text}");
    Ok(())
}

fn leaves_nothing_behind() -> Result<(), Failed> {
    let folder = room("behind")?;
    // One that fails half-way.
    let programs = folder.join("bin");
    fs::create_dir(&programs)?;
    for name in ["mmdebstrap", "fakechroot", "fakeroot"] {
        let script =
            "#!/bin/sh\nfor last; do :; done\nmkdir -p \"$last/half\"\necho 'E: the disk is full' >&2\nexit 3\n";
        fs::write(programs.join(name), script)?;
        fs::set_permissions(programs.join(name), std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
    }
    let path = format!("{}:/usr/bin:/bin", programs.display());
    let text = failure(&strata(&["rootfs"], &folder.join("root"), &path)?)?;
    assert!(text.contains("the disk is full"), "{text}");
    let left: Vec<_> = fs::read_dir(&folder)?.map(|entry| Ok(entry?.file_name())).collect::<Result<_>>()?;
    assert_eq!(left, ["bin"]);
    Ok(())
}

fn a_root_is_whole() -> Result<(), Failed> {
    let root = place::inputs().join("debian");
    let script = "BEGIN { while ((getline line < \"/etc/passwd\") > 0) if (line ~ /^root:/) print \"root is known\" }";
    let mut command = Command::new(place::strata());
    command.args(["run", "--no-cache", "--root"]).arg(&root).args(["/usr/bin/awk", script]);
    let output = command.output()?;
    assert_eq!(String::from_utf8_lossy(&output.stdout), "root is known\n", "{output:?}");
    assert!(fs::read_to_string(root.join("etc/hosts"))?.contains("localhost"));
    Ok(())
}

/// A fresh folder.
fn room(name: &str) -> Result<std::path::PathBuf> {
    let folder = place::cache().join("rootfs").join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

fn strata(arguments: &[&str], folder: &Path, path: &str) -> Result<Output> {
    Ok(Command::new(place::strata()).args(arguments).arg(folder).env("PATH", path).output()?)
}

fn failure(output: &Output) -> Result<String> {
    anyhow::ensure!(output.status.code() == Some(125), "it should have failed: {output:?}");
    Ok(String::from_utf8_lossy(&output.stderr).into_owned())
}
