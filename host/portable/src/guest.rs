//! [`run`]: a program in the world that its runtime grants, until it is over.

use crate::clocks::host;
use crate::contents::Contents;
use crate::waiter::Waiter;
use crate::{directory, naming, root, stream, wasi};
use image::{Endian, Image};
use linux::{ExitStatus, Program, Signal, Thread, World};
use namespace::{Grant, Limits};
use run::{Alone, Engine, Over, Standing, Statistics, Tier, Vcpu};
use std::sync::Arc;
use vfs::{Errno, NodeRef};

/// Bytes a guest may map, and bytes of files it may keep in memory: a module has 4 GiB for all.
const LIMITS: Limits = Limits {
    memory_bytes: 1 << 30,
    files_bytes: 256 << 20,
    descriptors: Limits::DESCRIPTORS,
    threads: Limits::THREADS,
};

/// The exit status for what is neither the guest's end nor its program's fault, as docker has it.
pub(crate) const FAILED: u8 = 125;
/// The exit status for a program that cannot be run.
const CANNOT_RUN: u8 = 126;

/// The variable that asks for counts of what ran where.
const STATISTICS: &[u8] = b"STRATA_STATS=";

/// The first descriptor that a preopen can be.
const FIRST_PREOPEN: wasi::Fd = 3;

/// What a program is called and told.
#[derive(Clone, Default, Debug)]
pub(crate) struct Order {
    /// `argv`, the program's name included.
    pub(crate) arguments: Vec<Vec<u8>>,
    /// `NAME=value` each.
    pub(crate) environment: Vec<Vec<u8>>,
}

impl Order {
    /// What the runtime was told (`args_get`, `environ_get`); nothing where it says nothing.
    pub(crate) fn of_runtime() -> Order {
        let mut arguments = wasi::args_get().unwrap_or_default();
        if let Some(name) = arguments.first_mut() {
            naming::without_suffix(name);
        }
        Order { arguments, environment: wasi::environ_get().unwrap_or_default() }
    }
}

/// Runs a program, an ELF file's bytes, on the engine that is made for its byte order; gives its exit status as a shell
/// would show it. What went wrong is said on standard error.
///
/// The guest has the standard streams and the preopened directories of its runtime, beside what every guest has.
pub(crate) fn run<E: Engine>(program: &'static [u8], order: Order, tier: Tier, engine: impl FnOnce(Endian) -> E) -> u8 {
    say_panics();
    let name = order.arguments.first().map(|name| String::from_utf8_lossy(name).into_owned()).unwrap_or_default();
    match launch(program, &order, tier, engine) {
        Ok(over) => report(over, &name),
        Err(failure) => {
            wasi::say(&format!("{name}: {}", failure.why));
            failure.status
        }
    }
}

/// Says why, if a mistake of ours ends the module.
fn say_panics() {
    std::panic::set_hook(Box::new(|panic| wasi::say(&panic.to_string())));
}

/// Why a program was not run, and the exit status for it.
struct Failure {
    why: String,
    status: u8,
}

impl Failure {
    /// What is wrong is the program's.
    fn cannot_run(why: impl ToString) -> Failure {
        Failure { why: why.to_string(), status: CANNOT_RUN }
    }

    /// What is wrong is what it was given.
    fn of_world(why: impl ToString) -> Failure {
        Failure { why: why.to_string(), status: FAILED }
    }
}

/// Says what the guest could not say itself, and gives the exit status.
fn report(over: Over, name: &str) -> u8 {
    match over.status {
        ExitStatus::Code(code) => code,
        ExitStatus::Killed(signal) => {
            // Whoever closes a program's pipe knows why it ended: shells keep silent, too.
            if signal != Signal::INT && signal != Signal::PIPE {
                let crash = over.crash.map(|crash| crash.to_string()).unwrap_or_default();
                wasi::say(&format!("{name}: killed by {signal}{crash}"));
            }
            128_u8.saturating_add(signal.generic())
        }
    }
}

fn launch<E: Engine>(
    program: &'static [u8],
    order: &Order,
    tier: Tier,
    engine: impl FnOnce(Endian) -> E,
) -> Result<Over, Failure> {
    let image = Image::parse(program).map_err(Failure::cannot_run)?;
    image::can_run(&image).map_err(Failure::cannot_run)?;
    let mut engine = engine(image.endian);
    let file = Contents::new(program);
    let path = naming::program(order.arguments.first().map(Vec::as_slice).unwrap_or_default());
    let world = world(vec![Grant::File { node: Arc::new(file), at: path.clone() }])?;
    let bytes = program.len() as u64;
    let program = Program { image, file: Arc::new(file), bytes, path, node: Some(Arc::new(file)) };
    let (state, space) = engine.parts();
    let thread = Thread::start(world, &program, &order.arguments, &order.environment, state, space)
        .map_err(Failure::cannot_run)?;
    drop(program);
    let mut world = Alone::new(Vcpu::new(engine, tier), thread);
    let over = loop {
        if let Standing::Over(over) = world.run(&mut Waiter) {
            break over;
        }
    };
    if order.environment.iter().any(|variable| variable.starts_with(STATISTICS)) {
        say_statistics(&world.scheduler.statistics);
    }
    Ok(over)
}

fn say_statistics(of: &Statistics) {
    for (what, count) in [
        ("times translated code was entered", of.drives),
        ("system calls made in place", of.served),
        ("single instructions interpreted in place", of.in_place),
        ("single instructions interpreted for it", of.single_steps),
        ("interpreted stretches", of.stretches),
        ("guest instructions interpreted", of.interpreted),
        ("times all translations were dropped", of.flushes),
    ] {
        wasi::say(&format!("{count:>12} {what}"));
    }
}

/// The world that the runtime and `grants` open.
fn world(mut grants: Vec<Grant>) -> Result<World, Failure> {
    let preopens = preopens();
    let names: Vec<Vec<u8>> = preopens.iter().map(|preopen| preopen.name.clone()).collect();
    let directory = naming::working_directory(&names);
    for (number, fd) in (0..3).enumerate() {
        grants.extend(stream::standard(fd).map(|stream| Grant::Stream(number, stream)));
    }
    let mut root = None;
    for Preopen { node, name } in preopens {
        match naming::absolute(&name, directory) {
            at if at == b"/" => root = Some(node),
            at => grants.push(Grant::Directory { node, at, is_read_only: false }),
        }
    }
    let mut world = namespace::world(grants, host(), LIMITS).map_err(Failure::of_world)?;
    if let Some(root) = root {
        let mounts = root::at_root(&root, &world.mounts);
        let refused = |errno: Errno| Failure::of_world(format!("the preopen / cannot be the root: {}", errno.text()));
        world.mounts = Arc::new(mounts.map_err(refused)?);
    }
    world.directory = directory.to_vec();
    Ok(world)
}

/// A directory that the runtime was told to give.
struct Preopen {
    node: NodeRef,
    name: Vec<u8>,
}

/// All that there are: they have the first descriptors.
fn preopens() -> Vec<Preopen> {
    let name = |fd| match wasi::preopen_name(fd) {
        // What else was handed in, such as a socket, is no directory.
        Err(Errno::ENOTDIR) => Some((fd, None)),
        found => Some((fd, Some(found.ok()?))),
    };
    let found = (FIRST_PREOPEN..).map_while(name);
    found.filter_map(|(fd, name)| Some(Preopen { node: directory::preopen(fd), name: name? })).collect()
}
