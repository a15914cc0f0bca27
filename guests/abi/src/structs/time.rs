//! Structs of time calls. Kernel and o32 names: `timespec` has 32-bit seconds, `timespec64` is `__kernel_timespec`.

use crate::layout::Pad;

crate::layout! {
    /// `struct timespec`, or `struct timeval` with its second field in microseconds.
    Timespec 8 {
        /// Seconds.
        tv_sec: i32,
        /// Nanoseconds.
        tv_nsec: i32,
    }

    /// `struct timeval`.
    Timeval 8 {
        /// Seconds.
        tv_sec: i32,
        /// Microseconds.
        tv_usec: i32,
    }

    /// `struct __kernel_timespec`.
    Timespec64 16 {
        /// Seconds.
        tv_sec: i64,
        /// Nanoseconds; 32-bit programs may leave the upper half undefined.
        tv_nsec: i64,
    }

    /// `struct itimerval`.
    Itimerval 16 {
        /// Period.
        it_interval: Timeval,
        /// Time left.
        it_value: Timeval,
    }

    /// `struct itimerspec`.
    Itimerspec 16 {
        /// Period.
        it_interval: Timespec,
        /// Time left.
        it_value: Timespec,
    }

    /// `struct __kernel_itimerspec`.
    Itimerspec64 32 {
        /// Period.
        it_interval: Timespec64,
        /// Time left.
        it_value: Timespec64,
    }

    /// `struct statx_timestamp`.
    StatxTime 16 {
        /// Seconds.
        tv_sec: i64,
        /// Nanoseconds.
        tv_nsec: u32,
        /// Padding.
        _0: Pad<4>,
    }

    /// `struct tms`, in clock ticks.
    Tms 16 {
        /// In user mode.
        tms_utime: i32,
        /// In the kernel.
        tms_stime: i32,
        /// Children, in user mode.
        tms_cutime: i32,
        /// Children, in the kernel.
        tms_cstime: i32,
    }

    /// `struct timezone`.
    Timezone 8 {
        /// Minutes west of Greenwich.
        tz_minuteswest: i32,
        /// Kind of daylight saving.
        tz_dsttime: i32,
    }

    /// `struct utimbuf`.
    Utimbuf 8 {
        /// Last read, seconds.
        actime: i32,
        /// Last write, seconds.
        modtime: i32,
    }
}
