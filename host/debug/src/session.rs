//! [`Session`]: a connection to gdb, from its first packet to its last.

use crate::link::{Event, Link};
use crate::reported;
use crate::target::Target;
use crate::wire::Wire;
use gdbstub::conn::Connection;
use gdbstub::stub::state_machine::GdbStubStateMachine as Machine;
use gdbstub::stub::{DisconnectReason, GdbStub, MultiThreadStopReason};
use run::{Debugger, Resume};
use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Longest packet, in bytes.
const PACKET_BYTES_MAX: usize = 16 << 10;
/// What answers a request with nothing to say.
const OK: &[u8] = b"$OK#9a";
/// How long gdb may let us wait until it takes what it is sent.
const PATIENCE: Duration = Duration::from_secs(10);

/// Somebody debugs a process with gdb.
pub struct Session {
    link: Arc<Link>,
    answers: JoinHandle<()>,
}

impl Session {
    /// Begins one with the gdb at the other end of `stream`. `prod` has whoever runs the process look whether that is to stop.
    /// The error is the host's.
    pub fn begin(stream: TcpStream, prod: Box<dyn Fn() + Send + Sync>) -> io::Result<Session> {
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let (events, happened) = mpsc::channel();
        let (credit, credits) = mpsc::channel();
        let link = Link::new(events.clone(), prod);
        let input = stream.try_clone()?;
        thread::Builder::new().name("gdb-input".into()).spawn(move || listen(input, &events, &credits))?;
        let input = Input { happened, credit, bytes: VecDeque::new() };
        let talk = Talk { target: Target::new(link.clone()), input, stream };
        let answers = thread::Builder::new().name("gdb".into()).spawn(move || talk.run())?;
        Ok(Session { link, answers })
    }

    /// Who is told of what the process does.
    pub fn debugger(&self) -> Arc<dyn Debugger> {
        self.link.clone()
    }

    /// Ends it, when the process has ended: gdb has been told then.
    pub fn end(self) {
        self.link.leave();
        // If it failed, it has said so.
        let _ = self.answers.join();
    }
}

/// Reads what gdb sends, and no more than what is taken.
fn listen(mut from: TcpStream, events: &Sender<Event>, credits: &Receiver<()>) {
    let mut buffer = [0; 4096];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(length) if events.send(Event::Bytes(buffer[..length].to_vec())).is_err() => return,
            Ok(_) if credits.recv().is_err() => return,
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    // Nobody may be left to know.
    let _ = events.send(Event::Gone);
}

/// What happens, in order, and what gdb sent byte by byte.
struct Input {
    happened: Receiver<Event>,
    credit: Sender<()>,
    bytes: VecDeque<u8>,
}

impl Input {
    /// Waits until the process is there, and has stopped; false if it ended before.
    fn has_begun(&mut self) -> bool {
        loop {
            match self.happened.recv() {
                Ok(Event::Stopped(..)) => return true,
                // gdb speaks first.
                Ok(Event::Bytes(bytes)) => self.bytes.extend(bytes),
                Ok(Event::Gone | Event::Over(_)) | Err(_) => return false,
            }
        }
    }

    /// The next byte, or what else happens; none if nobody is left to say so.
    fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(byte) = self.bytes.pop_front() {
                if self.bytes.is_empty() {
                    // The reader may have gone.
                    let _ = self.credit.send(());
                }
                return Some(Event::Bytes(vec![byte]));
            }
            match self.happened.recv().ok()? {
                Event::Bytes(bytes) => self.bytes.extend(bytes),
                event => return Some(event),
            }
        }
    }
}

/// The side of the conversation that answers.
struct Talk {
    target: Target,
    input: Input,
    stream: TcpStream,
}

impl Talk {
    fn run(mut self) {
        // Whatever comes of it, the process goes on.
        let _leaving = Leaving(self.target.link.clone(), self.stream.try_clone().ok());
        if let Err(error) = self.converse() {
            tracing::warn!("gdb and its program cannot talk any more, and the program goes on without it: {error}");
        }
    }

    /// Answers until gdb goes, or the process ends.
    fn converse(&mut self) -> Result<(), String> {
        let mut buffer = vec![0; PACKET_BYTES_MAX];
        let wire = Wire::new(self.stream.try_clone().map_err(|error| error.to_string())?);
        let stub = GdbStub::builder(wire).with_packet_buffer(&mut buffer).build().map_err(|error| error.to_string())?;
        if !self.input.has_begun() {
            return Ok(());
        }
        let mut machine = stub.run_state_machine(&mut self.target).map_err(|error| error.to_string())?;
        loop {
            machine = match machine {
                Machine::Idle(idle) => match self.input.next() {
                    Some(Event::Bytes(bytes)) => idle.incoming_data(&mut self.target, bytes[0]),
                    Some(Event::Stopped(..)) => Ok(idle.into()),
                    Some(Event::Over(_) | Event::Gone) | None => return Ok(()),
                },
                Machine::Running(running) => match self.input.next() {
                    Some(Event::Bytes(bytes)) => running.incoming_data(&mut self.target, bytes[0]),
                    Some(Event::Stopped(tid, reason)) => {
                        running.report_stop(&mut self.target, reported::stop(tid, reason))
                    }
                    Some(Event::Over(status)) => running.report_stop(&mut self.target, reported::end(status)),
                    Some(Event::Gone) | None => return Ok(()),
                },
                Machine::CtrlCInterrupt(interrupt) => {
                    self.target.link.interrupt();
                    interrupt.interrupt_handled(&mut self.target, None::<MultiThreadStopReason<u32>>)
                }
                Machine::Disconnected(mut ended) => {
                    if ended.get_reason() == DisconnectReason::Kill {
                        self.target.link.resume(Resume::Kill);
                        // gdb waits for that if it named the process.
                        let wire = ended.borrow_conn();
                        wire.write_all(OK).and_then(|()| wire.flush()).map_err(|error| error.to_string())?;
                    }
                    return Ok(());
                }
            }
            .map_err(|error| error.to_string())?;
        }
    }
}

/// Lets the process go on, and gdb know that nobody listens any more, however the conversation ends.
struct Leaving(Arc<Link>, Option<TcpStream>);

impl Drop for Leaving {
    fn drop(&mut self) {
        self.0.leave();
        // It is closed already if gdb closed it.
        self.1.iter().for_each(|stream| drop(stream.shutdown(Shutdown::Both)));
    }
}
