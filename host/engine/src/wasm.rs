//! wasmtime, with one store: both memories, the table of regions, and the driver.

#![expect(
    unsafe_code,
    reason = "installs a signal handler, and lends an interpreter to a store, which knows no lifetimes"
)]

use crate::compiler::Compiler;
use crate::cpu::CPU_BYTES;
use crate::creator::{Creator, Offer};
use crate::mapping::{ADDRESSABLE, Mapping};
use crate::population::Inhabitant;
use mips::border;
use mips::translate::{IMPORTED, export};
use run::Call;
use std::collections::HashMap;
use std::mem::transmute;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use wasmtime::unix::StoreExt;
use wasmtime::{
    Caller, Extern, Func, Instance, Module, Ref, RefType, ResourceLimiter, Result, Store, Table, TableType, Trap,
    TypedFunc, WasmBacktrace,
};

/// Slots of the table that one module may need.
const SLOTS_MIN: u32 = 4096;

/// What a call of the driver came to.
pub(crate) enum Ran {
    /// It returned this PC.
    To(u32),
    /// An access failed.
    Fault {
        /// The guest address.
        at: u32,
        /// The region's slot, and the offset in its function.
        site: Option<(u32, u32)>,
    },
    /// The region in this slot found no stack left where it started.
    Overflow {
        /// Its slot; none if it was not a region.
        slot: Option<u32>,
    },
}

/// A module whose regions are in the table.
pub(crate) struct Installed {
    /// The table slot of its first region; the others follow.
    pub(crate) first: u32,
    /// Bytes of the regions' machine code.
    pub(crate) bytes: usize,
    /// Where the regions' machine code is, and how many bytes each; none if it was there before.
    pub(crate) functions: Vec<(usize, usize)>,
}

/// A module's part of the table.
#[derive(Clone, Copy)]
struct Slots {
    first: u32,
    count: usize,
    /// Bytes of machine code.
    bytes: usize,
}

/// Does what translated code calls for, and answers.
type Help<'a> = dyn FnMut(Call) -> u64 + 'a;

/// What belongs to the store, or is lent to it.
#[derive(Default)]
struct Lent {
    limits: Unlimited,
    /// Who helps, while translated code runs.
    help: Option<*mut Help<'static>>,
}

// SAFETY: the pointer is there, and is followed, only while `Wasm::drive` runs, which stays on one thread.
unsafe impl Send for Lent {}

/// No limits: what a guest may make us compile is bounded by [`Wasm::is_full`].
#[derive(Default)]
struct Unlimited;

impl ResourceLimiter for Unlimited {
    fn memory_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> Result<bool> {
        Ok(true)
    }
    fn memories(&self) -> usize {
        usize::MAX
    }
    fn table_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> Result<bool> {
        Ok(true)
    }
    fn instances(&self) -> usize {
        usize::MAX
    }
}

/// A store with everything translated code needs.
pub(crate) struct Wasm {
    store: Store<Lent>,
    creator: Arc<Creator>,
    /// The memory that every module defines for itself. wasmtime looks for the memory that a fault was in and takes it that
    /// there is only one, so the guest's is the driver's.
    cpu: Offer,
    /// What every module imports.
    imports: [Extern; 5],
    table: Table,
    drive: TypedFunc<(u32, u32), u32>,
    /// Address of the last fault, noted by the signal handler.
    fault_at: Arc<AtomicUsize>,
    guest_base: usize,
    /// What is in the table, by where its code begins.
    slots: HashMap<usize, Slots>,
    next_slot: u32,
    inhabitant: Inhabitant,
}

impl Wasm {
    /// A store whose memories are these mappings.
    pub(crate) fn new(compiler: &Compiler, driver: &Module, guest: &Arc<Mapping>, cpu: &Arc<Mapping>) -> Result<Wasm> {
        let Compiler { engine, creator, population, .. } = compiler;
        let mut store = Store::new(engine, Lent::default());
        store.limiter(|lent| &mut lent.limits);
        let guest_base = guest.base() as usize;
        let (guest, cpu) = ((guest.clone(), ADDRESSABLE), (cpu.clone(), CPU_BYTES));
        let slots = TableType::new(RefType::FUNCREF, border::SLOTS, Some(border::SLOTS));
        let table = Table::new(&mut store, slots, Ref::Func(None))?;
        let fault_at = Arc::new(AtomicUsize::new(0));
        let noted = fault_at.clone();
        // SAFETY: the handler stores to an atomic and nothing else, so it is async-signal-safe.
        unsafe {
            store.set_signal_handler(move |signal, info, _| {
                if matches!(signal, libc::SIGSEGV | libc::SIGBUS) && !info.is_null() {
                    noted.store((*info).si_addr() as usize, Ordering::Relaxed);
                }
                // wasmtime makes the trap of it.
                false
            });
        }
        let interpret = |caller: Caller<'_, Lent>, pc| help(caller, Call::Interpret { pc }) as u32;
        let interpret = Func::wrap(&mut store, interpret);
        let stretch = |caller: Caller<'_, Lent>, pc, back, sp, is_first: u32| {
            let call = match pc & border::LEFT {
                0 => Call::Stretch { pc, back, sp, is_first: is_first != 0 },
                left => Call::Sample { pc: pc & !left },
            };
            help(caller, call)
        };
        let stretch = Func::wrap(&mut store, stretch);
        let imports = [table.into(), interpret.into(), stretch.into()];
        let driver = creator.offering(&[guest, cpu.clone()], || Instance::new(&mut store, driver, &imports))?;
        let memory = driver.get_memory(&mut store, border::GUEST_MEMORY).expect("the driver exports it");
        let mut function = |name| driver.get_func(&mut store, name).expect("the driver exports it").into();
        let [cold, out_of_line] = [border::COLD, border::OUT_OF_LINE].map(&mut function);
        let imports = [memory.into(), table.into(), interpret.into(), cold, out_of_line];
        let drive = driver.get_typed_func(&mut store, border::DRIVER)?;
        Ok(Wasm {
            store,
            creator: creator.clone(),
            cpu,
            imports,
            table,
            drive,
            fault_at,
            guest_base,
            slots: HashMap::new(),
            // Slot 0 stays empty: no entry is zero.
            next_slot: 1,
            inhabitant: Inhabitant::new(population),
        })
    }

    /// Puts the `count` regions of a module in the table, unless they are there.
    pub(crate) fn install(&mut self, module: &Module, count: usize) -> Result<Installed> {
        // Of a module that is in the store nobody else can have the place.
        let at = module.image_range().start as usize;
        if let Some(Slots { first, bytes, .. }) = self.slots.get(&at) {
            return Ok(Installed { first: *first, bytes: *bytes, functions: Vec::new() });
        }
        let Wasm { store, imports, .. } = self;
        let instance =
            self.creator.offering(std::slice::from_ref(&self.cpu), || Instance::new(store, module, imports))?;
        let first = self.next_slot;
        for number in 0..count {
            let region: Func = instance.get_func(&mut self.store, &export(number)).expect("a region is exported");
            self.table.set(&mut self.store, u64::from(self.next_slot), Ref::Func(Some(region)))?;
            self.next_slot += 1;
        }
        self.inhabitant.add();
        let text = module.text().as_ptr() as usize;
        let functions: Vec<(usize, usize)> =
            module.functions().take(count).map(|function| (text + function.offset, function.len)).collect();
        let bytes = functions.iter().map(|(_, bytes)| bytes).sum();
        self.slots.insert(at, Slots { first, count, bytes });
        Ok(Installed { first, bytes, functions })
    }

    /// Whether it cannot or should not have more modules.
    pub(crate) fn is_full(&self) -> bool {
        border::SLOTS - self.next_slot < SLOTS_MIN || self.inhabitant.is_too_big()
    }

    /// How many modules are installed.
    pub(crate) fn modules(&self) -> u32 {
        self.inhabitant.modules()
    }

    /// Runs translated code from `pc`, which calls `help` for what is not in it.
    pub(crate) fn drive(&mut self, pc: u32, help: &mut Help<'_>) -> Ran {
        self.fault_at.store(0, Ordering::Relaxed);
        // SAFETY: only a lifetime changes, and the pointer is not followed after this call: translated code, which alone
        // leads there, runs in `drive` only, and each call of that has set it anew.
        let lent = unsafe { transmute::<*mut Help<'_>, *mut Help<'static>>(help) };
        self.store.data_mut().help = Some(lent);
        let ran = self.drive.call(&mut self.store, (pc, border::DEPTH_MAX));
        self.store.data_mut().help = None;
        match ran {
            Ok(pc) => Ran::To(pc),
            Err(error) => {
                let trap = error.downcast_ref::<Trap>();
                if trap == Some(&Trap::StackOverflow) {
                    return Ran::Overflow { slot: self.site(&error).map(|(slot, _)| slot) };
                }
                assert!(trap == Some(&Trap::MemoryOutOfBounds), "translated code can only fault: {error:?}");
                let at = self.fault_at.load(Ordering::Relaxed).wrapping_sub(self.guest_base) as u32;
                Ran::Fault { at, site: self.site(&error) }
            }
        }
    }

    /// Where in which region a trap happened.
    fn site(&self, error: &wasmtime::Error) -> Option<(u32, u32)> {
        let frame = error.downcast_ref::<WasmBacktrace>()?.frames().first()?;
        let Slots { first, count, .. } = *self.slots.get(&(frame.module().image_range().start as usize))?;
        let number = (frame.func_index() - IMPORTED) as usize;
        // Behind the regions stands the dispatcher.
        (number < count).then_some((first + number as u32, frame.func_offset()? as u32))
    }
}

/// What translated code imports as [`border::INTERPRET`], and the driver as [`border::STRETCH`].
fn help(caller: Caller<'_, Lent>, call: Call) -> u64 {
    let Some(help) = caller.data().help else { return 0 };
    // SAFETY: `drive` lent it for as long as translated code runs, which is now, and holds on to it without using it. It
    // does not call translated code, so nobody else follows the pointer meanwhile.
    unsafe { (*help)(call) }
}
