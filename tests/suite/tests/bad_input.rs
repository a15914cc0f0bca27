//! cargo test --release -p strata-suite --test bad_input
//!
//! What is no program, or lies about being one: a clear message, exit status 126 or 127, never a panic. The files are
//! the demo `hello` with a few bytes changed, so that each row is about one lie.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use strata_suite::place;

/// Cannot be executed.
const CANNOT: i32 = 126;
/// Was not found.
const NOT_FOUND: i32 = 127;

/// A change of the file: offset, bytes.
type Change = (usize, &'static [u8]);

/// Where in `hello` the program headers stand: those of segments, and one to spare.
struct Headers {
    loads: Vec<usize>,
    spare: usize,
}

#[test]
fn lying_headers() {
    // Name, changes of the ELF header (offsets as in <elf.h>), words of the message.
    let rows: &[(&str, &[Change], &str)] = &[
        ("no class", &[(4, &[0])], "class"),
        ("64-bit", &[(4, &[2])], "64-bit"),
        ("no byte order", &[(5, &[7])], "byte order"),
        ("version 9", &[(6, &[9])], "version"),
        ("object file", &[(16, &[1, 0])], "object file"),
        ("core dump", &[(16, &[4, 0])], "core dump"),
        ("x86", &[(18, &[3, 0])], "x86"),
        ("ARM", &[(18, &[40, 0])], "ARM"),
        ("no machine", &[(18, &[0xff, 0xff])], "not for MIPS"),
        ("entry nowhere", &[(24, &[0, 0, 0, 0x70])], "nothing is loaded"),
        ("headers past the end", &[(28, &[0, 0, 0, 0xf0])], "truncated"),
        ("microMIPS", &[(39, &[0x72])], "microMIPS"),
        ("Release 6", &[(39, &[0x90])], "Release 6"),
        ("n32", &[(36, &[0x21])], "n32"),
        ("o64", &[(37, &[0x20])], "o64"),
        ("eabi", &[(37, &[0x30])], "eabi"),
        ("tiny program headers", &[(42, &[8, 0])], "program header"),
        ("no program headers", &[(44, &[0, 0])], "nothing to load"),
        ("65535 program headers", &[(44, &[0xff, 0xff])], "program headers"),
        ("9 program headers too many", &[(44, &[200, 0])], "truncated"),
    ];
    for (name, changes, words) in rows {
        let mut file = hello();
        let record = abi_flags(&file);
        for (at, bytes) in *changes {
            file[*at..at + bytes.len()].copy_from_slice(bytes);
        }
        if *name == "Release 6" {
            file[record + 3] = 6;
        }
        refuses(name, &file, words);
    }
}

#[test]
fn lying_segments() {
    let headers = headers(&hello());
    let (first, last) = (headers.loads[0], headers.loads[headers.loads.len() - 1]);
    // Name, program header, its fields from p_offset on, words of the message.
    let rows: &[(&str, usize, [u32; 5], &str)] = &[
        ("more in the file than in memory", first, [0, 0x40_0000, 0, 0x500, 0x100], "room"),
        ("past the end of the file", first, [0, 0x40_0000, 0, 0x10_0000, 0x10_0000], "truncated"),
        ("offset past the end", first, [0xffff_f000, 0x40_0000, 0, 0x500, 0x500], "truncated"),
        ("kernel address", first, [0, 0x8000_0000, 0, 0x500, 0x500], "user half"),
        ("wraps around", first, [0, 0xffff_f000, 0, 0x500, 0x2000], "user half"),
        ("huge", first, [0, 0x40_0000, 0, 0x500, 0xffff_ffff], "user half"),
        ("overlapping", last, [0, 0x40_0010, 0, 0x10, 0x10], "overlap"),
    ];
    for (name, header, fields, words) in rows {
        let mut file = hello();
        for (index, field) in fields.iter().enumerate() {
            let at = header + 4 + index * 4;
            file[at..at + 4].copy_from_slice(&field.to_le_bytes());
        }
        refuses(name, &file, words);
    }
}

#[test]
fn dynamic_program() {
    let mut file = hello();
    let spare = headers(&file).spare;
    let at = u32::try_from(file.len()).expect("hello is small");
    file.extend_from_slice(b"/lib/ld.so.1\0");
    for (index, field) in [3, at, 0, 0, 13, 13].iter().enumerate() {
        file[spare + index * 4..spare + index * 4 + 4].copy_from_slice(&field.to_le_bytes());
    }
    refuses("dynamic", &file, "static");
}

#[test]
fn truncated_anywhere() {
    let file = hello();
    // Every length up to the end of the program headers, then some: all that does not reach the last segment's end.
    for length in (0..256).chain((256..file.len() / 2).step_by(97)) {
        let output = run_file(&format!("cut-{length}"), &file[..length]);
        assert_eq!(status(&output), CANNOT, "{length} bytes: {}", text(&output));
        assert!(!text(&output).contains("panicked"), "{length} bytes: {}", text(&output));
    }
}

#[test]
fn other_formats() {
    let rows: &[(&str, &[u8], &str)] = &[
        ("empty", b"", "empty"),
        ("text", b"hello\n", "not an ELF file"),
        ("script", b"#!/bin/sh\necho hi\n", "/bin/sh"),
        ("windows", b"MZ\x90\0\x03\0\0\0", "Windows"),
        ("macos", b"\xcf\xfa\xed\xfe\x07\0\0\x01", "macOS"),
        ("archive", b"!<arch>\ndebian-binary", "archive"),
        ("wasm", b"\0asm\x01\0\0\0", "WebAssembly"),
        ("magic only", b"\x7fELF", "truncated"),
    ];
    for (name, bytes, words) in rows {
        refuses(name, bytes, words);
    }
}

#[test]
fn no_file() {
    let folder = place::cache().join("no-file");
    fs::create_dir_all(&folder).expect("scratch room");
    let missing = strata(&["run"], &folder.join("nothing"));
    assert_eq!(status(&missing), NOT_FOUND, "{}", text(&missing));
    let below = strata(&["run"], &folder.join("nothing/below"));
    assert_eq!(status(&below), NOT_FOUND, "{}", text(&below));
    let directory = strata(&["run"], &folder);
    assert_eq!(status(&directory), CANNOT, "{}", text(&directory));
    assert!(text(&directory).contains("directory"), "{}", text(&directory));

    let locked = folder.join(format!("locked-{}", std::process::id()));
    fs::write(&locked, hello()).expect("scratch room");
    let mut permissions = fs::metadata(&locked).expect("just written").permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0);
    fs::set_permissions(&locked, permissions).expect("ours");
    // Root may read anything, and then there is nothing to refuse.
    if fs::read(&locked).is_err() {
        let output = strata(&["run"], &locked);
        assert_eq!(status(&output), CANNOT, "{}", text(&output));
        assert!(text(&output).to_lowercase().contains("permission"), "{}", text(&output));
    }
}

#[test]
#[allow(clippy::print_stderr, reason = "a skipped test says so")]
fn a_library_that_is_missing_is_named() {
    let debian = place::inputs().join("debian");
    if !debian.join("usr/bin/xz").is_file() {
        eprintln!("skipped: no {}; cargo xtask setup makes it", debian.display());
        return;
    }
    let root = path("rootless");
    for file in ["lib/mipsel-linux-gnu/ld.so.1", "lib/mipsel-linux-gnu/libc.so.6", "usr/bin/xz"] {
        let to = root.join(file);
        fs::create_dir_all(to.parent().expect("in a folder")).expect("scratch room");
        fs::copy(debian.join(file), to).expect("scratch room");
    }
    let linker = root.join("lib/ld.so.1");
    if fs::symlink_metadata(&linker).is_err() {
        std::os::unix::fs::symlink("mipsel-linux-gnu/ld.so.1", linker).expect("scratch room");
    }
    let root = root.display().to_string();
    let output = strata(&["run", "--no-cache", "--root", &root], Path::new("/usr/bin/xz"));
    assert_eq!(status(&output), NOT_FOUND, "{}", text(&output));
    assert!(text(&output).contains("needs liblzma.so.5, which"), "{}", text(&output));
}

fn refuses(name: &str, file: &[u8], words: &str) {
    let output = run_file(name, file);
    let text = text(&output);
    assert_eq!(status(&output), CANNOT, "{name}: {text}");
    assert!(text.to_lowercase().contains(&words.to_lowercase()), "{name}: should say {words:?}: {text}");
    assert!(output.stdout.is_empty(), "{name}: said something on standard output");
    for describe in ["info", "disasm"] {
        let output = strata(&[describe], &path(name));
        assert!(matches!(status(&output), 0..=127) && status(&output) != 101, "{describe} {name}: {output:?}");
    }
}

fn run_file(name: &str, file: &[u8]) -> Output {
    let path = path(name);
    fs::create_dir_all(path.parent().expect("in a folder")).expect("scratch room");
    fs::write(&path, file).expect("scratch room");
    strata(&["run", "--no-cache"], &path)
}

fn path(name: &str) -> std::path::PathBuf {
    place::cache().join("bad-input").join(name.replace(' ', "-"))
}

fn strata(before: &[&str], file: &Path) -> Output {
    let mut command = Command::new(place::strata());
    command.args(before).arg(file).output().expect("the program under test is built: cargo build --release")
}

fn status(output: &Output) -> i32 {
    output.status.code().unwrap_or(-1)
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn hello() -> Vec<u8> {
    fs::read(place::root().join("guests/programs/bin/mipsel/hello")).expect("committed")
}

fn headers(file: &[u8]) -> Headers {
    let all = (0..usize::from(file[44])).map(|index| word(file, 28) as usize + index * 32);
    let (loads, others): (Vec<usize>, Vec<usize>) = all.partition(|at| word(file, *at) == 1);
    // The last one left is PT_GNU_STACK or the like, which nothing here depends on.
    Headers { loads, spare: *others.last().expect("more headers than segments") }
}

/// File offset of the `.MIPS.abiflags` record.
fn abi_flags(file: &[u8]) -> usize {
    let mut all = (0..usize::from(file[44])).map(|index| word(file, 28) as usize + index * 32);
    all.find(|at| word(file, *at) == 0x7000_0003)
        .map(|at| word(file, at + 4) as usize)
        .expect("the compiler writes one")
}

fn word(file: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([file[at], file[at + 1], file[at + 2], file[at + 3]])
}
