//! Programs that wait for gdb: ours ([`Debuggee::ours`]) and QEMU's, a gdb that works off a script, and a client that sends
//! packets as it likes.

use crate::place;
use anyhow::{Context, Result, anyhow, bail};
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// gdb, for all architectures.
const GDB: &str = "gdb-multiarch";
/// Longest a script may take, in seconds.
const LIMIT: &str = "120";
/// How long somebody may take to listen, or to end.
const PATIENCE: Duration = Duration::from_secs(60);

/// Whether a gdb is there.
pub fn is_there() -> bool {
    Command::new(GDB).arg("--version").output().is_ok_and(|output| output.status.success())
}

/// A program that waits for gdb to connect.
pub struct Debuggee {
    child: Child,
    /// What gdb is to connect to.
    pub address: String,
    errors: Option<BufReader<std::process::ChildStderr>>,
}

/// How a program ended, and what it wrote.
pub struct Ended {
    /// How.
    pub status: ExitStatus,
    /// To standard output.
    pub stdout: String,
    /// To standard error, after the first line.
    pub stderr: String,
}

impl Debuggee {
    /// Runs the program under test with these arguments, which come after `run`.
    pub fn ours(arguments: &[String]) -> Result<Debuggee> {
        let mut command = Command::new(place::strata());
        command.args(["run", "--gdb", "0", "--timeout", LIMIT]).args(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().context("the program under test is not built")?;
        let mut errors = BufReader::new(child.stderr.take().context("it is a pipe")?);
        let mut line = String::new();
        errors.read_line(&mut line)?;
        let Some((_, address)) = line.trim_end().split_once("target remote ") else { bail!("it said {line:?}") };
        Ok(Debuggee { child, address: address.to_owned(), errors: Some(errors) })
    }

    /// Runs a program by QEMU.
    pub fn qemus(architecture: &str, program: &Path, arguments: &[String]) -> Result<Debuggee> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let mut command = Command::new(format!("/usr/bin/qemu-{architecture}"));
        command.args(["-g", &port.to_string()]).arg(program).args(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let child = command.spawn().context("QEMU is not there")?;
        let table = format!("/proc/{}/net/tcp", child.id());
        let (listens, since) = (format!(":{port:04X} 00000000:0000 0A"), Instant::now());
        while !fs::read_to_string(&table)?.contains(&listens) {
            if since.elapsed() > PATIENCE {
                bail!("QEMU does not listen");
            }
            thread::sleep(Duration::from_millis(10));
        }
        Ok(Debuggee { child, address: format!("127.0.0.1:{port}"), errors: None })
    }

    /// Writes to its standard input.
    pub fn write(&mut self, text: &str) -> Result<()> {
        self.child.stdin.as_mut().context("it is a pipe")?.write_all(text.as_bytes())?;
        Ok(())
    }

    /// Waits for its end.
    pub fn end(mut self) -> Result<Ended> {
        drop(self.child.stdin.take());
        let mut stderr = String::new();
        let mut errors = self.errors.take();
        let reader = thread::spawn(move || {
            errors.iter_mut().for_each(|errors| _ = errors.read_to_string(&mut stderr));
            stderr
        });
        let mut bytes = Vec::new();
        let mut stdout = self.child.stdout.take().context("it is a pipe")?;
        stdout.read_to_end(&mut bytes)?;
        let stderr = reader.join().map_err(|_| anyhow!("its errors are no text"))?;
        let status = self.child.wait()?;
        Ok(Ended { status, stdout: String::from_utf8_lossy(&bytes).into_owned(), stderr })
    }
}

impl Drop for Debuggee {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Has gdb work off `script`, connected to `address`; `program` is the file it reads symbols from, or else it asks for that.
/// The answer is what it wrote, less what it reads.
pub fn script(address: &str, program: Option<&Path>, script: &str) -> Result<String> {
    static SCRIPTS: AtomicUsize = AtomicUsize::new(0);
    fs::create_dir_all(place::scratch())?;
    let file = place::scratch().join(format!("{}.gdb", SCRIPTS.fetch_add(1, Ordering::Relaxed)));
    let symbols = program.map(|program| format!("set sysroot\nfile {}\n", program.display())).unwrap_or_default();
    let settings = "set pagination off\nset confirm off\nset width 0\nset debuginfod enabled off\n";
    fs::write(&file, format!("{settings}{symbols}target remote {address}\n{script}"))?;
    let mut command = Command::new("timeout");
    command.args(["--signal=KILL", LIMIT, GDB, "-nx", "--batch", "-x"]).arg(&file).stdin(Stdio::null());
    let output = command.stderr(log(&file)?).output().context("gdb is not there")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let noise = ["Reading ", "(No debugging symbols", "warning: "];
    let kept: Vec<&str> = text.lines().filter(|line| !noise.iter().any(|noise| line.starts_with(noise))).collect();
    let errors = fs::read_to_string(file.with_extension("err"))?;
    let errors = errors.lines().filter(|line| !noise.iter().any(|noise| line.starts_with(noise)));
    Ok(kept.into_iter().chain(errors).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n") + "\n")
}

/// Where gdb's errors go.
fn log(script: &Path) -> Result<File> {
    Ok(File::create(script.with_extension("err"))?)
}

/// A test program of ours in C.
pub fn program(architecture: &str, level: &str) -> PathBuf {
    place::inputs().join("c").join(architecture).join(level).join("debugged")
}

/// A client that sends packets as it likes.
pub struct Packets(TcpStream);

impl Packets {
    /// Connects.
    pub fn connect(address: &str) -> Result<Packets> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Packets(stream))
    }

    /// Sends bytes as they are.
    pub fn raw(&mut self, bytes: &[u8]) -> Result<()> {
        Ok(self.0.write_all(bytes)?)
    }

    /// Sends a packet.
    pub fn send(&mut self, text: &str) -> Result<()> {
        let sum = text.bytes().fold(0u8, u8::wrapping_add);
        self.raw(format!("${text}#{sum:02x}").as_bytes())
    }

    /// Receives a packet, and says so.
    pub fn receive(&mut self) -> Result<String> {
        let mut bytes = Vec::new();
        while !matches!(bytes.len().checked_sub(3).and_then(|at| bytes.get(at)), Some(b'#')) {
            let mut byte = [0];
            self.0.read_exact(&mut byte)?;
            if byte[0] == b'$' || !bytes.is_empty() {
                bytes.push(byte[0]);
            }
        }
        self.raw(b"+")?;
        let mut text: Vec<u8> = Vec::new();
        let mut rest = bytes[1..bytes.len() - 3].iter();
        while let Some(byte) = rest.next() {
            match (byte, text.last().copied()) {
                // What is repeated is said once, with how often.
                (b'*', Some(last)) => {
                    let times = rest.next().map_or(0, |count| count.saturating_sub(29));
                    text.extend(std::iter::repeat_n(last, usize::from(times)));
                }
                _ => text.push(*byte),
            }
        }
        Ok(String::from_utf8_lossy(&text).into_owned())
    }

    /// What is answered to a packet.
    pub fn ask(&mut self, text: &str) -> Result<String> {
        self.send(text)?;
        self.receive()
    }

    /// Whether the other side has hung up.
    pub fn is_closed(&mut self) -> bool {
        let mut rest = Vec::new();
        self.0.read_to_end(&mut rest).is_ok()
    }
}
