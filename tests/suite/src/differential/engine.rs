//! Who runs a program: QEMU, which is right, and Strata in each tier.

use super::mode::Mode;
use crate::place;
use anyhow::{Context, Result};
use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Stdio};

/// Seconds after which a program counts as hanging: they take a fraction of one.
const SECONDS_MAX: &str = "60";

/// One of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Engine {
    /// The judge.
    Qemu,
    /// The program under test, in this tier.
    Strata(&'static str),
}

/// Those that are judged.
pub(crate) const JUDGED: &[Engine] = &[Engine::Strata("interp"), Engine::Strata("block"), Engine::Strata("region")];

impl Engine {
    /// Its name in reports.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Engine::Qemu => "qemu",
            Engine::Strata(tier) => tier,
        }
    }

    /// What the program in `file` writes, and how it ends if not with status 0.
    pub(crate) fn run(self, file: &Path, mode: Mode) -> Result<(Vec<u8>, Option<String>)> {
        let words: Vec<OsString> = match self {
            Engine::Qemu => {
                // QEMU's default CPU has legacy NaNs only.
                let cpu = if mode.nan2008 { "P5600" } else { "24Kf" };
                vec![qemu(mode).into(), "-cpu".into(), cpu.into(), file.into()]
            }
            Engine::Strata(tier) => {
                let options = ["run", "--no-cache", "--tier", tier].map(OsString::from);
                [vec![place::strata().into()], options.to_vec(), vec![file.into()]].concat()
            }
        };
        let mut command = Command::new("timeout");
        command.arg(SECONDS_MAX).args(&words).stdin(Stdio::null());
        let output = command.output().with_context(|| format!("cannot run {words:?}"))?;
        let end = format!("{}: {}", output.status, String::from_utf8_lossy(&output.stderr).trim());
        Ok((output.stdout, (!output.status.success()).then_some(end)))
    }
}

/// The QEMU that runs programs of `mode`.
pub fn qemu(mode: Mode) -> &'static str {
    if mode.big { "qemu-mips" } else { "qemu-mipsel" }
}
