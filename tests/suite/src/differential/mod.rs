//! Random blocks of instructions, run by QEMU, by the interpreter and as Wasm: all registers and memory must agree.
//!
//! [`run`] makes programs of random blocks ([`generate`]), judges them ([`judge`]) and gives a report of each block that
//! differs, shortened. What is never generated is listed in [`exclude`], with the reason.

mod asm;
mod block;
mod elf;
mod engine;
mod exclude;
mod generate;
mod judge;
mod mode;
mod program;
mod random;
mod record;
mod short;
mod value;

pub use engine::qemu;
pub use mode::Mode;
pub use random::Random;

use anyhow::Result;
use generate::Generator;
use judge::Judge;

use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

/// Blocks in one program.
const PROGRAM_BLOCKS: u64 = 250;
/// Reports after which nothing more is looked for.
const REPORTS_MAX: usize = 8;

/// Runs `blocks` random blocks; the same `seed` makes the same ones. The reports of those that differ.
pub fn run(blocks: u64, seed: u64, scratch: &Path) -> Result<Vec<String>> {
    fs::create_dir_all(scratch)?;
    let programs = blocks.div_ceil(PROGRAM_BLOCKS);
    let (next, reports) = (AtomicU64::new(0), Mutex::new(Vec::new()));
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let work = |thread: usize| -> Result<()> {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let is_enough = || reports.lock().expect("nothing panics while it is locked").len() >= REPORTS_MAX;
            if number >= programs || is_enough() {
                return Ok(());
            }
            let count = PROGRAM_BLOCKS.min(blocks - number * PROGRAM_BLOCKS);
            let found = program(number, count, seed, &scratch.join(format!("blocks-{thread}")))?;
            reports.lock().expect("nothing panics while it is locked").extend(found);
        }
    };
    thread::scope(|scope| -> Result<()> {
        let workers: Vec<_> = (0..threads).map(|thread| scope.spawn(move || work(thread))).collect();
        workers.into_iter().try_for_each(|worker| worker.join().expect("workers do not panic"))
    })?;
    Ok(reports.into_inner().expect("nothing panicked"))
}

fn program(number: u64, count: u64, seed: u64, file: &Path) -> Result<Vec<String>> {
    let mode = Mode::number(number);
    let mut random = Random::new(seed.wrapping_add(number));
    // Neighbouring seeds give unrelated numbers only after a first one.
    random = Random::new(random.long());
    let generator = Generator::new(mode);
    let blocks: Vec<_> = (0..count).map(|_| generator.block(&mut random)).collect();
    let judge = Judge::new(file.to_path_buf(), mode);
    let differ = judge.differ(&blocks)?;
    let differing = blocks.into_iter().zip(differ).filter(|(_, differs)| *differs).take(2);
    differing.map(|(block, _)| judge.report(&judge.shrink(block)?)).collect()
}
