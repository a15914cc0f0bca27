//! Error numbers of MIPS (asm/errno.h); those not listed are the generic ones.

use vfs::Errno;

/// Declares the numbers that differ, one row an error.
macro_rules! numbers {
    ($($name:ident = $number:literal;)*) => {
        /// The number that a MIPS program sees.
        pub(crate) fn number(errno: Errno) -> u32 {
            match errno {
                $(Errno::$name => $number,)*
                same => u32::from(same.number()),
            }
        }
    };
}

numbers! {
    EDEADLK = 45;
    ENAMETOOLONG = 78;
    ENOLCK = 46;
    ENOSYS = 89;
    ENOTEMPTY = 93;
    ELOOP = 90;
    ENOMSG = 35;
    EIDRM = 36;
    ECHRNG = 37;
    EL2NSYNC = 38;
    EL3HLT = 39;
    EL3RST = 40;
    ELNRNG = 41;
    EUNATCH = 42;
    ENOCSI = 43;
    EL2HLT = 44;
    EBADE = 50;
    EBADR = 51;
    EXFULL = 52;
    ENOANO = 53;
    EBADRQC = 54;
    EBADSLT = 55;
    EMULTIHOP = 74;
    EBADMSG = 77;
    EOVERFLOW = 79;
    ENOTUNIQ = 80;
    EBADFD = 81;
    EREMCHG = 82;
    ELIBACC = 83;
    ELIBBAD = 84;
    ELIBSCN = 85;
    ELIBMAX = 86;
    ELIBEXEC = 87;
    EILSEQ = 88;
    ERESTART = 91;
    ESTRPIPE = 92;
    EUSERS = 94;
    ENOTSOCK = 95;
    EDESTADDRREQ = 96;
    EMSGSIZE = 97;
    EPROTOTYPE = 98;
    ENOPROTOOPT = 99;
    EPROTONOSUPPORT = 120;
    ESOCKTNOSUPPORT = 121;
    EOPNOTSUPP = 122;
    EPFNOSUPPORT = 123;
    EAFNOSUPPORT = 124;
    EADDRINUSE = 125;
    EADDRNOTAVAIL = 126;
    ENETDOWN = 127;
    ENETUNREACH = 128;
    ENETRESET = 129;
    ECONNABORTED = 130;
    ECONNRESET = 131;
    ENOBUFS = 132;
    EISCONN = 133;
    ENOTCONN = 134;
    ESHUTDOWN = 143;
    ETOOMANYREFS = 144;
    ETIMEDOUT = 145;
    ECONNREFUSED = 146;
    EHOSTDOWN = 147;
    EHOSTUNREACH = 148;
    EALREADY = 149;
    EINPROGRESS = 150;
    ESTALE = 151;
    EUCLEAN = 135;
    ENOTNAM = 137;
    ENAVAIL = 138;
    EISNAM = 139;
    EREMOTEIO = 140;
    EDQUOT = 1133;
    ENOMEDIUM = 159;
    EMEDIUMTYPE = 160;
    ECANCELED = 158;
    ENOKEY = 161;
    EKEYEXPIRED = 162;
    EKEYREVOKED = 163;
    EKEYREJECTED = 164;
    EOWNERDEAD = 165;
    ENOTRECOVERABLE = 166;
    ERFKILL = 167;
    EHWPOISON = 168;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_errors_share_a_number() {
        let mut numbers: alloc::vec::Vec<u32> = Errno::ALL.iter().map(|errno| number(*errno)).collect();
        numbers.sort_unstable();
        assert!(numbers.windows(2).all(|pair| pair[0] != pair[1]));
        assert_eq!((number(Errno::ENOENT), number(Errno::ENOSYS), number(Errno::EDQUOT)), (2, 89, 1133));
    }
}
