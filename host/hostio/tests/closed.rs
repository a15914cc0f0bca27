//! A process that was started without standard streams goes on without them.
//! Run alone: `cargo test --release -p strata-hostio --test closed`.

use std::process::{Command, Stdio};
use strata_hostio::stream;

/// Set in the process that looks at its own streams.
const INNER: &str = "STRATA_TEST_CLOSED";

#[test]
fn closed_streams_are_none() {
    if std::env::var_os(INNER).is_some() {
        let found = [stream::stdin().is_some(), stream::stdout().is_some()];
        // Rust's runtime opens /dev/null in place of closed streams before `main`; both answers are right.
        std::process::exit(if found.iter().all(|found| *found) { 10 } else { 11 });
    }
    let program = std::env::current_exe().unwrap();
    let command = format!("exec {} --exact closed_streams_are_none <&- >&-", program.display());
    let status = Command::new("sh").args(["-c", &command]).env(INNER, "1").stderr(Stdio::null()).status().unwrap();
    assert!(matches!(status.code(), Some(10 | 11)), "{status}");
}
