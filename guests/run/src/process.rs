//! The loop between a process and its CPU, and what it needs of a host to wait.

use crate::engine::{Engine, Space};
use crate::vcpu::{Exit, Vcpu};
use abi::{Addr, AddressSpace};
use linux::{ExitStatus, Outcome, Process, Wait};
use mips::Exception;

/// Time and waiting, as the host has them.
pub trait Host {
    /// Sets the poll word at `at_ns` of the monotonic clock at the latest; `None` takes that back.
    fn set_alarm(&mut self, at_ns: Option<u64>);
    /// Sleeps until what `wait` names has happened.
    fn wait(&mut self, wait: &Wait);
    /// Whether the process must end now, and how: a time limit.
    fn ended(&mut self) -> Option<ExitStatus>;
}

/// Runs `process` on `cpu` until it is over.
pub fn run<E: Engine>(cpu: &mut Vcpu<E>, process: &mut Process, host: &mut dyn Host) -> ExitStatus {
    let mut alarm = None;
    loop {
        let wanted = process.next_timer_ns();
        if wanted != alarm {
            host.set_alarm(wanted);
            alarm = wanted;
        }
        cpu.refresh(process.handles_faults());
        let exit = cpu.run();
        let (state, space) = cpu.engine.parts();
        let outcome = match exit {
            Exit::Exception(Exception::Syscall) => process.syscall(state, space),
            Exit::Exception(Exception::CodeChanged { at, bytes }) => {
                space.code_changed(Addr(at), bytes);
                state.pc = state.next_pc;
                Outcome::Continue
            }
            Exit::Exception(exception) => process.exception(exception, state, space),
            Exit::Poll => {
                state.poll = 0;
                alarm = None;
                process.poll(state, space)
            }
        };
        match outcome {
            Outcome::Continue => {}
            Outcome::Exit(status) => return status,
            Outcome::Block(wait) => {
                host.wait(&wait);
                let (state, space) = cpu.engine.parts();
                if let Outcome::Exit(status) = process.poll(state, space) {
                    return status;
                }
            }
        }
        if matches!(exit, Exit::Poll)
            && let Some(status) = host.ended()
        {
            return status;
        }
    }
}
