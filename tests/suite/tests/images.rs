//! cargo test --release -p strata-suite --test images
//!
//! Root file systems in one file: squashfs images in each compression, as firmware has them, and tar files. Programs are
//! run in them, and what they see is what was put in.

use anyhow::{Context, Result, ensure};
use libtest_mimic::{Arguments, Trial};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use strata_suite::place;

/// Options of mksquashfs(1).
const IMAGES: &[(&str, &[&str])] = &[
    ("gzip", &["-comp", "gzip"]),
    ("gzip-small-blocks", &["-comp", "gzip", "-b", "4096"]),
    ("xz", &["-comp", "xz"]),
    ("xz-large-blocks", &["-comp", "xz", "-b", "1M"]),
    ("lzma", &["-comp", "lzma"]),
    ("lzo", &["-comp", "lzo"]),
    ("lz4", &["-comp", "lz4", "-Xhc"]),
    ("zstd", &["-comp", "zstd", "-always-use-fragments"]),
    ("none", &["-noI", "-noD", "-noF", "-noX"]),
    ("no-fragments", &["-no-fragments"]),
];

fn main() -> Result<()> {
    let arguments = Arguments::from_args();
    let has_busybox = place::inputs().join("mipsel/bin/busybox").is_file();
    let has_tool = Command::new("mksquashfs").arg("-version").output().is_ok();
    let has_root = place::inputs().join("debian/etc/hosts").is_file();
    let mut trials: Vec<Trial> = Vec::new();
    for (name, options) in IMAGES {
        let trial = Trial::test(format!("squashfs/{name}"), move || Ok(squashfs(name, options)?));
        trials.push(trial.with_ignored_flag(!has_busybox || !has_tool));
    }
    trials.push(
        Trial::test("squashfs/changes-on-top", || Ok(changes_on_top()?)).with_ignored_flag(!has_root || !has_tool),
    );
    trials.push(Trial::test("tar", || Ok(tar()?)).with_ignored_flag(!has_busybox));
    trials.push(Trial::test("refused", || Ok(refused()?)));
    libtest_mimic::run(&arguments, trials).exit()
}

/// What the commands print in the sample root.
const LOOKS: &[(&str, &str)] = &[
    (
        "ls -lan /dir",
        "drwxr-sr-x 2 7 8 .\ndrwxr-xr-x 0 0 ..\ncrw-rw---- 1 7 8 4, 65 device\nprw-r--r-- 1 7 8 0 fifo\n-rwsr-x--- 2 7 8 26 file\nlrwxrwxrwx 1 7 8 7 link -> ../file\n-rwsr-x--- 2 7 8 26 same\n",
    ),
    ("cat /dir/same", "what the file has in it..\n"),
    ("wc -c /holes", "3000007 /holes\n"),
    ("tail -c 7 /holes", "the end"),
    ("stat -c %Y /dir/file", "1000000000\n"),
    ("md5sum /bin/busybox", ""),
];

/// A root with one of each kind. Owners and devices are made by the tool, as only root can make them.
fn sample(room: &Path) -> Result<PathBuf> {
    let root = room.join("root");
    fs::create_dir_all(root.join("bin"))?;
    fs::create_dir_all(root.join("many"))?;
    fs::copy(place::inputs().join("mipsel/bin/busybox"), root.join("bin/busybox"))?;
    for number in 0..700 {
        fs::write(root.join(format!("many/{number}")), format!("{number}\n"))?;
    }
    let holes = fs::File::create(root.join("holes"))?;
    std::os::unix::fs::FileExt::write_all_at(&holes, b"the end", 3_000_000)?;
    Ok(root)
}

fn squashfs(name: &str, options: &[&str]) -> Result<()> {
    let room = room(name)?;
    let (root, image) = (sample(&room)?, room.join("image"));
    let pseudo = [
        "/ d 755 0 0",
        "dir d 2755 7 8",
        "dir/file f 4750 7 8 printf 'what the file has in it..\\n'",
        "dir/same L dir/file",
        "dir/link s 777 7 8 ../file",
        "dir/device c 660 7 8 4 65",
        "dir/fifo i 644 7 8 f",
    ];
    let mut make = Command::new("mksquashfs");
    make.arg(&root).arg(&image).args(["-quiet", "-no-progress"]);
    make.args(["-all-time", "1000000000"]).args(options);
    pseudo.iter().for_each(|line| _ = make.args(["-p", line]));
    ensure_success(&make.output()?)?;
    for (command, right) in LOOKS {
        let output = strata(&[&image], command)?;
        ensure!(output.status.success(), "{command}: {output:?}");
        let right = if right.is_empty() { digest(&root.join("bin/busybox"))? } else { (*right).to_owned() };
        let ours: String = output_lines(&output);
        ensure!(ours == right, "{command}:\n{ours}should be\n{right}");
    }
    let output = strata(&[&image], "ls /many")?;
    ensure!(output.stdout.split(|byte| *byte == b'\n').count() == 701, "a long directory: {output:?}");
    Ok(())
}

/// Without times, and lengths and links of directories.
fn output_lines(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if !text.starts_with("total") {
        return text;
    }
    let line = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (kept, name) = match (words.len(), words[0].starts_with('d'), words[0].starts_with('c')) {
            (_, true, _) if words[8] == ".." => (vec![words[0], words[2], words[3]], 8),
            (_, true, _) => (words[..4].to_vec(), 8),
            (_, _, true) => (words[..6].to_vec(), 9),
            _ => (words[..5].to_vec(), 8),
        };
        format!("{} {}\n", kept.join(" "), words[name..].join(" "))
    };
    text.lines().skip(1).map(line).collect()
}

fn digest(file: &Path) -> Result<String> {
    let output = Command::new("md5sum").arg(file).output()?;
    let text = String::from_utf8(output.stdout)?;
    Ok(format!("{}  /bin/busybox\n", text.split(' ').next().unwrap_or_default()))
}

/// Debian's root as an image, with what a run has changed over it.
fn changes_on_top() -> Result<()> {
    let room = room("debian")?;
    let (image, changes) = (room.join("debian.squashfs"), room.join("changes.tar"));
    let mut make = Command::new("mksquashfs");
    make.arg(place::inputs().join("debian")).arg(&image).args(["-quiet", "-no-progress", "-comp", "lz4", "-all-root"]);
    ensure_success(&make.args(["-e", "usr/share/doc", "usr/share/locale", "usr/share/man"]).output()?)?;
    let python = |roots: &[&Path], more: &[&str], script: &str| {
        let mut run = Command::new(place::strata());
        run.args(["run", "--cache-dir"]).arg(place::cache().join("code")).args(more);
        roots.iter().for_each(|root| _ = run.arg("--root").arg(root));
        run.args(["/usr/bin/python3", "-c", script]).output().context("the program under test is built")
    };
    let script = "import os, json; os.rename('/etc/issue', '/etc/moved'); open('/etc/profile', 'a').write('more'); print(len(os.listdir('/etc')))";
    let first = python(&[&image], &["--commit", &changes.to_string_lossy()], script)?;
    ensure_success(&first)?;
    let look = "import os; print(len(os.listdir('/etc'))); print(os.path.exists('/etc/issue'), open('/etc/moved').read()[:6], open('/etc/profile').read()[-4:])";
    let second = python(&[&image, &changes], &[], look)?;
    let count = String::from_utf8(first.stdout)?;
    ensure!(String::from_utf8_lossy(&second.stdout) == format!("{count}False Debian more\n"), "{second:?}");
    Ok(())
}

fn tar() -> Result<()> {
    let room = room("tar")?;
    let (root, file) = (sample(&room)?, room.join("root.tar"));
    ensure_success(&Command::new("tar").arg("-cSf").arg(&file).arg("-C").arg(&root).arg(".").output()?)?;
    for command in ["md5sum /bin/busybox", "tail -c 7 /holes", "wc -c /holes", "cat /many/699"] {
        let (ours, right) = (strata(&[&file], command)?, strata(&[&root], command)?);
        ensure!(ours.status.success() && ours.stdout == right.stdout, "{command}: {ours:?}");
    }
    Ok(())
}

/// What is none, or of another kind, is refused by name.
fn refused() -> Result<()> {
    let room = room("refused")?;
    let rows: &[(&str, &[u8], &str)] = &[
        ("compressed.tar.gz", b"\x1f\x8b\x08\0\0\0\0\0", "gunzip"),
        ("old.squashfs", b"sqsh\0\0\0\0\0\0\0\0", "before 4.0"),
        ("cut.squashfs", b"hsqs\0\0\0\0\0\0\0\0", "cut off"),
        ("text", &[b'x'; 1024], "text"),
    ];
    for (name, bytes, words) in rows {
        fs::write(room.join(name), bytes)?;
        let output = strata(&[&room.join(name)], "true")?;
        let text = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.code() == Some(125) && text.contains(words), "{name}: {output:?}");
    }
    Ok(())
}

fn ensure_success(output: &Output) -> Result<()> {
    ensure!(output.status.success(), "{output:?}");
    Ok(())
}

fn strata(roots: &[&Path], command: &str) -> Result<Output> {
    let mut run = Command::new(place::strata());
    run.args(["run", "--no-cache"]);
    roots.iter().for_each(|root| _ = run.arg("--root").arg(root));
    run.arg("/bin/busybox").args(command.split(' ')).output().context("the program under test is built")
}

/// A fresh folder.
fn room(name: &str) -> Result<PathBuf> {
    let folder = place::cache().join("images").join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder)?;
    Ok(folder)
}
