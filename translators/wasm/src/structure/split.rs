//! [`split`]: makes any graph reducible, by copies of nodes where that is cheap and by dispatchers where it is not.
//!
//! A cycle that is entered at more than one node gets one of its nodes as header. What the other entries lead to before
//! they pass the header is copied, and whoever enters from outside enters the copies: they are run at most until the
//! cycle comes to its header, so the cycle itself stays as fast as it was. Then the cycles within are looked at, header
//! apart. Copies can grow exponentially with depth; cycles for whose copies the allowance is spent are entered through
//! a dispatcher.

use super::components::{Component, Components, Region};
use super::{Graph, NONE, dominators::Dominators, order::Order};
use alloc::{vec, vec::Vec};

/// What a node of a split graph is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// This node of the graph that was split, or a copy of it.
    Node(u32),
    /// Sets the selector to this number, then goes on to its one successor, a dispatcher. One variable serves all
    /// dispatchers of a graph: nothing but the dispatcher reads it, and that comes next.
    Select(u32),
    /// Goes on to the successor whose index the selector holds.
    Dispatch,
}

/// A reducible graph that goes the ways of the one it was made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    /// The reducible graph.
    pub graph: Graph,
    /// What each of its nodes is. Successor `i` of a node is what successor `i` of its origin is, or a selection of it.
    pub origin: Vec<Origin>,
    /// How many dispatchers there are: cycles that were too dear to copy.
    pub dispatchers: u32,
}

/// How many nodes are looked at in search of the best header of one cycle.
const EFFORT_MAX: usize = 1 << 15;

/// Makes `graph` reducible. `weights` says what a copy of each node costs, `weight_max` how much all nodes of the result
/// may weigh together; what was there before does not shrink, so less than its weight forbids all copies.
///
/// A graph that is reducible already comes back as it is.
pub fn split(graph: &Graph, weights: &[u32], weight_max: u64) -> Split {
    let origin = graph.nodes().map(Origin::Node).collect();
    let order = Order::new(graph);
    if Dominators::new(&order).is_reducible(graph, &order) {
        return Split { graph: graph.clone(), origin, dispatchers: 0 };
    }
    // A node without weight still costs its branches.
    let weights: Vec<u64> = weights.iter().map(|&weight| u64::from(weight.max(1))).collect();
    let mut splitter = Splitter {
        graph: graph.clone(),
        origin,
        allowance: weight_max.saturating_sub(weights.iter().sum()),
        weights,
        dispatchers: 0,
        entry: 0,
        components: Components::new(),
        regions: vec![Region { nodes: order.nodes, entered: vec![0] }],
    };
    while let Some(region) = splitter.regions.pop() {
        for component in splitter.components.find(&splitter.graph, &region) {
            splitter.untangle(component);
        }
    }
    splitter.finish()
}

struct Splitter {
    graph: Graph,
    origin: Vec<Origin>,
    weights: Vec<u64>,
    /// What further copies may weigh.
    allowance: u64,
    dispatchers: u32,
    entry: u32,
    components: Components,
    /// Regions whose cycles are not looked at yet.
    regions: Vec<Region>,
}

impl Splitter {
    /// Leaves `component` with one entry, and its remainder to be looked at.
    fn untangle(&mut self, component: Component) {
        let header = match component.entries[..] {
            [header] => header,
            _ => match self.cheapest(&component) {
                Some((header, copied)) => {
                    self.copy(&component, header, &copied);
                    header
                }
                None => return self.dispatch(component),
            },
        };
        let Component { mut nodes, .. } = component;
        let entered = self.graph.successors(header).iter().copied();
        let entered = entered.filter(|&to| to != header && self.components.is_same(to, header)).collect();
        nodes.retain(|&node| node != header);
        self.regions.push(Region { nodes, entered });
    }

    /// The header that makes the least be copied, and what that is, if the allowance suffices.
    fn cheapest(&self, component: &Component) -> Option<(u32, Vec<u32>)> {
        let mut best = None;
        let mut limit = self.allowance;
        let mut effort = EFFORT_MAX;
        let mut seen = vec![NONE; self.graph.len()];
        // Entries first: they are the likely headers, and the limit they set ends the other searches soon.
        let others = component.nodes.iter().filter(|node| component.entries.binary_search(node).is_err());
        for &header in component.entries.iter().chain(others) {
            let copied = self.reached(component, header, limit, &mut seen);
            effort = effort.saturating_sub(copied.len());
            let weight = copied.iter().map(|&node| self.weights[node as usize]).sum::<u64>();
            if weight <= limit {
                best = Some((header, copied));
                limit = weight - 1;
            }
            if effort == 0 {
                break;
            }
        }
        best
    }

    /// What the entries but `header` lead to within the component without passing it; part of that if it weighs more
    /// than `limit`. `seen` is for the use of this alone.
    fn reached(&self, component: &Component, header: u32, limit: u64, seen: &mut [u32]) -> Vec<u32> {
        let mut reached: Vec<u32> = component.entries.clone();
        reached.retain(|&entry| entry != header);
        seen[header as usize] = header;
        reached.iter().for_each(|&entry| seen[entry as usize] = header);
        let mut weight = 0;
        let mut at = 0;
        while let Some(&node) = reached.get(at) {
            at += 1;
            weight += self.weights[node as usize];
            if weight > limit {
                break;
            }
            for &to in self.graph.successors(node) {
                if seen[to as usize] != header && self.components.is_same(to, header) {
                    seen[to as usize] = header;
                    reached.push(to);
                }
            }
        }
        reached
    }

    /// Sends whoever enters `component` elsewhere than at `header` to copies of the nodes `copied`.
    fn copy(&mut self, component: &Component, header: u32, copied: &[u32]) {
        let mut copy_of = vec![NONE; self.graph.len()];
        for &node in copied {
            copy_of[node as usize] = self.graph.push_like(node);
            self.origin.push(self.origin[node as usize]);
            self.weights.push(self.weights[node as usize]);
            self.allowance -= self.weights[node as usize];
        }
        let replace = |node: &mut u32| match copy_of.get(*node as usize) {
            None | Some(&NONE) => {}
            Some(&copy) => *node = copy,
        };
        // The copies count as outside as well.
        for from in self.graph.nodes().filter(|&from| !self.components.is_same(from, header)) {
            self.graph.successors_mut(from).iter_mut().for_each(replace);
        }
        replace(&mut self.entry);
        let copies =
            |nodes: &[u32]| nodes.iter().map(|&node| copy_of[node as usize]).filter(|&copy| copy != NONE).collect();
        self.regions.push(Region { nodes: copies(copied), entered: copies(&component.entries) });
    }

    /// Makes a dispatcher the header of `component`.
    fn dispatch(&mut self, component: Component) {
        let Component { nodes, entries } = component;
        self.dispatchers += 1;
        let dispatcher = self.push(Origin::Dispatch, &entries);
        for from in 0..dispatcher {
            // Successors that are equal share a selection, so that a table does not grow.
            let mut selects: Vec<(usize, u32)> = vec![];
            for at in 0..self.graph.successors(from).len() {
                let Ok(choice) = entries.binary_search(&self.graph.successors(from)[at]) else { continue };
                let known = selects.iter().find(|select| select.0 == choice);
                let select =
                    known.map_or_else(|| self.push(Origin::Select(choice as u32), &[dispatcher]), |known| known.1);
                selects.push((choice, select));
                self.graph.successors_mut(from)[at] = select;
            }
        }
        if let Ok(choice) = entries.binary_search(&self.entry) {
            self.entry = self.push(Origin::Select(choice as u32), &[dispatcher]);
        }
        self.regions.push(Region { nodes, entered: entries });
    }

    fn push(&mut self, origin: Origin, successors: &[u32]) -> u32 {
        self.origin.push(origin);
        self.weights.push(1);
        self.graph.push(successors)
    }

    /// Makes the entry node 0 by an exchange of numbers.
    fn finish(self) -> Split {
        let Splitter { graph, mut origin, dispatchers, entry, .. } = self;
        let exchanged = |node: u32| match node {
            0 => entry,
            node if node == entry => 0,
            node => node,
        };
        origin.swap(0, entry as usize);
        let successors = |node| graph.successors(exchanged(node)).iter().map(|&to| exchanged(to)).collect::<Vec<u32>>();
        let graph = if entry == 0 { graph } else { graph.nodes().map(successors).collect() };
        Split { graph, origin, dispatchers }
    }
}
