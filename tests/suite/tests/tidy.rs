//! cargo test --release -p strata-suite --test tidy
//!
//! What keeps the house in order: layers, the top level, file and function lengths, headers, leftovers.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use strata_suite::place;

/// Which of our crates a crate may import: down, or sideways as listed; never up, no cycles.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("translators/image", &[]),
    ("translators/wasm", &[]),
    ("translators/mips", &["image", "wasm"]),
    ("guests/abi", &["mips"]),
    ("guests/vfs", &[]),
    ("guests/linux", &["abi", "vfs", "image"]),
    ("guests/run", &["abi", "linux", "mips", "vfs", "image"]),
    ("host/archive", &["vfs"]),
    ("host/namespace", &["linux", "vfs", "abi"]),
    ("host/hostio", &["vfs", "linux"]),
    ("host/portable", &["abi", "image", "linux", "mips", "namespace", "run", "vfs", "wasm"]),
    ("host/cache", &["mips"]),
    ("host/debug", &["linux", "mips", "run", "vfs"]),
    ("host/engine", &["abi", "archive", "cache", "linux", "mips", "run", "wasm"]),
    ("host/network", &["engine", "linux", "vfs"]),
    ("host/cli", EVERYTHING),
    ("web-demo", &["abi", "image", "linux", "mips", "namespace", "run", "vfs", "wasm"]),
    ("tests/bench", &["cache"]),
    ("tests/suite", EVERYTHING),
    ("tests/xtask", EVERYTHING),
];

const EVERYTHING: &[&str] = &[
    "abi",
    "cache",
    "debug",
    "engine",
    "hostio",
    "image",
    "linux",
    "mips",
    "namespace",
    "network",
    "portable",
    "run",
    "vfs",
    "wasm",
];

/// All that may stand at the top, beside dotfiles.
const TOP: &[&str] = &[
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "README.md",
    "guests",
    "host",
    "translators",
    "tests",
    "web-demo",
];

/// Files made of rows, which may be as long as there are rows.
const TABLES: &[&str] = &["translators/mips/src/isa.rs", "guests/linux/src/syscall/table.rs"];

const FILE_LINES_MAX: usize = 600;
const FILE_LINES_MEDIAN_MAX: usize = 150;
const FUNCTION_LINES_MAX: usize = 70;

#[test]
fn imports_point_down() {
    for (folder, allowed) in MAY_IMPORT {
        let text = read(&place::root().join(folder).join("Cargo.toml"));
        let manifest: toml::Table = text.parse().unwrap_or_else(|error| panic!("{folder}/Cargo.toml: {error}"));
        let dependencies = manifest.get("dependencies").and_then(toml::Value::as_table);
        for name in dependencies.into_iter().flat_map(toml::Table::keys) {
            let is_ours = EVERYTHING.contains(&name.as_str()) || name.starts_with("strata");
            assert!(!is_ours || allowed.contains(&name.as_str()), "{folder} may not import {name}");
        }
    }
}

#[test]
fn every_crate_has_its_layer() {
    let listed: BTreeSet<&str> = MAY_IMPORT.iter().map(|row| row.0).collect();
    for file in tracked().iter().filter(|file| file.ends_with("Cargo.toml")) {
        let folder = file.trim_end_matches("Cargo.toml").trim_end_matches('/');
        // The fuzz targets, for another toolchain, are a workspace of their own.
        let is_listed = folder.is_empty() || folder == "tests/fuzz" || listed.contains(folder);
        assert!(is_listed, "{folder} has no layer in tidy.rs");
    }
}

#[test]
fn pure_crates_name_no_host() {
    for file in tracked() {
        let is_pure = file.starts_with("translators/") || file.starts_with("guests/");
        if is_pure && file.ends_with("/src/lib.rs") {
            assert!(read(&place::root().join(&file)).contains("#![no_std]"), "{file} must be #![no_std]");
        }
    }
}

#[test]
fn the_top_level_is_as_designed() {
    for file in tracked() {
        let top = file.split('/').next().unwrap_or_default();
        assert!(top.starts_with('.') || TOP.contains(&top), "{top} does not belong at the top");
    }
}

#[test]
fn files_are_short_and_say_what_they_are() {
    let (mut lengths, mut complaints) = (Vec::new(), Vec::new());
    for file in sources() {
        let text = read(&place::root().join(&file));
        let lines = text.lines().count();
        lengths.push(lines);
        if !text.starts_with("//!") {
            complaints.push(format!("{file} does not open with //!"));
        }
        if lines > FILE_LINES_MAX && !TABLES.contains(&file.as_str()) {
            complaints.push(format!("{file} has {lines} lines: a second noun?"));
        }
        for (name, lines) in functions(&text) {
            if lines > FUNCTION_LINES_MAX {
                complaints.push(format!("{file}: {name} has {lines} lines"));
            }
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    lengths.sort_unstable();
    let median = lengths[lengths.len() / 2];
    assert!(median <= FILE_LINES_MEDIAN_MAX, "half of all files have more than {median} lines");
}

#[test]
fn nothing_is_left_over() {
    // Written in two parts, so that this file does not accuse itself.
    let words = [concat!("todo", "!("), concat!("unimplemented", "!("), concat!("dbg", "!("), concat!("#[ig", "nore")];
    for file in sources() {
        let text = read(&place::root().join(&file));
        for (index, line) in text.lines().enumerate() {
            for word in words {
                assert!(!line.contains(word), "{file}:{}: {word}", index + 1);
            }
            let todo = concat!("TO", "DO");
            assert!(
                !line.contains(todo) || line.contains(concat!("TO", "DO(#")),
                "{file}:{}: no issue number",
                index + 1
            );
        }
    }
}

#[test]
fn every_demo_is_built() {
    let files = tracked();
    for file in &files {
        let Some(name) = file.strip_prefix("guests/programs/demo/").and_then(|name| name.strip_suffix(".c")) else {
            continue;
        };
        for architecture in ["mipsel", "mips"] {
            let program = format!("guests/programs/bin/{architecture}/{name}");
            assert!(files.contains(&program), "{program} is missing: cargo xtask programs");
        }
    }
}

/// Functions by name with their lengths, by rustfmt's indentation.
fn functions(text: &str) -> Vec<(String, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let code = line.trim_start();
        let words: Vec<&str> = code.split_whitespace().take(4).collect();
        let Some(at) = words.iter().position(|word| *word == "fn") else { continue };
        let is_declaration =
            words[..at].iter().all(|word| matches!(*word, "const" | "async") || word.starts_with("pub"));
        if !is_declaration || code.ends_with(';') || code.ends_with('}') {
            continue;
        }
        let end = format!("{}}}", &line[..line.len() - code.len()]);
        // A trait's function without a body may go over several lines, the last of which says so.
        let head_ends = lines[start..].iter().find(|line| line.ends_with(['{', ';']));
        if head_ends.is_some_and(|line| line.ends_with(';')) {
            continue;
        }
        if let Some(length) = lines[start..].iter().position(|line| *line == end) {
            found.push((words.get(at + 1).unwrap_or(&"").to_string(), length + 1));
        }
    }
    found
}

fn sources() -> Vec<String> {
    tracked().into_iter().filter(|file| file.ends_with(".rs")).collect()
}

/// The files of the checkout that git knows, or would if asked: what is ignored is nobody's business.
fn tracked() -> Vec<String> {
    let mut command = std::process::Command::new("git");
    command.args(["ls-files", "--cached", "--others", "--exclude-standard"]).current_dir(place::root());
    let output = command.output().expect("git is there");
    let names = String::from_utf8_lossy(&output.stdout).into_owned();
    let exists = |name: &str| place::root().join(name).exists();
    names.lines().filter(|name| exists(name)).map(str::to_owned).collect()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
