//! What is done in place: a call of the host for one instruction, with the register file as all it knows.

use super::{Emit, Seen};
use crate::border::Leave;
use crate::cells::{Cell, Cells};
use crate::cpu::Step;
use crate::insn::Insn;
use crate::isa;
use crate::reading::effects::{Flow, effects, written};
use crate::reg::Gpr;
use crate::translate::INTERPRET;
use wasm_encoder::Instruction;

/// What a system call made in place may change (syscall(2)).
pub const SYSTEM_RESULTS: [Gpr; 3] = [Gpr::V0, Gpr::V1, Gpr::A3];

/// Writes `insn` where [`Emit::begin`] said: by its meaning, or as a call of the interpreter.
pub fn perform<'a>(emit: &mut Emit<'a>, insn: Insn) -> Step<Emit<'a>> {
    let start = emit.checkpoint();
    isa::perform(emit, insn)?;
    if emit.must_interpret && !emit.must_leave {
        emit.rewind(start);
        (emit.must_interpret, emit.raw_result, emit.verdict) = (false, None, None);
        emit.interpret(insn);
    }
    Ok(())
}

impl Emit<'_> {
    fn interpret(&mut self, insn: Insn) {
        self.write_back(!Cells::NONE);
        self.note(Seen { spilled: !Cells::NONE, ..Seen::default() });
        self.call_interpreter();
        self.forget(touched(insn, self.options.fpu.fr));
    }

    /// Has the interpreter do this instruction, for which the register file has all it may read.
    pub(super) fn call_interpreter(&mut self) {
        let at = self.at;
        let code = self.code();
        code.add(Instruction::I32Const(at as i32));
        code.add(Instruction::Call(INTERPRET));
        code.add(Instruction::I32Eqz);
        code.if_unlikely();
        // Refused, it has changed nothing that it reads, and neither has a branch whose slot it is in. A system call may be
        // done all the same; then this address does not matter.
        self.depart_as_told(Leave::Interpret, self.restart);
        self.code().add(Instruction::End);
    }
}

/// The cells that `insn` may change.
fn touched(insn: Insn, fr: bool) -> Cells {
    let written = written(insn, fr);
    if effects(insn).flow == Flow::System {
        return SYSTEM_RESULTS.iter().filter_map(|reg| Cell::general(*reg)).fold(written, Cells::with);
    }
    // FCSR has the condition codes in it.
    let control = if effects(insn).control { Cells::CONDITIONS } else { Cells::NONE };
    written | written.aliases(fr) | control
}
