//! [`split`]: makes any graph reducible, by copies of nodes where that is cheap and by dispatchers where it is not.
//!
//! A cycle that is entered at more than one node gets one of its nodes as header. What the other entries lead to before
//! they pass the header is copied, and whoever enters from outside enters the copies: they are run at most until the
//! cycle comes to its header, so the cycle itself stays as fast as it was. Then the cycles within are looked at, header
//! apart. Copies can grow exponentially with depth; cycles for whose copies the allowance is spent are entered through
//! a dispatcher.

use super::components::{Component, Components, Region};
use super::header::{Header, Headers};
use super::{Graph, NONE, dominators::Dominators, edges::Edges, order::Order};
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

/// Within this many loops all cycles that are left are cut by one dispatcher, so that the time needed does not grow
/// with the square of what a hostile program holds.
const DEPTH_MAX: u32 = 64;

/// Makes `graph` reducible. `weights` says what a copy of each node costs (at least 1), `weight_max` how much all nodes
/// of the result may weigh together, dispatchers apart; the weight of `graph` itself forbids all copies.
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
        edges: Edges::new(graph),
        origin,
        allowance: weight_max.saturating_sub(weights.iter().sum()),
        headers: Headers::new(weights),
        dispatchers: 0,
        entry: 0,
        components: Components::new(),
        copy_of: vec![],
        regions: vec![Region { nodes: order.nodes, entered: vec![0], depth: 0 }],
    };
    while let Some(region) = splitter.regions.pop() {
        for component in splitter.components.find(&splitter.edges.graph, &region) {
            splitter.untangle(component, region.depth + 1);
        }
    }
    splitter.finish()
}

struct Splitter {
    edges: Edges,
    origin: Vec<Origin>,
    headers: Headers,
    /// What further copies may weigh.
    allowance: u64,
    dispatchers: u32,
    entry: u32,
    components: Components,
    /// For the nodes that are being copied, their copies; else [`NONE`].
    copy_of: Vec<u32>,
    /// Regions whose cycles are not looked at yet.
    regions: Vec<Region>,
}

impl Splitter {
    /// Leaves `component` with one entry, and its remainder to be looked at.
    fn untangle(&mut self, mut component: Component, depth: u32) {
        let graph = &self.edges.graph;
        let header = if depth > DEPTH_MAX {
            component.enter_everywhere(graph);
            None
        } else if let [header] = component.entries[..] {
            Some(header)
        } else {
            let header = self.headers.choose(graph, &self.components, &component, self.allowance);
            header.map(|header| self.copy(&component, header, depth))
        };
        let Some(header) = header else { return self.dispatch(component, depth) };
        let Component { mut nodes, .. } = component;
        let entered = self.edges.graph.successors(header).iter().copied();
        let entered = entered.filter(|&to| to != header && self.components.is_same(to, header)).collect();
        nodes.retain(|&node| node != header);
        self.regions.push(Region { nodes, entered, depth });
    }

    /// Sends whoever enters `component` elsewhere than at the header to copies. Returns the header.
    fn copy(&mut self, component: &Component, Header { node: header, copied, weight }: Header, depth: u32) -> u32 {
        self.allowance -= weight;
        let first = self.edges.graph.len() as u32;
        self.copy_of.resize(first as usize, NONE);
        (first..).zip(&copied).for_each(|(copy, &node)| self.copy_of[node as usize] = copy);
        let copy_of = |node: u32| match self.copy_of.get(node as usize) {
            None | Some(&NONE) => node,
            Some(&copy) => copy,
        };
        for &node in &copied {
            let successors: Vec<u32> = self.edges.graph.successors(node).iter().map(|&to| copy_of(to)).collect();
            self.edges.push(&successors);
            self.origin.push(self.origin[node as usize]);
            self.headers.weights.push(self.headers.weights[node as usize]);
        }
        let entries = component.entries.iter().copied().filter(|&entry| entry != header);
        for entry in entries.clone() {
            let components = &self.components;
            self.edges.lead(entry, |_, from| if components.is_same(from, header) { entry } else { copy_of(entry) });
        }
        self.entry = copy_of(self.entry);
        let entered = entries.map(copy_of).collect();
        self.regions.push(Region { nodes: (first..self.edges.graph.len() as u32).collect(), entered, depth });
        copied.iter().for_each(|&node| self.copy_of[node as usize] = NONE);
        header
    }

    /// Makes a dispatcher the header of `component`.
    fn dispatch(&mut self, component: Component, depth: u32) {
        let Component { nodes, entries } = component;
        self.dispatchers += 1;
        let dispatcher = self.edges.push(&entries);
        self.add(Origin::Dispatch);
        for (choice, &entry) in (0..).zip(&entries) {
            let mut added = 0;
            let mut last = (NONE, NONE);
            let mut select = |edges: &mut Edges, from: u32| {
                if from == dispatcher {
                    return entry;
                }
                // Successors of a table that are equal share a selection.
                if last.0 != from {
                    last = (from, edges.push(&[dispatcher]));
                    added += 1;
                }
                last.1
            };
            self.edges.lead(entry, &mut select);
            if self.entry == entry {
                self.entry = select(&mut self.edges, NONE - 1);
            }
            (0..added).for_each(|_| self.add(Origin::Select(choice)));
        }
        self.regions.push(Region { nodes, entered: entries, depth });
    }

    /// Says what a node is that was just pushed.
    fn add(&mut self, origin: Origin) {
        self.origin.push(origin);
        self.headers.weights.push(1);
    }

    /// Makes the entry node 0 by an exchange of numbers.
    fn finish(self) -> Split {
        let Splitter { edges: Edges { graph, .. }, mut origin, dispatchers, entry, .. } = self;
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
