//! `strata demo`: a short tour on programs that are part of this binary.

use crate::failure::{Done, print};
use crate::launch::{Ended, How, Launch, streams};
use crate::run::{FILES_BYTES, TierName};
use clap::Args;
use linux::ExitStatus;
use namespace::Limits;
use std::io::IsTerminal;
use std::process::ExitCode;
use std::time::Instant;

/// Watch real MIPS machine code run: programs embedded in this binary, little- and big-endian
#[derive(Args)]
pub(crate) struct Demo {
    /// Only this program
    #[arg(value_parser = PROGRAMS.iter().map(|program| program.name).collect::<Vec<_>>())]
    program: Option<String>,
    /// How to execute
    #[arg(long, value_enum, default_value_t = TierName::Auto)]
    tier: TierName,
}

impl Default for Demo {
    fn default() -> Demo {
        Demo { program: None, tier: TierName::Auto }
    }
}

/// A guest program brought along.
struct Embedded {
    name: &'static str,
    about: &'static str,
    little: &'static [u8],
    big: &'static [u8],
}

macro_rules! programs {
    ($($name:literal $about:literal;)*) => {
        const PROGRAMS: &[Embedded] = &[$(Embedded {
            name: $name,
            about: $about,
            little: include_bytes!(concat!("../../../guests/programs/bin/mipsel/", $name)),
            big: include_bytes!(concat!("../../../guests/programs/bin/mips/", $name)),
        }),*];
    };
}

programs! {
    "hello"      "a greeting, in a few instructions";
    "sha256"     "SHA-256, in 32-bit arithmetic";
    "pi"         "digits of pi, by a spigot of integers";
    "nbody"      "the outer planets, in double precision";
    "mandelbrot" "the Mandelbrot set, drawn in text";
    "life"       "Conway's game of life";
    "race"       "sorting algorithms, racing through function pointers";
}

impl Demo {
    pub(crate) fn run(self) -> Done {
        let colour = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        let (bold, dim, plain) = if colour { ("\x1b[1m", "\x1b[2m", "\x1b[0m") } else { ("", "", "") };
        print(&format!("{bold}Strata{plain} runs unmodified MIPS Linux programs as WebAssembly. Here are some.\n"))?;
        let chosen = PROGRAMS.iter().filter(|program| self.program.as_ref().is_none_or(|name| name == program.name));
        // The two byte orders take turns.
        for (program, is_big) in chosen.zip([false, true].into_iter().cycle()) {
            let (order, bytes) =
                if is_big { ("mips, big-endian", program.big) } else { ("mipsel, little-endian", program.little) };
            print(&format!(
                "\n{bold}{}{plain}: {} {dim}({order}, {} bytes){plain}\n",
                program.name,
                program.about,
                bytes.len()
            ))?;
            let begun = Instant::now();
            let ended = launch(program.name, bytes, self.tier)?;
            let took = begun.elapsed();
            let ExitStatus::Code(0) = ended.status else {
                return Ok(crate::run::report(program.name, &ended, false));
            };
            let of = ended.statistics;
            let translated = match of.regions {
                0 => String::from("all interpreted"),
                _ => format!("{} blocks of MIPS translated to {} bytes of WebAssembly", of.blocks, of.wasm_bytes),
            };
            print(&format!("{dim}{:.1} ms; {translated}{plain}\n", took.as_secs_f64() * 1e3))?;
        }
        print(&format!(
            "\nRun your own: {bold}strata run PROGRAM{plain}; {bold}strata run --help{plain} says what it can be given.\n"
        ))?;
        Ok(ExitCode::SUCCESS)
    }
}

fn launch(name: &str, bytes: &[u8], tier: TierName) -> Result<Ended, crate::failure::Failure> {
    let path = format!("/bin/{name}").into_bytes();
    Launch {
        bytes: bytes.len() as u64,
        file: Box::new(vfs::node::Bytes(bytes.to_vec())),
        name: name.to_owned(),
        arguments: vec![path.clone()],
        path,
        environment: Vec::new(),
        directory: b"/".to_vec(),
        grants: streams(),
        precompiled: None,
        how: How {
            limits: Limits {
                memory_bytes: 1 << 30,
                files_bytes: FILES_BYTES,
                descriptors: Limits::DESCRIPTORS,
                threads: Limits::THREADS,
            },
            tier: tier.into(),
            names_code: false,
            is_timed: false,
            cache: None,
            trace: None,
            timeout: None,
            snapshots: None,
            network: None,
            gdb: None,
        },
    }
    .run()
}
