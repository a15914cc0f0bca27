//! One question to an FPU: an instruction, its operands and FCSR; and an answer to it.

use std::fmt;
use strata_mips::cpu::{Binary, Cond, Round, Unary};
use strata_mips::float::{Env, Flags, exact, fast};
use strata_mips::insn::Fmt;

/// What an instruction computes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Meaning {
    Binary(Binary, Fmt),
    Unary(Unary, Fmt),
    Convert { to: Fmt, from: Fmt, round: Round },
    Compare(Cond, Fmt),
}

/// An instruction that reads f2, f4 and writes f0 or condition code 0.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Instruction {
    pub(crate) name: String,
    pub(crate) word: u32,
    pub(crate) meaning: Meaning,
}

/// An instruction with its operands and environment.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) instruction: Instruction,
    pub(crate) a: u64,
    pub(crate) b: u64,
    pub(crate) env: Env,
}

/// A result, 0 or 1 from a comparison; and the flags, unless the answer comes from an engine that gives none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) result: u64,
    pub(crate) flags: Option<u8>,
}

impl fmt::Display for Answer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:x}", self.result)?;
        self.flags.map_or(Ok(()), |flags| write!(out, " {}", crate::vector::letters(flags)))
    }
}

impl Meaning {
    /// The format of the operands.
    pub(crate) fn from(self) -> Fmt {
        match self {
            Meaning::Binary(_, fmt) | Meaning::Unary(_, fmt) | Meaning::Compare(_, fmt) => fmt,
            Meaning::Convert { from, .. } => from,
        }
    }

    /// The format of the result; a comparison has none.
    pub(crate) fn to(self) -> Option<Fmt> {
        match self {
            Meaning::Binary(_, fmt) | Meaning::Unary(_, fmt) => Some(fmt),
            Meaning::Convert { to, .. } => Some(to),
            Meaning::Compare(..) => None,
        }
    }

    pub(crate) fn has_two_operands(self) -> bool {
        matches!(self, Meaning::Binary(..) | Meaning::Compare(..))
    }
}

impl Case {
    /// What each engine answers: `exact` always, `fast` to nearest.
    pub(crate) fn answers(&self) -> Vec<(&'static str, Answer)> {
        let Case { a, b, env, .. } = *self;
        let nan2008 = env.nan2008;
        let (exactly, quickly) = match self.instruction.meaning {
            Meaning::Binary(op, fmt) => (exact::binary(op, fmt, a, b, env), fast::binary(op, fmt, a, b, nan2008)),
            Meaning::Unary(op, fmt) => (exact::unary(op, fmt, a, env), fast::unary(op, fmt, a, nan2008)),
            Meaning::Compare(cond, fmt) => {
                let (holds, flags) = exact::compare(cond, fmt, a, b, env);
                ((holds.into(), flags), fast::compare(cond, fmt, a, b).into())
            }
            Meaning::Convert { to, from, round } => {
                let round = if round == Round::Current { env.round } else { round };
                let quickly = fast::convert(to, from, round, a, nan2008);
                (exact::convert(to, from, a, Env { round, ..env }), quickly)
            }
        };
        let Flags(flags) = exactly.1;
        let mut answers = vec![("exact", Answer { result: exactly.0, flags: Some(flags) })];
        // To an integer, `fast` knows every mode.
        let to_integer = matches!(self.instruction.meaning.to(), Some(Fmt::W | Fmt::L));
        if to_integer || env.round == Round::Nearest && !env.flush {
            answers.push(("fast", Answer { result: quickly, flags: None }));
        }
        answers
    }
}

/// Every instruction that computes, in its formats.
pub(crate) fn instructions() -> Vec<Instruction> {
    use Meaning as M;
    let mut all = Vec::new();
    let mut add = |name: &str, from: Fmt, funct: u32, meaning: M| {
        let code = match from {
            Fmt::S => 16,
            Fmt::D => 17,
            Fmt::W => 20,
            Fmt::L => 21,
        };
        let operand = if meaning.has_two_operands() { 4 } else { 0 };
        let word = 0x11 << 26 | code << 21 | operand << 16 | 2 << 11 | funct;
        all.push(Instruction { name: format!("{name}.{from}"), word, meaning });
    };
    for fmt in [Fmt::S, Fmt::D] {
        add("add", fmt, 0, M::Binary(Binary::Add, fmt));
        add("sub", fmt, 1, M::Binary(Binary::Sub, fmt));
        add("mul", fmt, 2, M::Binary(Binary::Mul, fmt));
        add("div", fmt, 3, M::Binary(Binary::Div, fmt));
        add("sqrt", fmt, 4, M::Unary(Unary::Sqrt, fmt));
        add("abs", fmt, 5, M::Unary(Unary::Abs, fmt));
        add("neg", fmt, 7, M::Unary(Unary::Neg, fmt));
        add("recip", fmt, 0x15, M::Unary(Unary::Recip, fmt));
        add("rsqrt", fmt, 0x16, M::Unary(Unary::Rsqrt, fmt));
        let modes = [("round", Round::Nearest), ("trunc", Round::Zero), ("ceil", Round::Up), ("floor", Round::Down)];
        for (to, first) in [(Fmt::L, 8), (Fmt::W, 12)] {
            for (funct, (name, round)) in (first..).zip(modes) {
                add(&format!("{name}.{to}"), fmt, funct, M::Convert { to, from: fmt, round });
            }
        }
        for cond in 0..16 {
            let name = format!("c.{}", Cond(cond));
            add(&name, fmt, 0x30 + u32::from(cond), M::Compare(Cond(cond), fmt));
        }
    }
    for (to, funct) in [(Fmt::S, 0x20), (Fmt::D, 0x21), (Fmt::W, 0x24), (Fmt::L, 0x25)] {
        let froms: &[Fmt] = match to {
            Fmt::S => &[Fmt::D, Fmt::W, Fmt::L],
            Fmt::D => &[Fmt::S, Fmt::W, Fmt::L],
            Fmt::W | Fmt::L => &[Fmt::S, Fmt::D],
        };
        for &from in froms {
            add(&format!("cvt.{to}"), from, funct, M::Convert { to, from, round: Round::Current });
        }
    }
    all
}
