//! Runs blocks everywhere and says which differ; makes a differing block as short as it can be; says how it differs.

use super::block::Block;
use super::engine::{Engine, JUDGED};
use super::mode::Mode;
use super::program::{self, Program};
use super::record::Record;
use anyhow::{Context, Result};
use mips::disasm;
use std::fs;
use std::path::{Path, PathBuf};

/// A place to run programs in.
pub(crate) struct Judge {
    file: PathBuf,
    mode: Mode,
}

/// What an engine made of a program: records, or how it ended without them.
type Outcome = Result<Vec<Record>, String>;

impl Judge {
    /// A judge that writes its programs to `file`.
    pub(crate) fn new(file: PathBuf, mode: Mode) -> Judge {
        Judge { file, mode }
    }

    fn outcome(&self, engine: Engine, program: &Program, blocks: usize) -> Result<Outcome> {
        write(&self.file, &program.elf)?;
        let (output, end) = engine.run(&self.file, self.mode)?;
        let records = program::records(&output, blocks, self.mode);
        Ok(match (records, end) {
            (Some(records), None) => Ok(records),
            (_, end) => Err(end.unwrap_or_else(|| "ended too early".into())),
        })
    }

    /// Whether each of `blocks` differs anywhere from QEMU.
    pub(crate) fn differ(&self, blocks: &[Block]) -> Result<Vec<bool>> {
        let program = program::program(blocks, self.mode);
        let right = self.outcome(Engine::Qemu, &program, blocks.len())?;
        let mut differ = vec![false; blocks.len()];
        for engine in JUDGED {
            match (&right, self.outcome(*engine, &program, blocks.len())?) {
                (Ok(right), Ok(ours)) => {
                    for (at, (ours, right)) in ours.iter().zip(right).enumerate() {
                        differ[at] |= ours != right;
                    }
                }
                // Somebody crashed: find the block.
                _ if blocks.len() > 1 => return self.differ_in_halves(blocks),
                _ => return Ok(vec![true]),
            }
        }
        Ok(differ)
    }

    fn differ_in_halves(&self, blocks: &[Block]) -> Result<Vec<bool>> {
        let (one, other) = blocks.split_at(blocks.len() / 2);
        let mut differ = self.differ(one)?;
        differ.extend(self.differ(other)?);
        Ok(differ)
    }

    /// The block with every item taken out that it can differ without.
    pub(crate) fn shrink(&self, block: Block) -> Result<Block> {
        let mut block = block;
        loop {
            let shorter: Vec<Block> = (0..block.items.len()).map(|item| block.without(item)).collect();
            let differ = if shorter.is_empty() { Vec::new() } else { self.differ(&shorter)? };
            match differ.iter().position(|differs| *differs) {
                Some(at) => block = shorter[at].clone(),
                None => return Ok(block),
            }
        }
    }

    /// The differing block for a reader: instructions, registers before, and what came out differently.
    pub(crate) fn report(&self, block: &Block) -> Result<String> {
        let blocks = std::slice::from_ref(block);
        let program = program::program(blocks, self.mode);
        let mut text = format!("{}\n", self.mode);
        let mut pc = program.bodies[0];
        let mut body = block.body(pc - 4 * Block::PROLOGUE as u32).into_iter().skip(Block::PROLOGUE);
        for item in &block.items {
            for word in body.by_ref().take(item.words.len()) {
                text += &format!("  {pc:x}: {word:08x}  {}\n", disasm::word_at(pc, word));
                pc += 4;
            }
        }
        text += &format!(
            "before (index register {}, rounds {}):\n{}",
            block.index,
            block.rounds,
            block.record.listing(self.mode)
        );
        let right = self.outcome(Engine::Qemu, &program, 1)?;
        for engine in JUDGED {
            let ours = self.outcome(*engine, &program, 1)?;
            text += &self.compare(engine.name(), &ours, &right);
        }
        Ok(text)
    }

    fn compare(&self, name: &str, ours: &Outcome, right: &Outcome) -> String {
        match (ours, right) {
            (Ok(ours), Ok(right)) => {
                let differences = ours[0].differences(&right[0], self.mode);
                let line = |(what, ours, right): &(String, u32, u32)| {
                    format!("{name}: {what} is {ours:08x}, in qemu {right:08x}\n")
                };
                differences.iter().map(line).collect()
            }
            _ => {
                let end = |outcome: &Outcome| outcome.as_ref().err().cloned().unwrap_or_else(|| "ended well".into());
                format!("{name}: {}\nqemu: {}\n", end(ours), end(right))
            }
        }
    }
}

fn write(file: &Path, elf: &[u8]) -> Result<()> {
    fs::write(file, elf).with_context(|| format!("cannot write {}", file.display()))?;
    let mut permissions = fs::metadata(file)?.permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o755);
    Ok(fs::set_permissions(file, permissions)?)
}
