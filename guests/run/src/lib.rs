//! Runs a process: the virtual-CPU contract and the tier policy.
