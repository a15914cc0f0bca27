//! [`Target`]: what gdb may do to the process, as the protocol's crate wants to know it.

use crate::description;
use crate::files::Files;
use crate::link::Link;
use crate::plan::Plan;
use crate::registers::{self, Mips, Number, Registers};
use crate::reported;
use gdbstub::common::Tid;
use gdbstub::target::ext::base::BaseOps;
use gdbstub::target::ext::base::multithread::{MultiThreadBase, MultiThreadResumeOps};
use gdbstub::target::ext::base::single_register_access::{SingleRegisterAccess, SingleRegisterAccessOps};
use gdbstub::target::ext::breakpoints::BreakpointsOps;
use gdbstub::target::ext::{auxv, exec_file, host_io, target_description_xml_override, thread_extra_info};
use gdbstub::target::{TargetError, TargetResult};
use mips::State;
use std::convert::Infallible;
use std::sync::Arc;

/// The process, which has stopped whenever something is asked of it.
pub(crate) struct Target {
    pub(crate) link: Arc<Link>,
    pub(crate) files: Files,
    /// How it is to go on, as far as gdb has said that.
    pub(crate) plan: Plan,
    pub(crate) description: String,
}

/// EFAULT: there is no memory.
const EFAULT: u8 = 14;
/// ESRCH: there is no such thread.
const ESRCH: u8 = 3;

/// What a `qXfer` request for part of a whole gets.
pub(crate) fn part(whole: &[u8], offset: u64, length: usize, buf: &mut [u8]) -> usize {
    let rest = usize::try_from(offset).ok().and_then(|offset| whole.get(offset..)).unwrap_or_default();
    let length = rest.len().min(length).min(buf.len());
    buf[..length].copy_from_slice(&rest[..length]);
    length
}

/// A thread's number, as Linux has it.
pub(crate) fn number(tid: Tid) -> u32 {
    u32::try_from(tid.get()).unwrap_or(0)
}

/// A thread's registers, and what else gdb takes for some.
struct Seen {
    state: State,
    fault: Option<u32>,
    big_endian: bool,
}

impl Seen {
    /// A register's bytes.
    fn get(&self, number: usize) -> [u8; 4] {
        let word = registers::get(&self.state, self.fault, number);
        if self.big_endian { word.to_be_bytes() } else { word.to_le_bytes() }
    }

    /// Sets a register; nothing if it has not so many bytes.
    fn set(&mut self, number: usize, bytes: &[u8]) -> Option<()> {
        let bytes = <[u8; 4]>::try_from(bytes).ok()?;
        let word = if self.big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) };
        registers::set(&mut self.state, number, word);
        Some(())
    }
}

impl Target {
    /// The process behind `link`.
    pub(crate) fn new(link: Arc<Link>) -> Target {
        Target { link, files: Files::default(), plan: Plan::default(), description: description::xml() }
    }

    fn see(&self, tid: Tid) -> TargetResult<Seen, Self> {
        let tid = number(tid);
        let seen = self.link.look(move |subject| {
            let (big_endian, fault) = (subject.is_big_endian(), subject.fault_address(tid));
            Some(Seen { state: subject.registers(tid)?, fault, big_endian })
        });
        seen.flatten().ok_or(TargetError::Errno(ESRCH))
    }

    fn set(&self, tid: Tid, Seen { state, .. }: Seen) -> TargetResult<(), Self> {
        let tid = number(tid);
        let is_set = self.link.look(move |subject| subject.set_registers(tid, &state));
        if is_set == Some(true) { Ok(()) } else { Err(TargetError::Errno(ESRCH)) }
    }
}

impl gdbstub::target::Target for Target {
    type Arch = Mips;
    type Error = Infallible;

    fn base_ops(&mut self) -> BaseOps<'_, Mips, Infallible> {
        BaseOps::MultiThread(self)
    }
    fn support_breakpoints(&mut self) -> Option<BreakpointsOps<'_, Self>> {
        Some(self)
    }
    fn support_target_description_xml_override(
        &mut self,
    ) -> Option<target_description_xml_override::TargetDescriptionXmlOverrideOps<'_, Self>> {
        Some(self)
    }
    fn support_auxv(&mut self) -> Option<auxv::AuxvOps<'_, Self>> {
        Some(self)
    }
    fn support_exec_file(&mut self) -> Option<exec_file::ExecFileOps<'_, Self>> {
        Some(self)
    }
    fn support_host_io(&mut self) -> Option<host_io::HostIoOps<'_, Self>> {
        Some(self)
    }
    // Children run free, and nobody is told of them.
    fn use_fork_stop_reason(&self) -> bool {
        false
    }
    fn use_vfork_stop_reason(&self) -> bool {
        false
    }
    fn use_vforkdone_stop_reason(&self) -> bool {
        false
    }
}

impl MultiThreadBase for Target {
    fn read_registers(&mut self, regs: &mut Registers, tid: Tid) -> TargetResult<(), Self> {
        let seen = self.see(tid)?;
        regs.0 = (0..description::COUNT).flat_map(|number| seen.get(number)).collect();
        Ok(())
    }

    fn write_registers(&mut self, regs: &Registers, tid: Tid) -> TargetResult<(), Self> {
        let mut seen = self.see(tid)?;
        for (number, bytes) in regs.0.chunks_exact(4).enumerate().take(description::COUNT) {
            seen.set(number, bytes).ok_or(TargetError::NonFatal)?;
        }
        self.set(tid, seen)
    }

    fn support_single_register_access(&mut self) -> Option<SingleRegisterAccessOps<'_, Tid, Self>> {
        Some(self)
    }

    fn read_addrs(&mut self, start: u32, data: &mut [u8], _: Tid) -> TargetResult<usize, Self> {
        let length = data.len();
        let read = self.link.look(move |subject| {
            let mut bytes = vec![0; length];
            let done = subject.read(start, &mut bytes);
            bytes.truncate(done);
            bytes
        });
        let bytes = read.filter(|bytes| !bytes.is_empty() || length == 0).ok_or(TargetError::Errno(EFAULT))?;
        data[..bytes.len()].copy_from_slice(&bytes);
        Ok(bytes.len())
    }

    fn write_addrs(&mut self, start: u32, data: &[u8], _: Tid) -> TargetResult<(), Self> {
        let bytes = data.to_vec();
        let is_written = self.link.look(move |subject| subject.write(start, &bytes));
        if is_written == Some(true) { Ok(()) } else { Err(TargetError::Errno(EFAULT)) }
    }

    fn list_active_threads(&mut self, thread_is_active: &mut dyn FnMut(Tid)) -> Result<(), Infallible> {
        let threads = self.link.look(|subject| subject.threads()).unwrap_or_default();
        threads.into_iter().for_each(|(tid, _)| thread_is_active(reported::number(tid)));
        Ok(())
    }

    fn support_resume(&mut self) -> Option<MultiThreadResumeOps<'_, Self>> {
        Some(self)
    }

    fn support_thread_extra_info(&mut self) -> Option<thread_extra_info::ThreadExtraInfoOps<'_, Self>> {
        Some(self)
    }
}

impl SingleRegisterAccess<Tid> for Target {
    fn read_register(&mut self, tid: Tid, Number(number): Number, buf: &mut [u8]) -> TargetResult<usize, Self> {
        Ok(part(&self.see(tid)?.get(number), 0, 4, buf))
    }

    fn write_register(&mut self, tid: Tid, Number(number): Number, val: &[u8]) -> TargetResult<(), Self> {
        let mut seen = self.see(tid)?;
        seen.set(number, val).ok_or(TargetError::NonFatal)?;
        self.set(tid, seen)
    }
}
