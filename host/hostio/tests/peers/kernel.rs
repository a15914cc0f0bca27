//! The host's pseudoterminal.

use super::{Peer, ready, show};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{self, Mode, OFlags, fcntl_setfl};
use rustix::io::{self, Errno};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{
    Action, ControlModes, InputModes, LocalModes, OptionalActions, OutputModes, QueueSelector, SpecialCodeIndex,
    tcflow, tcflush, tcgetattr, tcsetattr,
};
use std::ffi::CString;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;
use vfs::terminal::{Flow, Flush, SetWhen};
use vfs::termios::Termios;

/// `c_cc`, in asm-generic order.
const CHARS: [SpecialCodeIndex; 17] = [
    SpecialCodeIndex::VINTR,
    SpecialCodeIndex::VQUIT,
    SpecialCodeIndex::VERASE,
    SpecialCodeIndex::VKILL,
    SpecialCodeIndex::VEOF,
    SpecialCodeIndex::VTIME,
    SpecialCodeIndex::VMIN,
    SpecialCodeIndex::VSWTC,
    SpecialCodeIndex::VSTART,
    SpecialCodeIndex::VSTOP,
    SpecialCodeIndex::VSUSP,
    SpecialCodeIndex::VEOL,
    SpecialCodeIndex::VREPRINT,
    SpecialCodeIndex::VDISCARD,
    SpecialCodeIndex::VWERASE,
    SpecialCodeIndex::VLNEXT,
    SpecialCodeIndex::VEOL2,
];

pub(crate) struct Kernel {
    name: CString,
    master: Option<OwnedFd>,
    slave: Option<OwnedFd>,
    /// How long it is given to take in what was typed, where nothing tells that it has.
    patience: Duration,
}

impl Kernel {
    pub(crate) fn open(patience: Duration) -> Option<Kernel> {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).ok()?;
        fcntl_setfl(&master, OFlags::NONBLOCK).ok()?;
        grantpt(&master).and_then(|()| unlockpt(&master)).ok()?;
        let name = ptsname(&master, Vec::new()).ok()?;
        let slave = Some(open_slave(&name)?);
        Some(Kernel { name, master: Some(master), slave, patience })
    }

    pub(crate) fn settings(&self) -> Termios {
        let found = tcgetattr(self.slave()).unwrap();
        let mut chars = [0; 19];
        for (char, index) in chars.iter_mut().zip(CHARS) {
            *char = found.special_codes[index];
        }
        Termios {
            input: found.input_modes.bits(),
            output: found.output_modes.bits(),
            control: found.control_modes.bits(),
            local: found.local_modes.bits(),
            line: found.line_discipline,
            chars,
            speeds: (found.input_speed(), found.output_speed()),
        }
    }

    fn slave(&self) -> BorrowedFd<'_> {
        self.slave.as_ref().unwrap().as_fd()
    }

    fn master(&self) -> BorrowedFd<'_> {
        self.master.as_ref().unwrap().as_fd()
    }

    /// Lets it take in what was typed. To poll a slave with nothing to read does that; else it takes time.
    fn settle(&self) {
        if look(self.slave()).contains(PollFlags::IN) {
            std::thread::sleep(self.patience);
        }
    }
}

fn open_slave(name: &CString) -> Option<OwnedFd> {
    fs::open(name, OFlags::RDWR | OFlags::NOCTTY | OFlags::NONBLOCK, Mode::empty()).ok()
}

fn look(file: BorrowedFd<'_>) -> PollFlags {
    let mut polled = [PollFd::new(&file, PollFlags::IN | PollFlags::OUT)];
    poll(&mut polled, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })).unwrap();
    polled[0].revents()
}

fn read(file: BorrowedFd<'_>, count: usize) -> Result<Vec<u8>, &'static str> {
    let mut bytes = vec![0; count];
    let count = io::read(file, &mut bytes).map_err(|errno| match errno {
        Errno::AGAIN => "EAGAIN",
        Errno::IO => "EIO",
        _ => "another error",
    })?;
    bytes.truncate(count);
    Ok(bytes)
}

fn ready_for(what: &str, file: BorrowedFd<'_>) -> String {
    let found = look(file);
    let has = |flag| found.contains(flag);
    let conditions = [(PollFlags::IN, "in"), (PollFlags::OUT, "out"), (PollFlags::HUP, "hup"), (PollFlags::ERR, "err")];
    ready(what, conditions.map(|(flag, name)| (has(flag), name)))
}

impl Peer for Kernel {
    fn set(&mut self, settings: &Termios, when: SetWhen) {
        let mut found = tcgetattr(self.slave()).unwrap();
        found.input_modes = InputModes::from_bits_retain(settings.input);
        found.output_modes = OutputModes::from_bits_retain(settings.output);
        found.control_modes = ControlModes::from_bits_retain(settings.control);
        found.local_modes = LocalModes::from_bits_retain(settings.local);
        for (&char, index) in settings.chars.iter().zip(CHARS) {
            found.special_codes[index] = char;
        }
        let when = match when {
            SetWhen::Now => OptionalActions::Now,
            SetWhen::Drain => OptionalActions::Drain,
            SetWhen::Flush => OptionalActions::Flush,
        };
        tcsetattr(self.slave(), when, &found).unwrap();
    }

    fn flush(&mut self, what: Flush) {
        let what = match what {
            Flush::Input => QueueSelector::IFlush,
            Flush::Output => QueueSelector::OFlush,
            Flush::Both => QueueSelector::IOFlush,
        };
        tcflush(self.slave(), what).unwrap();
    }

    fn flow(&mut self, what: Flow) {
        let what = match what {
            Flow::Hold => Action::OOff,
            Flow::Release => Action::OOn,
            Flow::SendStop => Action::IOff,
            Flow::SendStart => Action::IOn,
        };
        tcflow(self.slave(), what).unwrap();
    }

    fn reopen(&mut self) -> String {
        self.slave = None;
        let left = format!("{}, {}", self.shown(), ready_for("master", self.master()));
        self.slave = open_slave(&self.name);
        left
    }

    fn write(&mut self, bytes: &[u8]) -> Option<usize> {
        io::write(self.slave(), bytes).ok()
    }

    fn read(&mut self, count: usize) -> String {
        let seen = show(read(self.slave(), count));
        self.settle();
        seen
    }

    fn type_in(&mut self, bytes: &[u8]) {
        assert_eq!(io::write(self.master(), bytes), Ok(bytes.len()));
        self.settle();
    }

    fn shown(&mut self) -> String {
        let mut all = Vec::new();
        loop {
            match read(self.master(), 64) {
                Ok(bytes) => all.extend(bytes),
                Err(errno) => return show(Ok(all)) + errno,
            }
        }
    }

    fn state(&mut self) -> String {
        let pending = io::ioctl_fionread(self.slave()).unwrap();
        ready_for("slave", self.slave()) + &ready_for("master", self.master()) + &format!("pending {pending}")
    }

    fn hang_up(&mut self) -> String {
        self.master = None;
        let written = self.write(b"x");
        ready_for("slave", self.slave()) + &format!("{written:?} ") + &self.read(10)
    }
}
