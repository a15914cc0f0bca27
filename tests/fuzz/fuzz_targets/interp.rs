//! Law: whatever the code, it does the same interpreted in blocks and instruction by instruction, and when it changes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mips::cpu::Size;
use mips::exception::{Access, Denied, Fault};
use mips::reading::interp::{Bus, Decoded, Interp, Stop};
use mips::state::State;
use strata_fuzz::{AT, Case, Words};

/// Instructions in all.
const STEPS: u32 = 2_000;
/// Data lies behind the code, and is as long.
const DATA_BYTES: u32 = 256;

/// Code that can be read, and data that can be written.
struct Memory {
    code: Words,
    data: Vec<u8>,
    is_big_endian: bool,
}

impl Memory {
    fn data_at(&self) -> u32 {
        AT + 4 * self.code.0.len() as u32
    }

    fn place(&self, size: Size, at: u32, access: Access) -> Result<usize, Fault> {
        let place = at.wrapping_sub(self.data_at());
        match place.checked_add(size.bytes()).is_some_and(|end| end <= DATA_BYTES) {
            true => Ok(place as usize),
            false => Err(Fault { at, access, denied: Denied::Unmapped }),
        }
    }
}

impl Bus for Memory {
    fn is_big_endian(&self) -> bool {
        self.is_big_endian
    }
    fn load(&mut self, size: Size, at: u32) -> Result<u32, Fault> {
        let place = self.place(size, at, Access::Load)?;
        let bytes = &self.data[place..][..size.bytes() as usize];
        Ok(bytes.iter().fold(0, |word, byte| word << 8 | u32::from(*byte)))
    }
    fn store(&mut self, size: Size, at: u32, value: u32) -> Result<(), Fault> {
        let place = self.place(size, at, Access::Store)?;
        let bytes = size.bytes() as usize;
        self.data[place..][..bytes].copy_from_slice(&value.to_be_bytes()[4 - bytes..]);
        Ok(())
    }
    fn fetch(&mut self, at: u32) -> Result<u32, Fault> {
        use mips::region::CodeSource;
        self.code.word(at).ok_or(Fault { at, access: Access::Fetch, denied: Denied::Unmapped })
    }
    fn cycles(&mut self) -> u32 {
        7
    }
}

/// A machine, and how it is run.
struct Machine {
    state: State,
    memory: Memory,
    decoded: Decoded,
}

impl Machine {
    fn new(case: &Case) -> Machine {
        let memory = Memory {
            code: Words(case.words.0.clone(), case.options.big_endian),
            data: vec![0; DATA_BYTES as usize],
            is_big_endian: case.options.big_endian,
        };
        let mut state = State { gpr: case.gpr, pc: case.root, fpu: case.options.fpu, ..State::RESET };
        state.gpr[0] = 0;
        // Something is where most registers point.
        (1..28).for_each(|number| state.gpr[number] = memory.data_at().wrapping_add(4 * number as u32));
        Machine { state, memory, decoded: Decoded::new() }
    }

    /// Runs `steps` instructions, at most `stretch` at a time, past what raises exceptions; the answer is what was raised.
    fn run(&mut self, steps: u32, stretch: u32) -> Vec<Stop> {
        let mut raised = Vec::new();
        let mut left = steps;
        while left > 0 {
            let mut interp = Interp::new(&mut self.state, &mut self.memory, &mut self.decoded);
            let stop = interp.run(stretch.min(left));
            left -= interp.done as u32;
            if stop != Stop::Budget {
                raised.push(stop);
                self.state.pc = self.state.next_pc;
                left -= 1;
            }
        }
        raised
    }
}

fuzz_target!(|bytes: &[u8]| {
    let Some(case) = Case::parse(bytes).filter(|case| !case.words.0.is_empty()) else { return };
    let (mut blocks, mut single) = (Machine::new(&case), Machine::new(&case));
    let stretch = 1 + case.instructions % STEPS;
    for round in 0..4 {
        assert_eq!(blocks.run(STEPS / 4, stretch), single.run(STEPS / 4, 1));
        assert_eq!(blocks.state, single.state);
        assert_eq!(blocks.memory.data, single.memory.data);
        // Another instruction takes the place of one.
        let place = (case.blocks * (round + 1)) % case.words.0.len();
        let other = case.words.0[(place + round + 1) % case.words.0.len()];
        for machine in [&mut blocks, &mut single] {
            machine.memory.code.0[place] = other;
            machine.decoded.forget(AT + 4 * place as u32, 4);
        }
    }
});
