//! [`Native`]: guest memory, CPU memory and wasmtime, put together as an engine.

use crate::background::{Background, Done, Workshop};
use crate::bell::CpuBell;
use crate::cpu::CpuMemory;
use crate::guarded;
use crate::mapping::Mapping;
use crate::memory::GuestMemory;
use crate::modules::Kept;
use crate::perf_map::PerfMap;
use crate::place::Place;
use crate::ticker::Ticker;
use crate::wasm::{Installed, Ran, Wasm};
use cache::{Keep, Precompiled, Published, StoreError};
use mips::State;
use mips::border::{self, Leave};
use mips::exception::{Access, Denied, Fault};
use mips::reading::emit::Options;
use mips::reg::Gpr;
use mips::translate::{Memories, Translated, Unit};
use run::{Bell, Call, Drive, Engine, Finished, Help, Made, Recalled};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::io;
use std::ops::{Range, RangeInclusive};
use std::sync::{Arc, Mutex, PoisonError};
use wasmtime::Module;

/// A translated region.
struct Region {
    /// The functions of its module, which stand in the slots from `first` on.
    units: Arc<[Unit]>,
    first: u32,
}

/// An engine on this host.
pub struct Native {
    guest: Arc<Mapping>,
    /// Whether the guest's memory is its to give back: others on it are gone when this is.
    is_first: bool,
    cpu_mapping: Arc<Mapping>,
    memory: GuestMemory,
    cpu: CpuMemory,
    /// Started when first asked for.
    ticker: Option<Ticker>,
    /// What it shares with the engines of other processes, and has compiled there.
    background: Background,
    /// Objects whose code from earlier times it knows of, for which options.
    told: HashSet<(Arc<Vec<u8>>, u32, Options)>,
    /// Started when first needed.
    wasm: Option<Wasm>,
    /// Where `perf` is told of code, if anyone wants that.
    perf_map: Option<Arc<Mutex<PerfMap>>>,
    /// By slot.
    regions: HashMap<u32, Region>,
    /// Slots of the regions that were made from code in a page.
    pages: BTreeMap<u32, Vec<u32>>,
    /// Has whatever runs here look up.
    bell: Arc<CpuBell>,
}

impl Native {
    /// An engine with an empty address space. The error is the host's: no address space to reserve.
    pub fn new(big_endian: bool) -> io::Result<Native> {
        let workshop = Workshop::new();
        let place = workshop.places.take()?;
        let memory = GuestMemory::new(place.guest.clone(), big_endian);
        Ok(Native::with(workshop, None, place, memory))
    }

    /// An engine on that memory, which is in that place.
    fn with(
        workshop: Arc<Workshop>,
        perf_map: Option<Arc<Mutex<PerfMap>>>,
        place: Place,
        memory: GuestMemory,
    ) -> Native {
        let Place { guest, cpu: cpu_mapping, wasm } = place;
        let bell = Arc::new(CpuBell::new(cpu_mapping.clone()));
        memory.set_bell(bell.clone());
        Native {
            bell,
            is_first: true,
            guest,
            cpu: CpuMemory::new(cpu_mapping.clone()),
            cpu_mapping,
            memory,
            ticker: None,
            background: Background::new(workshop),
            told: HashSet::new(),
            wasm,
            perf_map,
            regions: HashMap::new(),
            pages: BTreeMap::new(),
        }
    }

    /// Tells `perf` of all code that is made from now on.
    pub fn tell_perf(&mut self, map: PerfMap) {
        self.perf_map = Some(Arc::new(Mutex::new(map)));
    }

    /// Keeps what is compiled for the next run, and uses what earlier ones left.
    pub fn keep(&mut self, keep: Keep) {
        self.background.workshop.modules().keep(keep);
    }

    /// Uses what was translated ahead of time, where earlier runs left nothing.
    pub fn precompiled(&mut self, code: Precompiled) {
        self.background.workshop.modules().precompiled(code);
    }

    /// What leaves code for the next run, once this one is over.
    pub fn publisher(&self) -> Publisher {
        Publisher(self.background.workshop.clone())
    }

    /// Puts a module's functions where they are found, those that `is_entered` says; the answer is how many bytes of machine
    /// code they are.
    fn put(&mut self, module: &Module, units: &Arc<[Unit]>, is_entered: impl Fn(u32) -> bool) -> Result<usize, String> {
        let text = |error: wasmtime::Error| format!("{error:#}");
        let wasm = match &mut self.wasm {
            Some(wasm) => wasm,
            none => {
                let mut modules = self.background.workshop.modules();
                let driver = modules.driver().map_err(text)?;
                let compiler = modules.compiler().map_err(text)?.clone();
                drop(modules);
                none.insert(Wasm::new(&compiler, &driver, &self.guest, &self.cpu_mapping).map_err(text)?)
            }
        };
        let Installed { first, bytes, functions } = wasm.install(module, units.len()).map_err(text)?;
        if let Some(map) = &self.perf_map {
            let mut map = map.lock().unwrap_or_else(PoisonError::into_inner);
            for (unit, (at, bytes)) in units.iter().zip(functions) {
                map.add(at, bytes, unit.entries[0]);
            }
        }
        self.cpu.expect_entries(units);
        let regions = units.iter().map(|_| Region { units: units.clone(), first });
        self.regions.extend((first..).zip(regions));
        (first..).zip(&**units).for_each(|(slot, unit)| self.enter(slot, unit, &is_entered));
        Ok(bytes)
    }

    /// Makes a region's entries known.
    fn enter(&mut self, slot: u32, unit: &Unit, is_entered: impl Fn(u32) -> bool) {
        let mut covered: Vec<u32> = unit.ranges.iter().flat_map(|(from, to)| pages(*from, to - from)).collect();
        covered.sort_unstable();
        covered.dedup();
        for page in covered {
            let slots = self.pages.entry(page).or_default();
            if !slots.contains(&slot) {
                slots.push(slot);
            }
        }
        for (number, pc) in unit.entries.iter().enumerate() {
            if is_entered(*pc) {
                self.cpu.set_entry(*pc, border::entry(slot, number as u32));
            }
        }
    }

    fn region(&self, slot: u32) -> Option<&Unit> {
        let region = self.regions.get(&slot)?;
        Some(&region.units[(slot - region.first) as usize])
    }

    /// The slots that have a region.
    fn slots(&self) -> impl Iterator<Item = u32> {
        self.regions.keys().copied()
    }

    /// The slots of the module of the region in `slot`. Functions of a module call each other, so they are forgotten together.
    fn module_slots(&self, slot: u32) -> Range<u32> {
        match self.regions.get(&slot) {
            Some(Region { units, first }) => *first..first + units.len() as u32,
            None => slot..slot,
        }
    }

    /// The slots of the regions made of any of `bytes` bytes at `at`.
    fn slots_of(&self, at: u32, bytes: u32) -> Vec<u32> {
        let end = u64::from(at) + u64::from(bytes);
        let overlaps = |(from, to): &(u32, u32)| u64::from(*from) < end && at < *to;
        let is_made = |slot: &u32| self.region(*slot).is_some_and(|region| region.ranges.iter().any(overlaps));
        self.pages.range(pages(at, bytes)).flat_map(|(_, slots)| slots).copied().filter(is_made).collect()
    }

    /// Forgets a region, and those that may call it without a look at the entries.
    fn remove(&mut self, slot: u32) {
        for slot in self.module_slots(slot) {
            if let Some(Region { units, first }) = self.regions.remove(&slot) {
                for (number, pc) in units[(slot - first) as usize].entries.iter().enumerate() {
                    if self.cpu.entry(*pc) == border::entry(slot, number as u32) {
                        self.cpu.clear_entry(*pc);
                    }
                }
            }
        }
    }

    /// The fault of translated code in a region: what the page map says about it, at the PC of its site.
    fn fault(&mut self, at: u32, site: Option<(u32, u32)>) -> Fault {
        let pc = site.and_then(|(slot, offset)| {
            // The trap's offset is its instruction's own.
            self.region(slot)?.sites.pc(offset)
        });
        if let Some(pc) = pc {
            let state = self.cpu.state();
            (state.pc, state.next_pc) = (pc, pc.wrapping_add(4));
        }
        // A page that may be read was written to: the host does not say which it was.
        let (access, denied) = match self.memory.denied(at, Access::Load) {
            Some(denied) => (Access::Load, denied),
            None => (Access::Store, self.memory.denied(at, Access::Store).unwrap_or(Denied::Protected)),
        };
        Fault { at, access, denied }
    }
}

/// Leaves code for the next run.
pub struct Publisher(Arc<Workshop>);

impl Publisher {
    /// Writes what was compiled, once all engines are gone. Nothing is kept from then on.
    pub fn publish(self) -> Result<Option<Published>, StoreError> {
        self.0.publish()
    }
}

/// Processor time that this thread used so far, in microseconds.
pub(crate) fn processor_time() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.tv_sec as u64 * 1_000_000 + time.tv_nsec as u64 / 1_000
}

/// Pages from `at` for `bytes` bytes.
fn pages(at: u32, bytes: u32) -> RangeInclusive<u32> {
    let last = u64::from(at) + u64::from(bytes.max(1)) - 1;
    at / border::PAGE_BYTES..=(last / u64::from(border::PAGE_BYTES)) as u32
}

impl Engine for Native {
    type Space = GuestMemory;

    const MEMORIES: Memories = crate::modules::MEMORIES;
    const DEBUGS: bool = true;

    fn parts(&mut self) -> (&mut State, &mut GuestMemory) {
        (self.cpu.state(), &mut self.memory)
    }

    fn fork(&mut self) -> Result<Native, String> {
        let text = |error: io::Error| format!("the host refuses a copy of its memory: {error}");
        let workshop = self.background.workshop.clone();
        let place = workshop.places.take().map_err(text)?;
        let memory = self.memory.fork(place.guest.clone()).map_err(|error| text(error.into()))?;
        let mut child = Native::with(workshop, self.perf_map.clone(), place, memory);
        *child.cpu.state() = self.cpu.state().clone();
        Ok(child)
    }

    fn sibling(&self) -> Result<Native, String> {
        if !guarded::PARALLEL {
            return Err(String::from("on this processor threads take turns"));
        }
        let text = |error: io::Error| format!("the host refuses memory for a CPU: {error}");
        let cpu = Mapping::reserve().and_then(|cpu| CpuMemory::commit(&cpu).map(|()| cpu));
        let cpu = Arc::new(cpu.map_err(|error| text(error.into()))?);
        let place = Place { guest: self.guest.clone(), cpu, wasm: None };
        let workshop = self.background.workshop.clone();
        let mut sibling = Native::with(workshop, self.perf_map.clone(), place, self.memory.sibling());
        sibling.is_first = false;
        Ok(sibling)
    }

    fn fresh(&self, big_endian: bool) -> Result<Native, String> {
        let workshop = self.background.workshop.clone();
        let place = workshop.places.take().map_err(|error| error.to_string())?;
        let memory = GuestMemory::new(place.guest.clone(), big_endian);
        Ok(Native::with(workshop, self.perf_map.clone(), place, memory))
    }

    fn bell(&self) -> Arc<dyn Bell> {
        self.bell.clone()
    }

    fn install(&mut self, translated: &Translated, made: Made) -> Result<usize, String> {
        let text = |error: wasmtime::Error| format!("{error:#}");
        let units: Arc<[Unit]> = Arc::from(&*translated.functions);
        let workshop = self.background.workshop.clone();
        let compiler = workshop.modules().compiler().map_err(text)?.clone();
        let artifact = compiler.compile(&translated.wasm).map_err(text)?;
        let module = compiler.load(&artifact).map_err(text)?;
        let bytes = self.put(&module, &units, |_| true)?;
        let mut modules = workshop.modules();
        if let Some(purpose) = modules.purpose(&units, made, &self.memory) {
            modules.add((&module, artifact), &units, made, purpose, self.background.owner);
        }
        Ok(bytes)
    }

    fn begin(&mut self, translated: &Translated, made: Made) -> bool {
        let units: Arc<[Unit]> = Arc::from(&*translated.functions);
        let purpose = self.background.workshop.modules().purpose(&units, made, &self.memory);
        self.background.begin(&translated.wasm, made, units, purpose)
    }

    fn finished(&mut self) -> Option<Finished> {
        let Done { made, units, wasm_bytes, module, time_us, .. } = self.background.take()?;
        let module = module.map_err(|error| format!("{error:#}"));
        let outcome = module.and_then(|module| self.put(&module, &units, |_| true));
        Some(Finished { root: made.root, functions: units, wasm_bytes, time_us, outcome })
    }

    fn cancel(&mut self) {
        self.background.cancel();
    }

    fn is_warm(&self) -> bool {
        self.background.workshop.modules().is_warm()
    }

    fn kept(&mut self, options: Options) -> Vec<u32> {
        let told = &mut self.told;
        let is_news = |path: &Arc<Vec<u8>>, base| told.insert((path.clone(), base, options));
        self.background.workshop.modules().entries(options, &self.memory, self.background.owner, is_news)
    }

    fn recall(&mut self, pc: u32, options: Options) -> Recalled {
        let kept = self.background.workshop.modules().take(pc, options, &self.memory, self.background.owner);
        match kept {
            Kept::Nothing => Recalled::Nothing,
            Kept::Stale => Recalled::Stale,
            Kept::Module { module, units, older } => {
                match self.put(&module, &units, |pc| older.binary_search(&pc).is_err()) {
                    Ok(bytes) => Recalled::Code { functions: units, bytes },
                    Err(_) => Recalled::Stale,
                }
            }
        }
    }

    fn interrupt_from_now_on(&mut self) {
        self.ticker.get_or_insert_with(|| Ticker::start(self.cpu_mapping.clone()));
    }

    fn sample_after(&mut self, calls: u32) {
        self.cpu.set_calls(calls + 1);
    }

    fn is_full(&self) -> bool {
        self.wasm.as_ref().is_some_and(Wasm::is_full)
    }

    fn processor_time(&self) -> u64 {
        processor_time()
    }

    fn has_code(&self, pc: u32) -> bool {
        self.cpu.entry(pc) != 0
    }

    fn drive(&mut self, help: &mut Help<'_, GuestMemory>) -> Drive {
        let state = self.cpu.state();
        state.leave = Leave::NoCode.code();
        let pc = state.pc;
        let Some(wasm) = &mut self.wasm else { return Drive::Left(Leave::NoCode) };
        let running = |is_running| self.ticker.iter().for_each(|ticker| ticker.set_running(is_running));
        running(true);
        let background = &self.background;
        let ran = wasm.drive(pc, &mut |call| match call {
            // Somebody has to install it.
            Call::Stretch { pc, .. } if background.has_done() => pc.into(),
            Call::Sample { pc } if background.has_done() => {
                self.cpu.state().leave = Leave::Sampled.code();
                u64::from(pc | border::LEFT)
            }
            call => help(self.cpu.state(), &mut self.memory, call),
        });
        running(false);
        match ran {
            Ran::To(pc) => {
                let state = self.cpu.state();
                let why = Leave::from_code(state.leave);
                match why {
                    Leave::NoCode => state.pc = pc,
                    Leave::Moved => {}
                    _ => state.pc = pc & !border::LEFT,
                }
                Drive::Left(why)
            }
            Ran::Fault { at, site } => Drive::Fault(self.fault(at, site)),
            // Callers wrote registers back, and nothing of it ran: it goes on with all of the stack. Calls are counted so
            // that this does not come up, but only Cranelift knows what a frame really takes.
            Ran::Overflow { slot } => {
                let root = slot.and_then(|slot| Some(self.region(slot)?.entries[0]));
                let state = self.cpu.state();
                match root {
                    Some(root) => {
                        state.pc = root;
                        Drive::Left(Leave::Poll)
                    }
                    // The guest's stack is not what overflowed, but there is no other way to end.
                    None => {
                        let at = state.gpr[Gpr::SP.index()];
                        Drive::Fault(Fault { at, access: Access::Store, denied: Denied::Protected })
                    }
                }
            }
        }
    }

    fn module(&self, pc: u32) -> Option<u32> {
        Some(self.regions.get(&(self.cpu.entry(pc) >> border::ENTRY_BITS))?.first)
    }

    fn roots(&self, module: u32) -> Vec<u32> {
        let units = self.regions.get(&module).map(|region| region.units.iter()).into_iter().flatten();
        let roots = units.filter_map(|unit| unit.entries.first().copied());
        roots.filter(|root| self.module(*root) == Some(module)).collect()
    }

    fn made_of(&self, pc: u32) -> Vec<&Unit> {
        self.slots_of(pc, 4).into_iter().filter_map(|slot| self.region(slot)).collect()
    }

    fn forgotten_with(&self, pc: u32) -> Vec<&Unit> {
        let modules = self.slots_of(pc, 4).into_iter().map(|slot| self.module_slots(slot));
        let slots: BTreeSet<u32> = modules.flatten().collect();
        slots.into_iter().filter_map(|slot| self.region(slot)).collect()
    }

    fn forget(&mut self, at: u32, bytes: u32) -> Vec<u32> {
        let slots = self.slots_of(at, bytes);
        let regions = slots.iter().filter_map(|slot| self.region(*slot));
        let entries = regions.flat_map(|region| region.entries.iter().copied()).collect();
        slots.into_iter().for_each(|slot| self.remove(slot));
        entries
    }

    fn forget_all(&mut self) {
        let slots: Vec<u32> = self.slots().collect();
        slots.into_iter().for_each(|slot| self.remove(slot));
        self.pages.clear();
        if self.is_full() {
            // Only with their store do modules go.
            self.wasm = None;
        }
    }
}

/// The process is over, and its place is for others.
impl Drop for Native {
    fn drop(&mut self) {
        self.forget_all();
        if self.is_first {
            let place = Place { guest: self.guest.clone(), cpu: self.cpu_mapping.clone(), wasm: self.wasm.take() };
            self.background.workshop.places.give(place);
        }
    }
}
