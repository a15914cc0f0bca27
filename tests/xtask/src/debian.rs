//! Debian packages: cross compilers and the QEMU that is our oracle.

use crate::setup::Skipped;
use crate::step;

/// What the tests need.
pub(crate) const PACKAGES: &[&str] = &[
    "qemu-user",
    "gcc-mipsel-linux-gnu",
    "gcc-mips-linux-gnu",
    "libc6-dev-mipsel-cross",
    "libc6-dev-mips-cross",
    "binutils-mipsel-linux-gnu",
    "binutils-mips-linux-gnu",
    "mmdebstrap",
    "qemu-user-static",
    "squashfs-tools",
    "gdb-multiarch",
    "dpkg-dev",
    "python3-pip",
    "iproute2",
];

/// Installs what of `packages` is missing, as root or through sudo.
pub(crate) fn install(packages: &[&'static str], skipped: &mut Skipped) {
    let missing: Vec<&str> = packages.iter().copied().filter(|name| !is_installed(name)).collect();
    if missing.is_empty() {
        return;
    }
    let names = missing.join(" ");
    step::say(&format!("Debian packages missing: {names}"));
    let Some(prefix) = privilege() else {
        skipped.push(format!("{names}: neither root nor sudo without a password; run apt-get install {names}"));
        return;
    };
    let apt = |arguments: &[&str]| {
        let words: Vec<&str> =
            prefix.iter().chain(&["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]).copied().collect();
        let mut command = step::command(words[0], &words[1..]);
        command.args(arguments);
        step::run(command)
    };
    let mut install = vec!["install", "--yes", "--no-install-recommends"];
    install.extend(&missing);
    if let Err(error) = apt(&["update", "-q"]).and_then(|()| apt(&install)) {
        skipped.push(format!("{names}: {error:#}"));
    }
}

fn is_installed(name: &str) -> bool {
    let query = step::command("dpkg-query", &["--show", "--showformat=${db:Status-Status}", name]);
    step::output(query).is_some_and(|status| status == "installed")
}

/// What to put before a command that must be root; `None` if there is no way.
fn privilege() -> Option<&'static [&'static str]> {
    let uid = step::output(step::command("id", &["-u"]))?;
    if uid.trim() == "0" {
        return Some(&[]);
    }
    step::output(step::command("sudo", &["-n", "true"])).map(|_| ["sudo", "-n"].as_slice())
}
