//! From a program's file and a list of grants to a running guest.

use crate::clocks::HostClocks;
use crate::failure::Failure;
use crate::libraries;
use anyhow::{Context, anyhow};
use cache::{Keep, Precompiled, Published, Store, StoreError};
use debug::Session;
use engine::{Alarm, Arrivals, Native, PerfMap, Publisher, Signals, Snapshots};
use hostio::clock;
use image::Endian;
use linux::snapshot::{Resuming, Snapshot, Unresumed};
use linux::{Crash, ExitStatus, Kernel, Program, Thread, TraceSink, World};
use namespace::{Grant, Host, Limits};
use network::HostNetwork;
use run::{Engine, Scheduler, Statistics, Team, Tier, Vcpu};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;
use vfs::Walk;

/// Everything there is to say about a run.
pub(crate) struct Launch {
    /// The program's file, open for reading.
    pub(crate) file: Box<dyn vfs::File>,
    /// Its length in bytes.
    pub(crate) bytes: u64,
    /// Its path in the guest.
    pub(crate) path: Vec<u8>,
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
    /// Its code, if that was translated ahead of time.
    pub(crate) precompiled: Option<Precompiled>,
    /// How it is run.
    pub(crate) how: How,
}

/// A guest that a snapshot was made of, and what there is to say about going on with it.
pub(crate) struct Resume {
    pub(crate) snapshot: Snapshot,
    /// What it is given.
    pub(crate) grants: Vec<Grant>,
    /// How it is run.
    pub(crate) how: How,
}

/// How a guest is run, whatever it is.
pub(crate) struct How {
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
    /// Where gdb connects, if the first process is to be debugged.
    pub(crate) gdb: Option<TcpListener>,
    /// Takes strace text.
    pub(crate) trace: Option<TraceSink>,
    /// How long it may run.
    pub(crate) timeout: Option<Duration>,
    /// Whether, and when, a snapshot is made of it.
    pub(crate) snapshots: Option<Snapshots>,
    /// What it may use of networks.
    pub(crate) network: Option<Arc<HostNetwork>>,
}

/// How a run ended.
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) statistics: Statistics,
    /// What the program was doing, if that killed it.
    pub(crate) crash: Option<Box<Crash>>,
    /// Whether its time was up.
    pub(crate) is_time_up: bool,
    /// Libraries without which it could not begin.
    pub(crate) missing: Vec<String>,
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

impl Launch {
    /// Runs it until it is over.
    pub(crate) fn run(mut self) -> Result<Ended, Failure> {
        let name = &self.name;
        let cannot = |error: anyhow::Error| Failure::cannot_run(error.context(name.clone()));
        let image = Program::describe(&*self.file, self.bytes).map_err(|errno| cannot(anyhow!(errno.text())))?;
        let image = image.map_err(|error| cannot(anyhow!(error)))?;
        image::can_run(&image).map_err(|why| cannot(anyhow!(why)))?;
        let mut world = self.how.world(self.grants)?;
        world.directory = self.directory;
        let mut native = self.how.native(image.endian == Endian::Big)?;
        if self.how.names_code {
            let functions = functions(&*self.file, self.bytes).context("its symbols cannot be read").map_err(cannot)?;
            native.tell_perf(perf_map(functions)?);
        }
        let file = Arc::from(self.file);
        // What it is to the guest; nothing, if no path of the guest's leads to it.
        let node = Walk::new(&world.mounts).resolve(&self.path).ok().map(|place| place.node().clone());
        let program = Program { image, file, bytes: self.bytes, path: self.path, node };
        self.precompiled.into_iter().for_each(|code| native.precompiled(code));
        let (mounts, needed) = (world.mounts.clone(), program.image.needed.clone());
        let mut outside = self.how.outside()?;
        let (state, space) = native.parts();
        let thread = Thread::start(world, &program, &self.arguments, &self.environment, state, space)
            .map_err(|error| cannot(anyhow!(error)))?;
        drop(program);
        let publisher = native.publisher();
        let cpu = self.how.cpu(native);
        let mut scheduler = Scheduler::new(thread.kernel().clone());
        let mut team = Team::new(cpu, thread);
        let session = outside.debug(&mut team, scheduler.kernel())?;
        scheduler.add(team);
        let mut ended = self.how.run(scheduler, outside, session, publisher)?;
        if ended.status == ExitStatus::Code(libraries::STATUS) {
            ended.missing = libraries::missing(&mounts, &needed, &self.environment);
        }
        Ok(ended)
    }
}

impl Resume {
    /// Runs it until it is over.
    pub(crate) fn run(mut self) -> Result<Ended, Failure> {
        let cannot = |error: Unresumed| Failure::cannot_run(anyhow!(error));
        let mut outside = self.how.outside()?;
        let world = self.how.world(self.grants)?;
        let mut resuming = Resuming::new(self.snapshot, world).map_err(cannot)?;
        let mut scheduler = Scheduler::new(resuming.kernel().clone());
        let is_big = resuming.next_is_big_endian().ok_or_else(|| cannot(Unresumed::Malformed))?;
        let mut native = self.how.native(is_big)?;
        if self.how.names_code {
            native.tell_perf(perf_map(Vec::new())?);
        }
        let publisher = native.publisher();
        let mut cpu = self.how.cpu(native);
        let mut session = None;
        while let Some(is_big) = resuming.next_is_big_endian() {
            let next = cpu.fresh(is_big).map_err(|why| anyhow!("there is no memory for all processes: {why}"))?;
            let mut cpu = std::mem::replace(&mut cpu, next);
            let threads = resuming.next(cpu.engine.parts().1).map_err(cannot)?;
            let is_first = threads.iter().any(|(thread, _)| thread.is_first());
            let mut team = Team::resumed(cpu, threads);
            if is_first {
                session = outside.debug(&mut team, scheduler.kernel())?;
            }
            scheduler.add(team);
        }
        resuming.finish().map_err(cannot)?;
        self.how.run(scheduler, outside, session, publisher)
    }
}

/// What comes to a guest from outside, while it runs.
struct Outside {
    signals: Signals,
    alarm: Alarm,
    gdb: Option<TcpStream>,
}

/// What is said where the host has nothing left.
const NOTHING_LEFT: &str = "the host has no threads or descriptors to give";

impl Outside {
    /// Has gdb, if it is there, debug the world's first process, which is in that team.
    fn debug(&mut self, team: &mut Team<Native>, kernel: &Arc<Kernel>) -> anyhow::Result<Option<Session>> {
        let Some(gdb) = self.gdb.take() else { return Ok(None) };
        let (kernel, alarm) = (kernel.clone(), self.alarm.clone());
        let prod = move || {
            kernel.prod_first();
            alarm.ring();
        };
        let session = Session::begin(gdb, Box::new(prod)).context(NOTHING_LEFT)?;
        team.debug(session.debugger());
        Ok(Some(session))
    }
}

fn perf_map(functions: Vec<(u32, String)>) -> anyhow::Result<PerfMap> {
    PerfMap::create(functions)
        .with_context(|| format!("{} cannot be written; is another user's there?", PerfMap::path().display()))
}

impl How {
    fn world(&mut self, mut grants: Vec<Grant>) -> anyhow::Result<World> {
        grants.extend(self.network.clone().map(|network| Grant::Network(network)));
        let mut world = namespace::world(grants, host(), self.limits).map_err(|error| anyhow!(error))?;
        world.trace = self.trace.take();
        Ok(world)
    }

    /// An engine with an empty address space.
    fn native(&mut self, is_big_endian: bool) -> anyhow::Result<Native> {
        let mut native = Native::new(is_big_endian)
            .map_err(|error| anyhow!("the host has no 8 GiB of address space to reserve ({error}); raise ulimit -v"))?;
        if let Some(store) = self.cache.take() {
            native.keep(Keep::new(store));
        }
        Ok(native)
    }

    fn cpu(&self, native: Native) -> Vcpu<Native> {
        let mut cpu = Vcpu::new(native, self.tier);
        cpu.clock = self.is_timed.then_some(clock::monotonic_ns);
        cpu
    }

    /// Waits for gdb, if it is to come. As long as it is not there, signals end Strata.
    fn outside(&mut self) -> Result<Outside, Failure> {
        let gdb = self.gdb.take().map(|listener| crate::run::gdb::wait(&listener)).transpose()?;
        let signals = Signals::new().context("signals cannot be handled")?;
        Ok(Outside { signals, alarm: Alarm::new().context(NOTHING_LEFT)?, gdb })
    }

    /// Runs a world until it is over.
    fn run(
        self,
        scheduler: Scheduler<Native>,
        outside: Outside,
        session: Option<Session>,
        publisher: Publisher,
    ) -> Result<Ended, Failure> {
        let limit = self.timeout.map(|limit| u64::try_from(limit.as_nanos()).unwrap_or(u64::MAX));
        let limit_ns = limit.map(|limit| scheduler.kernel().monotonic_ns().saturating_add(limit));
        let Outside { signals, alarm, .. } = outside;
        let arrivals = self.network.map(|network| network as Arc<dyn Arrivals>);
        let meets = engine::Outside { limit_ns, snapshots: self.snapshots, arrivals };
        let ended = engine::run(scheduler, signals, alarm, meets).context(NOTHING_LEFT)?;
        session.into_iter().for_each(Session::end);
        let engine::Ended { over, is_time_up, scheduler } = ended;
        let published = publisher.publish();
        let Scheduler { statistics, refusal, .. } = scheduler;
        let missing = Vec::new();
        Ok(Ended { status: over.status, statistics, crash: over.crash, is_time_up, missing, published, refusal })
    }
}
