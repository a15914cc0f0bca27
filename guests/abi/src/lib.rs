//! Calling conventions, guest memory and typed arguments.
