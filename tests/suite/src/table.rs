//! The case files of `tests/linux`: one row a case.
//!
//! ```toml
//! program = "mipsel/bin/busybox"     # under target/inputs; or root = "debian", and rows name programs in there;
//!                                    # or programs = [..], in a folder each, which case names have; and architecture
//! starts_itself = true               # if programs execute themselves
//! shell = ["sh", "-c"]               # what `sh` rows put before their text
//! [content]
//! numbers = "3\n1\n2\n"
//! [cases]
//! sort = { run = "sort -n in", files = { in = "@numbers" } }
//! loop = { sh = 'for i in 1 2; do echo $i; done' }
//! ```

use crate::case::{Case, Entry, LIMIT_S};
use crate::place;
use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    program: Option<String>,
    root: Option<String>,
    #[serde(default)]
    programs: Vec<String>,
    architecture: Option<String>,
    /// Whether the programs start themselves.
    #[serde(default)]
    starts_itself: bool,
    shell: Vec<String>,
    #[serde(default)]
    content: BTreeMap<String, String>,
    cases: BTreeMap<String, Row>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    run: Option<String>,
    sh: Option<String>,
    #[serde(default)]
    stdin: String,
    #[serde(default)]
    files: BTreeMap<String, String>,
    #[serde(default)]
    unordered: bool,
}

/// The case files of `tests/linux`.
pub const FILES: &[&str] = &[
    "busybox",
    "bash",
    "debian",
    "firmware",
    "processes",
    "servers",
    "servers-redis",
    "servers-web",
    "servers-python",
    "servers-other",
];

/// The cases of `tests/linux/<name>.toml`.
pub fn cases(name: &str) -> Result<Vec<Case>> {
    let path = place::root().join("tests/linux").join(format!("{name}.toml"));
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let table: Table = toml::from_str(&text).with_context(|| format!("{} is not well formed", path.display()))?;
    if table.programs.is_empty() {
        return table.cases.iter().map(|(row_name, row)| case(&table, name, row_name, row)).collect();
    }
    let mut cases = Vec::new();
    for program in &table.programs {
        let kind = Path::new(program).parent().and_then(Path::file_name).context("a program is in no folder")?;
        let of_program = Table { program: Some(program.clone()), ..table.clone() };
        for (row_name, row) in &table.cases {
            cases.push(case(&of_program, &format!("{name}/{}", kind.display()), row_name, row)?);
        }
    }
    Ok(cases)
}

fn case(table: &Table, file: &str, name: &str, row: &Row) -> Result<Case> {
    let mut arguments: Vec<String> = match (&row.run, &row.sh) {
        (Some(line), None) => shlex::split(line).with_context(|| format!("{name}: quotes do not match"))?,
        (None, Some(text)) => table.shell.iter().chain([text]).cloned().collect(),
        _ => bail!("{name}: give either run or sh"),
    };
    let root = table.root.as_ref().map(|root| place::inputs().join(root));
    let (program, architecture) = match (&table.program, &root) {
        (Some(program), None) => {
            let architecture = table.architecture.clone().unwrap_or_else(|| architecture(program));
            (place::inputs().join(program), architecture)
        }
        (None, Some(root)) => {
            ensure!(!arguments.is_empty(), "{name}: names no program");
            (root.join("usr/bin").join(arguments.remove(0)), "mipsel".to_owned())
        }
        _ => bail!("{file}: give either program or root"),
    };
    let files = row.files.iter().map(|(path, text)| Ok((path.clone(), entry(table, path, text)?)));
    Ok(Case {
        name: format!("{file}/{name}"),
        root,
        program,
        architecture,
        starts_itself: table.starts_itself,
        arguments,
        stdin: content(table, &row.stdin)?,
        files: files.collect::<Result<_>>()?,
        is_unordered: row.unordered,
        expected: None,
        limit_s: LIMIT_S,
    })
}

/// A path that ends in `/` is a directory; a text that starts with `-> ` is a link's target.
fn entry(table: &Table, path: &str, text: &str) -> Result<Entry> {
    if path.ends_with('/') {
        return Ok(Entry::Directory);
    }
    match text.strip_prefix("-> ") {
        Some(target) => Ok(Entry::Link(target.to_owned())),
        None => Ok(Entry::File(content(table, text)?)),
    }
}

/// A text that starts with `@` names a shared one; `hex:` holds bytes, with `00*500` for one repeated.
fn content(table: &Table, text: &str) -> Result<Vec<u8>> {
    let text = match text.strip_prefix('@') {
        Some(name) => table.content.get(name).with_context(|| format!("there is no content called {name}"))?,
        None => text,
    };
    match text.strip_prefix("hex:") {
        Some(digits) => hex(digits).with_context(|| format!("not hexadecimal: {text:.40}")),
        None => Ok(text.as_bytes().to_vec()),
    }
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    for token in text.split_whitespace() {
        let (digits, times) = token.split_once('*').unwrap_or((token, "1"));
        let pairs = (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok());
        let part = pairs.collect::<Option<Vec<u8>>>()?;
        bytes.extend(part.repeat(times.parse().ok()?));
    }
    Some(bytes)
}

fn architecture(program: &str) -> String {
    Path::new(program).iter().next().unwrap_or_default().to_string_lossy().into_owned()
}

/// Every C test program that set-up built: `c/<arch>/<level>/<name>`, all run the same way.
pub fn programs() -> Result<Vec<Case>> {
    let mut cases = Vec::new();
    for architecture in ["mipsel", "mips"] {
        for level in ["O0", "O2", "Os", "mips16"] {
            for source in names(&place::root().join("guests/programs/c"))? {
                let Some(name) = source.strip_suffix(".c") else { continue };
                let program = place::inputs().join("c").join(architecture).join(level).join(name);
                let mut case = plain(&format!("c/{architecture}/{level}/{name}"), program, architecture);
                case.stdin = (1..=10).flat_map(|n| format!("{n}\n").into_bytes()).collect();
                case.arguments = ["alpha", "two words", ""].map(str::to_owned).to_vec();
                case.expected = fs::read_to_string(place::root().join(format!("guests/programs/c/{name}.out"))).ok();
                cases.push(case);
            }
        }
    }
    Ok(cases)
}

/// Every committed demo program: `demo/<arch>/<name>`.
pub fn demos() -> Result<Vec<Case>> {
    let mut cases = Vec::new();
    for architecture in ["mipsel", "mips"] {
        let folder = place::root().join("guests/programs/bin").join(architecture);
        for name in names(&folder)? {
            cases.push(plain(&format!("demo/{architecture}/{name}"), folder.join(&name), architecture));
        }
    }
    Ok(cases)
}

fn plain(name: &str, program: std::path::PathBuf, architecture: &str) -> Case {
    Case {
        name: name.to_owned(),
        root: None,
        program,
        architecture: architecture.to_owned(),
        starts_itself: false,
        arguments: Vec::new(),
        stdin: Vec::new(),
        files: BTreeMap::new(),
        is_unordered: false,
        expected: None,
        limit_s: LIMIT_S,
    }
}

fn names(folder: &Path) -> Result<Vec<String>> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    let mut names: Vec<String> =
        entries.filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned())).collect();
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_repeats() {
        assert_eq!(hex("0aff 00*3 01"), Some(vec![10, 255, 0, 0, 0, 1]));
        assert_eq!((hex("abc"), hex("zz"), hex("00*x")), (None, None, None));
    }

    #[test]
    fn every_file_is_well_formed() {
        assert!(cases("busybox").expect("well formed").len() >= 180);
        assert!(cases("bash").expect("well formed").len() >= 30);
        assert!(cases("debian").expect("well formed").len() >= 120);
        assert!(cases("firmware").expect("well formed").len() >= 80);
        assert!(cases("processes").expect("well formed").len() >= 80);
        let of_servers = FILES.iter().filter(|name| name.starts_with("servers"));
        assert!(of_servers.map(|name| cases(name).expect("well formed").len()).sum::<usize>() >= 110);
    }
}
