//! Writes WebAssembly; knows no guest instruction set.
