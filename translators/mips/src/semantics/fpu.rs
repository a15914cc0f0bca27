//! Floating-point arithmetic, comparison, conversion and conditional moves (MD00086 chapter 3, "FPU Instructions").

use crate::cpu::{Binary, Bit, Cond, Fpu, Long, Round, Step, Unary, Word};
use crate::insn::Fmt;
use crate::reg::{Cc, Fpr, Gpr};

fn binary<C: Fpu>(cpu: &mut C, op: Binary, fmt: Fmt, fd: Fpr, fs: Fpr, ft: Fpr) -> Step<C> {
    let (a, b) = (cpu.fpr(fmt, fs), cpu.fpr(fmt, ft));
    let result = cpu.binary(op, fmt, a, b)?;
    cpu.set_fpr(fmt, fd, result);
    Ok(())
}

fn unary<C: Fpu>(cpu: &mut C, op: Unary, fmt: Fmt, fd: Fpr, fs: Fpr) -> Step<C> {
    let a = cpu.fpr(fmt, fs);
    let result = cpu.unary(op, fmt, a)?;
    cpu.set_fpr(fmt, fd, result);
    Ok(())
}

fn convert<C: Fpu>(cpu: &mut C, to: Fmt, from: Fmt, round: Round, fd: Fpr, fs: Fpr) -> Step<C> {
    let a = cpu.fpr(from, fs);
    let result = cpu.convert(to, from, round, a)?;
    cpu.set_fpr(to, fd, result);
    Ok(())
}

fn move_if<C: Fpu>(cpu: &mut C, fmt: Fmt, fd: Fpr, fs: Fpr, when: C::Bit) -> Step<C> {
    cpu.set_fpr(fmt, fd, cpu.fpr(fmt, fs).select(cpu.fpr(fmt, fd), when));
    Ok(())
}

/// `op2(fs op1 ft, fr)`, each rounded: the multiply-adds of MIPS IV and MIPS32 are not fused.
fn multiply_add<C: Fpu>(cpu: &mut C, fmt: Fmt, op: Binary, negate: bool, [fd, fr, fs, ft]: [Fpr; 4]) -> Step<C> {
    let (a, b, c) = (cpu.fpr(fmt, fs), cpu.fpr(fmt, ft), cpu.fpr(fmt, fr));
    let mut result = cpu.multiply_add(op, fmt, a, b, c)?;
    if negate {
        result = cpu.unary(Unary::Neg, fmt, result)?;
    }
    cpu.set_fpr(fmt, fd, result);
    Ok(())
}

/// ABS.fmt: absolute value.
pub(crate) fn abs_fmt<C: Fpu>(cpu: &mut C, fmt: Fmt, fd: Fpr, fs: Fpr) -> Step<C> {
    unary(cpu, Unary::Abs, fmt, fd, fs)
}

/// ADD.fmt: add.
pub(crate) fn add_fmt<C: Fpu>(cpu: &mut C, fmt: Fmt, fd: Fpr, fs: Fpr, ft: Fpr) -> Step<C> {
    binary(cpu, Binary::Add, fmt, fd, fs, ft)
}

/// C.cond.fmt: compare and set a condition code.
pub(crate) fn c_cond_fmt<C: Fpu>(cpu: &mut C, cond: Cond, fmt: Fmt, cc: Cc, fs: Fpr, ft: Fpr) -> Step<C> {
    let (a, b) = (cpu.fpr(fmt, fs), cpu.fpr(fmt, ft));
    let holds = cpu.compare(cond, fmt, a, b)?;
    cpu.set_condition(cc, holds);
    Ok(())
}

/// CEIL.L.fmt: to a 64-bit integer, toward plus infinity.
pub(crate) fn ceil_l<C: Fpu>(cpu: &mut C, fmt: Fmt, fd: Fpr, fs: Fpr) -> Step<C> {
    convert(cpu, Fmt::L, fmt, Round::Up, fd, fs)
}

/// CEIL.W.fmt: to a 32-bit integer, toward plus infinity.
pub(crate) fn ceil_w<C: Fpu>(cpu: &mut C, fmt: Fmt, fd: Fpr, fs: Fpr) -> Step<C> {
    convert(cpu, Fmt::W, fmt, Round::Up, fd, fs)
}

/// CVT.D.W, CVT.D.L: integer to double.
pub(crate) fn cvt_d_int<C: Fpu>(cpu: &mut C, ifmt: Fmt, fd: Fpr, fs: Fpr) -> Step<C> {
    convert(cpu, Fmt::D, ifmt, Round::Current, fd, fs)
}

/// CVT.D.S: single to double.
pub(crate) fn cvt_d_s<C: Fpu>(cpu: &mut C, fd: Fpr, fs: Fpr) -> Step<C> {
    convert(cpu, Fmt::D, Fmt::S, Round::Current, fd, fs)
}

/// CVT.L.fmt: to a 64-bit integer, rounding as FCSR says.
pub(crate) fn cvt_l<C: Fpu>(cpu: &mut C, fmt: Fmt, fd: Fpr, fs: Fpr) -> Step<C> {
    convert(cpu, Fmt::L, fmt, Round::Current, fd, fs)
}

/// CVT.S.D: double to single.
pub(crate) fn cvt_s_d<C: Fpu>(cpu: &mut C, fd: Fpr, fs: Fpr) -> Step<C> {
    convert(cpu, Fmt::S, Fmt::D, Round::Current, fd, fs)
}

/// CVT.S.W, CVT.S.L: integer to single.
pub(crate) fn cvt_s_int<C: Fpu>(cpu: &mut C, ifmt: Fmt, fd: Fpr, fs: Fpr) -> Step<C> {
    convert(cpu, Fmt::S, ifmt, Round::Current, fd, fs)
}

/// CVT.W.fmt: to a 32-bit integer, rounding as FCSR says.
pub(crate) fn cvt_w<C: Fpu>(cpu: &mut C, fmt: Fmt, fd: Fpr, fs: Fpr) -> Step<C> {
    convert(cpu, Fmt::W, fmt, Round::Current, fd, fs)
}

/// DIV.fmt: divide.
pub(crate) fn div_fmt<C: Fpu>(cpu: &mut C, fmt: Fmt, fd: Fpr, fs: Fpr, ft: Fpr) -> Step<C> {
    binary(cpu, Binary::Div, fmt, fd, fs, ft)
}

/// FLOOR.L.fmt: to a 64-bit integer, toward minus infinity.
pub(crate) fn floor_l<C: Fpu>(cpu: &mut C, fmt: Fmt, fd: Fpr, fs: Fpr) -> Step<C> {
    convert(cpu, Fmt::L, fmt, Round::Down, fd, fs)
}

/// FLOOR.W.fmt: to a 32-bit integer, toward minus infinity.
pub(crate) fn floor_w<C: Fpu>(cpu: &mut C, fmt: Fmt, fd: Fpr, fs: Fpr) -> Step<C> {
    convert(cpu, Fmt::W, fmt, Round::Down, fd, fs)
}

/// MADD.fmt: multiply and add.
pub(crate) fn madd_fmt<C: Fpu>(cpu: &mut C, fmt: Fmt, fd: Fpr, fr: Fpr, fs: Fpr, ft: Fpr) -> Step<C> {
    multiply_add(cpu, fmt, Binary::Add, false, [fd, fr, fs, ft])
}

/// MOV.fmt: move.
pub(crate) fn mov_fmt<C: Fpu>(cpu: &mut C, fmt: Fmt, fd: Fpr, fs: Fpr) -> Step<C> {
    cpu.set_fpr(fmt, fd, cpu.fpr(fmt, fs));
    Ok(())
}

/// MOVF: move if a condition code is false.
pub(crate) fn movf<C: Fpu>(cpu: &mut C, rd: Gpr, rs: Gpr, cc: Cc) -> Step<C> {
    cpu.set(rd, cpu.condition(cc).select(cpu.get(rd), cpu.get(rs)));
    Ok(())
}

/// MOVF.fmt: move if a condition code is false.
pub(crate) fn movf_fmt<C: Fpu>(cpu: &mut C, fmt: Fmt, fd: Fpr, fs: Fpr, cc: Cc) -> Step<C> {
    let when = !cpu.condition(cc);
    move_if(cpu, fmt, fd, fs, when)
}

/// MOVN.fmt: move if a register is not zero.
pub(crate) fn movn_fmt<C: Fpu>(cpu: &mut C, fmt: Fmt, fd: Fpr, fs: Fpr, rt: Gpr) -> Step<C> {
    let when = !cpu.get(rt).eq(cpu.word(0));
    move_if(cpu, fmt, fd, fs, when)
}

/// MOVT: move if a condition code is true.
pub(crate) fn movt<C: Fpu>(cpu: &mut C, rd: Gpr, rs: Gpr, cc: Cc) -> Step<C> {
    cpu.set(rd, cpu.condition(cc).select(cpu.get(rs), cpu.get(rd)));
    Ok(())
}

/// MOVT.fmt: move if a condition code is true.
pub(crate) fn movt_fmt<C: Fpu>(cpu: &mut C, fmt: Fmt, fd: Fpr, fs: Fpr, cc: Cc) -> Step<C> {
    let when = cpu.condition(cc);
    move_if(cpu, fmt, fd, fs, when)
}

/// MOVZ.fmt: move if a register is zero.
pub(crate) fn movz_fmt<C: Fpu>(cpu: &mut C, fmt: Fmt, fd: Fpr, fs: Fpr, rt: Gpr) -> Step<C> {
    let when = cpu.get(rt).eq(cpu.word(0));
    move_if(cpu, fmt, fd, fs, when)
}

/// MSUB.fmt: multiply and subtract.
pub(crate) fn msub_fmt<C: Fpu>(cpu: &mut C, fmt: Fmt, fd: Fpr, fr: Fpr, fs: Fpr, ft: Fpr) -> Step<C> {
    multiply_add(cpu, fmt, Binary::Sub, false, [fd, fr, fs, ft])
}

/// MUL.fmt: multiply.
pub(crate) fn mul_fmt<C: Fpu>(cpu: &mut C, fmt: Fmt, fd: Fpr, fs: Fpr, ft: Fpr) -> Step<C> {
    binary(cpu, Binary::Mul, fmt, fd, fs, ft)
}

/// NEG.fmt: negate.
pub(crate) fn neg_fmt<C: Fpu>(cpu: &mut C, fmt: Fmt, fd: Fpr, fs: Fpr) -> Step<C> {
    unary(cpu, Unary::Neg, fmt, fd, fs)
}

/// NMADD.fmt: multiply, add and negate.
pub(crate) fn nmadd_fmt<C: Fpu>(cpu: &mut C, fmt: Fmt, fd: Fpr, fr: Fpr, fs: Fpr, ft: Fpr) -> Step<C> {
    multiply_add(cpu, fmt, Binary::Add, true, [fd, fr, fs, ft])
}

/// NMSUB.fmt: multiply, subtract and negate.
pub(crate) fn nmsub_fmt<C: Fpu>(cpu: &mut C, fmt: Fmt, fd: Fpr, fr: Fpr, fs: Fpr, ft: Fpr) -> Step<C> {
    multiply_add(cpu, fmt, Binary::Sub, true, [fd, fr, fs, ft])
}

/// RECIP.fmt: reciprocal.
pub(crate) fn recip_fmt<C: Fpu>(cpu: &mut C, fmt: Fmt, fd: Fpr, fs: Fpr) -> Step<C> {
    unary(cpu, Unary::Recip, fmt, fd, fs)
}

/// ROUND.L.fmt: to a 64-bit integer, to nearest.
pub(crate) fn round_l<C: Fpu>(cpu: &mut C, fmt: Fmt, fd: Fpr, fs: Fpr) -> Step<C> {
    convert(cpu, Fmt::L, fmt, Round::Nearest, fd, fs)
}

/// ROUND.W.fmt: to a 32-bit integer, to nearest.
pub(crate) fn round_w<C: Fpu>(cpu: &mut C, fmt: Fmt, fd: Fpr, fs: Fpr) -> Step<C> {
    convert(cpu, Fmt::W, fmt, Round::Nearest, fd, fs)
}

/// RSQRT.fmt: reciprocal square root.
pub(crate) fn rsqrt_fmt<C: Fpu>(cpu: &mut C, fmt: Fmt, fd: Fpr, fs: Fpr) -> Step<C> {
    unary(cpu, Unary::Rsqrt, fmt, fd, fs)
}

/// SQRT.fmt: square root.
pub(crate) fn sqrt_fmt<C: Fpu>(cpu: &mut C, fmt: Fmt, fd: Fpr, fs: Fpr) -> Step<C> {
    unary(cpu, Unary::Sqrt, fmt, fd, fs)
}

/// SUB.fmt: subtract.
pub(crate) fn sub_fmt<C: Fpu>(cpu: &mut C, fmt: Fmt, fd: Fpr, fs: Fpr, ft: Fpr) -> Step<C> {
    binary(cpu, Binary::Sub, fmt, fd, fs, ft)
}

/// TRUNC.L.fmt: to a 64-bit integer, toward zero.
pub(crate) fn trunc_l<C: Fpu>(cpu: &mut C, fmt: Fmt, fd: Fpr, fs: Fpr) -> Step<C> {
    convert(cpu, Fmt::L, fmt, Round::Zero, fd, fs)
}

/// TRUNC.W.fmt: to a 32-bit integer, toward zero.
pub(crate) fn trunc_w<C: Fpu>(cpu: &mut C, fmt: Fmt, fd: Fpr, fs: Fpr) -> Step<C> {
    convert(cpu, Fmt::W, fmt, Round::Zero, fd, fs)
}
