//! zig, from the package registry of Python: a C compiler that brings musl for every architecture it compiles for.

use crate::pip;
use anyhow::Result;
use std::path::PathBuf;

/// The package.
const PACKAGE: &str = "ziglang==0.17.1";

/// The compiler's path, after fetching it if it is not there.
pub(crate) fn fetch() -> Result<PathBuf> {
    Ok(pip::fetch("zig", PACKAGE)?.join("ziglang/zig"))
}
