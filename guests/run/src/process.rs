//! The loop between a process and its CPU, and what it needs of a host to wait.

use crate::engine::Engine;
use crate::kernel::{Served, serve};
use crate::vcpu::{Exit, Vcpu};
use abi::{Addr, AddressSpace};
use linux::{ExitStatus, Outcome, Process, Signal, Wait};
use mips::Exception;

/// Time, waiting and signals, as the host has them.
pub trait Host {
    /// Sets the poll word at `at_ns` of the monotonic clock at the latest; `None` takes that back.
    fn set_alarm(&mut self, at_ns: Option<u64>);
    /// Sleeps until what `wait` names has happened.
    fn wait(&mut self, wait: &Wait);
    /// A signal that the process is sent from outside. The poll word is set when there is one.
    fn signal(&mut self) -> Option<Signal> {
        None
    }
    /// Whether the process must end now, and how: a time limit.
    fn ended(&mut self) -> Option<ExitStatus>;
}

/// What became of a process in one [`step`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Step {
    /// It goes on: what stopped the CPU is dealt with.
    Continue,
    /// It goes on. The CPU was told to look up, or a budget is spent: the moment for a host to do so as well.
    Polled,
    /// It waits; [`wake`] it when the wait is over.
    Block(Wait),
    /// It is over.
    Exit(ExitStatus),
}

/// Runs `process` on `cpu` until the CPU stops, and deals with the reason. Never waits: hosts that must not block, as a
/// page must not, loop over this themselves.
pub fn step<E: Engine>(cpu: &mut Vcpu<E>, process: &mut Process) -> Step {
    step_on(cpu, process, None)
}

/// The same, where system calls that translated code makes may wait.
fn step_on<E: Engine>(cpu: &mut Vcpu<E>, process: &mut Process, mut host: Option<&mut dyn Host>) -> Step {
    cpu.refresh(process.handles_faults());
    let mut made = None;
    let exit = cpu.run(&mut |state, space| {
        let (served, outcome) = serve(process, state, space, host.as_mut().map(|host| &mut **host as &mut dyn Host));
        made = (served == Served::Elsewhere).then_some(outcome);
        served
    });
    let (state, space) = cpu.engine.parts();
    let outcome = match exit {
        Exit::Moved => made.unwrap_or(Outcome::Continue),
        Exit::Exception(Exception::Syscall) => process.syscall(state, space),
        Exit::Exception(Exception::CodeChanged { at, bytes }) => {
            space.code_changed(Addr(at), bytes);
            state.pc = state.next_pc;
            Outcome::Continue
        }
        Exit::Exception(exception) => process.exception(exception, state, space),
        Exit::Poll => {
            state.poll = 0;
            process.poll(state, space)
        }
    };
    match outcome {
        Outcome::Continue if exit == Exit::Poll => Step::Polled,
        outcome => Step::from(outcome),
    }
}

/// Tells a process that waited to look whether its wait is over.
pub fn wake<E: Engine>(cpu: &mut Vcpu<E>, process: &mut Process) -> Step {
    let (state, space) = cpu.engine.parts();
    Step::from(process.poll(state, space))
}

impl From<Outcome> for Step {
    fn from(outcome: Outcome) -> Step {
        match outcome {
            Outcome::Continue => Step::Continue,
            Outcome::Block(wait) => Step::Block(wait),
            Outcome::Exit(status) => Step::Exit(status),
        }
    }
}

/// Runs `process` on `cpu` until it is over.
pub fn run<E: Engine>(cpu: &mut Vcpu<E>, process: &mut Process, host: &mut dyn Host) -> ExitStatus {
    let mut alarm = None;
    loop {
        while let Some(signal) = host.signal() {
            process.raise(signal);
            if let Step::Exit(status) = wake(cpu, process) {
                return status;
            }
        }
        let wanted = process.next_timer_ns();
        if wanted != alarm {
            host.set_alarm(wanted);
            alarm = wanted;
        }
        match step_on(cpu, process, Some(host)) {
            Step::Continue => continue,
            // The alarm may be what set the poll word; it is set anew.
            Step::Polled => alarm = None,
            Step::Exit(status) => return status,
            Step::Block(wait) => {
                host.wait(&wait);
                if let Step::Exit(status) = wake(cpu, process) {
                    return status;
                }
            }
        }
        if let Some(status) = host.ended() {
            return status;
        }
    }
}
