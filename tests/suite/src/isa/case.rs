//! A line of an `.ins` file, parsed.

use crate::place;
use anyhow::{Context, Result, bail, ensure};
use mips::cpu::Round;
use mips::state::Fcsr;
use mips::{Gpr, Insn, State, decode, decode16};
use std::fs;

/// The file of cases of MIPS16e.
const MIPS16E: &str = "mips16e.ins";
/// Where the instruction is.
pub(super) const AT: u32 = 0x0040_0100;

/// One example of an instruction.
#[derive(Clone, Debug)]
pub struct Case {
    /// File and line.
    pub place: String,
    /// The instruction.
    pub word: u32,
    /// Where it is, with its ISA mode: one of MIPS16e is what a file of that name holds.
    pub at: u32,
    /// What it prints as.
    pub text: String,
    /// The byte order it holds for, if not both.
    pub big: Option<bool>,
    /// The register file before.
    pub before: State,
    /// Memory before.
    pub memory: Vec<Bytes>,
    /// The register file after; its `pc` is where execution goes on, or the instruction if it raises.
    pub after: State,
    /// Memory that is different after.
    pub stored: Vec<Bytes>,
    /// What it raises.
    pub raises: Option<String>,
    /// Whether it is a branch that skips its slot.
    pub annuls: bool,
}

/// Bytes in memory.
#[derive(Clone, Debug)]
pub struct Bytes {
    /// Where.
    pub at: u32,
    /// In big-endian order if they depend on the order.
    bytes: Vec<u8>,
    is_number: bool,
}

impl Bytes {
    /// As they lie in memory.
    pub fn in_order(&self, big: bool) -> Vec<u8> {
        let mut bytes = self.bytes.clone();
        if self.is_number && !big {
            bytes.reverse();
        }
        bytes
    }
}

/// All cases, by file and line.
pub fn load() -> Result<Vec<Case>> {
    let folder = place::root().join("tests/isa");
    let mut files = Vec::new();
    for entry in fs::read_dir(&folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "ins") {
            files.push(path);
        }
    }
    files.sort();
    let mut cases = Vec::new();
    for file in files {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        for (number, line) in fs::read_to_string(&file)?.lines().enumerate() {
            let place = format!("{name}:{}", number + 1);
            if !line.is_empty() && !line.starts_with('#') {
                cases.push(
                    parse(line, &place, AT | u32::from(name == MIPS16E)).with_context(|| format!("{place}: {line}"))?,
                );
            }
        }
    }
    Ok(cases)
}

fn parse(line: &str, place: &str, at: u32) -> Result<Case> {
    let (encoding, rest) = line.strip_prefix('[').and_then(|line| line.split_once(']')).context("no [encoding]")?;
    let word = u32::from_str_radix(&encoding.replace(' ', ""), 16)?;
    let mut quoted = rest.splitn(3, '"');
    let (text, rest) = (quoted.nth(1).context("no \"text\"")?, quoted.next().context("no end of the text")?);
    let (before, after) = rest.split_once("=>").context("no =>")?;
    let mut case = Case {
        place: place.to_owned(),
        word,
        at,
        text: text.to_owned(),
        big: None,
        before: State { pc: at, ..State::default() },
        memory: Vec::new(),
        after: State::default(),
        stored: Vec::new(),
        raises: None,
        annuls: false,
    };
    let (after, raises) = after.split_once("raises ").map_or((after, None), |(after, raises)| (after, Some(raises)));
    case.set_up(before)?;
    let bytes = case.insn().context("it is reserved")?.bytes();
    case.after = State { pc: if raises.is_some() { at } else { at + bytes }, ..case.before.clone() };
    let after = match raises {
        // What follows the exception's name are changes beside it.
        Some(text) => {
            let (name, more) =
                text.split_once(" fcsr=").map_or((text, String::new()), |(name, fcsr)| (name, format!("fcsr={fcsr}")));
            case.raises = Some(name.trim().to_owned());
            format!("{after} {more}")
        }
        None => after.to_owned(),
    };
    for token in tokens(&after) {
        match token.split_once('=') {
            None if token == "annulled" => case.annuls = true,
            None => bail!("what is {token}?"),
            Some((name, value)) => match memory(name, value, at)? {
                Some(bytes) => case.stored.push(bytes),
                None => set(&mut case.after, name, value, at)?,
            },
        }
    }
    Ok(case)
}

impl Case {
    /// The instruction; `None` if it is reserved.
    pub fn insn(&self) -> Option<Insn> {
        if self.at & 1 == 0 { decode(self.word) } else { decode16(self.word) }
    }

    fn set_up(&mut self, before: &str) -> Result<()> {
        let tokens = tokens(before);
        self.before.fpu.fr = tokens.contains(&"fr1".to_owned());
        self.before.fpu.nan2008 = tokens.contains(&"nan2008".to_owned());
        self.before.fpu.abs2008 = self.before.fpu.nan2008;
        self.before.fcsr = Fcsr::initial(self.before.fpu).0;
        for token in tokens {
            match token.split_once('=') {
                Some((name, value)) => match memory(name, value, self.at)? {
                    Some(bytes) => self.memory.push(bytes),
                    None => set(&mut self.before, name, value, self.at)?,
                },
                None => match token.as_str() {
                    "big" => self.big = Some(true),
                    "little" => self.big = Some(false),
                    "fr1" | "nan2008" => {}
                    "exact" => self.before.fpu.exact = true,
                    _ => bail!("what is {token}?"),
                },
            }
        }
        let fcsr = Fcsr(self.before.fcsr);
        self.before.fpu.exact |= fcsr.is_touched() || fcsr.round() != Round::Nearest;
        Ok(())
    }
}

/// Words, but that brackets keep theirs together.
fn tokens(text: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    let mut is_open = false;
    for word in text.split_whitespace() {
        match tokens.last_mut() {
            Some(last) if is_open => *last += word,
            _ => tokens.push(word.to_owned()),
        }
        is_open = tokens.last().is_some_and(|last| last.matches('[').count() > last.matches(']').count());
    }
    tokens
}

fn number(text: &str, at: u32) -> Result<u64> {
    if let Some(offset) = text.strip_prefix('.') {
        return Ok(u64::from(at.wrapping_add_signed(offset.parse()?)));
    }
    let digits = text.strip_prefix("0x");
    digits
        .map_or_else(|| text.parse(), |digits| u64::from_str_radix(digits, 16))
        .with_context(|| format!("no number: {text}"))
}

fn memory(name: &str, value: &str, here: u32) -> Result<Option<Bytes>> {
    let Some((kind, at)) = name.strip_suffix(']').and_then(|name| name.split_once('[')) else { return Ok(None) };
    let at = number(at, here)? as u32;
    if kind == "mem" {
        let digits = value.trim_matches(['[', ']']);
        let bytes = (0..digits.len() / 2).map(|at| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16));
        return Ok(Some(Bytes { at, bytes: bytes.collect::<Result<_, _>>()?, is_number: false }));
    }
    let count = match kind {
        "b" => 1,
        "h" => 2,
        "w" => 4,
        "l" => 8,
        _ => bail!("no kind of memory: {kind}"),
    };
    Ok(Some(Bytes { at, bytes: number(value, here)?.to_be_bytes()[8 - count..].to_vec(), is_number: true }))
}

fn set(state: &mut State, name: &str, value: &str, at: u32) -> Result<()> {
    let value = number(value, at)?;
    let word = value as u32;
    if let Some(reg) = Gpr::named(name) {
        state.set(reg, word);
        return Ok(());
    }
    match name {
        "hi" => state.hi = word,
        "lo" => state.lo = word,
        "pc" => state.pc = word,
        "fcsr" => state.fcsr = word,
        "user_local" => state.user_local = word,
        "link_at" => state.link_at = word,
        "link_value" => state.link_value = word,
        _ => {
            let (kind, number) = name.split_at(1);
            let number: usize = number.parse().with_context(|| format!("no register: {name}"))?;
            ensure!(number < 32 && matches!(kind, "f" | "d"), "no register: {name}");
            let at = if state.fpu.fr { 2 * number } else { number };
            state.fpr[at] = word;
            if kind == "d" {
                state.fpr[at + 1] = (value >> 32) as u32;
            }
        }
    }
    Ok(())
}
