//! `strata translate`: a program as a file of translated code.

use crate::failure::{Done, Failure, say};
use crate::loaded::Loaded;
use anyhow::{Context, anyhow};
use clap::Args;
use image::{Endian, Image};
use indicatif::{ProgressBar, ProgressStyle};
use mips::State;
use mips::reading::emit::Options;
use mips::translate::program::Program;
use mips::translate::region::{Rooted, gather_all};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use wasm::Body;

/// Translate a whole program ahead of time
///
/// OUT.wasm runs under any WebAssembly runtime that offers WASI preview 1 and lets a module have several memories
/// (WebAssembly 3.0): `wasmtime OUT.wasm`, Node 22 and later. Strata is not needed there. What the runtime grants is what
/// the program has: its streams, arguments, environment, and the directories that are opened to it.
#[derive(Args)]
pub(crate) struct Translate {
    /// The program: a static MIPS executable
    program: PathBuf,
    /// The file to write: NAME.wasm
    #[arg(short, long, value_name = "OUT")]
    output: PathBuf,
}

/// This host's half of a portable module; empty where it could not be built.
const HOST: &[u8] = include_bytes!(env!("STRATA_PORTABLE"));

impl Translate {
    pub(crate) fn run(self) -> Done {
        if self.output.extension().is_none_or(|extension| extension != "wasm") {
            let name = self.output.display();
            return Err(anyhow!("{name}: what to make is told by the name; let it end in .wasm").into());
        }
        let bytes = std::fs::read(&self.program).map_err(|error| Failure::reading(&self.program, &error))?;
        let name = self.program.display().to_string();
        let cannot = |error: anyhow::Error| Failure::cannot_run(error.context(name.clone()));
        let image = Image::parse(&bytes).map_err(|error| cannot(error.into()))?;
        image::can_run(&image).map_err(|why| cannot(anyhow!(why)))?;
        if let Some(linker) = &image.interpreter {
            return Err(cannot(anyhow!(
                "it wants {linker}: only static programs can be translated; link it with -static"
            )));
        }
        if HOST.is_empty() {
            return Err(anyhow!(
                "this strata was built without the host of portable modules: \
                 `rustup target add wasm32-unknown-unknown`, and build it again"
            )
            .into());
        }
        let loaded = Loaded::new(&image, &bytes);
        let regions = gather_all(&loaded.text());
        let module = translate(&regions, options(&image), &bytes);
        let module = portable::link::module(HOST, &module).map_err(|error| cannot(anyhow!(error)))?;
        write(&self.output, &module)?;
        let instructions: u32 = regions.iter().map(Rooted::instructions).sum();
        say(&format!("{} functions, {instructions} instructions, {} bytes", regions.len(), module.len()));
        Ok(ExitCode::SUCCESS)
    }
}

/// What the code may take for granted when the program starts.
fn options(image: &Image) -> Options {
    let mut state = State::default();
    abi::o32::start_fpu(&mut state, image.fp.needs_fr1(), image.nan2008);
    Options { big_endian: image.endian == Endian::Big, fpu: state.fpu, fault_precise: false }
}

/// Translates all regions, on all processors.
fn translate(regions: &[Rooted], options: Options, file: &[u8]) -> Vec<u8> {
    let program = Program::new(regions, options);
    let style = "{spinner} translating {bar:40} {pos}/{len} functions, {eta} left";
    let progress = ProgressBar::new(regions.len() as u64)
        .with_style(ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar()));
    let next = AtomicUsize::new(0);
    let work = || {
        let numbers = std::iter::repeat_with(|| next.fetch_add(1, Ordering::Relaxed));
        let made = numbers.take_while(|number| *number < regions.len()).map(|number| {
            progress.inc(1);
            (number, program.function(number))
        });
        made.collect::<Vec<(usize, Body)>>()
    };
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let mut functions: Vec<(usize, Body)> = thread::scope(|scope| {
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("translating does not panic")).collect()
    });
    progress.finish_and_clear();
    functions.sort_unstable_by_key(|(number, _)| *number);
    let functions: Vec<Body> = functions.into_iter().map(|(_, body)| body).collect();
    program.module(&functions, file)
}

/// Writes a file whole, or leaves what was there.
fn write(to: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let mut name = to.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}", std::process::id()));
    let beside = to.with_file_name(name);
    let written = std::fs::write(&beside, bytes).and_then(|()| std::fs::rename(&beside, to));
    if written.is_err() {
        // Whatever went wrong first is what matters.
        let _ = std::fs::remove_file(&beside);
    }
    written.with_context(|| format!("{} cannot be written", to.display())).map_err(Failure::from)
}
