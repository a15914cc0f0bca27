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
    /// What is over as soon as it has started.
    pub(crate) starts: Vec<String>,
    /// Kernels that are run for about a second.
    pub(crate) seconds: Vec<String>,
    pub(crate) servers: Vec<Served>,
}

/// A figure that a script of `servers/` prints.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Served {
    pub(crate) script: String,
    pub(crate) name: String,
    pub(crate) what: String,
    pub(crate) goals: Vec<Goal>,
}

/// How far such a figure may go.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Goal {
    /// Whose figure it is measured by; none if it is a figure itself.
    pub(crate) of: Option<String>,
    pub(crate) at_least: Option<f64>,
    pub(crate) at_most: Option<f64>,
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

/// A program of Debian's, by where its two builds lie under the fetched inputs, or on this machine.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Software {
    pub(crate) name: String,
    pub(crate) native: String,
    /// With a root, a path in there.
    pub(crate) mipsel: String,
    /// The root file system that it needs, under the fetched inputs.
    pub(crate) root: Option<String>,
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
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// Lines of words, few of them frequent.
    Prose,
    /// Lines of fields with colons between them.
    Table,
    /// Bytes without meaning, half of them compressible.
    Binary,
    /// C without headers: functions with loops.
    Code,
}

/// Work for a program.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Program {
    pub(crate) name: String,
    pub(crate) run: String,
}

impl List {
    /// Software by its name, as the first word of a command line has it.
    pub(crate) fn software(&self, name: &str) -> Result<&Software> {
        let found = self.software.iter().find(|software| software.name == name);
        found.with_context(|| format!("{name} is not in the software of bench.toml"))
    }
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
        for run in list.programs.iter().map(|program| &program.run).chain(&list.starts) {
            let words = shlex::split(run).unwrap();
            assert!(list.software.iter().any(|software| software.name == words[0]), "{run}: {}", words[0]);
        }
        for name in &list.seconds {
            assert!(list.kernels.iter().any(|kernel| kernel.name == *name), "no kernel {name}");
        }
    }
}
