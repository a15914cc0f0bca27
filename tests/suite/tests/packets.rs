//! cargo test --release -p strata-suite --test packets
//!
//! What is sent to `strata run --gdb` need not come from gdb: steps as others take them, a connection that breaks, packets that
//! are none. Whatever it is, the program goes on, and ends as it would have.

use anyhow::Result;
use std::net::TcpListener;
use std::process::Command;
use strata_suite::gdb::{Debuggee, Ended, Packets, program};
use strata_suite::place;

/// What the program writes.
const WRITTEN: &str = "70 10\n4.5 xxxxx\n";

/// A connection to the program, which has not begun; none where it was not built.
#[allow(clippy::print_stderr, reason = "a skipped test says so")]
fn begin(argument: &str) -> Option<(Debuggee, Packets)> {
    let program = program("mipsel", "O2");
    if !program.is_file() {
        eprintln!("skipped: no {}; cargo xtask setup builds it", program.display());
        return None;
    }
    let program = program.display().to_string();
    let debuggee = Debuggee::ours(&[program, argument.to_owned()]).expect("it waits");
    let packets = Packets::connect(&debuggee.address).expect("it listens");
    Some((debuggee, packets))
}

#[track_caller]
fn check(ended: Result<Ended>, stdout: &str, status: i32) {
    let ended = ended.expect("it ends");
    assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
    assert_eq!((ended.stdout.as_str(), ended.status.code()), (stdout, Some(status)), "{}", ended.stderr);
}

#[test]
fn what_is_no_packet_ends_the_conversation() {
    let long = format!("$m{}#00", "0".repeat(100_000));
    let rows: &[&[u8]] = &[
        b"$g#00",
        b"$g#zz",
        b"$#",
        b"$vCont;s:p1.fffffffffffffffffffffff#00",
        b"GET / HTTP/1.1\r\nHost: strata\r\n\r\n$",
        b"$qXfer:features:read:target.xml:ffffffffffffffff,ffffffffffffffff#ee$m0,0#fd$q#71$$$$#0",
        b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03",
        long.as_bytes(),
    ];
    for bytes in rows {
        let Some((debuggee, mut packets)) = begin("status") else { return };
        // It may hang up before all is sent.
        let _ = packets.raw(bytes);
        drop(packets);
        check(debuggee.end(), WRITTEN, 7);
    }
}

#[test]
fn lengths_and_addresses_lie() -> Result<()> {
    let Some((debuggee, mut packets)) = begin("status") else { return Ok(()) };
    let pc = packets.ask("p25")?;
    assert_eq!(pc.len(), 8);
    for packet in ["m0,4", "m7fffeffe,8000", "mfffffffc,4", "M0,4:00000000", "Mfffffffc,8:0000000000000000", "p7f"] {
        let answer = packets.ask(packet)?;
        assert!(answer.is_empty() || answer.starts_with('E') || packet.starts_with("m7fff"), "{packet}: {answer}");
    }
    for packet in ["Z2,fffffffe,ffffffff", "z2,fffffffe,ffffffff", "Z0,ffffffff,4", "z0,ffffffff,4", "z0,123,4"] {
        assert_eq!(packets.ask(packet)?, "OK", "{packet}");
    }
    for path in ["", "/", "/nowhere", "/dev/zero", "/proc/self/mem/x", "../../../etc/passwd"] {
        let hex: String = path.bytes().map(|byte| format!("{byte:02x}")).collect();
        let answer = packets.ask(&format!("vFile:open:{hex},0,0"))?;
        assert!(answer.starts_with("F-1") || answer.is_empty(), "{path}: {answer}");
    }
    assert!(packets.ask("vFile:open:2f746d702f78,601,1a4")?.starts_with("F-1"));
    assert!(packets.ask("vFile:pread:7,ffffffff,ffffffffffffffff")?.starts_with("F-1"));
    assert!(packets.ask("vFile:close:7")?.starts_with("F-1"));
    assert_eq!(packets.ask("Hg7777")?, "OK");
    assert!(packets.ask("g")?.starts_with('E'));
    assert_eq!(packets.ask("D")?, "OK");
    assert!(packets.is_closed());
    check(debuggee.end(), WRITTEN, 7);
    Ok(())
}

#[test]
fn steps_and_ranges() -> Result<()> {
    let Some((debuggee, mut packets)) = begin("status") else { return Ok(()) };
    let stopped = packets.ask("?")?;
    let thread = stopped.split("thread:").nth(1).and_then(|rest| rest.split(';').next()).unwrap_or_default().to_owned();
    let word = |text: String| u32::from_str_radix(&text, 16).map(u32::swap_bytes).unwrap_or(0);
    let mut pcs = vec![word(packets.ask("p25")?)];
    for _ in 0..40 {
        assert!(packets.ask(&format!("vCont;s:{thread};c"))?.starts_with("T05"));
        pcs.push(word(packets.ask("p25")?));
    }
    // Instructions follow each other, or a branch with its slot leads elsewhere; none is stepped twice.
    assert!(pcs.windows(2).all(|pair| pair[0] != pair[1]), "{pcs:x?}");
    let here = pcs[40];
    assert!(packets.ask(&format!("vCont;r{here:x},{:x}:{thread}", here.saturating_add(8)))?.starts_with("T05"));
    let after = word(packets.ask("p25")?);
    assert!(!(here..here.saturating_add(8)).contains(&after), "{after:x}");
    let ended = packets.ask("c")?;
    assert_eq!(ended, "W07");
    check(debuggee.end(), WRITTEN, 7);
    Ok(())
}

/// Where `debuggee` gets to in so many steps from where main is called.
fn trace(debuggee: &Debuggee, from: u32, is_big_endian: bool) -> Result<Vec<u32>> {
    let mut packets = Packets::connect(&debuggee.address)?;
    packets.ask("qSupported:multiprocess-")?;
    assert_eq!(packets.ask(&format!("Z0,{from:x},4"))?, "OK");
    let thread = packets.ask("qC")?.trim_start_matches("QC").to_owned();
    let thread = if thread.is_empty() { "1".to_owned() } else { thread };
    assert!(packets.ask("vCont;c")?.starts_with("T05"));
    assert_eq!(packets.ask(&format!("z0,{from:x},4"))?, "OK");
    let step = |_| {
        packets.ask(&format!("vCont;s:{thread};c"))?;
        // QEMU does not give one register.
        let word = u32::from_str_radix(packets.ask("g")?.get(37 * 8..38 * 8).unwrap_or_default(), 16)?;
        Ok(if is_big_endian { word } else { word.swap_bytes() })
    };
    (0..400).map(step).collect()
}

#[test]
fn steps_are_qemus() -> Result<()> {
    for (architecture, level) in [("mipsel", "O0"), ("mips", "O2"), ("mipsel", "mips16"), ("mips", "mips16")] {
        let program = program(architecture, level);
        let Ok(bytes) = std::fs::read(&program) else { return Ok(()) };
        let caller = image::functions(&bytes).into_iter().find(|function| function.name == "__libc_start_call_main");
        let from = caller.map_or(0, |function| function.at);
        let is_big_endian = architecture == "mips";
        let qemus = trace(&Debuggee::qemus(architecture, &program, &[])?, from, is_big_endian)?;
        let ours = trace(&Debuggee::ours(&[program.display().to_string()])?, from, is_big_endian)?;
        let mut next = ours.iter();
        let mut before = from;
        for pc in qemus {
            // QEMU also stops in a delay slot, which is behind where it stopped before.
            if next.as_slice().first() == Some(&pc) {
                next.next();
            } else {
                assert!(
                    [2, 4].contains(&pc.wrapping_sub(before)),
                    "{architecture} {level}: {before:x}, {pc:x}, ours {next:x?}"
                );
            }
            before = pc;
        }
        assert!(next.len() < 200, "{architecture} {level}: most were compared");
    }
    Ok(())
}

#[test]
fn a_connection_breaks_while_the_program_runs() -> Result<()> {
    let Some((mut debuggee, mut packets)) = begin("wait") else { return Ok(()) };
    packets.send("c")?;
    drop(packets);
    debuggee.write("*")?;
    check(debuggee.end(), WRITTEN, i32::from(b'*'));
    Ok(())
}

#[test]
fn a_connection_breaks_at_a_breakpoint() -> Result<()> {
    let Some((debuggee, mut packets)) = begin("status") else { return Ok(()) };
    let pc = u32::from_str_radix(&packets.ask("p25")?, 16)?.swap_bytes();
    assert_eq!(packets.ask(&format!("Z0,{:x},4", pc + 4))?, "OK");
    assert!(packets.ask("c")?.starts_with("T05"));
    drop(packets);
    check(debuggee.end(), WRITTEN, 7);
    Ok(())
}

#[test]
fn an_interrupt_and_a_kill() -> Result<()> {
    let Some((debuggee, mut packets)) = begin("compute") else { return Ok(()) };
    packets.send("c")?;
    packets.raw(b"\x03")?;
    assert!(packets.receive()?.starts_with("T02"));
    packets.send("k")?;
    let ended = debuggee.end()?;
    assert_eq!(ended.status.code(), Some(128 + 9), "{}", ended.stderr);
    Ok(())
}

#[test]
fn a_port_that_is_taken() -> Result<()> {
    let taken = TcpListener::bind("127.0.0.1:0")?;
    let port = taken.local_addr()?.to_string();
    for (port, words) in
        [(port.as_str(), "another port"), ("x", "give a port"), ("1:2:x", "give a port"), ("70000", "give a port")]
    {
        let output = Command::new(place::strata()).args(["run", "--gdb", port, "/bin/sh"]).output()?;
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && text.contains(words), "{port}: {text}");
    }
    Ok(())
}
