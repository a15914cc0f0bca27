//! [`Guest`]: a world of interpreted processes, run a slice at a time.

use crate::stream::Pipe;
use image::{Endian, Image};
use linux::{Clocks, ExitStatus, Program, Thread, Wait};
use namespace::{Grant, Host, Limits};
use run::{Alone, Engine, Interpreted, Paged, Sleep, Tier, Vcpu};
use std::sync::Arc;
use vfs::node::Bytes;

/// Bytes a guest may map, and bytes of files it may make: a page shares its 4 GiB with nobody, but should not fill them.
const LIMITS: Limits = Limits {
    memory_bytes: 1 << 30,
    files_bytes: 256 << 20,
    descriptors: Limits::DESCRIPTORS,
    threads: Limits::THREADS,
};
/// Pages of 4 KiB it may have written to.
const PAGES_MAX: usize = 1 << 18;

/// What shall be run.
#[derive(Clone, Default)]
pub struct Order {
    /// An ELF file's bytes.
    pub program: Vec<u8>,
    /// `argv`, the program's name included.
    pub arguments: Vec<Vec<u8>>,
    /// `NAME=value` each.
    pub environment: Vec<Vec<u8>>,
    /// All that there will be on standard input.
    pub input: Vec<u8>,
}

/// How a guest stands at the end of a slice.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// It wants another slice.
    Running,
    /// It wants another slice at this time of the monotonic clock, in nanoseconds; `None`: it waits for a signal.
    Waiting(Option<u64>),
    /// It is over.
    Over(ExitStatus),
}

/// A guest program that has been started.
pub struct Guest {
    pub(crate) world: Alone<Interpreted>,
    clocks: Arc<dyn Clocks>,
    standing: Standing,
    outputs: [Pipe; 2],
}

/// A slice: so many instructions, in which nobody sleeps.
struct Slice<'a> {
    clocks: &'a dyn Clocks,
    left: u64,
}

impl Sleep for Slice<'_> {
    fn sleep(&mut self, _: &Wait) -> bool {
        false
    }

    fn now_ns(&self) -> u64 {
        self.clocks.monotonic_ns()
    }

    fn is_slice_over(&mut self, instructions: u64) -> bool {
        self.left = self.left.saturating_sub(instructions);
        self.left == 0
    }
}

impl Guest {
    /// Loads a program into a world of its own: streams, a private root, nothing of the page. The error is for its user.
    pub fn start(order: Order, host: Host) -> Result<Guest, String> {
        let image = Image::parse(&order.program).map_err(|error| error.to_string())?;
        image::can_run(&image).map_err(|why| why.to_string())?;
        let outputs = [Pipe::output(1), Pipe::output(2)];
        let streams = [&Pipe::input(order.input), &outputs[0], &outputs[1]];
        let grants = streams.iter().enumerate().map(|(number, pipe)| Grant::Stream(number, pipe.stream()));
        let clocks = host.clocks.clone();
        let world = namespace::world(grants.collect(), host, LIMITS).map_err(|error| error.to_string())?;
        let mut engine = Interpreted::new(Paged::new(PAGES_MAX, image.endian == Endian::Big));
        let path = order.arguments.first().cloned().unwrap_or_default();
        let bytes = order.program.len() as u64;
        let program = Program { image, file: Arc::new(Bytes(order.program)), bytes, path, node: None };
        let (state, space) = engine.parts();
        let thread = Thread::start(world, &program, &order.arguments, &order.environment, state, space)
            .map_err(|error| error.to_string())?;
        let world = Alone::new(Vcpu::new(engine, Tier::Interp), thread);
        Ok(Guest { world, clocks, standing: Standing::Running, outputs })
    }

    /// Runs about `budget` instructions, or until all of the guest waits or it is over. Who waited looks whether that is
    /// over first.
    pub fn run(&mut self, budget: u64) -> Standing {
        if !matches!(self.standing, Standing::Over(_)) {
            let mut slice = Slice { clocks: &*self.clocks, left: budget.max(1) };
            self.standing = match self.world.run(&mut slice) {
                run::Standing::Running => Standing::Running,
                run::Standing::Waiting(until_ns) => Standing::Waiting(until_ns),
                run::Standing::Over(over) => Standing::Over(over.status),
            };
        }
        self.standing
    }

    /// How it stood at the end of the last slice.
    pub fn standing(&self) -> Standing {
        self.standing
    }

    /// What it has written to standard output (1) or error (2) since this was last asked.
    pub fn take_output(&self, stream: usize) -> Vec<u8> {
        stream.checked_sub(1).and_then(|at| self.outputs.get(at)).map(Pipe::take).unwrap_or_default()
    }

    /// Instructions carried out so far; a branch and its slot are one.
    pub fn instructions(&self) -> u64 {
        self.world.instructions()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use vfs::node::TimeNs;

    struct Stopped;

    impl linux::Clocks for Stopped {
        fn realtime(&self) -> TimeNs {
            TimeNs(0)
        }
        fn monotonic_ns(&self) -> u64 {
            0
        }
        fn cpu_ns(&self) -> u64 {
            0
        }
    }

    fn host() -> Host {
        let random = Arc::new(|into: &mut [u8]| into.fill(4));
        Host { clocks: Arc::new(Stopped), time_of_day: Arc::new(|| TimeNs(0)), random, processors: 1 }
    }

    #[test]
    fn runs_slice_by_slice_and_says_no_to_nonsense() {
        let program = include_bytes!("../../guests/programs/bin/mipsel/sha256").to_vec();
        let order = Order { program, arguments: vec![b"sha256".to_vec()], ..Order::default() };
        let mut guest = Guest::start(order, host()).expect("a program of ours");
        let mut slices = 1;
        while guest.run(50_000) == Standing::Running {
            slices += 1;
        }
        assert_eq!(guest.standing(), Standing::Over(ExitStatus::Code(0)));
        assert!(slices > 1 && guest.instructions() > 50_000 && !guest.take_output(1).is_empty());
        let why = Guest::start(Order { program: b"#!/bin/sh".to_vec(), ..Order::default() }, host()).err();
        assert!(why.is_some());
    }
}
