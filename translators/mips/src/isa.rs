//! The instruction table: one row per instruction, in the order of the manual's chapters.
//!
//! A row is name, text, encoding, operands, architecture level. The operand list is read three times: the order the
//! disassembler prints, the fields the decoder extracts, the arguments the meaning in `semantics::<group>::<name>`
//! receives. In an encoding, `0` and `1` are fixed and letters name the field that a bit belongs to; bits that the
//! manual fixes to zero are fixed here, so a word that sets them is reserved. A row whose pattern refines another's
//! (NOP is an SLL) wins. In a text, `fmt` and `cond` stand for the operand of that type. A row that means what another
//! one means names that meaning behind its level: so do most of MIPS16e, whose rows come last.

use crate::cpu::{Fpu, Step};
use crate::decode::{decode, decode16};
use crate::insn::Insn;
use crate::semantics;
use core::fmt::Display;
use core::marker::PhantomData;

/// The architecture level an instruction came with.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Isa {
    MIPS1,
    MIPS2,
    MIPS3,
    MIPS4,
    MIPS32,
    MIPS32R2,
    MIPS16E,
}

/// One instruction's static facts.
#[derive(Debug)]
pub struct Row {
    /// Which instruction.
    pub op: Op,
    /// The row's own name, and its meaning's.
    pub name: &'static str,
    /// Assembler mnemonic; `fmt` and `cond` stand for an operand.
    pub text: &'static str,
    /// Encoding, high bit first, as written in the table.
    pub encoding: &'static str,
    /// Its meaning: where in [`crate::semantics`] it is written.
    pub meaning: &'static str,
    /// The manual chapter it is in.
    pub group: &'static str,
    /// Names of the operands, in assembler order.
    pub operands: &'static [&'static str],
    /// Bytes of an instruction.
    pub bytes: u32,
    /// Bits that are fixed.
    pub mask: u32,
    /// Their values.
    pub bits: u32,
    /// Level it came with.
    pub since: Isa,
}

impl Row {
    /// The instruction in a word of this row's instruction set, this row's or another one's.
    pub fn decode(&self, word: u32) -> Option<Insn> {
        if self.since == Isa::MIPS16E { decode16(word) } else { decode(word) }
    }
}

/// Reads a pattern: which bits are fixed, and how, and how many bytes they are. What is not there is fixed to zero.
const fn pattern(encoding: &str) -> (u32, u32, u32) {
    let text = encoding.as_bytes();
    let (mut mask, mut bits, mut seen, mut at) = (0u32, 0u32, 0, 0);
    while at < text.len() {
        if text[at] != b' ' {
            let fixed = matches!(text[at], b'0' | b'1');
            mask = mask << 1 | fixed as u32;
            bits = bits << 1 | (text[at] == b'1') as u32;
            seen += 1;
        }
        at += 1;
    }
    assert!(seen == 16 || seen == 32, "an encoding has 16 or 32 bits");
    if seen == 16 { (mask | 0xffff_0000, bits, 2) } else { (mask, bits, 4) }
}

/// Carries out an instruction.
pub type Meaning<C> = fn(&mut C, Insn) -> Step<C>;

/// The meaning of each instruction by itself: [`perform`] for who knows beforehand which it will be.
pub struct Meanings<C>(PhantomData<C>);

/// The function that carries out a row: the one of its name, unless it says which.
macro_rules! meaning {
    ($group:ident $name:ident) => {
        semantics::$group::$name
    };
    ($group:ident $name:ident $of:ident $meaning:ident) => {
        semantics::$of::$meaning
    };
}

/// Its name.
macro_rules! meaning_name {
    ($group:ident $name:ident) => {
        concat!(stringify!($group), "::", stringify!($name))
    };
    ($group:ident $name:ident $of:ident $meaning:ident) => {
        concat!(stringify!($of), "::", stringify!($meaning))
    };
}

macro_rules! isa {
    ($($group:ident {
        $($name:ident $text:literal $encoding:literal ($($field:ident),*) $since:ident $($of:ident::$meaning:ident)?;)*
    })*) => {
        /// An instruction of the table.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
        #[repr(u16)]
        #[expect(non_camel_case_types, missing_docs, reason = "a mnemonic is the name people search for")]
        pub enum Op { $($($name),*),* }

        /// The table.
        pub static ROWS: &[Row] = &[$($({
            const PATTERN: (u32, u32, u32) = pattern($encoding);
            Row {
                op: Op::$name, name: stringify!($name), text: $text, encoding: $encoding,
                meaning: meaning_name!($group $name $($of $meaning)?), group: stringify!($group),
                operands: &[$(stringify!($field)),*], bytes: PATTERN.2, mask: PATTERN.0, bits: PATTERN.1,
                since: Isa::$since,
            }
        }),*),*];

        /// Carries out `insn` on `cpu`; if `cpu` is a translator, writes down how.
        #[inline(always)]
        pub fn perform<C: Fpu>(cpu: &mut C, insn: Insn) -> Step<C> {
            match insn.op { $($(Op::$name => meaning!($group $name $($of $meaning)?)(cpu, $(insn.$field()),*),)*)* }
        }

        impl<C: Fpu> Meanings<C> {
            /// By [`Op`].
            pub const ALL: [Meaning<C>; ROWS.len()] =
                [$($(|cpu, _insn| meaning!($group $name $($of $meaning)?)(cpu, $(_insn.$field()),*)),*),*];
        }

        /// Hands each operand of `insn` to `each`, in assembler order.
        pub fn operands(insn: Insn, each: &mut dyn FnMut(&'static str, &dyn Display)) {
            match insn.op { $($(Op::$name => { $(each(stringify!($field), &insn.$field());)* })*)* }
        }
    };
}

isa! {
//  name       text            encoding                                     operands               since
alu {
    add        "add"           "000000 sssss ttttt ddddd 00000 100000"      (rd, rs, rt)           MIPS1;
    addi       "addi"          "001000 sssss ttttt iiiiiiiiiiiiiiii"        (rt, rs, simm)         MIPS1;
    addiu      "addiu"         "001001 sssss ttttt iiiiiiiiiiiiiiii"        (rt, rs, simm)         MIPS1;
    addu       "addu"          "000000 sssss ttttt ddddd 00000 100001"      (rd, rs, rt)           MIPS1;
    and        "and"           "000000 sssss ttttt ddddd 00000 100100"      (rd, rs, rt)           MIPS1;
    andi       "andi"          "001100 sssss ttttt iiiiiiiiiiiiiiii"        (rt, rs, uimm)         MIPS1;
    clo        "clo"           "011100 sssss ttttt ddddd 00000 100001"      (rd, rs)               MIPS32;
    clz        "clz"           "011100 sssss ttttt ddddd 00000 100000"      (rd, rs)               MIPS32;
    ext        "ext"           "011111 sssss ttttt mmmmm lllll 000000"      (rt, rs, pos, ext_size) MIPS32R2;
    ins        "ins"           "011111 sssss ttttt mmmmm lllll 000100"      (rt, rs, pos, ins_size) MIPS32R2;
    lui        "lui"           "001111 00000 ttttt iiiiiiiiiiiiiiii"        (rt, uimm)             MIPS1;
    movn       "movn"          "000000 sssss ttttt ddddd 00000 001011"      (rd, rs, rt)           MIPS4;
    movz       "movz"          "000000 sssss ttttt ddddd 00000 001010"      (rd, rs, rt)           MIPS4;
    nor        "nor"           "000000 sssss ttttt ddddd 00000 100111"      (rd, rs, rt)           MIPS1;
    or         "or"            "000000 sssss ttttt ddddd 00000 100101"      (rd, rs, rt)           MIPS1;
    ori        "ori"           "001101 sssss ttttt iiiiiiiiiiiiiiii"        (rt, rs, uimm)         MIPS1;
    seb        "seb"           "011111 00000 ttttt ddddd 10000 100000"      (rd, rt)               MIPS32R2;
    seh        "seh"           "011111 00000 ttttt ddddd 11000 100000"      (rd, rt)               MIPS32R2;
    slt        "slt"           "000000 sssss ttttt ddddd 00000 101010"      (rd, rs, rt)           MIPS1;
    slti       "slti"          "001010 sssss ttttt iiiiiiiiiiiiiiii"        (rt, rs, simm)         MIPS1;
    sltiu      "sltiu"         "001011 sssss ttttt iiiiiiiiiiiiiiii"        (rt, rs, simm)         MIPS1;
    sltu       "sltu"          "000000 sssss ttttt ddddd 00000 101011"      (rd, rs, rt)           MIPS1;
    sub        "sub"           "000000 sssss ttttt ddddd 00000 100010"      (rd, rs, rt)           MIPS1;
    subu       "subu"          "000000 sssss ttttt ddddd 00000 100011"      (rd, rs, rt)           MIPS1;
    wsbh       "wsbh"          "011111 00000 ttttt ddddd 00010 100000"      (rd, rt)               MIPS32R2;
    xor        "xor"           "000000 sssss ttttt ddddd 00000 100110"      (rd, rs, rt)           MIPS1;
    xori       "xori"          "001110 sssss ttttt iiiiiiiiiiiiiiii"        (rt, rs, uimm)         MIPS1;
}
shift {
    ehb        "ehb"           "000000 00000 00000 00000 00011 000000"      ()                     MIPS32R2;
    nop        "nop"           "000000 00000 00000 00000 00000 000000"      ()                     MIPS1;
    pause      "pause"         "000000 00000 00000 00000 00101 000000"      ()                     MIPS32R2;
    rotr       "rotr"          "000000 00001 ttttt ddddd aaaaa 000010"      (rd, rt, sa)           MIPS32R2;
    rotrv      "rotrv"         "000000 sssss ttttt ddddd 00001 000110"      (rd, rt, rs)           MIPS32R2;
    sll        "sll"           "000000 00000 ttttt ddddd aaaaa 000000"      (rd, rt, sa)           MIPS1;
    sllv       "sllv"          "000000 sssss ttttt ddddd 00000 000100"      (rd, rt, rs)           MIPS1;
    sra        "sra"           "000000 00000 ttttt ddddd aaaaa 000011"      (rd, rt, sa)           MIPS1;
    srav       "srav"          "000000 sssss ttttt ddddd 00000 000111"      (rd, rt, rs)           MIPS1;
    srl        "srl"           "000000 00000 ttttt ddddd aaaaa 000010"      (rd, rt, sa)           MIPS1;
    srlv       "srlv"          "000000 sssss ttttt ddddd 00000 000110"      (rd, rt, rs)           MIPS1;
    ssnop      "ssnop"         "000000 00000 00000 00000 00001 000000"      ()                     MIPS32;
}
muldiv {
    div        "div"           "000000 sssss ttttt 00000 00000 011010"      (rs, rt)               MIPS1;
    divu       "divu"          "000000 sssss ttttt 00000 00000 011011"      (rs, rt)               MIPS1;
    madd       "madd"          "011100 sssss ttttt 00000 00000 000000"      (rs, rt)               MIPS32;
    maddu      "maddu"         "011100 sssss ttttt 00000 00000 000001"      (rs, rt)               MIPS32;
    mfhi       "mfhi"          "000000 00000 00000 ddddd 00000 010000"      (rd)                   MIPS1;
    mflo       "mflo"          "000000 00000 00000 ddddd 00000 010010"      (rd)                   MIPS1;
    msub       "msub"          "011100 sssss ttttt 00000 00000 000100"      (rs, rt)               MIPS32;
    msubu      "msubu"         "011100 sssss ttttt 00000 00000 000101"      (rs, rt)               MIPS32;
    mthi       "mthi"          "000000 sssss 00000 00000 00000 010001"      (rs)                   MIPS1;
    mtlo       "mtlo"          "000000 sssss 00000 00000 00000 010011"      (rs)                   MIPS1;
    mul        "mul"           "011100 sssss ttttt ddddd 00000 000010"      (rd, rs, rt)           MIPS32;
    mult       "mult"          "000000 sssss ttttt 00000 00000 011000"      (rs, rt)               MIPS1;
    multu      "multu"         "000000 sssss ttttt 00000 00000 011001"      (rs, rt)               MIPS1;
}
memory {
    lb         "lb"            "100000 sssss ttttt iiiiiiiiiiiiiiii"        (rt, mem)              MIPS1;
    lbu        "lbu"           "100100 sssss ttttt iiiiiiiiiiiiiiii"        (rt, mem)              MIPS1;
    lh         "lh"            "100001 sssss ttttt iiiiiiiiiiiiiiii"        (rt, mem)              MIPS1;
    lhu        "lhu"           "100101 sssss ttttt iiiiiiiiiiiiiiii"        (rt, mem)              MIPS1;
    ll         "ll"            "110000 sssss ttttt iiiiiiiiiiiiiiii"        (rt, mem)              MIPS2;
    lw         "lw"            "100011 sssss ttttt iiiiiiiiiiiiiiii"        (rt, mem)              MIPS1;
    lwl        "lwl"           "100010 sssss ttttt iiiiiiiiiiiiiiii"        (rt, mem)              MIPS1;
    lwr        "lwr"           "100110 sssss ttttt iiiiiiiiiiiiiiii"        (rt, mem)              MIPS1;
    pref       "pref"          "110011 sssss hhhhh iiiiiiiiiiiiiiii"        (hint, mem)            MIPS4;
    sb         "sb"            "101000 sssss ttttt iiiiiiiiiiiiiiii"        (rt, mem)              MIPS1;
    sc         "sc"            "111000 sssss ttttt iiiiiiiiiiiiiiii"        (rt, mem)              MIPS2;
    sh         "sh"            "101001 sssss ttttt iiiiiiiiiiiiiiii"        (rt, mem)              MIPS1;
    sw         "sw"            "101011 sssss ttttt iiiiiiiiiiiiiiii"        (rt, mem)              MIPS1;
    swl        "swl"           "101010 sssss ttttt iiiiiiiiiiiiiiii"        (rt, mem)              MIPS1;
    swr        "swr"           "101110 sssss ttttt iiiiiiiiiiiiiiii"        (rt, mem)              MIPS1;
    sync       "sync"          "000000 00000 00000 00000 hhhhh 001111"      (sa)                   MIPS2;
    synci      "synci"         "000001 sssss 11111 iiiiiiiiiiiiiiii"        (mem)                  MIPS32R2;
}
branch {
    b          "b"             "000100 00000 00000 iiiiiiiiiiiiiiii"        (off)                  MIPS1;
    bal        "bal"           "000001 00000 10001 iiiiiiiiiiiiiiii"        (off)                  MIPS1;
    bc1f       "bc1f"          "010001 01000 ccc00 iiiiiiiiiiiiiiii"        (cc, off)              MIPS1;
    bc1fl      "bc1fl"         "010001 01000 ccc10 iiiiiiiiiiiiiiii"        (cc, off)              MIPS2;
    bc1t       "bc1t"          "010001 01000 ccc01 iiiiiiiiiiiiiiii"        (cc, off)              MIPS1;
    bc1tl      "bc1tl"         "010001 01000 ccc11 iiiiiiiiiiiiiiii"        (cc, off)              MIPS2;
    beq        "beq"           "000100 sssss ttttt iiiiiiiiiiiiiiii"        (rs, rt, off)          MIPS1;
    beql       "beql"          "010100 sssss ttttt iiiiiiiiiiiiiiii"        (rs, rt, off)          MIPS2;
    bgez       "bgez"          "000001 sssss 00001 iiiiiiiiiiiiiiii"        (rs, off)              MIPS1;
    bgezal     "bgezal"        "000001 sssss 10001 iiiiiiiiiiiiiiii"        (rs, off)              MIPS1;
    bgezall    "bgezall"       "000001 sssss 10011 iiiiiiiiiiiiiiii"        (rs, off)              MIPS2;
    bgezl      "bgezl"         "000001 sssss 00011 iiiiiiiiiiiiiiii"        (rs, off)              MIPS2;
    bgtz       "bgtz"          "000111 sssss 00000 iiiiiiiiiiiiiiii"        (rs, off)              MIPS1;
    bgtzl      "bgtzl"         "010111 sssss 00000 iiiiiiiiiiiiiiii"        (rs, off)              MIPS2;
    blez       "blez"          "000110 sssss 00000 iiiiiiiiiiiiiiii"        (rs, off)              MIPS1;
    blezl      "blezl"         "010110 sssss 00000 iiiiiiiiiiiiiiii"        (rs, off)              MIPS2;
    bltz       "bltz"          "000001 sssss 00000 iiiiiiiiiiiiiiii"        (rs, off)              MIPS1;
    bltzal     "bltzal"        "000001 sssss 10000 iiiiiiiiiiiiiiii"        (rs, off)              MIPS1;
    bltzall    "bltzall"       "000001 sssss 10010 iiiiiiiiiiiiiiii"        (rs, off)              MIPS2;
    bltzl      "bltzl"         "000001 sssss 00010 iiiiiiiiiiiiiiii"        (rs, off)              MIPS2;
    bne        "bne"           "000101 sssss ttttt iiiiiiiiiiiiiiii"        (rs, rt, off)          MIPS1;
    bnel       "bnel"          "010101 sssss ttttt iiiiiiiiiiiiiiii"        (rs, rt, off)          MIPS2;
    j          "j"             "000010 jjjjjjjjjjjjjjjjjjjjjjjjjj"          (target)               MIPS1;
    jal        "jal"           "000011 jjjjjjjjjjjjjjjjjjjjjjjjjj"          (target)               MIPS1;
    jalr       "jalr"          "000000 sssss 00000 ddddd 00000 001001"      (rd, rs)               MIPS1;
    jalr_hb    "jalr.hb"       "000000 sssss 00000 ddddd 10000 001001"      (rd, rs)               MIPS32R2;
    jalx       "jalx"          "011101 jjjjjjjjjjjjjjjjjjjjjjjjjj"          (target)               MIPS32;
    jr         "jr"            "000000 sssss 00000 00000 00000 001000"      (rs)                   MIPS1;
    jr_hb      "jr.hb"         "000000 sssss 00000 00000 10000 001000"      (rs)                   MIPS32R2;
}
trap {
    break_     "break"         "000000 cccccccccccccccccccc 001101"         (code)                 MIPS1;
    sdbbp      "sdbbp"         "011100 cccccccccccccccccccc 111111"         (code)                 MIPS32;
    syscall    "syscall"       "000000 cccccccccccccccccccc 001100"         (code)                 MIPS1;
    teq        "teq"           "000000 sssss ttttt cccccccccc 110100"       (rs, rt, trap_code)    MIPS2;
    teqi       "teqi"          "000001 sssss 01100 iiiiiiiiiiiiiiii"        (rs, simm)             MIPS2;
    tge        "tge"           "000000 sssss ttttt cccccccccc 110000"       (rs, rt, trap_code)    MIPS2;
    tgei       "tgei"          "000001 sssss 01000 iiiiiiiiiiiiiiii"        (rs, simm)             MIPS2;
    tgeiu      "tgeiu"         "000001 sssss 01001 iiiiiiiiiiiiiiii"        (rs, simm)             MIPS2;
    tgeu       "tgeu"          "000000 sssss ttttt cccccccccc 110001"       (rs, rt, trap_code)    MIPS2;
    tlt        "tlt"           "000000 sssss ttttt cccccccccc 110010"       (rs, rt, trap_code)    MIPS2;
    tlti       "tlti"          "000001 sssss 01010 iiiiiiiiiiiiiiii"        (rs, simm)             MIPS2;
    tltiu      "tltiu"         "000001 sssss 01011 iiiiiiiiiiiiiiii"        (rs, simm)             MIPS2;
    tltu       "tltu"          "000000 sssss ttttt cccccccccc 110011"       (rs, rt, trap_code)    MIPS2;
    tne        "tne"           "000000 sssss ttttt cccccccccc 110110"       (rs, rt, trap_code)    MIPS2;
    tnei       "tnei"          "000001 sssss 01110 iiiiiiiiiiiiiiii"        (rs, simm)             MIPS2;
}
fpu {
    abs_fmt    "abs.fmt"       "010001 1000f 00000 sssss ddddd 000101"      (fmt, fd, fs)          MIPS1;
    add_fmt    "add.fmt"       "010001 1000f ttttt sssss ddddd 000000"      (fmt, fd, fs, ft)      MIPS1;
    c_cond_fmt "c.cond.fmt"    "010001 1000f ttttt sssss ccc00 11nnnn"      (cond, fmt, ccd, fs, ft) MIPS1;
    ceil_l     "ceil.l.fmt"    "010001 1000f 00000 sssss ddddd 001010"      (fmt, fd, fs)          MIPS3;
    ceil_w     "ceil.w.fmt"    "010001 1000f 00000 sssss ddddd 001110"      (fmt, fd, fs)          MIPS2;
    cvt_d_int  "cvt.d.fmt"     "010001 1010f 00000 sssss ddddd 100001"      (ifmt, fd, fs)         MIPS1;
    cvt_d_s    "cvt.d.s"       "010001 10000 00000 sssss ddddd 100001"      (fd, fs)               MIPS1;
    cvt_l      "cvt.l.fmt"     "010001 1000f 00000 sssss ddddd 100101"      (fmt, fd, fs)          MIPS3;
    cvt_s_d    "cvt.s.d"       "010001 10001 00000 sssss ddddd 100000"      (fd, fs)               MIPS1;
    cvt_s_int  "cvt.s.fmt"     "010001 1010f 00000 sssss ddddd 100000"      (ifmt, fd, fs)         MIPS1;
    cvt_w      "cvt.w.fmt"     "010001 1000f 00000 sssss ddddd 100100"      (fmt, fd, fs)          MIPS1;
    div_fmt    "div.fmt"       "010001 1000f ttttt sssss ddddd 000011"      (fmt, fd, fs, ft)      MIPS1;
    floor_l    "floor.l.fmt"   "010001 1000f 00000 sssss ddddd 001011"      (fmt, fd, fs)          MIPS3;
    floor_w    "floor.w.fmt"   "010001 1000f 00000 sssss ddddd 001111"      (fmt, fd, fs)          MIPS2;
    madd_fmt   "madd.fmt"      "010011 rrrrr ttttt sssss ddddd 10000f"      (fmt3, fd, fr, fs, ft) MIPS4;
    mov_fmt    "mov.fmt"       "010001 1000f 00000 sssss ddddd 000110"      (fmt, fd, fs)          MIPS1;
    movf       "movf"          "000000 sssss ccc00 ddddd 00000 000001"      (rd, rs, cc)           MIPS4;
    movf_fmt   "movf.fmt"      "010001 1000f ccc00 sssss ddddd 010001"      (fmt, fd, fs, cc)      MIPS4;
    movn_fmt   "movn.fmt"      "010001 1000f ttttt sssss ddddd 010011"      (fmt, fd, fs, rt)      MIPS4;
    movt       "movt"          "000000 sssss ccc01 ddddd 00000 000001"      (rd, rs, cc)           MIPS4;
    movt_fmt   "movt.fmt"      "010001 1000f ccc01 sssss ddddd 010001"      (fmt, fd, fs, cc)      MIPS4;
    movz_fmt   "movz.fmt"      "010001 1000f ttttt sssss ddddd 010010"      (fmt, fd, fs, rt)      MIPS4;
    msub_fmt   "msub.fmt"      "010011 rrrrr ttttt sssss ddddd 10100f"      (fmt3, fd, fr, fs, ft) MIPS4;
    mul_fmt    "mul.fmt"       "010001 1000f ttttt sssss ddddd 000010"      (fmt, fd, fs, ft)      MIPS1;
    neg_fmt    "neg.fmt"       "010001 1000f 00000 sssss ddddd 000111"      (fmt, fd, fs)          MIPS1;
    nmadd_fmt  "nmadd.fmt"     "010011 rrrrr ttttt sssss ddddd 11000f"      (fmt3, fd, fr, fs, ft) MIPS4;
    nmsub_fmt  "nmsub.fmt"     "010011 rrrrr ttttt sssss ddddd 11100f"      (fmt3, fd, fr, fs, ft) MIPS4;
    recip_fmt  "recip.fmt"     "010001 1000f 00000 sssss ddddd 010101"      (fmt, fd, fs)          MIPS4;
    round_l    "round.l.fmt"   "010001 1000f 00000 sssss ddddd 001000"      (fmt, fd, fs)          MIPS3;
    round_w    "round.w.fmt"   "010001 1000f 00000 sssss ddddd 001100"      (fmt, fd, fs)          MIPS2;
    rsqrt_fmt  "rsqrt.fmt"     "010001 1000f 00000 sssss ddddd 010110"      (fmt, fd, fs)          MIPS4;
    sqrt_fmt   "sqrt.fmt"      "010001 1000f 00000 sssss ddddd 000100"      (fmt, fd, fs)          MIPS2;
    sub_fmt    "sub.fmt"       "010001 1000f ttttt sssss ddddd 000001"      (fmt, fd, fs, ft)      MIPS1;
    trunc_l    "trunc.l.fmt"   "010001 1000f 00000 sssss ddddd 001001"      (fmt, fd, fs)          MIPS3;
    trunc_w    "trunc.w.fmt"   "010001 1000f 00000 sssss ddddd 001101"      (fmt, fd, fs)          MIPS2;
}
fpumove {
    cfc1       "cfc1"          "010001 00010 ttttt sssss 00000 000000"      (rt, fcr)              MIPS1;
    ctc1       "ctc1"          "010001 00110 ttttt sssss 00000 000000"      (rt, fcr)              MIPS1;
    ldc1       "ldc1"          "110101 sssss ttttt iiiiiiiiiiiiiiii"        (ft, mem)              MIPS2;
    ldxc1      "ldxc1"         "010011 sssss ttttt 00000 ddddd 000001"      (fd, indexed)          MIPS4;
    luxc1      "luxc1"         "010011 sssss ttttt 00000 ddddd 000101"      (fd, indexed)          MIPS32R2;
    lwc1       "lwc1"          "110001 sssss ttttt iiiiiiiiiiiiiiii"        (ft, mem)              MIPS1;
    lwxc1      "lwxc1"         "010011 sssss ttttt 00000 ddddd 000000"      (fd, indexed)          MIPS4;
    mfc1       "mfc1"          "010001 00000 ttttt sssss 00000 000000"      (rt, fs)               MIPS1;
    mfhc1      "mfhc1"         "010001 00011 ttttt sssss 00000 000000"      (rt, fs)               MIPS32R2;
    mtc1       "mtc1"          "010001 00100 ttttt sssss 00000 000000"      (rt, fs)               MIPS1;
    mthc1      "mthc1"         "010001 00111 ttttt sssss 00000 000000"      (rt, fs)               MIPS32R2;
    prefx      "prefx"         "010011 sssss ttttt hhhhh 00000 001111"      (hintx, indexed)       MIPS4;
    sdc1       "sdc1"          "111101 sssss ttttt iiiiiiiiiiiiiiii"        (ft, mem)              MIPS2;
    sdxc1      "sdxc1"         "010011 sssss ttttt fffff 00000 001001"      (fs, indexed)          MIPS4;
    suxc1      "suxc1"         "010011 sssss ttttt fffff 00000 001101"      (fs, indexed)          MIPS32R2;
    swc1       "swc1"          "111001 sssss ttttt iiiiiiiiiiiiiiii"        (ft, mem)              MIPS1;
    swxc1      "swxc1"         "010011 sssss ttttt fffff 00000 001000"      (fs, indexed)          MIPS4;
}
system {
    cache      "cache"         "101111 sssss hhhhh iiiiiiiiiiiiiiii"        (hint, mem)            MIPS32;
    cop2       "cop2"          "010010 iiiiiiiiiiiiiiiiiiiiiiiiii"          (target)               MIPS1;
    deret      "deret"         "010000 10000 00000 00000 00000 011111"      ()                     MIPS32;
    di         "di"            "010000 01011 ttttt 01100 00000 000000"      (rt)                   MIPS32R2;
    ei         "ei"            "010000 01011 ttttt 01100 00000 100000"      (rt)                   MIPS32R2;
    eret       "eret"          "010000 10000 00000 00000 00000 011000"      ()                     MIPS3;
    ldc2       "ldc2"          "110110 sssss ttttt iiiiiiiiiiiiiiii"        (hint, mem)            MIPS2;
    lwc2       "lwc2"          "110010 sssss ttttt iiiiiiiiiiiiiiii"        (hint, mem)            MIPS1;
    mfc0       "mfc0"          "010000 00000 ttttt ddddd 00000 000lll"      (rt, control, sel)     MIPS1;
    mtc0       "mtc0"          "010000 00100 ttttt ddddd 00000 000lll"      (rt, control, sel)     MIPS1;
    rdhwr      "rdhwr"         "011111 00000 ttttt ddddd 00000 111011"      (rt, control)          MIPS32R2;
    rdpgpr     "rdpgpr"        "010000 01010 ttttt ddddd 00000 000000"      (rd, rt)               MIPS32R2;
    sdc2       "sdc2"          "111110 sssss ttttt iiiiiiiiiiiiiiii"        (hint, mem)            MIPS2;
    swc2       "swc2"          "111010 sssss ttttt iiiiiiiiiiiiiiii"        (hint, mem)            MIPS1;
    tlbp       "tlbp"          "010000 10000 00000 00000 00000 001000"      ()                     MIPS1;
    tlbr       "tlbr"          "010000 10000 00000 00000 00000 000001"      ()                     MIPS1;
    tlbwi      "tlbwi"         "010000 10000 00000 00000 00000 000010"      ()                     MIPS1;
    tlbwr      "tlbwr"         "010000 10000 00000 00000 00000 000110"      ()                     MIPS1;
    wait       "wait"          "010000 1ccccccccccccccccccc 100000"         ()                    MIPS32;
    wrpgpr     "wrpgpr"        "010000 01110 ttttt ddddd 00000 000000"      (rd, rt)               MIPS32R2;
}
mips16e {
    addiu2_16  "addiu"         "01001 xxx iiiiiiii"                         (rx, rx, simm8)        MIPS16E alu::addiu;
    addiu3_16  "addiu"         "01000 xxx yyy 0 iiii"                       (ry, rx, simm4)        MIPS16E alu::addiu;
    addiu_pc   "addiu"         "00001 xxx iiiiiiii"                         (rx, pc_plus)          MIPS16E;
    addiu_sp2  "addiu"         "01100 011 iiiiiiii"                         (sp, sp, simm8_long)   MIPS16E alu::addiu;
    addiu_sp3  "addiu"         "00000 xxx iiiiiiii"                         (rx, sp, zimm8_word)   MIPS16E alu::addiu;
    addu16     "addu"          "11100 xxx yyy zzz 01"                       (rz, rx, ry)           MIPS16E alu::addu;
    and16      "and"           "11101 xxx yyy 01100"                        (rx, rx, ry)           MIPS16E alu::and;
    b16        "b"             "00010 iiiiiiiiiii"                          (off11)                MIPS16E;
    beqz       "beqz"          "00100 xxx iiiiiiii"                         (rx, off8)             MIPS16E;
    bnez       "bnez"          "00101 xxx iiiiiiii"                         (rx, off8)             MIPS16E;
    break16    "break"         "11101 cccccc 00101"                         (code6)                MIPS16E trap::break_;
    bteqz      "bteqz"         "01100 000 iiiiiiii"                         (t8, off8)             MIPS16E mips16e::beqz;
    btnez      "btnez"         "01100 001 iiiiiiii"                         (t8, off8)             MIPS16E mips16e::bnez;
    cmp        "cmp"           "11101 xxx yyy 01010"                        (t8, rx, ry)           MIPS16E alu::xor;
    cmpi       "cmpi"          "01110 xxx iiiiiiii"                         (t8, rx, uimm8)        MIPS16E alu::xori;
    div16      "div"           "11101 xxx yyy 11010"                        (rx, ry)               MIPS16E muldiv::div;
    divu16     "divu"          "11101 xxx yyy 11011"                        (rx, ry)               MIPS16E muldiv::divu;
    jal16      "jal"           "00011 0 nnnnn mmmmm iiiiiiiiiiiiiiii"       (target16)             MIPS16E;
    jalr16     "jalr"          "11101 xxx 010 00000"                        (rx)                   MIPS16E;
    jalrc      "jalrc"         "11101 xxx 110 00000"                        (rx)                   MIPS16E;
    jalx16     "jalx"          "00011 1 nnnnn mmmmm iiiiiiiiiiiiiiii"       (target16)             MIPS16E;
    jr16       "jr"            "11101 xxx 000 00000"                        (rx)                   MIPS16E branch::jr;
    jr_ra      "jr"            "11101 000 001 00000"                        (ra)                   MIPS16E branch::jr;
    jrc        "jrc"           "11101 xxx 100 00000"                        (rx)                   MIPS16E;
    jrc_ra     "jrc"           "11101 000 101 00000"                        (ra)                   MIPS16E mips16e::jrc;
    lb16       "lb"            "10000 xxx yyy iiiii"                        (ry, mem_byte)         MIPS16E memory::lb;
    lbu16      "lbu"           "10100 xxx yyy iiiii"                        (ry, mem_byte)         MIPS16E memory::lbu;
    lh16       "lh"            "10001 xxx yyy iiiii"                        (ry, mem_half)         MIPS16E memory::lh;
    lhu16      "lhu"           "10101 xxx yyy iiiii"                        (ry, mem_half)         MIPS16E memory::lhu;
    li         "li"            "01101 xxx iiiiiiii"                         (rx, zero, uimm8)      MIPS16E alu::ori;
    lw16       "lw"            "10011 xxx yyy iiiii"                        (ry, mem_word)         MIPS16E memory::lw;
    lw_pc      "lw"            "10110 xxx iiiiiiii"                         (rx, pc_mem)           MIPS16E;
    lw_sp      "lw"            "10010 xxx iiiiiiii"                         (rx, mem_sp)           MIPS16E memory::lw;
    mfhi16     "mfhi"          "11101 xxx 000 10000"                        (rx)                   MIPS16E muldiv::mfhi;
    mflo16     "mflo"          "11101 xxx 000 10010"                        (rx)                   MIPS16E muldiv::mflo;
    mov32r     "move"          "01100 101 rrrrr zzz"                        (to32, from16, zero)   MIPS16E alu::or;
    movr32     "move"          "01100 111 yyy rrrrr"                        (ry, from32, zero)     MIPS16E alu::or;
    mult16     "mult"          "11101 xxx yyy 11000"                        (rx, ry)               MIPS16E muldiv::mult;
    multu16    "multu"         "11101 xxx yyy 11001"                        (rx, ry)               MIPS16E muldiv::multu;
    neg        "neg"           "11101 xxx yyy 01011"                        (rx, zero, ry)         MIPS16E alu::subu;
    nop16      "nop"           "01100 101 00000 000"                        ()                     MIPS16E shift::nop;
    not        "not"           "11101 xxx yyy 01111"                        (rx, ry, zero)         MIPS16E alu::nor;
    or16       "or"            "11101 xxx yyy 01101"                        (rx, rx, ry)           MIPS16E alu::or;
    restore    "restore"       "01100 100 0 rst ffff"                       (frame)                MIPS16E;
    save       "save"          "01100 100 1 rst ffff"                       (frame)                MIPS16E;
    sb16       "sb"            "11000 xxx yyy iiiii"                        (ry, mem_byte)         MIPS16E memory::sb;
    sdbbp16    "sdbbp"         "11101 cccccc 00001"                         (code6)                MIPS16E trap::sdbbp;
    seb16      "seb"           "11101 xxx 100 10001"                        (rx, rx)               MIPS16E alu::seb;
    seh16      "seh"           "11101 xxx 101 10001"                        (rx, rx)               MIPS16E alu::seh;
    sh16       "sh"            "11001 xxx yyy iiiii"                        (ry, mem_half)         MIPS16E memory::sh;
    sll16      "sll"           "00110 xxx yyy aaa 00"                       (rx, ry, sa3)          MIPS16E shift::sll;
    sllv16     "sllv"          "11101 xxx yyy 00100"                        (ry, ry, rx)           MIPS16E shift::sllv;
    slt16      "slt"           "11101 xxx yyy 00010"                        (t8, rx, ry)           MIPS16E alu::slt;
    slti16     "slti"          "01010 xxx iiiiiiii"                         (t8, rx, zimm8)        MIPS16E alu::slti;
    sltiu16    "sltiu"         "01011 xxx iiiiiiii"                         (t8, rx, zimm8)        MIPS16E alu::sltiu;
    sltu16     "sltu"          "11101 xxx yyy 00011"                        (t8, rx, ry)           MIPS16E alu::sltu;
    sra16      "sra"           "00110 xxx yyy aaa 11"                       (rx, ry, sa3)          MIPS16E shift::sra;
    srav16     "srav"          "11101 xxx yyy 00111"                        (ry, ry, rx)           MIPS16E shift::srav;
    srl16      "srl"           "00110 xxx yyy aaa 10"                       (rx, ry, sa3)          MIPS16E shift::srl;
    srlv16     "srlv"          "11101 xxx yyy 00110"                        (ry, ry, rx)           MIPS16E shift::srlv;
    subu16     "subu"          "11100 xxx yyy zzz 11"                       (rz, rx, ry)           MIPS16E alu::subu;
    sw16       "sw"            "11011 xxx yyy iiiii"                        (ry, mem_word)         MIPS16E memory::sw;
    sw_ra_sp   "sw"            "01100 010 iiiiiiii"                         (ra, mem_sp)           MIPS16E memory::sw;
    sw_sp      "sw"            "11010 xxx iiiiiiii"                         (rx, mem_sp)           MIPS16E memory::sw;
    xor16      "xor"           "11101 xxx yyy 01110"                        (rx, rx, ry)           MIPS16E alu::xor;
    zeb        "zeb"           "11101 xxx 000 10001"                        (rx)                   MIPS16E;
    zeh        "zeh"           "11101 xxx 001 10001"                        (rx)                   MIPS16E;
//  With EXTEND, which takes the place of a bigger immediate's upper bits.
    addiu2_x   "addiu"         "11110 mmmmmm nnnnn 01001 xxx 000 iiiii"     (rx, rx, simmx)        MIPS16E alu::addiu;
    addiu3_x   "addiu"         "11110 mmmmmmm nnnn 01000 xxx yyy 0 iiii"    (ry, rx, simmx15)      MIPS16E alu::addiu;
    addiu_pc_x "addiu"         "11110 mmmmmm nnnnn 00001 xxx 000 iiiii"     (rx, pc_plusx)         MIPS16E mips16e::addiu_pc;
    addiu_sp2_x "addiu"        "11110 mmmmmm nnnnn 01100 011 000 iiiii"     (sp, sp, simmx)        MIPS16E alu::addiu;
    addiu_sp3_x "addiu"        "11110 mmmmmm nnnnn 00000 xxx 000 iiiii"     (rx, sp, simmx)        MIPS16E alu::addiu;
    asmacro    "asmacro"       "11110 ccccccccccc 11100 ccccccccccc"        ()                     MIPS16E;
    b_x        "b"             "11110 mmmmmm nnnnn 00010 000000 iiiii"      (offx)                 MIPS16E mips16e::b16;
    beqz_x     "beqz"          "11110 mmmmmm nnnnn 00100 xxx 000 iiiii"     (rx, offx)             MIPS16E mips16e::beqz;
    bnez_x     "bnez"          "11110 mmmmmm nnnnn 00101 xxx 000 iiiii"     (rx, offx)             MIPS16E mips16e::bnez;
    bteqz_x    "bteqz"         "11110 mmmmmm nnnnn 01100 000 000 iiiii"     (t8, offx)             MIPS16E mips16e::beqz;
    btnez_x    "btnez"         "11110 mmmmmm nnnnn 01100 001 000 iiiii"     (t8, offx)             MIPS16E mips16e::bnez;
    cmpi_x     "cmpi"          "11110 mmmmmm nnnnn 01110 xxx 000 iiiii"     (t8, rx, uimmx)        MIPS16E alu::xori;
    lb_x       "lb"            "11110 mmmmmm nnnnn 10000 xxx yyy iiiii"     (ry, memx)             MIPS16E memory::lb;
    lbu_x      "lbu"           "11110 mmmmmm nnnnn 10100 xxx yyy iiiii"     (ry, memx)             MIPS16E memory::lbu;
    lh_x       "lh"            "11110 mmmmmm nnnnn 10001 xxx yyy iiiii"     (ry, memx)             MIPS16E memory::lh;
    lhu_x      "lhu"           "11110 mmmmmm nnnnn 10101 xxx yyy iiiii"     (ry, memx)             MIPS16E memory::lhu;
    li_x       "li"            "11110 mmmmmm nnnnn 01101 xxx 000 iiiii"     (rx, zero, uimmx)      MIPS16E alu::ori;
    lw_x       "lw"            "11110 mmmmmm nnnnn 10011 xxx yyy iiiii"     (ry, memx)             MIPS16E memory::lw;
    lw_pc_x    "lw"            "11110 mmmmmm nnnnn 10110 xxx 000 iiiii"     (rx, pc_memx)          MIPS16E mips16e::lw_pc;
    lw_sp_x    "lw"            "11110 mmmmmm nnnnn 10010 xxx 000 iiiii"     (rx, memx_sp)          MIPS16E memory::lw;
    restore_x  "restore"       "11110 xxx hhhh aaaa 01100 100 0 rst ffff"   (framex)               MIPS16E mips16e::restore;
    save_x     "save"          "11110 xxx hhhh aaaa 01100 100 1 rst ffff"   (framex)               MIPS16E mips16e::save;
    sb_x       "sb"            "11110 mmmmmm nnnnn 11000 xxx yyy iiiii"     (ry, memx)             MIPS16E memory::sb;
    sh_x       "sh"            "11110 mmmmmm nnnnn 11001 xxx yyy iiiii"     (ry, memx)             MIPS16E memory::sh;
    sll_x      "sll"           "11110 aaaaa 0 00000 00110 xxx yyy 000 00"   (rx, ry, sax)          MIPS16E shift::sll;
    slti_x     "slti"          "11110 mmmmmm nnnnn 01010 xxx 000 iiiii"     (t8, rx, simmx)        MIPS16E alu::slti;
    sltiu_x    "sltiu"         "11110 mmmmmm nnnnn 01011 xxx 000 iiiii"     (t8, rx, simmx)        MIPS16E alu::sltiu;
    sra_x      "sra"           "11110 aaaaa 0 00000 00110 xxx yyy 000 11"   (rx, ry, sax)          MIPS16E shift::sra;
    srl_x      "srl"           "11110 aaaaa 0 00000 00110 xxx yyy 000 10"   (rx, ry, sax)          MIPS16E shift::srl;
    sw_x       "sw"            "11110 mmmmmm nnnnn 11011 xxx yyy iiiii"     (ry, memx)             MIPS16E memory::sw;
    sw_ra_sp_x "sw"            "11110 mmmmmm nnnnn 01100 010 000 iiiii"     (ra, memx_sp)          MIPS16E memory::sw;
    sw_sp_x    "sw"            "11110 mmmmmm nnnnn 11010 xxx 000 iiiii"     (rx, memx_sp)          MIPS16E memory::sw;
}
}

/// The number of MIPS16e's first row.
pub(crate) const FIRST_MIPS16E: usize = {
    let mut first = 0;
    while !matches!(ROWS[first].since, Isa::MIPS16E) {
        first += 1;
    }
    first
};

/// The row of an instruction.
pub fn row(op: Op) -> &'static Row {
    &ROWS[op as usize]
}
