//! cargo test --release -p strata-suite --test net
//!
//! What a guest is granted of networks it gets, and nothing else: connections to the host, ports of its own published there,
//! and, by `--strace`, what it was refused.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use strata_suite::place;

/// How long a guest may take to be there.
const PATIENCE: Duration = Duration::from_secs(60);

/// A guest's shell with those options; none without a guest.
#[allow(clippy::print_stderr, reason = "a skipped test says so")]
fn guest(options: &[String], script: &str) -> Option<Command> {
    let busybox = place::inputs().join("mipsel/bin/busybox");
    if !busybox.is_file() {
        eprintln!("skipped: no {}; cargo xtask setup fetches it", busybox.display());
        return None;
    }
    let mut command = Command::new(place::strata());
    command.args(["run", "--no-cache", "--timeout=60"]).args(options).arg(busybox).args(["sh", "-c", script]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    Some(command)
}

fn run(options: &[String], script: &str) -> Option<Output> {
    Some(guest(options, script)?.output().expect("the program under test is built"))
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.as_slice(), output.stderr.as_slice()].concat()).into_owned()
}

/// A guest that serves until it is dropped.
struct Server(Child);

impl Server {
    fn start(options: &[String], script: &str) -> Option<Server> {
        Some(Server(guest(options, script)?.spawn().expect("the program under test is built")))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A port of the host's that nobody has just now.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there are ports");
    listener.local_addr().expect("it is bound").port()
}

/// What a guest answers that may not be there yet.
fn ask(port: u16, words: &[u8]) -> Vec<u8> {
    let since = Instant::now();
    loop {
        let answer = TcpStream::connect(("127.0.0.1", port)).and_then(|mut stream| {
            stream.write_all(words)?;
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer)?;
            Ok(answer)
        });
        match answer {
            Ok(answer) if !answer.is_empty() => return answer,
            _ if since.elapsed() > PATIENCE => panic!("the guest does not answer"),
            _ => thread::sleep(Duration::from_millis(50)),
        }
    }
}

/// A host that sends back what it is sent, twice, to so many.
fn echo(connections: usize) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there are ports");
    let port = listener.local_addr().expect("it is bound").port();
    thread::spawn(move || {
        for stream in listener.incoming().take(connections) {
            let mut stream = stream.expect("somebody connects");
            let mut bytes = Vec::new();
            stream.read_to_end(&mut bytes).expect("it is sent something");
            stream.write_all(&bytes.repeat(2)).expect("it is read");
        }
    });
    port
}

fn grant(word: &str, port: impl std::fmt::Display) -> String {
    format!("--net={word}{port}")
}

#[test]
fn a_guest_reaches_what_it_was_granted() {
    let port = echo(3);
    let script = format!("printf hello | nc 10.0.2.2 {port}; head -c 300000 /dev/zero | nc 10.0.2.2 {port} | wc -c");
    let Some(ended) = run(&[grant("connect=127.0.0.1:", port)], &script) else { return };
    assert_eq!(said(&ended), "hellohello600000\n");
    let script = format!("grep host.strata /etc/hosts; printf you | nc host.strata.internal {port}");
    let Some(ended) = run(&[grant("connect=localhost:", port)], &script) else { return };
    assert_eq!(said(&ended), "10.0.2.2\thost.strata.internal\nyouyou");
}

#[test]
fn nothing_else_is_there() {
    let host = TcpListener::bind("127.0.0.1:0").expect("there are ports");
    host.set_nonblocking(true).expect("it is a socket");
    let port = host.local_addr().expect("it is bound").port();
    // Neither by the host's address, nor by its own, nor by others.
    let script =
        format!("for to in 10.0.2.2 127.0.0.1 ::1 192.0.2.1 fec0::2; do nc $to {port} </dev/null; echo $?; done");
    for (options, why) in [(vec![], "unreachable"), (vec![grant("connect=127.0.0.1:", 1)], "ermission denied")] {
        let Some(ended) = run(&options, &script) else { return };
        let (said, codes) = (said(&ended), String::from_utf8_lossy(&ended.stdout).into_owned());
        assert_eq!(codes, "1\n1\n1\n1\n1\n", "{said}");
        assert!(said.contains(why) && said.contains("refused"), "{said}");
    }
    assert!(host.accept().is_err(), "nobody came");
}

#[test]
fn a_refusal_names_the_grant() {
    for options in [vec!["--strace".into()], vec!["--strace".into(), grant("connect=127.0.0.1:", 1)]] {
        let Some(ended) = run(&options, "nc 192.0.2.1 80") else { return };
        let said = said(&ended);
        assert!(
            said.contains("--- no way to 192.0.2.1:80: not granted, --net connect=192.0.2.1:80 would ---"),
            "{said}"
        );
    }
}

#[test]
fn a_published_port_is_the_guests() {
    let port = free_port();
    let script = "echo served >/tmp/page; httpd -f -p 80 -h /tmp";
    let Some(_server) = Server::start(&[grant("publish=", format!("{port}:80"))], script) else { return };
    let page = || String::from_utf8_lossy(&ask(port, b"GET /page HTTP/1.0\r\n\r\n")).into_owned();
    assert!(page().ends_with("\r\n\r\nserved\n"));
    // Connections that come to nothing leave it as it was.
    let half: Vec<_> = (0..300).map(|_| TcpStream::connect(("127.0.0.1", port)).expect("the host listens")).collect();
    drop(half);
    assert!(page().ends_with("served\n"));
}

#[test]
fn a_flood_waits_at_the_host() {
    let port = free_port();
    // It listens, and accepts nothing; then it goes on with something else.
    let script = "(sleep 1000 | nc -l -p 80 >/dev/null) & while :; do sleep 0.2; echo alive; done";
    let Some(mut server) = Server::start(&[grant("publish=", format!("{port}:80"))], script) else { return };
    let mut output = server.0.stdout.take().expect("it is a pipe");
    let mut line = [0; 6];
    output.read_exact(&mut line).expect("the guest lives");
    let flood: Vec<_> = (0..2_000).filter_map(|_| TcpStream::connect(("127.0.0.1", port)).ok()).collect();
    for _ in 0..5 {
        output.read_exact(&mut line).expect("the guest lives");
        assert_eq!(&line, b"alive\n");
    }
    drop(flood);
}

#[test]
fn messages_come_and_are_answered() {
    let host = UdpSocket::bind("127.0.0.1:0").expect("there are ports");
    let port = host.local_addr().expect("it is bound").port();
    // A read request of TFTP (RFC 1350), and the error that it gets.
    let answers = thread::spawn(move || {
        let mut bytes = [0; 600];
        let (count, from) = host.recv_from(&mut bytes).expect("it is sent something");
        assert!(bytes[..count].starts_with(b"\0\x01wanted\0octet\0"));
        host.send_to(b"\0\x05\0\x02not for you\0", from).expect("it is sent");
    });
    let script = format!("cd /tmp; tftp -g -r wanted 10.0.2.2 {port}");
    let Some(ended) = run(&[grant("connect=127.0.0.1:", port)], &script) else { return };
    assert!(said(&ended).contains("not for you"), "{}", said(&ended));
    answers.join().expect("it was sent something");
}

#[test]
fn where_a_guest_listens_the_host_may() {
    let port = free_port();
    let script = format!("while :; do echo here | nc -l -p {port} >/dev/null; done");
    let Some(_server) = Server::start(&[grant("listen=", port)], &script) else { return };
    assert_eq!(ask(port, b""), b"here\n");
}

#[test]
fn what_is_no_grant_is_told() {
    for (word, why) in [
        ("tcp", "give all, connect=HOST"),
        ("connect=no-such-name.invalid", "finds no address"),
        ("publish=192.0.2.1:80:80", "cannot listen there"),
    ] {
        let Some(ended) = run(&[grant(word, "")], "true") else { return };
        assert!(!ended.status.success() && said(&ended).contains(why), "{}", said(&ended));
    }
}
