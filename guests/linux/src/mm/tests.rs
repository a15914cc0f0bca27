//! Areas, the heap and mremap, on pages without a host.

use super::*;
use abi::PagedSpace;
use alloc::vec::Vec;

const RW: Prot = Prot::READ.union(Prot::WRITE);

fn anonymous(at: u32, bytes: u32, is_fixed: bool) -> MapRequest {
    let backing = Backing::Anonymous;
    MapRequest { at: Addr(at), bytes, prot: RW, is_shared: false, is_fixed, keeps: false, backing }
}

fn ranges(memory: &Memory) -> Vec<(u32, u32)> {
    memory.areas.iter().map(|(at, area)| (at.0, area.end.0)).collect()
}

#[test]
fn areas_are_placed_downward_joined_and_split() {
    let (mut memory, mut space) = (Memory::new(1 << 30), PagedSpace::new(64));
    let first = memory.map(&mut space, anonymous(0, 0x1800, false)).unwrap();
    let second = memory.map(&mut space, anonymous(0, 0x1000, false)).unwrap();
    assert_eq!((first.0, second.0), (STACK_END - 0x2000, STACK_END - 0x3000));
    assert_eq!(ranges(&memory), [(STACK_END - 0x3000, STACK_END)]);
    memory.protect(&mut space, first, 0x1000, Prot::READ).unwrap();
    assert_eq!(memory.areas.len(), 3);
    assert!(space.store(first.0, [1]).is_err());
    memory.unmap(&mut space, first, 0x1000).unwrap();
    assert_eq!(memory.place(0x1000), Ok(first));
    assert_eq!(memory.protect(&mut space, second, 0x3000, Prot::READ), Err(Errno::ENOMEM));
    assert_eq!(memory.areas.bytes(), 0x2000);
}

#[test]
fn fixed_requests_and_limits() {
    let (mut memory, mut space) = (Memory::new(0x4000), PagedSpace::new(64));
    let keeps = |at| MapRequest { keeps: true, ..anonymous(at, 0x1000, false) };
    assert_eq!(memory.map(&mut space, keeps(0x10_0000)), Ok(Addr(0x10_0000)));
    assert_eq!(memory.map(&mut space, keeps(0x10_0000)), Err(Errno::EEXIST));
    assert_eq!(memory.map(&mut space, anonymous(0, 0x1000, true)), Err(Errno::EPERM));
    assert_eq!(memory.map(&mut space, anonymous(0x10_0001, 0x1000, true)), Err(Errno::EINVAL));
    assert_eq!(memory.map(&mut space, anonymous(0x7fff_f000, 0x1000, true)), Err(Errno::ENOMEM));
    assert_eq!(memory.map(&mut space, anonymous(0, 0x5000, false)), Err(Errno::ENOMEM));
    // What is replaced does not count.
    assert_eq!(memory.map(&mut space, anonymous(0x10_0000, 0x4000, true)), Ok(Addr(0x10_0000)));
}

#[test]
fn growing_moves_when_it_must() {
    let (mut memory, mut space) = (Memory::new(1 << 30), PagedSpace::new(64));
    let at = memory.map(&mut space, anonymous(0, 0x1000, false)).unwrap();
    space.store(at.0, [42]).unwrap();
    let mut request = RemapRequest { at, old_bytes: 0x1000, new_bytes: 0x3000, may_move: false, to: None };
    assert_eq!(memory.remap(&mut space, &request), Err(Errno::ENOMEM));
    request.may_move = true;
    let moved = memory.remap(&mut space, &request).unwrap();
    assert_eq!(space.load::<1>(moved.0, Prot::READ), Ok([42]));
    assert!(space.load::<1>(at.0, Prot::READ).is_err() || moved.0 + 0x3000 > at.0);
    let shrunk = RemapRequest { at: moved, old_bytes: 0x3000, new_bytes: 0x1000, may_move: false, to: None };
    assert_eq!(memory.remap(&mut space, &shrunk), Ok(moved));
    assert_eq!(memory.areas.bytes(), 0x1000);
}

#[test]
fn the_heap_grows_and_shrinks() {
    let (mut memory, mut space) = (Memory::new(1 << 30), PagedSpace::new(64));
    memory.start_heap(Addr(0x41_0010));
    assert_eq!(memory.brk(&mut space, Addr(0), u64::MAX), Addr(0x41_1000));
    assert_eq!(memory.brk(&mut space, Addr(0x41_3004), u64::MAX), Addr(0x41_3004));
    space.store(0x41_3ffc, [1, 2, 3, 4]).unwrap();
    assert_eq!(memory.brk(&mut space, Addr(0x41_1004), u64::MAX), Addr(0x41_1004));
    assert!(space.load::<1>(0x41_2000, Prot::READ).is_err());
    assert_eq!(memory.brk(&mut space, Addr(0xffff_f001), u64::MAX), Addr(0x41_1004));
}
