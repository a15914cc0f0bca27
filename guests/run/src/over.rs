//! [`Over`]: how a world ended.

use alloc::boxed::Box;
use linux::{Crash, ExitStatus};

/// How a world ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Over {
    /// How its first process ended, or was ended.
    pub status: ExitStatus,
    /// What it was doing, if that killed it.
    pub crash: Option<Box<Crash>>,
}
