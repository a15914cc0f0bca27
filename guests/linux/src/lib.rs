//! The Linux system-call personality.
