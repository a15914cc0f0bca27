//! What the scripts of Debian's base packages would have put into /etc, by rule.

use anyhow::{Context, Result};
use cap_std::ambient_authority;
use cap_std::fs::Dir;
use std::io::ErrorKind;
use std::path::Path;

/// Files that are copied, if there is nothing yet where they go (scripts `postinst` of base-passwd and base-files).
const COPIES: &[(&str, &str)] = &[
    ("usr/share/base-passwd/passwd.master", "etc/passwd"),
    ("usr/share/base-passwd/group.master", "etc/group"),
    ("usr/share/libc-bin/nsswitch.conf", "etc/nsswitch.conf"),
    ("usr/share/base-files/nsswitch.conf", "etc/nsswitch.conf"),
    ("usr/share/base-files/profile", "etc/profile"),
    ("usr/share/base-files/motd", "etc/motd"),
    ("usr/share/base-files/dot.bashrc", "root/.bashrc"),
    ("usr/share/base-files/dot.profile", "root/.profile"),
];

/// Directories that have no package's files in them (script `postinst` of base-files).
const DIRECTORIES: &[&str] = &[
    "etc/opt",
    "media",
    "mnt",
    "opt",
    "srv",
    "usr/local/bin",
    "usr/local/etc",
    "usr/local/include",
    "usr/local/lib",
    "usr/local/sbin",
    "usr/local/share",
    "usr/local/src",
    "var/local",
    "var/mail",
    "var/opt",
];

/// The name that uname(2) tells guests, and that no file shall contradict: mmdebstrap leaves the host's.
const HOST_NAME: &str = "strata";

/// Puts them there. Nothing is written outside the root, whatever links its packages have.
pub(super) fn configure(root: &Path) -> Result<()> {
    let root = Dir::open_ambient_dir(root, ambient_authority()).context("mmdebstrap made no root")?;
    for (from, to) in COPIES {
        if root.symlink_metadata(to).is_ok() {
            continue;
        }
        match root.read(from) {
            Ok(bytes) => root.write(to, bytes).with_context(|| format!("/{to} cannot be written"))?,
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error).with_context(|| format!("/{from} cannot be read")),
        }
    }
    for path in DIRECTORIES {
        root.create_dir_all(path).with_context(|| format!("/{path} cannot be made"))?;
    }
    let hosts = format!("127.0.0.1\tlocalhost {HOST_NAME}\n::1\tlocalhost ip6-localhost ip6-loopback\n");
    for (to, text) in [("etc/hosts", hosts), ("etc/hostname", format!("{HOST_NAME}\n"))] {
        root.create_dir_all("etc")
            .and_then(|()| root.write(to, text))
            .with_context(|| format!("/{to} cannot be written"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn what_is_there_stays_and_links_lead_nowhere() {
        let room = std::env::temp_dir().join(format!("strata-configure-{}", std::process::id()));
        let root = room.join("root");
        fs::create_dir_all(root.join("usr/share/base-passwd")).expect("scratch room");
        fs::create_dir_all(root.join("etc")).expect("scratch room");
        fs::write(root.join("usr/share/base-passwd/passwd.master"), "root:*:0:0\n").expect("scratch room");
        fs::write(root.join("usr/share/base-passwd/group.master"), "root:*:0:\n").expect("scratch room");
        fs::write(root.join("etc/group"), "mine\n").expect("scratch room");
        configure(&root).expect("it can be written");
        let read = |name: &str| fs::read_to_string(root.join(name)).expect("it was made");
        assert_eq!(read("etc/passwd"), "root:*:0:0\n");
        assert_eq!(read("etc/group"), "mine\n");
        assert_eq!(read("etc/hostname"), "strata\n");
        assert!(root.join("usr/local/bin").is_dir());
        fs::remove_file(root.join("etc/hosts")).expect("it was made");
        std::os::unix::fs::symlink("../../outside", root.join("etc/hosts")).expect("scratch room");
        assert!(configure(&root).is_err() && !room.join("outside").exists());
        fs::remove_dir_all(&room).expect("scratch room");
    }
}
