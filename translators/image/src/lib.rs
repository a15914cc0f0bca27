//! An executable file as data: segments, symbols, ABI, entry.
