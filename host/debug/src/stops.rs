//! Where gdb wants the process to stop. A breakpoint of hardware is one like any other: none is ever seen in memory.

use crate::target::Target;
use gdbstub::target::TargetResult;
use gdbstub::target::ext::breakpoints::{
    Breakpoints, HwBreakpoint, HwBreakpointOps, HwWatchpoint, HwWatchpointOps, SwBreakpoint, SwBreakpointOps, WatchKind,
};
use run::{Watch, Watchpoint};

impl Target {
    fn set_breakpoint(&self, addr: u32, is_set: bool) -> bool {
        let done = self.link.look(move |subject| {
            let breakpoints = &mut subject.stops().breakpoints;
            _ = if is_set { breakpoints.insert(addr & !1) } else { breakpoints.remove(&(addr & !1)) };
        });
        done.is_some()
    }

    fn set_watchpoint(&self, watchpoint: Watchpoint, is_set: bool) -> bool {
        let done = self.link.look(move |subject| {
            let watchpoints = &mut subject.stops().watchpoints;
            _ = if is_set { watchpoints.insert(watchpoint) } else { watchpoints.remove(&watchpoint) };
        });
        done.is_some()
    }
}

impl Breakpoints for Target {
    fn support_sw_breakpoint(&mut self) -> Option<SwBreakpointOps<'_, Self>> {
        Some(self)
    }
    fn support_hw_breakpoint(&mut self) -> Option<HwBreakpointOps<'_, Self>> {
        Some(self)
    }
    fn support_hw_watchpoint(&mut self) -> Option<HwWatchpointOps<'_, Self>> {
        Some(self)
    }
}

impl SwBreakpoint for Target {
    fn add_sw_breakpoint(&mut self, addr: u32, _: usize) -> TargetResult<bool, Self> {
        Ok(self.set_breakpoint(addr, true))
    }
    fn remove_sw_breakpoint(&mut self, addr: u32, _: usize) -> TargetResult<bool, Self> {
        Ok(self.set_breakpoint(addr, false))
    }
}

impl HwBreakpoint for Target {
    fn add_hw_breakpoint(&mut self, addr: u32, _: usize) -> TargetResult<bool, Self> {
        Ok(self.set_breakpoint(addr, true))
    }
    fn remove_hw_breakpoint(&mut self, addr: u32, _: usize) -> TargetResult<bool, Self> {
        Ok(self.set_breakpoint(addr, false))
    }
}

/// A watchpoint in the protocol's words.
fn watchpoint(at: u32, bytes: u32, kind: WatchKind) -> Watchpoint {
    let kind = match kind {
        WatchKind::Write => Watch::Write,
        WatchKind::Read => Watch::Read,
        WatchKind::ReadWrite => Watch::Access,
    };
    Watchpoint { at, bytes, kind }
}

impl HwWatchpoint for Target {
    fn add_hw_watchpoint(&mut self, addr: u32, len: u32, kind: WatchKind) -> TargetResult<bool, Self> {
        Ok(self.set_watchpoint(watchpoint(addr, len, kind), true))
    }
    fn remove_hw_watchpoint(&mut self, addr: u32, len: u32, kind: WatchKind) -> TargetResult<bool, Self> {
        Ok(self.set_watchpoint(watchpoint(addr, len, kind), false))
    }
}
