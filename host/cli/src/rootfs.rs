//! `strata rootfs`: a root file system of Debian packages, unpacked and never installed.
//!
//! mmdebstrap resolves, downloads and unpacks; what is here drives it and does by rule what the packages' own scripts,
//! which are programs for the guest, would have done first: `configure` and `alternatives`.

mod alternatives;
mod configure;
mod mmdebstrap;

use crate::failure::{Done, say};
use anyhow::{Context, Result, anyhow, bail, ensure};
use clap::{Args, ValueEnum};
use mmdebstrap::Order;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Make a root file system of Debian packages for MIPS, to be used with `strata run --root`
///
/// mmdebstrap (1.0 or later) does the work and must be installed; so must Debian's archive keys (debian-archive-keyring),
/// and for a user other than root fakechroot and fakeroot, or uidmap. What is made for a user belongs to that user.
///
/// Packages are unpacked, not configured: none of their scripts has run. What any program expects is put there by rule:
/// /etc/passwd, /etc/group, /etc/hosts, /etc/nsswitch.conf, /etc/profile, and the alternatives that packages declare,
/// such as /usr/bin/awk. Not made: users and groups of services, certificate bundles, locales, caches of fonts and the
/// like, and dpkg's own list of packages. A cache of the dynamic linker is not needed.
#[derive(Args)]
#[command(after_help = "Examples:
  strata rootfs ./debian python3 sqlite3       # then: strata run --root ./debian /usr/bin/python3
  strata rootfs --bare ./small busybox         # that package and what it depends on, nothing else")]
pub(crate) struct Rootfs {
    /// The directory to make; it must not exist, or be empty
    directory: PathBuf,
    /// Debian packages, beside those that every system has; what they depend on comes along
    #[arg(value_name = "PACKAGE", value_parser = package)]
    packages: Vec<String>,
    /// Only PACKAGES and what they depend on
    #[arg(long, requires = "packages")]
    bare: bool,
    /// The release of Debian (default: this machine's if it has the architecture, or else the last one that had)
    #[arg(long, value_name = "NAME", value_parser = package)]
    release: Option<String>,
    /// The architecture
    #[arg(long, value_enum, default_value_t = Architecture::Mipsel)]
    arch: Architecture,
    /// Where packages come from (default: what mmdebstrap knows)
    #[arg(long, value_name = "URL")]
    mirror: Option<String>,
}

/// Debian's architectures of the o32 convention.
#[derive(Clone, Copy, ValueEnum)]
enum Architecture {
    /// Little-endian: up to Debian 12, bookworm
    Mipsel,
    /// Big-endian: up to Debian 10, buster, which only archives of old releases have (--mirror)
    Mips,
}

impl Architecture {
    fn name(self) -> &'static str {
        match self {
            Architecture::Mipsel => "mipsel",
            Architecture::Mips => "mips",
        }
    }

    /// The releases that had it, oldest first.
    fn releases(self) -> &'static [&'static str] {
        match self {
            Architecture::Mipsel => &["stretch", "buster", "bullseye", "bookworm"],
            Architecture::Mips => &["stretch", "buster"],
        }
    }
}

/// What every root is made of unless it shall be bare: Debian's essential packages, without those that install others.
const ESSENTIAL: &[&str] = &[
    "base-files",
    "base-passwd",
    "bash",
    "coreutils",
    "dash",
    "debianutils",
    "diffutils",
    "findutils",
    "grep",
    "gzip",
    "hostname",
    "libc-bin",
    "login",
    "mawk",
    "ncurses-base",
    "ncurses-bin",
    "netbase",
    "sed",
    "tar",
    "util-linux",
];

/// A name of a package or a release: what cannot be taken for an option or a list.
fn package(text: &str) -> Result<String, String> {
    let is_good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"+-.".contains(&byte);
    let starts_well = text.starts_with(|first: char| first.is_ascii_lowercase() || first.is_ascii_digit());
    match starts_well && text.bytes().all(is_good) {
        true => Ok(text.to_owned()),
        false => Err(String::from("names have lower-case letters, digits, '+', '-' and '.'")),
    }
}

impl Rootfs {
    pub(crate) fn run(self) -> Done {
        let directory = std::path::absolute(&self.directory).context("the current directory is gone")?;
        check_free(&directory)?;
        let mut packages: Vec<&str> = if self.bare { Vec::new() } else { ESSENTIAL.to_vec() };
        packages.extend(self.packages.iter().map(String::as_str));
        packages.sort_unstable();
        packages.dedup();
        let release = self.release()?;
        let beside = beside(&directory)?;
        let order = Order {
            packages: &packages,
            architecture: self.arch.name(),
            release: &release,
            mirror: self.mirror.as_deref(),
            directory: &beside,
        };
        let made = make(&order).and_then(|made| {
            fs::rename(&beside, &directory).with_context(|| format!("{} cannot be put there", directory.display()))?;
            Ok(made)
        });
        if made.is_err() {
            // Whatever went wrong first is what matters.
            let _ = fs::remove_dir_all(&beside);
        }
        let (packages, links) = made?;
        say(&format!(
            "{}: Debian {release} for {}, packages: {packages}, alternatives: {links}; unpacked, not configured \
             (`strata rootfs --help` says what that means)",
            self.directory.display(),
            self.arch.name()
        ));
        Ok(ExitCode::SUCCESS)
    }

    fn release(&self) -> Result<String> {
        let known = self.arch.releases();
        if self.mirror.is_none() && matches!(self.arch, Architecture::Mips) {
            bail!("Debian's mirrors have no mips any more; give an archive of old releases with --mirror");
        }
        if let Some(release) = &self.release {
            return Ok(release.clone());
        }
        let text = fs::read_to_string("/etc/os-release").unwrap_or_default();
        let field =
            |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(|value| value.trim_matches('"'));
        let own = field("VERSION_CODENAME=").filter(|name| field("ID=") == Some("debian") && known.contains(name));
        Ok(own.or(known.last().copied()).unwrap_or_default().to_owned())
    }
}

/// Refuses a directory with something in it, or no directory at all.
fn check_free(directory: &Path) -> Result<()> {
    match fs::read_dir(directory) {
        Ok(mut entries) => ensure!(
            entries.next().is_none(),
            "{}: not empty; give a directory that is to be made, or remove this one",
            directory.display()
        ),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => bail!("{}: {error}; give a directory that is to be made", directory.display()),
    }
    Ok(())
}

/// Where it is made, so that what is not whole is never taken for what is.
fn beside(directory: &Path) -> Result<PathBuf> {
    let (Some(parent), Some(name)) = (directory.parent(), directory.file_name()) else {
        return Err(anyhow!("{}: give a directory that is to be made", directory.display()));
    };
    fs::create_dir_all(parent).with_context(|| format!("{} cannot be made", parent.display()))?;
    Ok(parent.join(format!("{}.unfinished-{}", name.display(), std::process::id())))
}

/// Makes it, and counts packages and alternatives.
fn make(order: &Order<'_>) -> Result<(usize, usize)> {
    order.unpack()?;
    let archives = order.archives()?;
    let links = alternatives::make(order.directory, &archives)?;
    configure::configure(order.directory)?;
    order.clean()?;
    Ok((archives.len(), links))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_no_options() {
        for good in ["bash", "libstdc++6", "lua5.4", "0ad"] {
            assert_eq!(package(good), Ok(good.to_owned()));
        }
        for bad in ["", "-y", "--include", "a,b", "a b", "A", "../x", "?essential"] {
            assert!(package(bad).is_err(), "{bad}");
        }
    }
}
