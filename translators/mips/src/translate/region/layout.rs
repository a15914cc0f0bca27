//! [`Layout`]: what stands in a Wasm function: a guest function's blocks, and in place of some calls those of what they call.
//!
//! An inlined function costs nothing to call: registers stay in their locals. It may return to elsewhere, and may not be
//! what is called at all; code compares before it relies on either, unless that cannot be otherwise.

use super::Rooted;
use crate::border;
use crate::insn::Insn;
use crate::reading::effects::effects;
use crate::reg::Gpr;
use crate::region::{Block, End};
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

/// The most instructions of a function that is inlined.
pub const INLINED_MAX: u32 = 100;
/// How deep inlined functions nest.
const NESTING_MAX: usize = 3;
const _: () = assert!(NESTING_MAX <= border::LINES);
/// Instructions that inlining may always add; big functions may double.
const ADDED_MIN: u32 = 64;
/// Instructions that a function's calls of itself may add: few functions do that, and those spend their time on it.
const RECURSION_MAX: u32 = 192;

/// The blocks of one Wasm function.
pub(super) struct Layout<'a> {
    /// Those there are, each once.
    pub(super) blocks: Vec<&'a Block>,
    /// Where they stand.
    pub(super) places: Vec<Place<'a>>,
    /// The place where the function starts.
    pub(super) root: u32,
    /// Of each of the functions that stand here, where the calls return to in whose place it stands, the innermost first.
    backs: Vec<Vec<u32>>,
}

/// A block where it stands.
pub(super) struct Place<'a> {
    /// Its number.
    pub(super) block: usize,
    /// Which of the functions that stand here it belongs to.
    pub(super) instance: u32,
    /// Where each of the block's successors stands, if it does.
    successors: Vec<Option<u32>>,
    /// Where it is likely to go if it computes that, the likeliest first.
    pub(super) likely: &'a [u32],
    /// Whether that is all that is known of what it calls.
    pub(super) is_open: bool,
    /// What inlining made of its end.
    pub(super) role: Role,
}

/// What inlining makes of a block's end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Role {
    /// Nothing.
    Plain,
    /// It calls what stands at a place.
    Calls {
        /// The address of that.
        target: u32,
        /// Its place.
        place: u32,
    },
    /// It returns from what stands in place of a call.
    Returns {
        /// The address behind that call.
        to: u32,
        /// Its place, if it has one.
        place: Option<u32>,
        /// Whether nothing of what was inlined writes `ra`, so that it surely returns there.
        keeps_ra: bool,
    },
    /// What stands in place of a call ends with a call of its own, whose return is both's.
    TailCalls {
        /// The address behind the inlined call.
        to: u32,
        /// Its place, if it has one.
        place: Option<u32>,
    },
}

impl<'a> Place<'a> {
    /// What it is likely to call, but for what stands in its place.
    pub(super) fn likely_calls(&self) -> &'a [u32] {
        match self.role {
            Role::Calls { .. } => self.likely.get(1..).unwrap_or(&[]),
            _ => self.likely,
        }
    }
}

impl<'a> Layout<'a> {
    /// What stands in the function of `regions[number]`; of the others those are inlined that are worth it.
    pub(super) fn new(regions: &'a [Rooted], numbers: &'a BTreeMap<u32, usize>, number: usize) -> Layout<'a> {
        let mut laying = Laying {
            regions,
            numbers,
            budget: regions[number].instructions().max(ADDED_MIN),
            recursion_budget: RECURSION_MAX,
            first_blocks: BTreeMap::new(),
            layout: Layout { blocks: Vec::new(), places: Vec::new(), root: 0, backs: Vec::new() },
        };
        laying.layout.root = laying.stand(number, None, Vec::new());
        laying.layout
    }

    /// The block that stands at `place`.
    pub(super) fn block(&self, place: u32) -> &'a Block {
        self.blocks[self.places[place as usize].block]
    }

    /// Where the calls return to in whose place `place` stands, the innermost first.
    pub(super) fn backs(&self, place: u32) -> &[u32] {
        &self.backs[self.places[place as usize].instance as usize]
    }

    /// The ways on from `place`: addresses, and where those stand that do.
    pub(super) fn ways(&self, place: u32) -> Vec<(u32, Option<u32>)> {
        let block = self.block(place);
        let Place { successors, role, .. } = &self.places[place as usize];
        let plain = block.successors().zip(successors.iter().copied());
        match *role {
            Role::Plain => plain.collect(),
            Role::Calls { target, place } if matches!(block.end, End::Call(Some(_))) => [(target, Some(place))].into(),
            // If it calls something else, that may come back.
            Role::Calls { target, place } => [(target, Some(place))].into_iter().chain(plain).collect(),
            Role::Returns { to, place, .. } | Role::TailCalls { to, place } => [(to, place)].into(),
        }
    }

    /// What is really called, as far as that is known or likely.
    pub(super) fn called(&self) -> impl Iterator<Item = u32> + '_ {
        self.places.iter().flat_map(|place| {
            let (known, likely) = match (self.blocks[place.block].end, place.role) {
                (End::Call(known), role) => (known.filter(|_| role == Role::Plain), place.likely_calls()),
                (_, Role::TailCalls { .. }) => (None, place.likely_calls()),
                _ => (None, &[][..]),
            };
            known.into_iter().chain(likely.iter().copied())
        })
    }

    /// The calls of which only running them says what they call.
    pub(super) fn open_calls(&self) -> impl Iterator<Item = u32> + '_ {
        self.open_places().map(|place| self.blocks[place.block].last())
    }

    fn open_places(&self) -> impl Iterator<Item = &Place<'a>> + '_ {
        self.places.iter().filter(|place| place.is_open)
    }

    /// What those are expected to call.
    pub(super) fn expected(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        self.open_places()
            .flat_map(|place| place.likely.iter().map(|target| (self.blocks[place.block].last(), *target)))
    }

    /// Whether some place may really call.
    pub(super) fn may_call(&self) -> bool {
        self.places.iter().any(|place| match (self.blocks[place.block].end, place.role) {
            (End::Call(Some(_)), Role::Calls { .. }) => false,
            (End::Call(_), _) | (_, Role::TailCalls { .. }) => true,
            _ => false,
        })
    }

    /// How many guest instructions stand here.
    pub(super) fn instructions(&self) -> u32 {
        self.places.iter().map(|place| self.blocks[place.block].insns.len() as u32).sum()
    }
}

/// A layout in the making.
struct Laying<'a> {
    regions: &'a [Rooted],
    /// Regions by their roots.
    numbers: &'a BTreeMap<u32, usize>,
    /// Instructions that may be added.
    budget: u32,
    /// Instructions that calls of a function by itself may add.
    recursion_budget: u32,
    /// Each region's first block, if its blocks are there.
    first_blocks: BTreeMap<usize, usize>,
    layout: Layout<'a>,
}

impl<'a> Laying<'a> {
    /// Lays out a region, which returns to `back`, if it is inlined, and then to the others; the answer is the place of its root.
    fn stand(&mut self, number: usize, back: Option<(u32, Option<u32>)>, others: Vec<u32>) -> u32 {
        let Rooted { region, root, likely, open_calls, .. } = &self.regions[number];
        let first_block = *self.first_blocks.entry(number).or_insert_with(|| {
            self.layout.blocks.extend(&region.blocks);
            self.layout.blocks.len() - region.blocks.len()
        });
        let first = self.layout.places.len();
        let backs: Vec<u32> = back.iter().map(|(to, _)| *to).chain(others).collect();
        let instance = self.layout.backs.len() as u32;
        self.layout.backs.push(backs.clone());
        let place_of = |pc: u32| region.block_at(pc).map(|block| (first + block) as u32);
        let keeps_ra = !region.blocks.iter().any(changes_ra);
        for (index, block) in region.blocks.iter().enumerate() {
            let role = match (back, block.end) {
                (Some((to, place)), End::Return) => Role::Returns { to, place, keeps_ra },
                (Some((to, place)), End::Computed) if block.switch.is_none() => Role::TailCalls { to, place },
                _ => Role::Plain,
            };
            self.layout.places.push(Place {
                block: first_block + index,
                instance,
                successors: block.successors().map(place_of).collect(),
                likely: likely.get(&block.pc).map_or(&[], Vec::as_slice),
                is_open: open_calls.contains(&block.pc),
                role,
            });
        }
        for (place, block) in (first..).zip(&region.blocks) {
            if let Some(target) = self.inlined(place, *root, backs.len()) {
                let back = (block.behind(), self.layout.places[place].successors[0]);
                let root = self.stand(self.numbers[&target], Some(back), backs.clone());
                self.layout.places[place].role = Role::Calls { target, place: root };
            }
        }
        place_of(*root).unwrap_or(first as u32)
    }

    /// What is inlined in place of the call at `place`, in a region of this root, if that is one and worth it.
    fn inlined(&mut self, place: usize, root: u32, nesting: usize) -> Option<u32> {
        let Place { block, likely, .. } = self.layout.places[place];
        let block = self.layout.blocks[block];
        let End::Call(target) = block.end else { return None };
        let target = target.or(likely.first().copied())?;
        let inlined = &self.regions[*self.numbers.get(&target)?];
        let cost = inlined.instructions();
        // The call itself, and not its slot, says where to return to.
        let call = block.insns.last().copied().flatten()?;
        let is_linked_by_slot = !block.is_compact && writes_ra(block.slot?);
        let budget = if target == root { &mut self.recursion_budget } else { &mut self.budget };
        let is_worth_it = nesting < NESTING_MAX && cost <= INLINED_MAX.min(*budget);
        if !is_worth_it || inlined.stays_out || !writes_ra(call) || is_linked_by_slot {
            return None;
        }
        *budget -= cost;
        Some(target)
    }
}

fn changes_ra(block: &Block) -> bool {
    matches!(block.end, End::Call(_)) || block.insns.iter().copied().chain([block.slot]).flatten().any(writes_ra)
}

fn writes_ra(insn: Insn) -> bool {
    effects(insn).writes >> Gpr::RA.index() & 1 != 0
}
