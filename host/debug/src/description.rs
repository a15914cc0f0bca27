//! What gdb is told of the registers that there are: its own feature `org.gnu.gdb.mips`, with gdb's numbers.

use std::fmt::Write;

/// Number of a register for gdb.
pub(crate) const STATUS: usize = 32;
pub(crate) const LO: usize = 33;
pub(crate) const HI: usize = 34;
pub(crate) const BADVADDR: usize = 35;
pub(crate) const CAUSE: usize = 36;
pub(crate) const PC: usize = 37;
pub(crate) const F0: usize = 38;
pub(crate) const FCSR: usize = 70;
pub(crate) const FIR: usize = 71;
/// How many there are.
pub(crate) const COUNT: usize = 72;

/// The features, with the registers of each: name and number.
fn features() -> [(&'static str, Vec<(String, usize)>); 3] {
    let named = |names: &[(&str, usize)]| names.iter().map(|(name, number)| ((*name).to_owned(), *number)).collect();
    let row =
        |letter: &str, first: usize| (0..32).map(|number| (format!("{letter}{number}"), first + number)).collect();
    let (mut cpu, mut fpu): (Vec<_>, Vec<_>) = (row("r", 0), row("f", F0));
    cpu.extend::<Vec<_>>(named(&[("lo", LO), ("hi", HI), ("pc", PC)]));
    fpu.extend::<Vec<_>>(named(&[("fcsr", FCSR), ("fir", FIR)]));
    let cp0 = named(&[("status", STATUS), ("badvaddr", BADVADDR), ("cause", CAUSE)]);
    [("org.gnu.gdb.mips.cpu", cpu), ("org.gnu.gdb.mips.cp0", cp0), ("org.gnu.gdb.mips.fpu", fpu)]
}

/// `target.xml`.
pub(crate) fn xml() -> String {
    let mut xml = String::from(
        "<?xml version=\"1.0\"?><!DOCTYPE target SYSTEM \"gdb-target.dtd\"><target version=\"1.0\">\
         <architecture>mips</architecture><osabi>GNU/Linux</osabi>",
    );
    for (feature, registers) in features() {
        let _ = write!(xml, "<feature name=\"{feature}\">");
        for (name, number) in registers {
            let kind = if (F0..FCSR).contains(&number) { " type=\"ieee_single\"" } else { "" };
            let _ = write!(xml, "<reg name=\"{name}\" bitsize=\"32\" regnum=\"{number}\"{kind}/>");
        }
        xml.push_str("</feature>");
    }
    xml + "</target>"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_has_a_register() {
        let mut numbers: Vec<usize> = features().iter().flat_map(|feature| &feature.1).map(|row| row.1).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (0..COUNT).collect::<Vec<_>>());
        assert!(xml().contains("<reg name=\"f31\" bitsize=\"32\" regnum=\"69\" type=\"ieee_single\"/>"));
    }
}
