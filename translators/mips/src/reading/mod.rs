//! The readings of the instructions' meaning, each one an implementation of [`crate::cpu::Cpu`].

pub mod effects;
pub mod emit;
pub mod interp;
pub mod pseudo;
