//! From a program's file and a list of grants to a running guest.

use crate::clocks::HostClocks;
use crate::failure::Failure;
use anyhow::{Context, anyhow};
use cache::{Keep, Precompiled, Published, Store, StoreError};
use debug::Session;
use engine::{Alarm, Native, PerfMap, Signals};
use hostio::clock;
use image::Endian;
use linux::{Crash, ExitStatus, Kernel, Program, Thread, TraceSink};
use namespace::{Grant, Host, Limits};
use run::{Engine, Scheduler, Statistics, Team, Tier, Vcpu};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;
use vfs::NodeRef;

/// Everything there is to say about a run.
pub(crate) struct Launch {
    /// The program's file, open for reading.
    pub(crate) file: Box<dyn vfs::File>,
    /// Its length in bytes.
    pub(crate) bytes: u64,
    /// Its path in the guest.
    pub(crate) path: Vec<u8>,
    /// Its node, if it is a file of the guest's.
    pub(crate) node: Option<NodeRef>,
    /// What it is called in messages.
    pub(crate) name: String,
    /// `argv`, the program's name included.
    pub(crate) arguments: Vec<Vec<u8>>,
    /// `NAME=value` each.
    pub(crate) environment: Vec<Vec<u8>>,
    /// Working directory in the guest.
    pub(crate) directory: Vec<u8>,
    /// What it is given.
    pub(crate) grants: Vec<Grant>,
    /// What it may use up.
    pub(crate) limits: Limits,
    /// Ways of executing.
    pub(crate) tier: Tier,
    /// Whether `perf` is told what translated code was made of.
    pub(crate) names_code: bool,
    /// Whether it is found out how much of the time is spent where.
    pub(crate) is_timed: bool,
    /// Where code is kept from run to run, if anywhere.
    pub(crate) cache: Option<Store>,
    /// Its code, if that was translated ahead of time.
    pub(crate) precompiled: Option<Precompiled>,
    /// Where gdb connects, if the program is to be debugged.
    pub(crate) gdb: Option<TcpListener>,
    /// Takes strace text.
    pub(crate) trace: Option<TraceSink>,
    /// How long it may run.
    pub(crate) timeout: Option<Duration>,
}

/// How a run ended.
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) statistics: Statistics,
    /// What the program was doing, if that killed it.
    pub(crate) crash: Option<Box<Crash>>,
    /// Whether its time was up.
    pub(crate) is_time_up: bool,
    /// What was left for the next run, or why nothing was.
    pub(crate) published: Result<Option<Published>, StoreError>,
    /// Why a region was left to the interpreter, if one was.
    pub(crate) refusal: Option<String>,
}

/// What the host gives every world.
pub(crate) fn host() -> Host {
    Host {
        clocks: Arc::new(HostClocks),
        time_of_day: hostio::clock::time_of_day(),
        random: hostio::random::random(),
        processors: hostio::processors::count(),
    }
}

/// The standard streams and the terminal.
pub(crate) fn streams() -> Vec<Grant> {
    use hostio::stream::{stderr, stdin, stdout, terminal};
    let stream = |(number, standard): (usize, Option<hostio::stream::Standard>)| {
        let hostio::stream::Standard { node, file, how } = standard?;
        Some(Grant::Stream(number, linux::Stream { node, file, how }))
    };
    let streams = [stdin(), stdout(), stderr()].into_iter().enumerate().filter_map(stream);
    streams.chain(terminal().map(|terminal| Grant::Terminal(terminal.node))).collect()
}

/// The functions that a program's file names, by address.
fn functions(file: &dyn vfs::File, bytes: u64) -> anyhow::Result<Vec<(u32, String)>> {
    let bytes = usize::try_from(bytes)?;
    let mut contents = Vec::new();
    // Files may claim any length.
    contents.try_reserve_exact(bytes)?;
    contents.resize(bytes, 0);
    file.read_full(0, &mut contents).map_err(|errno| anyhow!(errno.text()))?;
    Ok(image::functions(&contents).into_iter().map(|symbol| (symbol.at, symbol.name)).collect())
}

/// Has gdb debug the first process of a world.
fn debug(gdb: TcpStream, kernel: &Arc<Kernel>, alarm: &Alarm) -> std::io::Result<Session> {
    let (kernel, alarm) = (kernel.clone(), alarm.clone());
    let prod = move || {
        kernel.prod_first();
        alarm.ring();
    };
    Session::begin(gdb, Box::new(prod))
}

impl Launch {
    /// Runs it until it is over.
    pub(crate) fn run(self) -> Result<Ended, Failure> {
        let name = &self.name;
        let cannot = |error: anyhow::Error| Failure::cannot_run(error.context(name.clone()));
        let image = Program::describe(&*self.file, self.bytes).map_err(|errno| cannot(anyhow!(errno.text())))?;
        let image = image.map_err(|error| cannot(anyhow!(error)))?;
        image::can_run(&image).map_err(|why| cannot(anyhow!(why)))?;
        let mut world = namespace::world(self.grants, host(), self.limits).map_err(|error| anyhow!(error))?;
        world.directory = self.directory;
        world.trace = self.trace;
        let mut native = Native::new(image.endian == Endian::Big)
            .map_err(|error| anyhow!("the host has no 8 GiB of address space to reserve ({error}); raise ulimit -v"))?;
        if self.names_code {
            let functions = functions(&*self.file, self.bytes).context("its symbols cannot be read").map_err(cannot)?;
            let map = PerfMap::create(functions)
                .with_context(|| format!("{} cannot be written; is another user's there?", PerfMap::path().display()));
            native.tell_perf(map?);
        }
        let file = Arc::from(self.file);
        let program = Program { image, file, bytes: self.bytes, path: self.path, node: self.node };
        if let Some(store) = self.cache {
            native.keep(Keep::new(store));
        }
        self.precompiled.into_iter().for_each(|code| native.precompiled(code));
        // As long as gdb is not there, signals end Strata.
        let gdb = self.gdb.map(|listener| crate::run::gdb::wait(&listener)).transpose()?;
        let signals = Signals::new().context("signals cannot be handled")?;
        let limit_ns = self
            .timeout
            .map(|limit| clock::monotonic_ns().saturating_add(u64::try_from(limit.as_nanos()).unwrap_or(u64::MAX)));
        let (state, space) = native.parts();
        let thread = Thread::start(world, &program, &self.arguments, &self.environment, state, space)
            .map_err(|error| cannot(anyhow!(error)))?;
        drop(program);
        let publisher = native.publisher();
        let mut cpu = Vcpu::new(native, self.tier);
        cpu.clock = self.is_timed.then_some(clock::monotonic_ns);
        let nothing_left = "the host has no threads or descriptors to give";
        let alarm = Alarm::new().context(nothing_left)?;
        let mut scheduler = Scheduler::new(thread.kernel().clone());
        let session = gdb.map(|gdb| debug(gdb, thread.kernel(), &alarm)).transpose().context(nothing_left)?;
        let mut team = Team::new(cpu, thread);
        session.iter().for_each(|session| team.debug(session.debugger()));
        scheduler.add(team);
        let ended = engine::run(scheduler, signals, alarm, clock::monotonic_ns, limit_ns).context(nothing_left)?;
        session.into_iter().for_each(Session::end);
        let engine::Ended { over, is_time_up, scheduler } = ended;
        let published = publisher.publish();
        let Scheduler { statistics, refusal, .. } = scheduler;
        Ok(Ended { status: over.status, statistics, crash: over.crash, is_time_up, published, refusal })
    }
}
