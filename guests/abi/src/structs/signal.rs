//! Structs of signal calls and signal frames (asm/signal.h, asm/siginfo.h, asm/sigcontext.h of MIPS).

use crate::layout::Pad;
use crate::memory::Addr;
use crate::structs::file::Hex;

crate::layout! {
    /// `sigset_t`: bit n-1 is signal n, words in ascending order.
    Sigset 16 {
        /// The words.
        sig: [u32; 4],
    }

    /// `struct sigaction`: flags come first on MIPS, and there is no restorer.
    Sigaction 24 {
        /// SA_*.
        sa_flags: Hex,
        /// Handler, SIG_DFL or SIG_IGN.
        sa_handler: Addr,
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
        si_signo: i32,
        /// SI_* or the signal's own code.
        si_code: i32,
        /// Not used.
        si_errno: i32,
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
        sigev_signo: i32,
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
