//! The page that says which system calls are supported: SYSCALLS.md, from the table.

use super::table::{ROWS, Row, Support};
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write as _;

/// The page's text.
pub fn render() -> String {
    let mut out = String::from(
        "# System calls\n\n\
         Generated from `src/syscall/table.rs` by the test `page_is_not_stale` (`BLESS=1` rewrites it). Numbers are those of\n\
         MIPS o32. *Full* means as Linux has it, within a sandbox of one process; *partial* says what differs; what is\n\
         absent gives ENOSYS, and a warning names it once.\n",
    );
    let count = |wanted: fn(Support) -> bool| ROWS.iter().filter(|row| wanted(row.support)).count();
    let _ = writeln!(
        out,
        "\n{} full, {} partial, {} absent.\n\n## Supported\n\n| call | number | file | support |\n|---|---|---|---|",
        count(|support| support == Support::Full),
        count(|support| matches!(support, Support::Partial(_))),
        count(|support| matches!(support, Support::Absent(_))),
    );
    let mut rows: Vec<&Row> = ROWS.iter().collect();
    rows.sort_by_key(|row| row.number);
    for row in &rows {
        let support = match row.support {
            Support::Full => "full",
            Support::Partial(reason) => reason,
            Support::Absent(_) => continue,
        };
        let (name, number, group) = (row.name, row.number, row.group);
        let prefix = if row.support == Support::Full { "" } else { "partial: " };
        let _ = writeln!(out, "| {name} | {number} | {group} | {prefix}{support} |");
    }
    out.push_str("\n## Absent\n\n| why | calls |\n|---|---|\n");
    let mut reasons: Vec<&str> = Vec::new();
    for row in ROWS {
        if let Support::Absent(reason) = row.support
            && !reasons.contains(&reason)
        {
            reasons.push(reason);
        }
    }
    for reason in reasons {
        let calls: Vec<String> = rows
            .iter()
            .filter(|row| row.support == Support::Absent(reason))
            .map(|row| alloc::format!("{} {}", row.name, row.number))
            .collect();
        let _ = writeln!(out, "| {reason} | {} |", calls.join(", "));
    }
    out
}

#[cfg(test)]
mod tests {
    extern crate std;

    #[test]
    fn page_is_not_stale() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("SYSCALLS.md");
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(&path, super::render()).unwrap();
        }
        let held = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            held == super::render(),
            "SYSCALLS.md is stale: run BLESS=1 cargo test -p strata-linux page_is_not_stale"
        );
    }
}
