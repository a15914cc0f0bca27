//! python3's own test modules (`tests/linux/python.toml`): what each of their tests came to, as `-m test --junit-xml` writes it.

use crate::case::{Case, Entry};
use crate::known::{Known, PYTHON};
use crate::outcome::Outcome;
use crate::place;
use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

/// The table.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// The root under `target/inputs`.
    root: String,
    /// Where the modules are in there.
    library: PathBuf,
    /// Longest that a module may take.
    limit_s: u32,
    /// What every test run does.
    pub quick: Vec<String>,
    /// What `cargo xtask python` does beside.
    pub slow: Vec<String>,
    /// Tests of a module that never end under QEMU, and are left out there.
    #[serde(default)]
    endless: BTreeMap<String, Vec<String>>,
    /// What a module wants to be allowed to use (`-m test -u`).
    #[serde(default)]
    resources: BTreeMap<String, String>,
}

/// What a test came to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Verdict {
    /// It passed.
    Ok,
    /// It did not find what it needs.
    Skipped,
    /// It failed, or could not be done.
    Failed,
}

/// What the tests of a module came to, and what they said, by name.
pub type Verdicts = BTreeMap<String, (Verdict, String)>;

/// The file that a run leaves.
const RESULTS: &str = "results.xml";

impl Table {
    /// Reads it.
    pub fn read() -> Result<Table> {
        let path = place::root().join("tests/linux/python.toml");
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        toml::from_str(&text).with_context(|| format!("{} is not well formed", path.display()))
    }

    /// Whether set-up brought the modules.
    pub fn is_there(&self) -> bool {
        place::inputs().join(&self.root).join(&self.library).is_dir()
    }

    /// A run of a module, by Strata or for the oracle.
    pub fn case(&self, module: &str, is_oracle: bool) -> Case {
        let root = place::inputs().join(&self.root);
        let mut arguments = ["-m", "test", "--junit-xml", RESULTS, "-v"].map(str::to_owned).to_vec();
        if let Some(resources) = self.resources.get(module) {
            arguments.extend(["-u".to_owned(), resources.clone()]);
        }
        for test in self.endless.get(module).into_iter().flatten().filter(|_| is_oracle) {
            arguments.extend(["--ignore".to_owned(), test.clone()]);
        }
        arguments.push(module.to_owned());
        Case {
            name: format!("{PYTHON}{module}"),
            program: root.join("usr/bin/python3"),
            root: Some(root),
            architecture: "mipsel".to_owned(),
            starts_itself: false,
            arguments,
            stdin: Vec::new(),
            files: BTreeMap::<String, Entry>::new(),
            is_unordered: false,
            expected: None,
            limit_s: self.limit_s,
        }
    }
}

/// What the tests of a run of `module` came to.
pub fn verdicts(module: &str, outcome: &Outcome) -> Result<Verdicts> {
    let text = outcome.files.get(RESULTS).map(|(_, content)| String::from_utf8_lossy(content));
    let stdout = String::from_utf8_lossy(&outcome.stdout);
    let lines: Vec<&str> = stdout.lines().collect();
    let tail = lines[lines.len().saturating_sub(20)..].join("\n");
    let text = text.with_context(|| format!("it left no results, and ended with {}:\n{tail}", outcome.status))?;
    let mut verdicts = parse(module, &text);
    // A test of which only parts failed has no name among the results. What __main__ says is a program's that a test ran.
    for line in lines.iter().filter(|line| line.starts_with("FAIL: ") || line.starts_with("ERROR: ")) {
        let name = line.split_once('(').and_then(|(_, rest)| rest.split_once(')')).map(|(name, _)| name);
        if let Some(name) = name.filter(|name| !name.starts_with("__main__")) {
            verdicts.entry(own_name(module, name)).or_insert((Verdict::Failed, (*line).to_owned()));
        }
    }
    ensure!(!verdicts.is_empty(), "it ran no test:\n{tail}");
    Ok(verdicts)
}

/// Reads the results. `<` never stands in a text or an attribute of XML, so elements are found by their names.
fn parse(module: &str, text: &str) -> Verdicts {
    let mut verdicts = Verdicts::new();
    for case in text.split("<testcase ").skip(1) {
        let Some(name) = case.strip_prefix("name=\"").and_then(|rest| rest.split('"').next()) else { continue };
        let (verdict, element) = match ["<failure", "<error", "<skipped"].map(|tag| case.find(tag)) {
            [Some(at), ..] | [_, Some(at), _] => (Verdict::Failed, &case[at..]),
            [_, _, Some(at)] => (Verdict::Skipped, &case[at..]),
            _ => (Verdict::Ok, ""),
        };
        let said = element.split_once('>').map_or("", |(_, said)| said.split("</").next().unwrap_or_default());
        // Of several by one name the worst counts.
        let before = verdicts.entry(own_name(module, name)).or_insert((verdict, said.to_owned()));
        if before.0 < verdict {
            *before = (verdict, said.to_owned());
        }
    }
    verdicts
}

/// What a test is called here: `python/test_os/TestSendfile.test_keywords`.
fn own_name(module: &str, name: &str) -> String {
    let name = name.strip_prefix("test.").unwrap_or(name);
    let name = name.strip_prefix(module).and_then(|rest| rest.strip_prefix('.')).unwrap_or(name);
    format!("{PYTHON}{module}/{name}")
}

/// What is to be said of a module: tests that fail, or are skipped and are not under QEMU, unless they are known to; and lines
/// of `known` that no such test needs any more. A line names a test, a class of them, or a module.
pub fn complaints(module: &str, ours: &Verdicts, right: &Verdicts, known: &Known) -> Vec<String> {
    let mut unused: BTreeSet<&String> = known.keys().filter(|line| is_of(line, &format!("{PYTHON}{module}"))).collect();
    let mut complaints = Vec::new();
    for (name, (verdict, said)) in ours {
        let theirs = right.get(name).map(|(verdict, _)| *verdict);
        let is_worse = *verdict == Verdict::Failed || *verdict == Verdict::Skipped && theirs == Some(Verdict::Ok);
        if !is_worse {
            continue;
        }
        let reasons: Vec<&String> = known.keys().filter(|line| is_of(name, line)).collect();
        reasons.iter().for_each(|line| _ = unused.remove(*line));
        if reasons.is_empty() {
            complaints.push(format!("{name}: {verdict:?}, under QEMU {theirs:?}\n{said}"));
        }
    }
    let missing = right.keys().filter(|name| !ours.contains_key(*name));
    complaints.extend(missing.map(|name| format!("{name}: was not run")));
    complaints.extend(unused.iter().map(|line| format!("{line} passes now: delete its line in known-failures.txt")));
    complaints
}

/// Whether a name is this, or one in it.
fn is_of(name: &str, whole: &str) -> bool {
    name.strip_prefix(whole).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '/']))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"<testsuites tests="3"><testsuite><testcase name="test.test_x.A.one" time="0" /><testcase />
        <testcase name="test.test_x.A.two" time="0"><system-out /><failure>Traceback &lt;x&gt;</failure></testcase>
        <testcase name="test.test_x.B.three"><skipped>no</skipped></testcase></testsuite></testsuites>"#;

    #[test]
    fn reads_results() {
        let verdicts = parse("test_x", TEXT);
        assert_eq!(verdicts["python/test_x/A.one"], (Verdict::Ok, String::new()));
        assert_eq!(verdicts["python/test_x/A.two"], (Verdict::Failed, "Traceback &lt;x&gt;".to_owned()));
        assert_eq!(verdicts["python/test_x/B.three"].0, Verdict::Skipped);
    }

    #[test]
    fn complains_of_what_is_worse_and_not_known() {
        let ours = parse("test_x", TEXT);
        let mut right = ours.clone();
        right.get_mut("python/test_x/B.three").expect("it is there").0 = Verdict::Ok;
        let count = |right: &Verdicts, line: &str| {
            let known = Known::from([(line.to_owned(), "why".to_owned())]);
            complaints("test_x", &ours, right, &known).len()
        };
        assert_eq!(
            (count(&ours, "python/test_y"), count(&ours, "python/test_x"), count(&ours, "python/test_x/A")),
            (1, 0, 0)
        );
        assert_eq!((count(&ours, "python/test_x/A.tw"), count(&right, "python/test_x/A.two")), (2, 1));
        assert_eq!(count(&right, "python/test_x"), 0);
    }
}
