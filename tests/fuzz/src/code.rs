//! Programs made of templates: branches that stay inside, loops in loops, jumps into their middle, switches, calls.

use super::AT;
use mips::isa::{Isa, Op, ROWS, Row, row};

/// One template: which, which instruction of the table if it asks for one, and bits for its operands.
pub type Item = (u8, u8, u32);

/// The most items that are used: far fewer than make a fuzzer wait.
const ITEMS_MAX: usize = 400;
/// Who uses few registers has them read what was written.
const FEW_REGISTERS: u32 = 0x0318_c600;

/// The words of `items`, of MIPS16e or not.
pub fn words(items: &[Item], few_registers: bool, is_mips16e: bool, is_big_endian: bool) -> Vec<u32> {
    let items = &items[..items.len().min(ITEMS_MAX)];
    if is_mips16e {
        return halves(items).chunks_exact(2).map(|two| if is_big_endian { two[0] << 16 | two[1] } else { two[1] << 16 | two[0] }).collect();
    }
    let mut writer = Writer { words: Vec::new(), starts: Vec::new(), fixes: Vec::new(), few_registers };
    for item in items {
        writer.starts.push(writer.words.len());
        writer.item(*item);
    }
    writer.finish()
}

/// The halfwords of items as MIPS16e: any row of it, half of the time one that branches near.
fn halves(items: &[Item]) -> Vec<u32> {
    let rows: Vec<&Row> = ROWS.iter().filter(|row| row.since == Isa::MIPS16E).collect();
    let is_branch = |row: &&&Row| row.operands.last().is_some_and(|operand| operand.starts_with("off"));
    let branches: Vec<&Row> = rows.iter().filter(is_branch).copied().collect();
    let mut halves = Vec::new();
    for (kind, which, bits) in items {
        let from = if kind % 2 == 0 { &rows } else { &branches };
        let row = from[usize::from(*which) % from.len()];
        // A long branch with few bits stays inside.
        let bits = if kind % 2 == 0 { *bits } else { bits & !0x07ff_0030 };
        let word = row.bits | bits & !row.mask;
        halves.extend((row.bytes == 4).then_some(word >> 16));
        halves.push(word & 0xffff);
    }
    halves
}

/// What of a word is a place in the code.
enum Fix {
    /// The low 16 bits: words from behind it.
    Offset,
    /// The low 26 bits.
    Target,
    /// The low 16 bits of it and of the next: an address.
    Constant,
    /// All of it: an address.
    Word,
}

struct Writer {
    words: Vec<u32>,
    /// Where each item starts.
    starts: Vec<usize>,
    /// Places of words that name a place: by an item's number, whatever remains of it.
    fixes: Vec<(usize, Fix, u32)>,
    few_registers: bool,
}

impl Writer {
    fn item(&mut self, (kind, which, bits): Item) {
        let other = bits.rotate_left(13);
        match kind % 20 {
            0..6 => self.plain(which, bits),
            6..11 => self.branch(which, bits),
            11 => {
                let op = if which.is_multiple_of(2) { Op::j } else { Op::jal };
                self.name(Fix::Target, bits);
                self.words.push(row(op).bits);
                self.plain(which, other);
            }
            12 => self.switch(which, bits),
            13 => {
                self.words.push(row(Op::jr).bits | 31 << 21);
                self.plain(which, bits);
            }
            14 => {
                // LUI and ORI of T9, JALR.
                self.name(Fix::Constant, bits);
                self.words.extend([row(Op::lui).bits | 25 << 16, row(Op::ori).bits | 25 << 21 | 25 << 16]);
                self.words.push(row(Op::jalr).bits | 25 << 21 | 31 << 11);
                self.plain(which, other);
            }
            15 => {
                // A branch over one to three instructions.
                let over = 1 + bits % 3;
                let op = [Op::beq, Op::bne, Op::bgez][usize::from(which % 3)];
                self.words.push(self.word(row(op), bits) & !0xffff | (over + 1));
                (0..=over).for_each(|n| self.plain(which.wrapping_mul(7 + n as u8), bits.rotate_left(5 * n)));
            }
            16 => self.words.push(bits),
            17 => {
                // A comparison and a branch by it.
                self.words.push(row(Op::c_cond_fmt).bits | other & !row(Op::c_cond_fmt).mask & !0x700);
                self.name(Fix::Offset, bits);
                let op = [Op::bc1f, Op::bc1t, Op::bc1fl, Op::bc1tl][usize::from(which % 4)];
                self.words.push(row(op).bits);
                self.plain(which, other);
            }
            _ => {
                let floating = ROWS.iter().filter(|row| matches!(row.group, "fpu" | "fpumove" | "memory"));
                let floating: Vec<&Row> = floating.collect();
                self.words.push(self.word(floating[usize::from(which) % floating.len()], bits));
            }
        }
    }

    fn name(&mut self, fix: Fix, item: u32) {
        self.fixes.push((self.words.len(), fix, item));
    }

    fn word(&self, row: &Row, bits: u32) -> u32 {
        let free = !row.mask & if self.few_registers { !FEW_REGISTERS } else { !0 };
        row.bits | bits & free
    }

    /// Any row of the table's 32-bit instructions.
    fn plain(&mut self, which: u8, bits: u32) {
        let rows: Vec<&Row> = ROWS.iter().filter(|row| row.since != Isa::MIPS16E).collect();
        self.words.push(self.word(rows[usize::from(which) % rows.len()], bits));
    }

    fn branch(&mut self, which: u8, bits: u32) {
        let branches: Vec<&Row> = ROWS.iter().filter(|row| row.operands.contains(&"off")).collect();
        self.name(Fix::Offset, bits >> 8);
        self.words.push(self.word(branches[usize::from(which) % branches.len()], bits.rotate_left(16)) & !0xffff);
        self.plain(which.wrapping_mul(13), bits.wrapping_mul(0x9e37_79b9));
    }

    /// What a compiler makes of a switch, its table behind it.
    fn switch(&mut self, which: u8, bits: u32) {
        let (index, count) = (1 + bits % 7, 1 + u32::from(which % 12));
        let [at, address] = [8u32, 9];
        self.words.push(row(Op::sltiu).bits | index << 21 | at << 16 | count);
        self.name(Fix::Offset, bits >> 4);
        self.words.push(row(Op::beq).bits | at << 21);
        self.words.push(row(Op::sll).bits | index << 16 | address << 11 | 2 << 6);
        let table = AT + 4 * (self.words.len() as u32 + 6);
        self.words.push(row(Op::lui).bits | at << 16 | table >> 16);
        self.words.push(row(Op::addiu).bits | at << 21 | at << 16 | table & 0xffff);
        self.words.push(row(Op::addu).bits | at << 21 | address << 16 | address << 11);
        self.words.push(row(Op::lw).bits | address << 21 | address << 16);
        self.words.extend([row(Op::jr).bits | address << 21, 0]);
        for entry in 0..count {
            self.name(Fix::Word, bits.rotate_left(entry));
            self.words.push(0);
        }
    }

    fn finish(mut self) -> Vec<u32> {
        for (at, fix, item) in self.fixes {
            let to = self.starts[item as usize % self.starts.len()];
            let address = AT + 4 * to as u32;
            match fix {
                Fix::Offset => self.words[at] |= (to as u32).wrapping_sub(at as u32 + 1) & 0xffff,
                Fix::Target => self.words[at] |= address >> 2 & 0x03ff_ffff,
                Fix::Constant => {
                    self.words[at] |= address >> 16;
                    self.words[at + 1] |= address & 0xffff;
                }
                Fix::Word => self.words[at] = address,
            }
        }
        self.words
    }
}
