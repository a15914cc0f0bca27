//! wasmtime, guest memory by mmap, and the only unsafe code.
