//! `strata translate`: a program as a file of translated code.

use crate::cache::Place;
use crate::failure::{Done, Failure, say};
use crate::loaded::Loaded;
use crate::parallel;
use anyhow::{Context, anyhow};
use cache::{Keep, Object, Precompiled, Record};
use clap::Args;
use engine::Ahead;
use image::{Endian, Image};
use mips::State;
use mips::reading::emit::Options;
use mips::translate::Unit;
use mips::translate::program::Program;
use mips::translate::region::{Rooted, gather_all};
use run::Made;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use wasm::Body;

/// Translate a whole program ahead of time
///
/// OUT.wasm runs under any WebAssembly runtime that offers WASI preview 1 and lets a module have several memories
/// (WebAssembly 3.0): `wasmtime OUT.wasm`, Node 22 and later. Strata is not needed there. What the runtime grants is what
/// the program has: its streams, arguments, environment, and the directories that are opened to it.
///
/// OUT.cwasm is the program and machine code for it, for this host's processor and this build of Strata:
/// `strata run --allow-precompiled OUT.cwasm`. It is at full speed from the first millisecond, wherever it goes.
///
/// What earlier runs of the program left in the cache says what it calls by address, and makes such calls faster.
#[derive(Args)]
#[command(after_help = "Examples:
  strata translate ./busybox -o busybox.wasm    # then: wasmtime busybox.wasm ls
  strata translate ./busybox -o busybox.cwasm   # then: strata run --allow-precompiled busybox.cwasm ls")]
pub(crate) struct Translate {
    /// The program: a static MIPS executable
    program: PathBuf,
    /// The file to write: NAME.wasm or NAME.cwasm
    #[arg(short, long, value_name = "OUT")]
    output: PathBuf,
    /// Learn nothing from earlier runs, so that the same program gives the same file
    #[arg(long, conflicts_with = "cache_dir")]
    no_cache: bool,
    #[command(flatten)]
    cache: Place,
}

/// This host's half of a portable module; empty where it could not be built.
const HOST: &[u8] = include_bytes!(env!("STRATA_PORTABLE"));

impl Translate {
    pub(crate) fn run(self) -> Done {
        let is_portable = match self.output.extension().and_then(OsStr::to_str) {
            Some("wasm") => true,
            Some("cwasm") => false,
            _ => {
                let name = self.output.display();
                return Err(anyhow!("{name}: what to make is told by the name; let it end in .wasm or .cwasm").into());
            }
        };
        if is_portable && HOST.is_empty() {
            return Err(anyhow!(
                "this strata was built without the host of portable modules: \
                 `rustup target add wasm32-unknown-unknown`, and build it again"
            )
            .into());
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
        let options = options(&image);
        let loaded = Loaded::new(&image, &bytes);
        let regions = gather_all(&loaded.text(self.called(&bytes).map_err(cannot)?));
        let program = Program::new(&regions, options);
        let (functions, units): (Vec<Body>, Vec<Unit>) =
            parallel::each("translating", regions.len(), |number| program.function(number)).into_iter().unzip();
        let parts = if is_portable {
            let module = portable::link::module(HOST, &program.portable_module(&functions, &bytes));
            vec![module.map_err(|error| cannot(anyhow!(error)))?]
        } else {
            let wasm = Program::module(functions, Ahead::MEMORIES);
            let code = compile(&wasm, units, Made { root: image.entry, options }, |at, into| loaded.code(at, into));
            let (code, driver) = code.map_err(|error| cannot(anyhow!(error)))?;
            let called = name.rsplit('/').next().unwrap_or_default();
            Precompiled::encode(called, bytes, code, &driver)
        };
        write(&self.output, &parts)?;
        let instructions: u32 = regions.iter().map(Rooted::instructions).sum();
        let bytes: usize = parts.iter().map(Vec::len).sum();
        say(&format!("{} functions, {instructions} instructions, {bytes} bytes", regions.len()));
        Ok(ExitCode::SUCCESS)
    }

    /// What computed calls called in earlier runs, as far as it is known.
    fn called(&self, bytes: &[u8]) -> anyhow::Result<BTreeMap<u32, Vec<u32>>> {
        let mut called: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        let Some(store) = self.cache.store(&[]).filter(|_| !self.no_cache) else { return Ok(called) };
        let mut keep = Keep::new(store);
        Ahead::new(|| ()).map_err(|error| anyhow!(error))?.open(&mut keep);
        self.objects(bytes)?.into_iter().for_each(|object| _ = keep.add_object(object));
        for (site, target) in keep.bundles().flat_map(|bundle| bundle.calls()) {
            let targets = called.entry(site).or_default();
            if !targets.contains(&target) {
                targets.push(target);
            }
        }
        Ok(called)
    }

    /// What the cache knows the program as: a file whose code is at some address, mostly at one.
    fn objects(&self, bytes: &[u8]) -> anyhow::Result<Vec<Object>> {
        let image = Image::parse(bytes)?;
        let code = image.segments.iter().filter(|segment| segment.exec);
        let bases = code.map(|segment| segment.at.wrapping_add(linux::base(&image)).wrapping_sub(segment.file_offset));
        let object = |base| {
            let file: Arc<[u8]> = bytes.into();
            let read = move |at: u64, into: &mut [u8]| {
                let from = usize::try_from(at).ok().and_then(|at| file.get(at..)?.get(..into.len()));
                from.map(|from| into.copy_from_slice(from)).is_some()
            };
            Object {
                name: String::new(),
                base,
                bytes: bytes.len() as u64,
                big_endian: image.endian == Endian::Big,
                read: Box::new(read),
            }
        };
        Ok(bases.collect::<BTreeSet<u32>>().into_iter().map(object).collect())
    }
}

/// What the code may take for granted when the program starts.
fn options(image: &Image) -> Options {
    let mut state = State::default();
    abi::o32::start_fpu(&mut state, image.fp.needs_fr1(), image.nan2008);
    Options { big_endian: image.endian == Endian::Big, fpu: state.fpu, fault_precise: false }
}

/// Compiles a program's module, and what drives it.
fn compile(
    wasm: &[u8],
    units: Vec<Unit>,
    made: Made,
    read: impl FnMut(u32, &mut [u8]) -> bool,
) -> Result<(Record, Record), String> {
    let progress = parallel::bar("compiling", units.len());
    let ahead = Ahead::new({
        let progress = progress.clone();
        move || progress.inc(1)
    })?;
    let code = ahead.compile(wasm, units, made, read);
    progress.finish_and_clear();
    Ok((code?, ahead.driver()?))
}

/// Writes a file whole, or leaves what was there.
fn write(to: &Path, parts: &[Vec<u8>]) -> Result<(), Failure> {
    let mut name = to.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}", std::process::id()));
    let beside = to.with_file_name(name);
    let written = File::create(&beside).and_then(|mut file| parts.iter().try_for_each(|part| file.write_all(part)));
    let written = written.and_then(|()| std::fs::rename(&beside, to));
    if written.is_err() {
        // Whatever went wrong first is what matters.
        let _ = std::fs::remove_file(&beside);
    }
    written.with_context(|| format!("{} cannot be written", to.display())).map_err(Failure::from)
}
