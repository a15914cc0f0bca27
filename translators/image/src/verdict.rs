//! [`can_run`]: whether Strata can run an image, and if not, why and what to do.
//!
//! Apart from parsing, so that `strata info` can describe what it cannot run. A dynamic program passes: whether its
//! interpreter can be found is a matter of the root file system, not of the image.

use crate::image::{Image, Kind};
use crate::machine::Machine;
use crate::mips::{Abi, Ases, IsaLevel};
use thiserror::Error;

/// Why an image cannot run.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum Why {
    /// Built for another processor.
    #[error("built for {0}, not for MIPS: build it with mipsel-linux-gnu-gcc or mips-linux-gnu-gcc")]
    Machine(Machine),
    /// Not linked.
    #[error("an object file: link it into a program first")]
    Relocatable,
    /// A core dump or something stranger.
    #[error("not a program but {0}")]
    NotProgram(&'static str),
    /// A convention other than o32.
    #[error("built for the {0} convention: only o32 runs yet; build it with -mabi=32")]
    Abi(Abi),
    /// Release 6 dropped and re-used encodings.
    #[error("built for {0}, whose encodings differ: build it with -mips32r2")]
    Release6(IsaLevel),
    /// microMIPS code.
    #[error("holds microMIPS code, which Strata does not run: build it with -mno-micromips")]
    MicroMips,
    /// Nothing to load.
    #[error("it has nothing to load: give the program, not its separate debug file")]
    NothingToLoad,
    /// The entry is in no segment.
    #[error("it would start at {0:#010x}, where nothing is loaded: the file is damaged, or a library and no program")]
    EntryNowhere(u32),
}

/// Says whether `image` can run.
pub fn can_run(image: &Image) -> Result<(), Why> {
    if image.machine != Machine::MIPS {
        return Err(Why::Machine(image.machine));
    }
    match image.kind {
        Kind::Exec | Kind::Dyn => {}
        Kind::Relocatable => return Err(Why::Relocatable),
        Kind::Core => return Err(Why::NotProgram("a core dump: give the program that dumped it")),
        Kind::Other(_) => return Err(Why::NotProgram("an ELF file of a kind nobody defined: the file is damaged")),
    }
    if image.abi != Abi::O32 {
        return Err(Why::Abi(image.abi));
    }
    if image.isa.revision >= 6 {
        return Err(Why::Release6(image.isa));
    }
    if image.ases.has(Ases::MICROMIPS) {
        return Err(Why::MicroMips);
    }
    if image.segments.is_empty() {
        return Err(Why::NothingToLoad);
    }
    if image.segment_at(image.entry).is_none() {
        return Err(Why::EntryNowhere(image.entry));
    }
    Ok(())
}
