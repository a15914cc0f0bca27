//! Line speeds, as bits of `c_cflag` and in bits a second (termios(3), asm/termbits.h).

/// The bits of the output's speed.
const CBAUD: u32 = 0x100f;
/// "Another": it is given in bits a second.
const BOTHER: u32 = 0x1000;
/// How far the input's bits are above the output's (`IBSHIFT`).
const INPUT_SHIFT: u32 = 16;

/// B0 to B38400, and from 0x1001 on B57600 to B4000000.
const RATES: [u32; 31] = [
    0, 50, 75, 110, 134, 150, 200, 300, 600, 1200, 1800, 2400, 4800, 9600, 19200, 38400, 57600, 115_200, 230_400,
    460_800, 500_000, 576_000, 921_600, 1_000_000, 1_152_000, 1_500_000, 2_000_000, 2_500_000, 3_000_000, 3_500_000,
    4_000_000,
];

/// Input's and output's speed; `others` are those that bits do not name.
pub(super) fn of(control: u32, others: (u32, u32)) -> (u32, u32) {
    let output = rate(control, others.1);
    match control >> INPUT_SHIFT & CBAUD {
        // B0: as the output.
        0 => (output, output),
        bits => (rate(bits, others.0), output),
    }
}

fn rate(bits: u32, other: u32) -> u32 {
    match bits & CBAUD {
        BOTHER => other,
        bits => {
            let base = if bits & BOTHER != 0 { 15 } else { 0 };
            RATES.get(base + (bits & 0xf) as usize).copied().unwrap_or(other)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn bits_name_speeds() {
        for (control, speeds) in [
            (0xbf, (38_400, 38_400)),
            (0xd, (9_600, 9_600)),
            (0x1001, (57_600, 57_600)),
            (0x100f, (4_000_000, 4_000_000)),
            (0x1000, (8, 8)),
            (0x0001_1000, (50, 8)),
            (0x1000_000f, (7, 38_400)),
        ] {
            assert_eq!(of(control, (7, 8)), speeds, "{control:#x}");
        }
    }
}
