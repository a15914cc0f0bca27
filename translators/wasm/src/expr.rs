//! Pure expressions: handles into an arena, folded as they are built, written out as stack code when pushed.

use crate::code::Code;
use crate::op::{Binary, Const, Unary};
use alloc::vec::Vec;
use core::cell::RefCell;
use wasm_encoder::Instruction;

#[derive(Clone, Copy)]
enum Node {
    Const(Const),
    /// A local, and how often it had been written when this was made.
    Local(u32, u32),
    Unary(Unary, u32),
    Binary(Binary, u32, u32),
    Select {
        yes: u32,
        no: u32,
        when: u32,
    },
}

/// Where expressions live: one arena a block is cheap and dropped whole.
#[derive(Default)]
pub struct Arena {
    nodes: RefCell<Vec<Node>>,
}

/// A pure value. Copying it is free; each push computes it again, so [`Code::hold`] what is used twice.
#[derive(Clone, Copy)]
pub struct Expr<'a> {
    arena: &'a Arena,
    at: u32,
}

impl Arena {
    /// An empty arena.
    pub fn new() -> Arena {
        Arena::default()
    }

    fn add(&self, node: Node) -> Expr<'_> {
        let mut nodes = self.nodes.borrow_mut();
        nodes.push(node);
        Expr { arena: self, at: nodes.len() as u32 - 1 }
    }

    /// A 32-bit constant.
    pub fn i32(&self, value: u32) -> Expr<'_> {
        self.add(Node::Const(Const::I32(value)))
    }

    /// A 64-bit constant.
    pub fn i64(&self, value: u64) -> Expr<'_> {
        self.add(Node::Const(Const::I64(value)))
    }

    /// A local as it is now; `code` checks when the expression is pushed that nobody wrote it since.
    pub fn local(&self, code: &Code, local: u32) -> Expr<'_> {
        self.add(Node::Local(local, code.writes_of(local)))
    }

    fn node(&self, at: u32) -> Node {
        self.nodes.borrow()[at as usize]
    }

    fn constant(&self, at: u32) -> Option<Const> {
        if let Node::Const(value) = self.node(at) { Some(value) } else { None }
    }
}

impl<'a> Expr<'a> {
    /// The arena it lives in, for making constants beside it.
    pub fn arena(self) -> &'a Arena {
        self.arena
    }

    /// `op self`.
    pub fn unary(self, op: Unary) -> Expr<'a> {
        if let Some(value) = self.arena.constant(self.at).and_then(|a| op.fold(a)) {
            return self.arena.add(Node::Const(value));
        }
        match self.arena.node(self.at) {
            Node::Unary(inner, at) if inner.undone_by() == Some(op) => Expr { arena: self.arena, at },
            _ => self.arena.add(Node::Unary(op, self.at)),
        }
    }

    /// `self op other`.
    pub fn binary(self, op: Binary, other: Expr<'a>) -> Expr<'a> {
        let (a, b) = (self.arena.constant(self.at), self.arena.constant(other.at));
        if let (Some(a), Some(b)) = (a, b)
            && let Some(value) = op.fold(a, b)
        {
            return self.arena.add(Node::Const(value));
        }
        if b == Some(Const::I32(0)) && op.keeps_with_zero() {
            return self;
        }
        if a == Some(Const::I32(0)) && op.commutes() && op.keeps_with_zero() {
            return other;
        }
        // (x + 1) + 2 is x + 3: address arithmetic.
        if op == Binary::I32Add
            && let (Some(Const::I32(b)), Node::Binary(Binary::I32Add, x, y)) = (b, self.arena.node(self.at))
            && let Some(Const::I32(y)) = self.arena.constant(y)
        {
            let sum = self.arena.i32(y.wrapping_add(b));
            return Expr { arena: self.arena, at: x }.binary(Binary::I32Add, sum);
        }
        self.arena.add(Node::Binary(op, self.at, other.at))
    }

    /// `when ? self : other`.
    pub fn select(self, other: Expr<'a>, when: Expr<'a>) -> Expr<'a> {
        match when.as_i32() {
            Some(0) => other,
            Some(_) => self,
            None => self.arena.add(Node::Select { yes: self.at, no: other.at, when: when.at }),
        }
    }

    /// The constant it is, if it is one.
    pub fn as_i32(self) -> Option<u32> {
        match self.arena.constant(self.at) {
            Some(Const::I32(value)) => Some(value),
            _ => None,
        }
    }

    /// The bits of the single-precision constant it is, if it is one.
    pub fn as_f32(self) -> Option<u32> {
        self.under(Unary::F32ReinterpretI32)?.as_i32()
    }

    /// Splits `x + c` with `0 <= c <= max` into `x` and `c`, for the offset of a memory access.
    pub fn split_offset(self, max: u32) -> (Expr<'a>, u32) {
        if let Node::Binary(Binary::I32Add, x, y) = self.arena.node(self.at)
            && let Some(Const::I32(offset)) = self.arena.constant(y)
            && offset <= max
        {
            return (Expr { arena: self.arena, at: x }, offset);
        }
        (self, 0)
    }

    /// Looks through a unary operator, if it is `op`.
    pub fn under(self, op: Unary) -> Option<Expr<'a>> {
        match self.arena.node(self.at) {
            Node::Unary(inner, at) if inner == op => Some(Expr { arena: self.arena, at }),
            _ => None,
        }
    }

    /// The high and the low word of which it is made by [`Expr::pair`], if it is.
    pub fn as_pair(self) -> Option<(Expr<'a>, Expr<'a>)> {
        let of = |at| Expr { arena: self.arena, at };
        let Node::Binary(Binary::I64Or, high, low) = self.arena.node(self.at) else { return None };
        let Node::Binary(Binary::I64Shl, high, by) = self.arena.node(high) else { return None };
        let by_a_word = self.arena.constant(by) == Some(Const::I64(32));
        let words = (of(high).under(Unary::I64ExtendI32U)?, of(low).under(Unary::I64ExtendI32U)?);
        by_a_word.then_some(words)
    }

    /// 64 bits of two words, of which this is the high one.
    pub fn pair(self, low: Expr<'a>) -> Expr<'a> {
        let high = self.unary(Unary::I64ExtendI32U).binary(Binary::I64Shl, self.arena.i64(32));
        high.binary(Binary::I64Or, low.unary(Unary::I64ExtendI32U))
    }

    /// The local it is, if it is one.
    pub fn as_local(self) -> Option<u32> {
        if let Node::Local(local, _) = self.arena.node(self.at) { Some(local) } else { None }
    }

    /// Whether the value of a local that `is_it` accepts takes part in it.
    pub fn uses(self, is_it: &dyn Fn(u32) -> bool) -> bool {
        let child = |at| Expr { arena: self.arena, at }.uses(is_it);
        match self.arena.node(self.at) {
            Node::Const(_) => false,
            Node::Local(local, _) => is_it(local),
            Node::Unary(_, a) => child(a),
            Node::Binary(_, a, b) => child(a) || child(b),
            Node::Select { yes, no, when } => child(yes) || child(no) || child(when),
        }
    }

    /// Writes it out: its value is then on top of the stack.
    pub fn push(self, code: &mut Code) {
        let child = |at| Expr { arena: self.arena, at };
        match self.arena.node(self.at) {
            Node::Const(Const::I32(value)) => code.add(Instruction::I32Const(value as i32)),
            Node::Const(Const::I64(value)) => code.add(Instruction::I64Const(value as i64)),
            Node::Local(local, writes) => {
                assert_eq!(writes, code.writes_of(local), "local {local} was overwritten before its value was used");
                code.add(Instruction::LocalGet(local));
            }
            Node::Unary(op, a) => {
                child(a).push(code);
                code.add(op.instruction());
            }
            Node::Binary(op, a, b) => {
                child(a).push(code);
                child(b).push(code);
                code.add(op.instruction());
            }
            Node::Select { yes, no, when } => {
                child(yes).push(code);
                child(no).push(code);
                child(when).push(code);
                code.add(Instruction::Select);
            }
        }
    }
}
