//! What is measured: `bench.toml` as data.

use crate::place;
use anyhow::{Context, Result};
use serde::Deserialize;
use std::fs;

/// The whole list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct List {
    pub(crate) kernels: Vec<Kernel>,
    pub(crate) software: Vec<Software>,
    pub(crate) inputs: Vec<Input>,
    pub(crate) programs: Vec<Program>,
}

/// A kernel: `kernels/NAME.c`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Kernel {
    pub(crate) name: String,
    pub(crate) group: String,
    pub(crate) repetitions: u32,
    pub(crate) about: String,
}

/// A program of Debian's, by where its two builds lie under the fetched inputs.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Software {
    pub(crate) name: String,
    pub(crate) native: String,
    pub(crate) mipsel: String,
}

/// A file to work on.
#[derive(Deserialize)]
pub(crate) struct Input {
    pub(crate) name: String,
    #[serde(flatten)]
    pub(crate) content: Content,
}

/// Where a file's bytes come from.
#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum Content {
    /// Generated.
    Generated { kind: Kind, bytes: usize },
    /// What a command line prints.
    Made { made: String },
}

/// Kinds of generated files.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// Lines of words, few of them frequent.
    Prose,
    /// Lines of fields with colons between them.
    Table,
    /// Bytes without meaning, half of them compressible.
    Binary,
}

/// Work for a program.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Program {
    pub(crate) name: String,
    pub(crate) run: String,
}

/// Reads `bench.toml`.
pub(crate) fn read() -> Result<List> {
    let file = place::bench().join("bench.toml");
    let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    toml::from_str(&text).with_context(|| format!("in {}", file.display()))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_list_is_well_formed_and_every_kernel_is_there() {
        let list = super::read().unwrap();
        for kernel in &list.kernels {
            let source = crate::place::bench().join("kernels").join(&kernel.name).with_extension("c");
            assert!(source.is_file(), "{} is missing", source.display());
        }
        for program in &list.programs {
            let words = shlex::split(&program.run).unwrap();
            assert!(list.software.iter().any(|software| software.name == words[0]), "{}: {}", program.name, words[0]);
        }
    }
}
