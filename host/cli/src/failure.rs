//! How the program fails: a message that says what to do, and an exit status like a shell's.

use std::io::{self, Write};
use std::process::ExitCode;

/// What went wrong, and the exit status for it.
pub(crate) struct Failure {
    error: anyhow::Error,
    status: u8,
}

/// The outcome of a subcommand.
pub(crate) type Done = Result<ExitCode, Failure>;

impl Failure {
    /// It cannot be run: 126.
    pub(crate) fn cannot_run(error: impl Into<anyhow::Error>) -> Failure {
        Failure { error: error.into(), status: 126 }
    }

    /// It is not there: 127.
    pub(crate) fn not_found(error: impl Into<anyhow::Error>) -> Failure {
        Failure { error: error.into(), status: 127 }
    }

    /// A file could not be read: 127 if there is none, else 126.
    pub(crate) fn reading(path: &std::path::Path, error: &io::Error) -> Failure {
        let message = match error.kind() {
            io::ErrorKind::NotFound => {
                anyhow::anyhow!("{}: no such file; give the path of a MIPS program", path.display())
            }
            io::ErrorKind::IsADirectory => anyhow::anyhow!("{}: a directory; give the program in it", path.display()),
            io::ErrorKind::PermissionDenied => {
                anyhow::anyhow!("{}: permission denied; make it readable for you with chmod", path.display())
            }
            _ => anyhow::anyhow!("{}: {error}; give a readable file", path.display()),
        };
        if error.kind() == io::ErrorKind::NotFound { Failure::not_found(message) } else { Failure::cannot_run(message) }
    }

    /// The same, with what it is about in front.
    pub(crate) fn within(self, what: &str) -> Failure {
        Failure { error: self.error.context(what.to_owned()), ..self }
    }

    /// Says it on standard error.
    pub(crate) fn report(self) -> ExitCode {
        say(&format!("{:#}", self.error));
        ExitCode::from(self.status)
    }
}

/// Strata's own failure, or the user's: 125, as docker has it.
impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Failure {
        Failure { error, status: 125 }
    }
}

/// A line on standard error, under the program's name. A closed standard error is nobody's business.
pub(crate) fn say(line: &str) {
    let _ = writeln!(io::stderr(), "strata: {line}");
}

/// Text on standard output; a reader that has gone away ends it quietly.
pub(crate) fn print(text: &str) -> Done {
    match io::stdout().write_all(text.as_bytes()).and_then(|()| io::stdout().flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(anyhow::Error::from(error).into()),
        _ => Ok(ExitCode::SUCCESS),
    }
}
