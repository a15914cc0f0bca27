//! A function body in the making: instructions, the locals they use, and marks that lead back from an offset.

use crate::expr::Expr;
use alloc::vec::Vec;
use wasm_encoder::{BlockType, Function, Instruction, ValType};

/// The type of a temporary.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "WebAssembly's own names")]
pub enum Type {
    I32,
    I64,
    F32,
    F64,
}

impl Type {
    fn encode(self) -> ValType {
        match self {
            Type::I32 => ValType::I32,
            Type::I64 => ValType::I64,
            Type::F32 => ValType::F32,
            Type::F64 => ValType::F64,
        }
    }
}

/// A local that holds a value for a while.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Temp(pub u32);

/// A place to return to: everything added after it can be taken back.
#[derive(Clone, Copy, Debug)]
pub struct Checkpoint {
    instructions: usize,
    marks: usize,
    hints: usize,
}

/// A function that is done.
#[derive(Clone, Debug)]
pub struct Body {
    /// Its code.
    pub function: Function,
    /// For each mark the offset of its instruction in the function body, and what it stands for; by offset.
    pub marks: Vec<(u32, u32)>,
    /// Offsets of the `if`s of which it is known what mostly comes of them, and whether that is that they are true.
    pub hints: Vec<(u32, bool)>,
}

/// The instructions of one function.
pub struct Code {
    instructions: Vec<Instruction<'static>>,
    /// Instruction number and what it stands for, in order.
    marks: Vec<(usize, u32)>,
    /// Numbers of the `if`s with a hint, and whether they are mostly true.
    hints: Vec<(usize, bool)>,
    params: u32,
    locals: Vec<Type>,
    writes: Vec<u32>,
    /// Temporaries in use since the last [`Code::release_temps`].
    used: Vec<bool>,
    fixed: usize,
}

impl Code {
    /// A function of `params` parameters and the locals `fixed` after them.
    pub fn new(params: u32, fixed: &[Type]) -> Code {
        let count = params as usize + fixed.len();
        Code {
            instructions: Vec::new(),
            marks: Vec::new(),
            hints: Vec::new(),
            params,
            locals: fixed.to_vec(),
            writes: alloc::vec![0; count],
            used: Vec::new(),
            fixed: fixed.len(),
        }
    }

    /// Adds an instruction.
    pub fn add(&mut self, instruction: Instruction<'static>) {
        if let Instruction::LocalSet(local) | Instruction::LocalTee(local) = instruction {
            self.writes[local as usize] += 1;
        }
        self.instructions.push(instruction);
    }

    /// Sets `local` to the top of the stack, which stands for the value it had: expressions of it stay good.
    pub fn amend(&mut self, local: u32) {
        self.instructions.push(Instruction::LocalSet(local));
    }

    /// Adds an `if` of what is on the stack, which is hardly ever true.
    pub fn if_unlikely(&mut self) {
        self.hints.push((self.instructions.len(), false));
        self.add(Instruction::If(BlockType::Empty));
    }

    /// Starts what is to be done if what is on the stack is zero, which it hardly ever is.
    pub fn unless_likely(&mut self) {
        self.hints.push((self.instructions.len(), true));
        self.add(Instruction::If(BlockType::Empty));
        self.add(Instruction::Else);
    }

    /// Marks the next instruction with `what`: if it traps, its offset leads back here.
    pub fn mark(&mut self, what: u32) {
        self.marks.push((self.instructions.len(), what));
    }

    /// How often `local` has been set.
    pub fn writes_of(&self, local: u32) -> u32 {
        self.writes[local as usize]
    }

    /// A temporary of type `of` that nobody uses now.
    pub fn temp(&mut self, of: Type) -> Temp {
        let free = (0..self.used.len()).find(|at| !self.used[*at] && self.locals[self.fixed + at] == of);
        let at = free.unwrap_or_else(|| {
            self.used.push(false);
            self.locals.push(of);
            self.writes.push(0);
            self.used.len() - 1
        });
        self.used[at] = true;
        Temp(self.params + (self.fixed + at) as u32)
    }

    /// Gives all temporaries back: no expression made before may be pushed after.
    pub fn release_temps(&mut self) {
        self.used.fill(false);
    }

    /// Computes `value` once, into a temporary.
    pub fn hold(&mut self, value: Expr<'_>, of: Type) -> Temp {
        let temp = self.temp(of);
        value.push(self);
        self.add(Instruction::LocalSet(temp.0));
        temp
    }

    /// Where we are now.
    pub fn checkpoint(&self) -> Checkpoint {
        Checkpoint { instructions: self.instructions.len(), marks: self.marks.len(), hints: self.hints.len() }
    }

    /// Takes back everything since `checkpoint`.
    pub fn rewind(&mut self, checkpoint: Checkpoint) {
        self.instructions.truncate(checkpoint.instructions);
        self.marks.truncate(checkpoint.marks);
        self.hints.truncate(checkpoint.hints);
    }

    /// The finished function.
    pub fn finish(self) -> Body {
        let mut function = Function::new_with_locals_types(self.locals.iter().map(|of| of.encode()));
        let mut offsets = Vec::with_capacity(self.instructions.len());
        for instruction in &self.instructions {
            offsets.push(function.byte_len() as u32);
            function.instruction(instruction);
        }
        let marks = self.marks.into_iter().map(|(at, what)| (offsets[at], what)).collect();
        Body { function, marks, hints: self.hints.into_iter().map(|(at, is_true)| (offsets[at], is_true)).collect() }
    }
}
