//! `strata-runtime compile FILE.wasm OUT` and `strata-runtime run FILE ARGS`: wasmtime as its own command line has it, with
//! every setting as it comes.

use anyhow::{Context, Result};
use clap::Parser;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use wasmtime::{Engine, Linker, Module, Store};
use wasmtime_wasi::p1::{WasiP1Ctx, add_to_linker_sync};
use wasmtime_wasi::{FsPerms, I32Exit, WasiCtxBuilder};

#[derive(Parser)]
enum Command {
    /// Compile a module, to be run later
    Compile { file: PathBuf, output: PathBuf },
    /// Run a module, or what was compiled of it
    Run(Run),
}

#[derive(clap::Args)]
struct Run {
    /// A directory that the module may use, under the name that it is given here
    #[arg(long, value_name = "HOST[::GUEST]")]
    dir: Vec<String>,
    /// A variable of its environment
    #[arg(long, value_name = "NAME=VALUE")]
    env: Vec<String>,
    file: PathBuf,
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

fn main() -> ExitCode {
    let done = match Command::parse() {
        Command::Compile { file, output } => compile(&file, &output).map(|()| ExitCode::SUCCESS),
        Command::Run(run) => run.run(),
    };
    done.unwrap_or_else(|error| {
        eprintln!("runtime: {error:?}");
        ExitCode::from(134)
    })
}

fn compile(file: &Path, output: &Path) -> Result<()> {
    let bytes = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let compiled = Engine::default().precompile_module(&bytes)?;
    fs::write(output, compiled).with_context(|| format!("cannot write {}", output.display()))
}

impl Run {
    fn run(self) -> Result<ExitCode> {
        let engine = Engine::default();
        let module = if self.file.extension().is_some_and(|extension| extension == "cwasm") {
            // SAFETY: whoever runs the tests compiled it.
            unsafe { Module::deserialize_file(&engine, &self.file)? }
        } else {
            Module::from_file(&engine, &self.file)?
        };
        let mut linker: Linker<WasiP1Ctx> = Linker::new(&engine);
        add_to_linker_sync(&mut linker, |context| context)?;
        let mut store = Store::new(&engine, self.context()?);
        let instance = linker.instantiate(&mut store, &module)?;
        let start = instance.get_typed_func::<(), ()>(&mut store, "_start")?;
        match start.call(&mut store, ()) {
            Ok(()) => Ok(ExitCode::SUCCESS),
            Err(error) => match error.downcast_ref::<I32Exit>() {
                Some(I32Exit(code)) => Ok(ExitCode::from(*code as u8)),
                None => Err(error.into()),
            },
        }
    }

    fn context(&self) -> Result<WasiP1Ctx> {
        let mut builder = WasiCtxBuilder::new();
        builder.inherit_stdio().arg(self.file.to_string_lossy()).args(&self.arguments);
        for variable in &self.env {
            let (name, value) = variable.split_once('=').context("--env NAME=VALUE")?;
            builder.env(name, value);
        }
        for dir in &self.dir {
            let (host, guest) = dir.split_once("::").unwrap_or((dir, dir));
            builder.preopened_dir(host, guest, FsPerms::ReadWrite)?;
        }
        Ok(builder.build_p1())
    }
}
