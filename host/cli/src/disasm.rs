//! `strata disasm`: a program's code as text.

use crate::failure::{Done, Failure, print, say};
use anyhow::anyhow;
use clap::Args;
use image::{Ases, Image, Section, Segment, Symbol};
use std::fmt::Write as _;
use std::path::PathBuf;

/// Print a MIPS program's instructions
#[derive(Args)]
pub(crate) struct Disasm {
    /// The program
    file: PathBuf,
    /// Only this function
    #[arg(long)]
    symbol: Option<String>,
}

impl Disasm {
    pub(crate) fn run(self) -> Done {
        let bytes = std::fs::read(&self.file).map_err(|error| Failure::reading(&self.file, &error))?;
        let name = self.file.display().to_string();
        let cannot = |error: anyhow::Error| Failure::cannot_run(error.context(name.clone()));
        let image = Image::parse(&bytes).map_err(|error| cannot(error.into()))?;
        if image.machine != image::Machine::MIPS {
            return Err(cannot(anyhow!("built for {}: only MIPS can be disassembled", image.machine)));
        }
        let functions = image::functions(&bytes);
        if hides_mips16e(&image, &functions) {
            say(&format!("{name}: no symbols tell where its MIPS16e code is: it is shown as 32-bit code"));
        }
        let text = match &self.symbol {
            Some(wanted) => {
                let found = functions.iter().find(|symbol| symbol.name == *wanted).ok_or_else(|| {
                    cannot(anyhow!("no function `{wanted}`; `strata disasm` without --symbol prints all there is"))
                })?;
                let next = functions.iter().map(|symbol| symbol.at & !1).find(|at| *at > found.at);
                let end = if found.bytes > 0 {
                    (found.at & !1).saturating_add(found.bytes)
                } else {
                    next.unwrap_or(found.at + 4)
                };
                listing(&image, &bytes, &functions, found.at & !1, end)
            }
            None => code_sections(&image, &bytes)
                .iter()
                .map(|part| {
                    let end = part.at.saturating_add(part.bytes);
                    let listing = listing(&image, &bytes, &functions, part.at, end);
                    if part.name.is_empty() { listing } else { format!("\n{}:\n{listing}", part.name) }
                })
                .collect(),
        };
        print(&text)
    }
}

/// Whether there is MIPS16e code that only symbols would tell from 32-bit code, and they are stripped.
fn hides_mips16e(image: &Image, functions: &[Symbol]) -> bool {
    image.ases.has(Ases::MIPS16) && functions.is_empty()
}

/// Where code is: its sections, and without them the executable segments behind the headers in them.
pub(crate) fn code_sections(image: &Image, file: &[u8]) -> Vec<Section> {
    let sections = image::code_sections(file);
    if !sections.is_empty() {
        return sections;
    }
    let headers_end = image.phdr_at.map(|at| at.saturating_add(image.phdr_count * image.phdr_entry_bytes));
    let part = |segment: &Segment| {
        let at = headers_end.filter(|end| segment.contains(*end)).unwrap_or(segment.at);
        let bytes = segment.file_bytes.saturating_sub(at - segment.at);
        Section { name: String::new(), at, bytes }
    };
    image.segments.iter().filter(|segment| segment.exec).map(part).collect()
}

/// The instructions from `at` to `end`, functions named where they begin. What follows one is in its instruction set.
fn listing(image: &Image, file: &[u8], functions: &[Symbol], at: u32, end: u32) -> String {
    let code = image.bytes_at(file, at, end.saturating_sub(at));
    let mut text = String::new();
    let mut named = functions.iter().skip_while(|symbol| symbol.at < at).peekable();
    let (mut pc, mut is_mips16e) = (at, false);
    loop {
        while let Some(symbol) = named.next_if(|symbol| symbol.at & !1 <= pc) {
            let _ = writeln!(text, "\n{:08x} <{}>:", symbol.at & !1, symbol.name);
            is_mips16e = symbol.at & 1 != 0;
        }
        let rest = code.get((pc - at) as usize..).unwrap_or_default();
        let Some((encoding, line, bytes)) = (if is_mips16e { short(image, rest, pc) } else { long(image, rest, pc) })
        else {
            return text;
        };
        let _ = writeln!(text, "{pc:8x}:  {encoding:8}  {line}");
        pc += bytes;
    }
}

/// The 32-bit instruction at the start of `code`: its word, its text, its bytes.
fn long(image: &Image, code: &[u8], pc: u32) -> Option<(String, String, u32)> {
    let word = image.endian.word(*code.first_chunk()?);
    Some((format!("{word:08x}"), mips::disasm::word_at(pc, word), 4))
}

/// The same of a MIPS16e instruction.
fn short(image: &Image, code: &[u8], pc: u32) -> Option<(String, String, u32)> {
    let half = |at: usize| Some(u32::from(image.endian.half(*code.get(at..)?.first_chunk()?)));
    let first = half(0)?;
    if !mips::decode::is_long(first) {
        return Some((format!("{first:04x}"), mips::disasm::word16_at(pc, first), 2));
    }
    let word = first << 16 | half(2)?;
    Some((format!("{word:08x}"), mips::disasm::word16_at(pc, word), 4))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HELLO: &[u8] = include_bytes!("../../../guests/programs/bin/mipsel/hello");

    #[test]
    fn stripped_mips16e_code_is_said_to_be_misread() {
        let image = Image::parse(HELLO).expect("a program");
        assert!(!hides_mips16e(&image, &[]));
        let short = Image { ases: Ases::MIPS16, ..image };
        assert!(hides_mips16e(&short, &[]));
        assert!(!hides_mips16e(
            &short,
            &[Symbol { name: "f".into(), at: 0x40_0041, bytes: 2, kind: image::SymbolKind::Function }]
        ));
    }

    #[test]
    fn code_is_sections_or_what_is_behind_the_headers() {
        let image = Image::parse(HELLO).expect("a program");
        let of = |file: &[u8]| code_sections(&image, file).iter().map(|part| (part.at, part.bytes)).collect::<Vec<_>>();
        let [(at, bytes)] = of(HELLO)[..] else { panic!("one section of code") };
        assert!(image.segment_at(at).is_some_and(|segment| segment.exec) && bytes > 0);
        // e_shoff: no section headers.
        let stripped = [&HELLO[..32], &[0; 4], &HELLO[36..]].concat();
        let parts = of(&stripped);
        assert!(parts.iter().any(|part| part.0 <= at && part.0 % 4 == 0 && part.0 + part.1 >= at + bytes));
        let headers_end = image.phdr_at.map(|start| start + image.phdr_count * 32).expect("headers are loaded");
        assert!(parts.iter().all(|part| part.0 >= headers_end));
    }
}
