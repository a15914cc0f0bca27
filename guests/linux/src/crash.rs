//! What a program was doing when a signal killed it for which Linux writes a core file (signal(7)).

use crate::flags::{AtFlags, DirFd};
use crate::mm::Backing;
use crate::signal::{Info, Signal};
use crate::thread::Thread;
use abi::{Addr, Gpr, State};
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;
use image::Image;
use vfs::node::{Kind, Open};

/// Longest file whose symbols are looked up, in bytes.
const FILE_BYTES_MAX: u64 = 64 << 20;

/// Where a program was, why it had to end, and its registers then.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Crash {
    pc: Spot,
    why: Option<(u32, &'static str)>,
    registers: Option<Registers>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Registers {
    gpr: [u32; 32],
    ra: Spot,
}

/// An address of code, and what lies there.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Spot {
    at: u32,
    /// The path of the mapped file, or what /proc/self/maps calls the area; none if nothing is mapped.
    area: Option<String>,
    /// The function, and how far behind its start that is, in bytes.
    function: Option<(String, u32)>,
}

impl Thread {
    /// What it was doing, if that explains why `signal` killed it. Without registers, only the PC is right in `state`.
    pub fn crash(&self, signal: Signal, has_registers: bool, state: &State) -> Option<Box<Crash>> {
        if !signal.dumps_core() {
            return None;
        }
        let why = self.signals.fatal.filter(|info| info.signal == signal).and_then(reason);
        let registers = has_registers.then(|| Registers { gpr: state.gpr, ra: self.spot(state.get(Gpr::RA)) });
        Some(Box::new(Crash { pc: self.spot(state.pc), why, registers }))
    }

    fn spot(&self, at: u32) -> Spot {
        let mut spot = Spot { at, area: None, function: None };
        let memory = self.memory.lock();
        let Some((start, area)) = memory.areas.at(Addr(at)) else { return spot };
        let file = match &area.backing {
            Backing::File(file) => file.clone(),
            Backing::Named(name) => return Spot { area: Some((*name).into()), ..spot },
            Backing::Anonymous | Backing::Shared(..) | Backing::Segment(_) => {
                return Spot { area: Some("anonymous memory".into()), ..spot };
            }
        };
        drop(memory);
        spot.area = Some(String::from_utf8_lossy(&file.path).into_owned());
        let offset = file.offset + u64::from(at - start.0);
        spot.function = self.contents(&file.path).and_then(|bytes| function(&bytes, offset));
        spot
    }

    /// The bytes of a file that was mapped, if they are there still.
    fn contents(&self, path: &[u8]) -> Option<Vec<u8>> {
        let place = self.resolve(DirFd::CURRENT, path, AtFlags::NONE).ok()?;
        let metadata = place.node().metadata().ok()?;
        if metadata.kind != Kind::File || metadata.size > FILE_BYTES_MAX {
            return None;
        }
        let file = place.node().open(Open { read: true, ..Open::default() }).ok()?;
        let mut bytes = vec![0; usize::try_from(metadata.size).ok()?];
        let read = file.read_full(0, &mut bytes).ok()?;
        bytes.truncate(read);
        Some(bytes)
    }
}

/// The function of an ELF file that has the byte at `offset`, and where in it that is.
fn function(file: &[u8], offset: u64) -> Option<(String, u32)> {
    let image = Image::parse(file).ok()?;
    let offset = u32::try_from(offset).ok()?;
    let segment = image
        .segments
        .iter()
        .find(|segment| offset.checked_sub(segment.file_offset).is_some_and(|within| within < segment.file_bytes))?;
    let at = segment.at.wrapping_add(offset - segment.file_offset);
    let function = image::function_at(file, at)?;
    Some((function.name, at - (function.at & !1)))
}

/// What the system says of an address or an instruction (sigaction(2)).
fn reason(info: Info) -> Option<(u32, &'static str)> {
    let text = match (info.signal, info.code) {
        (Signal::SEGV, 1) => "where nothing is mapped",
        (Signal::SEGV, 2) => "where it may not do that",
        (Signal::BUS, 1) => "which is not aligned",
        (Signal::BUS, 2) => "beyond the end of a mapped file",
        _ => return None,
    };
    Some((info.words[0], text))
}

impl fmt::Display for Spot {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:#010x}", self.at)?;
        match (&self.function, &self.area) {
            (Some((name, within)), Some(area)) => write!(out, " {name}+{within:#x} of {area}"),
            (_, Some(area)) => write!(out, " in {area}"),
            (_, None) => write!(out, ", where nothing is mapped"),
        }
    }
}

impl fmt::Display for Registers {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "\n  ra is {}", self.ra)?;
        for (index, (reg, value)) in Gpr::all().zip(self.gpr).enumerate() {
            let before = if index % 8 == 0 { "\n " } else { "" };
            write!(out, "{before} {reg:>4} {value:08x}")?;
        }
        Ok(())
    }
}

/// Several lines, to stand behind what says which signal it was.
impl fmt::Display for Crash {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, " at pc {}", self.pc)?;
        if let Some((at, text)) = self.why {
            write!(out, "\n  it wanted {at:#010x}, {text}")?;
        }
        match &self.registers {
            Some(registers) => write!(out, "{registers}")?,
            None => write!(out, "\n  translated code had its registers: --tier interp shows them")?,
        }
        write!(
            out,
            "\n  --strace shows the system calls that led there, strata disasm the code, --gdb 1234 stops there for gdb"
        )
    }
}
