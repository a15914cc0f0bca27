//! The operators expressions are made of, and what they give for constants.

use wasm_encoder::Instruction;

macro_rules! operators {
    ($(#[$doc:meta])* $name:ident { $($op:ident)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[expect(missing_docs, reason = "WebAssembly's own names")]
        pub enum $name { $($op),* }

        impl $name {
            /// The instruction.
            pub fn instruction(self) -> Instruction<'static> {
                match self { $($name::$op => Instruction::$op),* }
            }
        }
    };
}

operators! {
    /// An operator of one operand.
    Unary {
        I32Eqz I32Clz I32Extend8S I32Extend16S I32WrapI64 I64ExtendI32S I64ExtendI32U
        I32ReinterpretF32 I64ReinterpretF64 F32ReinterpretI32 F64ReinterpretI64
        F32Abs F32Neg F32Sqrt F64Abs F64Neg F64Sqrt F64Ceil F64Floor F64Trunc F64Nearest
        F32DemoteF64 F64PromoteF32 F32ConvertI32S F32ConvertI64S F64ConvertI32S F64ConvertI64S
        I32TruncSatF64S I64TruncSatF64S
    }
}

operators! {
    /// An operator of two operands.
    Binary {
        I32Add I32Sub I32Mul I32DivU I32RemU I32And I32Or I32Xor I32Shl I32ShrU I32ShrS I32Rotr I32Eq I32Ne I32LtS I32LtU
        I64Add I64Sub I64Mul I64DivS I64RemS I64And I64Or I64Xor I64Shl I64ShrU I64ShrS I64Ne
        F32Add F32Sub F32Mul F32Div F32Eq F32Ne F32Lt
        F64Add F64Sub F64Mul F64Div F64Eq F64Ne F64Lt F64Le F64Ge
    }
}

/// A constant's bits, by width.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Const {
    I32(u32),
    I64(u64),
}

impl Unary {
    /// The value for a constant operand, where folding pays.
    pub(crate) fn fold(self, a: Const) -> Option<Const> {
        Some(match (self, a) {
            (Unary::I32Eqz, Const::I32(a)) => Const::I32(u32::from(a == 0)),
            (Unary::I32Clz, Const::I32(a)) => Const::I32(a.leading_zeros()),
            (Unary::I32Extend8S, Const::I32(a)) => Const::I32(a as i8 as u32),
            (Unary::I32Extend16S, Const::I32(a)) => Const::I32(a as i16 as u32),
            (Unary::I32WrapI64, Const::I64(a)) => Const::I32(a as u32),
            (Unary::I64ExtendI32S, Const::I32(a)) => Const::I64(a as i32 as i64 as u64),
            (Unary::I64ExtendI32U, Const::I32(a)) => Const::I64(u64::from(a)),
            _ => return None,
        })
    }

    /// The operator that undoes this one: `undoes(x)` of this gives `x` back.
    pub(crate) fn undone_by(self) -> Option<Unary> {
        Some(match self {
            Unary::I32ReinterpretF32 => Unary::F32ReinterpretI32,
            Unary::I64ReinterpretF64 => Unary::F64ReinterpretI64,
            Unary::F32ReinterpretI32 => Unary::I32ReinterpretF32,
            Unary::F64ReinterpretI64 => Unary::I64ReinterpretF64,
            Unary::I64ExtendI32S | Unary::I64ExtendI32U => Unary::I32WrapI64,
            _ => return None,
        })
    }
}

impl Binary {
    /// The value for constant operands, where folding pays.
    pub(crate) fn fold(self, a: Const, b: Const) -> Option<Const> {
        let (Const::I32(a), Const::I32(b)) = (a, b) else { return None };
        Some(Const::I32(match self {
            Binary::I32Add => a.wrapping_add(b),
            Binary::I32Sub => a.wrapping_sub(b),
            Binary::I32Mul => a.wrapping_mul(b),
            Binary::I32And => a & b,
            Binary::I32Or => a | b,
            Binary::I32Xor => a ^ b,
            Binary::I32Shl => a.wrapping_shl(b),
            Binary::I32ShrU => a.wrapping_shr(b),
            Binary::I32ShrS => (a as i32).wrapping_shr(b) as u32,
            Binary::I32Rotr => a.rotate_right(b & 31),
            Binary::I32Eq => u32::from(a == b),
            Binary::I32Ne => u32::from(a != b),
            Binary::I32LtS => u32::from((a as i32) < b as i32),
            Binary::I32LtU => u32::from(a < b),
            _ => return None,
        }))
    }

    /// Whether `x op 0` is `x`.
    pub(crate) fn keeps_with_zero(self) -> bool {
        use Binary::{I32Add, I32Or, I32Rotr, I32Shl, I32ShrS, I32ShrU, I32Sub, I32Xor};
        matches!(self, I32Add | I32Sub | I32Or | I32Xor | I32Shl | I32ShrU | I32ShrS | I32Rotr)
    }

    /// Whether the operands may be swapped.
    pub(crate) fn commutes(self) -> bool {
        use Binary::{I32Add, I32And, I32Eq, I32Mul, I32Ne, I32Or, I32Xor};
        matches!(self, I32Add | I32Mul | I32And | I32Or | I32Xor | I32Eq | I32Ne)
    }
}
