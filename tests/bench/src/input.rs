//! The files the programs work on: generated from a fixed seed, so that every machine has the same.

use crate::list::{Content, Input, Kind, Software};
use crate::place;
use anyhow::{Context, Result, bail};
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

const SYLLABLES: &[&str] = &[
    "the", "of", "ing", "a", "to", "er", "in", "re", "on", "an", "at", "en", "is", "or", "tion", "st", "ar", "nd",
    "al", "ou", "ee", "le", "qu", "ix",
];
const TOWNS: &[&str] = &["Oslo", "Rome", "Kyiv", "Lima", "Paris", "Quito", "Tunis", "Delhi"];

/// Makes what is missing in `folder`, generated files so many times smaller than listed.
pub(crate) fn make(inputs: &[Input], software: &[Software], folder: &Path, smaller: usize) -> Result<()> {
    let mut is_changed = false;
    for input in inputs {
        let path = folder.join(&input.name);
        match &input.content {
            Content::Generated { kind, bytes } => {
                let bytes = bytes / smaller;
                if fs::metadata(&path).is_ok_and(|found| found.len() == bytes as u64) {
                    continue;
                }
                is_changed = true;
                fs::write(&path, generated(*kind, bytes))
                    .with_context(|| format!("cannot write {}", path.display()))?;
            }
            Content::Made { made } => {
                if is_changed || !path.is_file() {
                    print_into(made, software, folder, &path)?;
                }
            }
        }
    }
    Ok(())
}

/// A command line's words, the first replaced by the program's native build.
fn print_into(line: &str, software: &[Software], folder: &Path, path: &Path) -> Result<()> {
    let words = shlex::split(line).with_context(|| format!("unbalanced quotes: {line}"))?;
    let program = words.first().and_then(|first| software.iter().find(|software| software.name == *first));
    let program = place::inputs().join(&program.with_context(|| format!("no such software: {line}"))?.native);
    // Under another name first, so that what is interrupted does not count as made.
    let unfinished = path.with_extension("unfinished");
    let output = File::create(&unfinished).with_context(|| format!("cannot write {}", unfinished.display()))?;
    let mut command = Command::new(&program);
    command.args(&words[1..]).current_dir(folder).stdin(Stdio::null()).stdout(output);
    let status = command.status().with_context(|| format!("cannot start {}", program.display()))?;
    if !status.success() {
        bail!("{line}: {status}");
    }
    fs::rename(&unfinished, path)?;
    Ok(())
}

/// Marsaglia's xorshift64.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as usize % limit
    }
}

fn generated(kind: Kind, bytes: usize) -> Vec<u8> {
    let mut random = Random(0x5eed_0001 + bytes as u64);
    let words: Vec<String> = (0..5000).map(|_| word(&mut random)).collect();
    let mut out = Vec::with_capacity(bytes + 128);
    let mut line = 0;
    while out.len() < bytes {
        line += 1;
        match kind {
            Kind::Prose => prose(&mut out, &mut random, &words),
            Kind::Table => {
                let (name, town) = (&words[random.below(words.len())], TOWNS[random.below(TOWNS.len())]);
                let fields = (random.below(1_000_000), random.below(100));
                let row = writeln!(out, "{name}:{town}:{}:{}:{line}", fields.0, fields.1);
                row.expect("a vector takes all");
            }
            Kind::Binary => {
                let run = 1 + random.below(16);
                let byte = random.below(256) as u8;
                out.extend((0..run).map(|_| byte));
                out.extend((0..8).map(|_| random.below(256) as u8));
            }
            Kind::Code => code(&mut out, &mut random, line),
        }
    }
    if kind == Kind::Code {
        // Half a function is none: what is missing is a comment, which takes four bytes at least.
        let whole = out[..bytes.saturating_sub(4)].windows(3).rposition(|end| end == b"\n}\n").map_or(0, |at| at + 3);
        out.truncate(whole);
        out.extend([b"/*", vec![b' '; bytes.saturating_sub(whole + 4)].as_slice(), b"*/"].concat());
    }
    out.truncate(bytes);
    if let (Kind::Prose | Kind::Table, Some(last)) = (kind, out.last_mut()) {
        *last = b'\n';
    }
    out
}

fn word(random: &mut Random) -> String {
    (0..1 + random.below(3)).map(|_| SYLLABLES[random.below(SYLLABLES.len())]).collect()
}

/// A function that does something with a table.
fn code(out: &mut Vec<u8>, random: &mut Random, number: usize) {
    let mut number_below = |limit| random.below(limit) + 1;
    let (a, b, c, d) = (number_below(31), number_below(1000), number_below(15), number_below(63));
    let function = format!(
        "unsigned f{number}(unsigned *t, unsigned n) {{\n  unsigned s = {b}, i;\n  for (i = 0; i < n; i++) {{\n    \
         s = (s << {a} | s >> {}) ^ t[i & {d}];\n    if (s % {c} == i % 3) t[s & {d}] += s / {b}; else s += t[i % {c}] * {a};\n    \
         switch (s & 7) {{ case 0: s ^= i; break; case 3: s -= {c}; break; case 5: t[0] ^= s; break; default: s += i; }}\n  }}\n  \
         return s;\n}}\n",
        32 - a
    );
    out.extend_from_slice(function.as_bytes());
}

/// A line of words; the minimum of two draws makes some more frequent than others.
fn prose(out: &mut Vec<u8>, random: &mut Random, words: &[String]) {
    for index in 0..4 + random.below(12) {
        if index > 0 {
            out.push(b' ');
        }
        let at = random.below(words.len()).min(random.below(words.len()));
        out.extend_from_slice(words[at].as_bytes());
    }
    out.extend_from_slice(b".\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_every_time_and_as_long_as_asked() {
        for kind in [Kind::Prose, Kind::Table, Kind::Binary, Kind::Code] {
            let bytes = generated(kind, 10_000);
            assert_eq!(bytes.len(), 10_000);
            assert_eq!(bytes, generated(kind, 10_000));
        }
    }
}
