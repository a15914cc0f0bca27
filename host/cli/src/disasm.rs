//! `strata disasm`: a program's code as text.

use crate::failure::{Done, Failure, print};
use anyhow::anyhow;
use clap::Args;
use image::{Image, Symbol, SymbolKind};
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
        let mut functions: Vec<Symbol> =
            image::symbols(&bytes).into_iter().filter(|symbol| symbol.kind == SymbolKind::Function).collect();
        functions.sort_by(|a, b| a.at.cmp(&b.at).then_with(|| a.name.cmp(&b.name)));
        let text = match &self.symbol {
            Some(wanted) => {
                let found = functions.iter().find(|symbol| symbol.name == *wanted).ok_or_else(|| {
                    cannot(anyhow!("no function `{wanted}`; `strata disasm` without --symbol prints all there is"))
                })?;
                let next = functions.iter().map(|symbol| symbol.at).find(|at| *at > found.at);
                let end =
                    if found.bytes > 0 { found.at.saturating_add(found.bytes) } else { next.unwrap_or(found.at + 4) };
                listing(&image, &bytes, &functions, found.at, end)
            }
            None => image
                .segments
                .iter()
                .filter(|segment| segment.exec)
                .map(|segment| listing(&image, &bytes, &functions, segment.at, segment.at + segment.file_bytes))
                .collect(),
        };
        print(&text)
    }
}

/// The instructions from `at` to `end`, functions named where they begin.
fn listing(image: &Image, file: &[u8], functions: &[Symbol], at: u32, end: u32) -> String {
    let code = image.bytes_at(file, at, end.saturating_sub(at));
    let mut text = String::new();
    let mut named = functions.iter().skip_while(|symbol| symbol.at < at).peekable();
    for (pc, word) in (at..).step_by(4).zip(code.chunks_exact(4)) {
        while let Some(symbol) = named.next_if(|symbol| symbol.at <= pc) {
            let _ = writeln!(text, "\n{:08x} <{}>:", symbol.at, symbol.name);
        }
        let bytes = word.try_into().expect("chunks of four");
        let word = image.endian.word(bytes);
        let _ = writeln!(text, "{pc:8x}:  {word:08x}  {}", mips::disasm::word_at(pc, word));
    }
    text
}
