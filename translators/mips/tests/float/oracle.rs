//! QEMU as the judge: runs `guests/programs/oracle/fpu.c`, which executes one instruction a record.

use crate::case::{Answer, Case};
use std::env;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use strata_mips::cpu::Round;
use strata_mips::insn::Fmt;

/// The oracle program, built for both NaN encodings. `MIPSEL_CC` and `QEMU_MIPSEL` name other tools than those in PATH.
pub(crate) struct Oracle {
    qemu: String,
    legacy: PathBuf,
    nan2008: PathBuf,
}

const SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../guests/programs/oracle/fpu.c");
const BUILD: [&str; 8] =
    ["-O1", "-static", "-nostdlib", "-march=mips32r2", "-mfp64", "-mno-abicalls", "-fno-pic", "-Wall"];

impl Oracle {
    /// Fails, with what is missing, where there is no QEMU or no cross compiler.
    pub(crate) fn build() -> Result<Oracle, String> {
        let tool = |name: &str, usual: &str| env::var(name).unwrap_or_else(|_| usual.into());
        let (qemu, cc) = (tool("QEMU_MIPSEL", "qemu-mipsel"), tool("MIPSEL_CC", "mipsel-linux-gnu-gcc"));
        // Tests of this binary run at the same time: each builds its own.
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
        let build = |name: &str, nan: &str| {
            let thread = std::thread::current();
            let program = folder.join(format!("{name}-{}", thread.name().unwrap_or("main")));
            let status = Command::new(&cc).args(BUILD).arg(nan).arg(SOURCE).arg("-o").arg(&program).status();
            match status {
                Ok(status) if status.success() => Ok(program),
                Ok(status) => panic!("{cc} {SOURCE}: {status}"),
                Err(error) => Err(format!("{cc}: {error}")),
            }
        };
        let legacy = build("fpu-legacy", "-mnan=legacy")?;
        let nan2008 = build("fpu-2008", "-mnan=2008")?;
        match Command::new(&qemu).arg("--version").output() {
            Ok(_) => Ok(Oracle { qemu, legacy, nan2008 }),
            Err(error) => Err(format!("{qemu}: {error}")),
        }
    }

    /// QEMU's answers, in any order.
    pub(crate) fn ask(&self, cases: &[Case]) -> Vec<(Case, Answer)> {
        let (of_2008, of_legacy): (Vec<_>, Vec<_>) = cases.iter().cloned().partition(|case| case.env.nan2008);
        let mut answers = self.run("24Kf", &self.legacy, of_legacy);
        answers.extend(self.run("P5600", &self.nan2008, of_2008));
        answers
    }

    fn run(&self, cpu: &str, program: &Path, cases: Vec<Case>) -> Vec<(Case, Answer)> {
        let mut command = Command::new(&self.qemu);
        command.args(["-cpu", cpu]).arg(program).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("QEMU was there a moment ago");
        let (mut input, mut output) = (child.stdin.take().expect("piped"), child.stdout.take().expect("piped"));
        let questions: Vec<u8> = cases.iter().flat_map(question).collect();
        let writer = std::thread::spawn(move || input.write_all(&questions));
        let mut answers = Vec::new();
        output.read_to_end(&mut answers).expect("QEMU's answers");
        writer.join().expect("no panic").expect("QEMU reads all questions");
        assert!(child.wait().is_ok_and(|status| status.success()), "the oracle failed");
        assert_eq!(answers.len(), 16 * cases.len());
        let records = answers.chunks_exact(16);
        let answers: Vec<_> = cases.iter().zip(records).map(|(case, record)| answer(case, record)).collect();
        cases.into_iter().zip(answers).collect()
    }
}

/// The record of a case.
fn question(case: &Case) -> Vec<u8> {
    let mode = match case.env.round {
        Round::Current | Round::Nearest => 0,
        Round::Zero => 1,
        Round::Up => 2,
        Round::Down => 3,
    };
    let fcsr = mode | u32::from(case.env.flush) << 24;
    let mut record = Vec::with_capacity(32);
    record.extend(case.instruction.word.to_le_bytes());
    record.extend(fcsr.to_le_bytes());
    record.extend([case.a, case.b, 0].into_iter().flat_map(u64::to_le_bytes));
    record
}

fn answer(case: &Case, record: &[u8]) -> Answer {
    let result = u64::from_le_bytes(record[..8].try_into().expect("eight bytes"));
    let fcsr = u32::from_le_bytes(record[8..12].try_into().expect("four bytes"));
    let result = match case.instruction.meaning.to() {
        Some(Fmt::S | Fmt::W) => result & 0xffff_ffff,
        Some(Fmt::D | Fmt::L) => result,
        None => u64::from(fcsr >> 23 & 1),
    };
    let (cause, flags) = (fcsr >> 12 & 0x3f, fcsr >> 2 & 0x1f);
    assert_eq!(cause, flags, "cause and flags of one instruction are the same: {case:?}");
    Answer { result, flags: Some(cause as u8) }
}
