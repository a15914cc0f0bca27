//! `cargo test -p strata-wasm structure`: what is structured goes the way the graph goes.

use super::*;
use alloc::{string::String, vec, vec::Vec};
use core::fmt::Write;

/// A small generator of numbers (Knuth, MMIX).
struct Lcg(u64);

impl Lcg {
    fn below(&mut self, limit: u32) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % u64::from(limit)) as u32
    }
}

/// A random graph, all of it reachable. `backward` of 8 edges may go anywhere, the others go on.
fn random(lcg: &mut Lcg, backward: u32) -> Graph {
    let nodes = 1 + lcg.below(60);
    let mut lists: Vec<Vec<u32>> = vec![vec![]; nodes as usize];
    for (at, list) in lists.iter_mut().enumerate() {
        let at = at as u32;
        for _ in 0..[0, 1, 1, 1, 2, 2, 2, 2, 2, 3, 5][lcg.below(11) as usize] {
            let near = nodes.min(at + 6) - at;
            list.push(match lcg.below(8) < backward {
                true => lcg.below(nodes),
                false => at + lcg.below(near),
            });
        }
    }
    for at in 1..nodes {
        let from = lcg.below(at) as usize;
        let reached = lists[..at as usize].iter().any(|list| list.contains(&at));
        if !reached {
            lists[from].push(at);
        }
    }
    lists.into_iter().collect()
}

/// The tree as text: `L2(` loop, `B3(` block, a node with its branches, `|` else, `)` end.
fn text(tree: &Tree) -> String {
    let mut out = String::new();
    for step in tree.walk() {
        match step {
            Step::Loop(header) => write!(out, "L{header}(").unwrap(),
            Step::Block(follow) => write!(out, "B{follow}(").unwrap(),
            Step::Node { node, exits, .. } => {
                write!(out, " {node}").unwrap();
                for exit in exits {
                    match exit {
                        Exit::Branch(to) => write!(out, ">{to}").unwrap(),
                        Exit::Inline(_) => out.push_str(">."),
                    }
                }
                out.push_str(if matches!(exits, [Exit::Inline(_), Exit::Inline(_)]) { " if(" } else { " " });
            }
            Step::Else => out.push_str("| "),
            Step::End => out.push(')'),
        }
    }
    out
}

/// Where the step after `end` of the label opened at `at` stands, or after its `else` if asked for.
fn after(steps: &[Step<'_>], at: usize, to_else: bool) -> usize {
    let mut depth = 0;
    for (at, step) in steps.iter().enumerate().skip(at) {
        match step {
            Step::Else if to_else && depth == 0 => return at + 1,
            Step::End if depth == 0 => return at + 1,
            Step::End => depth -= 1,
            Step::Loop(_) | Step::Block(_) => depth += 1,
            Step::Node { exits: [Exit::Inline(_), Exit::Inline(_)], .. } => depth += 1,
            _ => {}
        }
    }
    panic!("a label without end")
}

/// Runs the steps as Wasm would and says which nodes come by; `choose` says which successor of a node is taken.
fn run(tree: &Tree, mut choose: impl FnMut(u32, u32) -> Option<u32>) -> Vec<u32> {
    let steps: Vec<Step<'_>> = tree.walk().collect();
    let mut labels: Vec<(Option<u32>, usize)> = vec![];
    let mut trace = vec![];
    let mut at = 0;
    while at < steps.len() {
        at += 1;
        match steps[at - 1] {
            Step::Loop(header) => labels.push((Some(header), at - 1)),
            Step::Block(follow) => labels.push((Some(follow), after(&steps, at, false))),
            Step::Else => {
                labels.pop();
                at = after(&steps, at, false);
            }
            Step::End => _ = labels.pop(),
            Step::Node { node, exits, falls_to } => {
                trace.push(node);
                if exits.is_empty() {
                    return trace;
                }
                let Some(choice) = choose(node, exits.len() as u32) else { return trace };
                assert!(exits.len() <= 2 || !exits.iter().any(|exit| matches!(exit, Exit::Inline(_))));
                let is_if = matches!(exits, [Exit::Inline(_), Exit::Inline(_)]);
                if is_if {
                    labels.push((None, 0));
                }
                match exits[choice as usize] {
                    Exit::Branch(to) if falls_to == Some(to) => {}
                    Exit::Branch(to) => loop {
                        let (label, target) = labels.pop().expect("a label for each branch");
                        if label == Some(to) {
                            at = target;
                            break;
                        }
                    },
                    Exit::Inline(_) if is_if && choice == 1 => at = after(&steps, at, true),
                    Exit::Inline(_) => {}
                }
            }
        }
    }
    panic!("fell out of the function after {trace:?}")
}

/// What comes by on a random walk of a graph, at most 300 nodes.
fn walk_graph(graph: &Graph, mut choose: impl FnMut(u32, u32) -> Option<u32>) -> Vec<u32> {
    let mut trace = vec![0];
    loop {
        let node = trace[trace.len() - 1];
        let successors = graph.successors(node);
        match successors.len() as u32 {
            0 => return trace,
            count => match choose(node, count) {
                Some(choice) => trace.push(successors[choice as usize]),
                None => return trace,
            },
        }
    }
}

fn chooser(seed: u64) -> impl FnMut(u32, u32) -> Option<u32> {
    let (mut lcg, mut left) = (Lcg(seed), 300);
    move |_, count| {
        left -= 1;
        (left > 0).then(|| lcg.below(count))
    }
}

fn check_tree(graph: &Graph, tree: &Tree) {
    let mut seen: Vec<u32> = tree
        .walk()
        .filter_map(|step| match step {
            Step::Node { node, .. } => Some(node),
            _ => None,
        })
        .collect();
    seen.sort();
    assert!(seen.iter().copied().eq(graph.nodes()), "each node once");
    for seed in 0..8 {
        assert_eq!(run(tree, chooser(seed)), walk_graph(graph, chooser(seed)), "{graph:?}\n{}", text(tree));
    }
}

#[test]
fn shapes() {
    let cases: &[(&[&[u32]], &str)] = &[
        (&[&[]], " 0 "),
        // A diamond, and one with a side that is empty.
        (&[&[1, 2], &[3], &[3], &[]], "B3( 0>.>. if( 1>3 |  2>3 )) 3 "),
        (&[&[1, 2], &[2], &[]], "B2( 0>.>2  1>2 ) 2 "),
        // Both successors equal.
        (&[&[1, 1], &[]], "B1( 0>1>1 ) 1 "),
        // Loops: of one node, with what follows; the entry as header; two in one another; two exits.
        (&[&[1], &[1, 2], &[]], " 0>. B2(L1( 1>1>2 )) 2 "),
        (&[&[0, 0]], "L0( 0>0>0 )"),
        (&[&[1], &[0, 2], &[]], "B2(L0( 0>.  1>0>2 )) 2 "),
        (&[&[1], &[2], &[2, 3], &[1, 4], &[]], " 0>. B4(L1( 1>. B3(L2( 2>2>3 )) 3>1>4 )) 4 "),
        (&[&[1, 3], &[2, 4], &[0], &[], &[3]], "B3(B4(L0( 0>.>3  1>.>4  2>0 )) 4>3 ) 3 "),
        // A table, two of whose rows are the same.
        (&[&[1, 2, 1], &[], &[]], "B1(B2( 0>1>2>1 ) 2 ) 1 "),
    ];
    for (lists, expected) in cases {
        let graph: Graph = lists.iter().collect();
        let tree = structure(&graph).expect("a reducible graph");
        assert_eq!(text(&tree), *expected);
        check_tree(&graph, &tree);
    }
    assert!(structure(&[&[1, 2][..], &[2], &[1]].iter().collect()).is_none());
    assert_eq!(structure(&Graph::new()).unwrap().root(), None);
}

#[test]
fn random_reducible_graphs() {
    let mut reducible = 0;
    for seed in 0..4_000 {
        let graph = random(&mut Lcg(seed), seed as u32 % 4);
        if let Some(tree) = structure(&graph) {
            reducible += 1;
            check_tree(&graph, &tree);
        }
    }
    assert!(reducible > 1_000, "{reducible}");
}

/// What comes by on a walk of a split graph, in the numbers of the graph that was split.
fn walk_split(split: &Split, mut choose: impl FnMut(u32, u32) -> Option<u32>) -> Vec<u32> {
    let mut selector = None;
    let trace =
        run(&structure(&split.graph).expect("a reducible graph"), |node, count| match split.origin[node as usize] {
            Origin::Node(_) => choose(node, count),
            Origin::Select(choice) => {
                assert_eq!(selector.replace(choice), None);
                Some(0)
            }
            Origin::Dispatch => selector.take(),
        });
    let origins = trace.iter().map(|&node| split.origin[node as usize]);
    origins.filter_map(|origin| if let Origin::Node(node) = origin { Some(node) } else { None }).collect()
}

fn check_split(graph: &Graph, weights: &[u32], weight_max: u64) -> Split {
    let split = split(graph, weights, weight_max);
    let sum = |split: &Split| {
        let weight =
            |&origin: &Origin| if let Origin::Node(node) = origin { u64::from(weights[node as usize]) } else { 0 };
        split.origin.iter().map(weight).sum::<u64>()
    };
    assert!(sum(&split) <= weight_max);
    assert_eq!(split.dispatchers as usize, split.origin.iter().filter(|origin| **origin == Origin::Dispatch).count());
    for seed in 0..8 {
        assert_eq!(walk_split(&split, chooser(seed)), walk_graph(graph, chooser(seed)), "{graph:?}\n{split:?}");
    }
    split
}

#[test]
fn splits() {
    // A cycle with two entries: the lighter way is copied, or a dispatcher is made.
    let graph: Graph = [&[1, 2][..], &[2], &[1, 3], &[]].iter().collect();
    let copied = check_split(&graph, &[1, 5, 2, 1], 27);
    assert_eq!((copied.dispatchers, &copied.origin[4..]), (0, &[Origin::Node(2)][..]));
    let dispatched = check_split(&graph, &[1, 5, 2, 1], 9);
    assert_eq!((dispatched.dispatchers, dispatched.graph.len()), (1, 4 + 1 + 4));
    // The entry lies on a cycle that a node behind it is the better header of.
    let graph: Graph = [&[1, 2][..], &[3], &[4], &[4, 2], &[3, 5], &[]].iter().collect();
    check_split(&graph, &[1; 6], 18);
    // Where neither entry but what both lead to is the header.
    let graph: Graph = [&[1, 2][..], &[3], &[3], &[1, 2]].iter().collect();
    let heavy = check_split(&graph, &[1, 1, 1, 9], 36);
    assert_eq!(&heavy.origin[4..], &[Origin::Node(1), Origin::Node(2)]);
    // Deeper than cycles are looked at one by one.
    let nest = |at: u32| match at {
        0 => vec![1, 398],
        5 => vec![6, 300],
        at if at < 200 => vec![at + 1],
        at if at < 399 => vec![399 - at, at + 1],
        _ => vec![],
    };
    let deep = check_split(&(0..400).map(nest).collect(), &[1; 400], 1200);
    assert!(deep.dispatchers > 0);
}

#[test]
fn random_graphs() {
    let (mut irreducible, mut dispatched) = (0, 0);
    for seed in 0..4_000 {
        let lcg = &mut Lcg(seed);
        let graph = random(lcg, 1 + seed as u32 % 5);
        let weights: Vec<u32> = graph.nodes().map(|_| 1 + lcg.below(20)).collect();
        let sum: u32 = weights.iter().sum();
        let reducible = structure(&graph).is_some();
        let split = check_split(&graph, &weights, u64::from(sum) * [1, 2, 3][seed as usize % 3]);
        assert!(!reducible || split.graph == graph);
        irreducible += u32::from(!reducible);
        dispatched += u32::from(split.dispatchers > 0);
    }
    assert!(irreducible > 1_000 && dispatched > 1_000, "{irreducible} {dispatched}");
}

/// Long and deep ones neither exhaust the stack nor take long.
#[test]
fn large_graphs() {
    let size = 4000;
    let chain = (0..size).map(|at| if at + 1 < size { vec![at + 1] } else { vec![] });
    let checks = (0..size).map(|at| if at + 2 < size { vec![at + 2, at + 1] } else { vec![] });
    let leaves = (0..size).map(|at| if at % 2 == 0 && at + 2 < size { vec![at + 1, at + 2] } else { vec![] });
    let nested = (0..size).map(|at| if at + 1 < size { vec![at + 1, at / 2] } else { vec![] });
    let nest = (0..2 * size).map(|at| match at {
        at if at < size => vec![at + 1],
        at if at + 1 < 2 * size => vec![2 * size - 1 - at, at + 1],
        _ => vec![],
    });
    let table = (0..size).map(|at| if at == 0 { (1..size).collect() } else { vec![] });
    let tangle =
        (0..size).map(|at| if at < 2 { vec![2 - at, size - 1] } else { vec![(at + 1) % size, at - 1, at / 2] });
    let graphs: [Graph; 7] = [
        chain.collect(),
        checks.collect(),
        leaves.collect(),
        nested.collect(),
        nest.collect(),
        table.collect(),
        tangle.collect(),
    ];
    for graph in graphs {
        let weights = vec![1; graph.len()];
        let split = split(&graph, &weights, 3 * weights.len() as u64);
        let tree = structure(&split.graph).expect("a reducible graph");
        assert!(tree.walk().count() >= graph.len());
    }
}
