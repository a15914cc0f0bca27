//! `strata binfmt`: has the host's kernel start MIPS programs with Strata (binfmt_misc).

use crate::failure::{Done, print, say};
use anyhow::{Context, Result, anyhow};
use clap::Args;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Let this machine start MIPS programs by their names, as if it could run them
///
/// Without an option, the lines are printed that tell the kernel so: for /proc/sys/fs/binfmt_misc/register, or for a file
/// in /etc/binfmt.d, which systemd reads at each start.
///
/// A program that is started this way is its user's own, as any other program: it has the host's files as far as the user
/// may use them, the current directory, the environment, and the name it was called by. To keep something from a program,
/// run it with `strata run`. Dynamic programs look for their linker and libraries on the host, too. /dev and /proc are
/// Strata's: the devices, fifos and other processes of the host are not there. What the program executes in turn must be
/// for MIPS as well.
///
/// Needs Linux 5.12, which says how a program was started. Programs must be readable, not only executable.
#[derive(Args)]
#[command(after_help = "Examples:
  sudo strata binfmt --install                       # until the next start of the machine
  strata binfmt | sudo tee /etc/binfmt.d/strata.conf # for good, with systemd
  ./hello-mipsel                                     # then")]
pub(crate) struct Binfmt {
    /// Tell the kernel now; what was told before is replaced
    #[arg(long, conflicts_with = "remove")]
    install: bool,
    /// Tell the kernel to forget it
    #[arg(long)]
    remove: bool,
    /// Keep this very file open for it (flag F), so that it is also found in containers and chroots; `strata` must then be
    /// linked statically, and be installed again whenever it changes
    #[arg(long, conflicts_with = "remove")]
    fixed: bool,
    /// The program to start (default: this one)
    #[arg(long, value_name = "FILE", conflicts_with = "remove")]
    interpreter: Option<PathBuf>,
}

/// Where the kernel is told.
const FOLDER: &str = "/proc/sys/fs/binfmt_misc";

/// What is registered: its name there, and the byte order.
const FORMATS: &[(&str, bool)] = &[("strata-mipsel", false), ("strata-mips", true)];

/// The arguments of this process; where binfmt_misc started it, those of the command that stands for.
pub(crate) fn arguments() -> Vec<OsString> {
    let mut arguments: Vec<OsString> = std::env::args_os().collect();
    if engine::keeps_name() && !arguments.is_empty() {
        arguments.splice(1..1, ["run", "--binfmt", "--"].map(OsString::from));
    }
    arguments
}

impl Binfmt {
    pub(crate) fn run(self) -> Done {
        if self.remove {
            return Ok(remove()?);
        }
        let interpreter = match self.interpreter {
            Some(file) => file,
            None => std::env::current_exe().context("this program's own path cannot be found; give --interpreter")?,
        };
        let lines = FORMATS.iter().map(|(name, is_big)| line(name, *is_big, &interpreter, self.fixed));
        let lines: Vec<String> = lines.collect::<Result<_>>()?;
        if !self.install {
            return print(&lines.iter().map(|line| format!("{line}\n")).collect::<String>());
        }
        for ((name, _), line) in FORMATS.iter().zip(&lines) {
            tell(name, "-1")
                .or_else(|error| if error.kind() == ErrorKind::NotFound { Ok(()) } else { Err(error) })
                .map_err(explain)?;
            tell("register", line).map_err(explain)?;
        }
        say(&format!("MIPS programs are started with {}", interpreter.display()));
        Ok(ExitCode::SUCCESS)
    }
}

fn remove() -> Result<ExitCode> {
    let mut removed = 0;
    for (name, _) in FORMATS {
        match tell(name, "-1") {
            Ok(()) => removed += 1,
            Err(error) if error.kind() == ErrorKind::NotFound && is_mounted() => {}
            Err(error) => return Err(explain(error)),
        }
    }
    say(if removed > 0 { "MIPS programs are not started with strata any more" } else { "there was nothing to remove" });
    Ok(ExitCode::SUCCESS)
}

/// Writes to a file of the kernel's. It is not made if it is not there.
fn tell(name: &str, what: &str) -> std::io::Result<()> {
    use std::io::Write;
    fs::OpenOptions::new().write(true).open(Path::new(FOLDER).join(name))?.write_all(what.as_bytes())
}

fn is_mounted() -> bool {
    Path::new(FOLDER).join("register").exists()
}

fn explain(error: std::io::Error) -> anyhow::Error {
    match error.kind() {
        _ if !is_mounted() => anyhow!(
            "the kernel cannot be told: as root, `mount -t binfmt_misc binfmt_misc {FOLDER}` (and `modprobe binfmt_misc` \
             before, if it is a module)"
        ),
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            anyhow!("only root may tell the kernel: use sudo")
        }
        _ => anyhow!(
            "the kernel does not take it ({error}): is the path of strata too long, or with --fixed no program?"
        ),
    }
}

/// The line of one format (Documentation/admin-guide/binfmt-misc.rst): a program is known by its ELF header.
fn line(name: &str, is_big: bool, interpreter: &Path, is_fixed: bool) -> Result<String> {
    let path = interpreter.to_str().filter(|path| path.starts_with('/') && !path.contains([':', '\n']));
    let path = path.with_context(|| {
        format!(
            "{}: the kernel wants an absolute path without a colon; copy it to another place",
            interpreter.display()
        )
    })?;
    let (mut magic, mut mask) = (String::new(), String::new());
    for (value, cares) in header(is_big) {
        // `String` takes all that is written to it.
        let _ = write!(magic, "\\x{value:02x}");
        let _ = write!(mask, "\\x{cares:02x}");
    }
    // P: the name that the program was called by comes along.
    Ok(format!(":{name}:M::{magic}:{mask}:{path}:P{}", if is_fixed { "F" } else { "" }))
}

/// The ELF header of a program of the o32 convention up to `e_flags` (elf(5)): each byte, and which of its bits matter.
fn header(is_big: bool) -> Vec<(u8, u8)> {
    let mut header = vec![(0, 0); 40];
    // `e_ident`: 32-bit, byte order, version; EI_OSABI and EI_ABIVERSION are anybody's (1: clang, and gcc's
    // programs with a PLT), the rest is zeros.
    let identity = [0x7f, b'E', b'L', b'F', 1, if is_big { 2 } else { 1 }, 1];
    header[..16].fill((0, 0xff));
    header[..7].copy_from_slice(&identity.map(|byte| (byte, 0xff)));
    header[7..9].fill((0, 0));
    let mut field = |at: usize, bytes: usize, value: u32, cares: u32| {
        for byte in 0..bytes {
            let shift = 8 * if is_big { bytes - 1 - byte } else { byte };
            header[at + byte] = ((value >> shift) as u8, (cares >> shift) as u8);
        }
    };
    // `e_type` is 2 or 3, a program at a fixed place or anywhere; `e_machine` EM_MIPS.
    field(16, 2, 2, 0xfffe);
    field(18, 2, 8, 0xffff);
    // `e_flags`: EF_MIPS_ABI2 means n32.
    field(36, 4, 0, 0x20);
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether the kernel would start a program with that header.
    fn matches(is_big: bool, file: &[u8]) -> bool {
        header(is_big).iter().zip(file).all(|((value, cares), byte)| (value ^ byte) & cares == 0)
    }

    #[test]
    fn programs_are_known_by_their_headers() {
        let little = include_bytes!("../../../guests/programs/bin/mipsel/hello");
        let big = include_bytes!("../../../guests/programs/bin/mips/hello");
        assert!(matches(false, little) && !matches(true, little));
        assert!(matches(true, big) && !matches(false, big));
        let changed = |at: usize, byte: u8| {
            let mut file = little.to_vec();
            file[at] = byte;
            matches(false, &file)
        };
        assert!(changed(16, 3) && changed(7, 3) && changed(8, 1), "position-independent, GNU, with a PLT");
        assert!(!changed(16, 1) && !changed(4, 2) && !changed(18, 3) && !changed(36, 0x20), "object, 64-bit, x86, n32");
    }

    #[test]
    fn a_line_is_what_the_kernel_reads() {
        let text = line("strata-mips", true, Path::new("/usr/bin/strata"), false).expect("a good path");
        assert!(text.starts_with(":strata-mips:M::\\x7f\\x45\\x4c\\x46\\x01\\x02\\x01\\x00"), "{text}");
        assert!(text.ends_with(":/usr/bin/strata:P") && text.len() < 1920, "{text}");
        assert!(line("x", true, Path::new("/a:b/strata"), false).is_err());
        assert!(line("x", true, Path::new("strata"), false).is_err());
    }
}
