//! Structs of signal calls and signal frames (asm/signal.h, asm/siginfo.h, asm/sigcontext.h of MIPS).

use crate::arg::{show_bits, show_name};
use crate::layout::{Decoder, Encoder, Layout, Pad};
use crate::memory::Addr;
use crate::structs::file::Hex;
use crate::word_args;
use alloc::string::String;
use core::fmt::Write as _;

/// Names of the standard signals, from 1 on (asm/signal.h of MIPS), without their SIG.
pub const SIGNAL_NAMES: [&str; 31] = [
    "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "EMT", "FPE", "KILL", "BUS", "SEGV", "SYS", "PIPE", "ALRM", "TERM",
    "USR1", "USR2", "CHLD", "PWR", "WINCH", "URG", "IO", "STOP", "TSTP", "CONT", "TTIN", "TTOU", "VTALRM", "PROF",
    "XCPU", "XFSZ",
];

/// Prints a signal's name: `SIGHUP`, `SIGRTMIN`, `SIGRT_2`.
pub fn show_signal(number: u32, out: &mut String) {
    let name = usize::try_from(number).ok().and_then(|number| SIGNAL_NAMES.get(number.wrapping_sub(1)));
    let _ = match (name, number) {
        (Some(name), _) => write!(out, "SIG{name}"),
        (None, 32) => write!(out, "SIGRTMIN"),
        (None, 33..=128) => write!(out, "SIGRT_{}", number - 32),
        (None, _) => write!(out, "{number}"),
    };
}

/// SA_* (asm/signal.h of MIPS).
const ACTION_FLAGS: &[(u32, &str)] = &[
    (0x1000_0000, "SA_RESTART"),
    (0x0800_0000, "SA_ONSTACK"),
    (0x4000_0000, "SA_NODEFER"),
    (0x8000_0000, "SA_RESETHAND"),
    (0x0000_0008, "SA_SIGINFO"),
    (0x0000_0001, "SA_NOCLDSTOP"),
    (0x0001_0000, "SA_NOCLDWAIT"),
];

/// SI_* and the codes of faults are told apart by the signal, so only those of sending have names here.
const CODES: &[(u32, &str)] = &[
    (0, "SI_USER"),
    (0x80, "SI_KERNEL"),
    (-1_i32 as u32, "SI_QUEUE"),
    (-3_i32 as u32, "SI_TIMER"),
    (-6_i32 as u32, "SI_TKILL"),
];

/// Prints `[INT USR1]`; a set that is nearly full by what it lacks, `~[KILL]`.
fn show_set(words: [u32; 4], out: &mut String) {
    let is_inverted = words.iter().map(|word| word.count_ones()).sum::<u32>() > 64;
    out.push_str(if is_inverted { "~[" } else { "[" });
    let members = (0..128).filter(|bit| (words[bit / 32] >> (bit % 32) & 1 != 0) != is_inverted);
    for (index, bit) in members.enumerate() {
        out.push_str(if index > 0 { " " } else { "" });
        match SIGNAL_NAMES.get(bit) {
            Some(name) => out.push_str(name),
            None => show_signal(bit as u32 + 1, out),
        }
    }
    out.push(']');
}

word_args! {
    /// SA_*.
    ActionFlags(u32) = |flags, out| show_bits(flags, ACTION_FLAGS, "0", out);
    /// A signal's number in a struct.
    SignalNumber(i32) = |number, out| show_signal(number.cast_unsigned(), out);
    /// `si_code`.
    SignalCode(i32) = |code, out| show_name(code.cast_unsigned(), CODES, out);
    /// A handler, SIG_DFL or SIG_IGN.
    Handler(u32) = |at, out| show_name(at, &[(0, "SIG_DFL"), (1, "SIG_IGN")], out);
}

/// `sigset_t`: bit n-1 is signal n, words in ascending order.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Sigset {
    /// The words.
    pub sig: [u32; 4],
}

impl Layout for Sigset {
    const BYTES: u32 = 16;
    fn encode(&self, out: &mut Encoder<'_>) {
        self.sig.encode(out);
    }
    fn decode(from: &mut Decoder<'_>) -> Sigset {
        Sigset { sig: Layout::decode(from) }
    }
    fn show(&self, out: &mut String) {
        show_set(self.sig, out);
    }
}

crate::layout! {
    /// `struct sigaction`: flags come first on MIPS, and there is no restorer.
    Sigaction 24 {
        /// SA_*.
        sa_flags: ActionFlags,
        /// Handler, SIG_DFL or SIG_IGN.
        sa_handler: Handler,
        /// Blocked meanwhile.
        sa_mask: Sigset,
    }

    /// `stack_t`: sp, size, flags on MIPS.
    Stack 12 {
        /// Lowest address.
        ss_sp: Addr,
        /// Bytes.
        ss_size: u32,
        /// SS_*.
        ss_flags: u32,
    }

    /// `siginfo_t`: `si_code` comes before `si_errno` on MIPS. The fields are a union; their meaning is the code's.
    Siginfo 128 {
        /// Signal.
        si_signo: SignalNumber,
        /// SI_* or the signal's own code.
        si_code: SignalCode,
        /// Not used.
        si_errno: i32 => quiet,
        /// Process, or address, or timer, or band.
        first: Hex,
        /// User, or overrun.
        second: Hex,
        /// Value, or status.
        third: Hex,
        /// The rest of the union.
        _0: Pad<104>,
    }

    /// `struct sigevent` of timer_create(2).
    Sigevent 64 {
        /// Passed to the handler.
        sigev_value: Hex,
        /// Signal.
        sigev_signo: SignalNumber,
        /// SIGEV_*.
        sigev_notify: i32,
        /// Thread, for SIGEV_THREAD_ID.
        sigev_tid: i32,
        /// Padding.
        _0: Pad<48>,
    }

    /// `struct sigcontext`, o32: 64-bit slots for registers.
    Sigcontext 592 {
        /// Not used.
        sc_regmask: u32,
        /// Not used.
        sc_status: u32,
        /// Where to go on.
        sc_pc: u64,
        /// General registers.
        sc_regs: [u64; 32],
        /// Floating-point registers; with FR=0 the doubles, in even slots.
        sc_fpregs: [u64; 32],
        /// SmartMIPS accumulator.
        sc_acx: u32,
        /// FCSR.
        sc_fpc_csr: u32,
        /// FIR; not kept.
        sc_fpc_eir: u32,
        /// USED_FP, USED_FR1, USED_HYBRID_FPRS.
        sc_used_math: u32,
        /// DSP control.
        sc_dsp: u32,
        /// Padding.
        _0: Pad<4>,
        /// HI.
        sc_mdhi: u64,
        /// LO.
        sc_mdlo: u64,
        /// DSP accumulators.
        _1: Pad<24>,
    }

    /// `struct ucontext`, as the kernel writes it.
    Ucontext 632 {
        /// UC_*.
        uc_flags: u32,
        /// Not used.
        uc_link: Addr,
        /// The alternate stack's settings.
        uc_stack: Stack,
        /// Padding.
        _0: Pad<4>,
        /// Registers.
        uc_mcontext: Sigcontext,
        /// The mask to return to.
        uc_sigmask: Sigset,
    }

    /// `struct sigframe`: what an ordinary handler gets.
    Sigframe 632 {
        /// Argument save area, and where a trampoline once was.
        _0: Pad<24>,
        /// Registers.
        sf_sc: Sigcontext,
        /// The mask to return to.
        sf_mask: Sigset,
    }

    /// `struct rt_sigframe`: what a handler with SA_SIGINFO gets.
    RtSigframe 784 {
        /// Argument save area, and where a trampoline once was.
        _0: Pad<24>,
        /// Why.
        rs_info: Siginfo,
        /// Registers, stack and mask.
        rs_uc: Ucontext,
    }
}
