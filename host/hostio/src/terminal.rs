//! A terminal of the host: settings and window size of a stream that is one.

use crate::errno;
use crate::stream::Stream;
use rustix::termios::{
    Action, ControlModes, InputModes, LocalModes, OptionalActions, OutputModes, QueueSelector, SpecialCodeIndex,
    Winsize, tcflow, tcflush, tcgetattr, tcgetwinsize, tcsetattr, tcsetwinsize,
};
use vfs::terminal::{Flow, Flush, Job, SetWhen};
use vfs::termios::{Termios, WindowSize};
use vfs::{Result, Terminal};

/// Line speeds in `c_cflag` (`CBAUD`, `CBAUDEX` and `CIBAUD`): those of the host's terminal stay as they are.
const SPEEDS: u32 = 0o010017 | 0o002_003_600_000;

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

impl Terminal for Stream {
    /// The streams and /dev/tty are one terminal of the host's, which has one owner.
    fn job(&self) -> &Job {
        static JOB: Job = Job::new();
        &JOB
    }

    fn termios(&self) -> Result<Termios> {
        let found = tcgetattr(&self.descriptor).map_err(errno::of)?;
        let mut chars = [0; 19];
        for (char, index) in chars.iter_mut().zip(CHARS) {
            *char = found.special_codes[index];
        }
        Ok(Termios {
            input: found.input_modes.bits(),
            output: found.output_modes.bits(),
            control: found.control_modes.bits(),
            local: found.local_modes.bits(),
            line: found.line_discipline,
            chars,
            speeds: (found.input_speed(), found.output_speed()),
        })
    }

    fn set_termios(&self, termios: &Termios, when: SetWhen) -> Result<()> {
        let mut settings = tcgetattr(&self.descriptor).map_err(errno::of)?;
        let speeds = settings.control_modes.bits() & SPEEDS;
        settings.input_modes = InputModes::from_bits_retain(termios.input);
        settings.output_modes = OutputModes::from_bits_retain(termios.output);
        settings.control_modes = ControlModes::from_bits_retain(termios.control & !SPEEDS | speeds);
        settings.local_modes = LocalModes::from_bits_retain(termios.local);
        for (&char, index) in termios.chars.iter().zip(CHARS) {
            settings.special_codes[index] = char;
        }
        let when = match when {
            SetWhen::Now => OptionalActions::Now,
            SetWhen::Drain => OptionalActions::Drain,
            SetWhen::Flush => OptionalActions::Flush,
        };
        tcsetattr(&self.descriptor, when, &settings).map_err(errno::of)
    }

    fn window_size(&self) -> Result<WindowSize> {
        let size = tcgetwinsize(&self.descriptor).map_err(errno::of)?;
        Ok(WindowSize { rows: size.ws_row, columns: size.ws_col, x_pixels: size.ws_xpixel, y_pixels: size.ws_ypixel })
    }

    fn set_window_size(&self, size: WindowSize) -> Result<()> {
        let WindowSize { rows, columns, x_pixels, y_pixels } = size;
        let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: x_pixels, ws_ypixel: y_pixels };
        tcsetwinsize(&self.descriptor, size).map_err(errno::of)
    }

    fn flush(&self, what: Flush) -> Result<()> {
        let what = match what {
            Flush::Input => QueueSelector::IFlush,
            Flush::Output => QueueSelector::OFlush,
            Flush::Both => QueueSelector::IOFlush,
        };
        tcflush(&self.descriptor, what).map_err(errno::of)
    }

    fn flow(&self, what: Flow) -> Result<()> {
        let what = match what {
            Flow::Hold => Action::OOff,
            Flow::Release => Action::OOn,
            Flow::SendStop => Action::IOff,
            Flow::SendStart => Action::IOn,
        };
        tcflow(&self.descriptor, what).map_err(errno::of)
    }
}
