//! The heap (brk(2)).

use crate::mm::{Area, Backing, FLOOR, Memory};
use abi::{Addr, AddressSpace, PAGE_BYTES, Prot, USER_END};

impl Memory {
    /// Where the heap begins: after the program.
    pub(crate) fn start_heap(&mut self, at: Addr) {
        self.heap = Addr(at.0.next_multiple_of(PAGE_BYTES).max(FLOOR));
        self.heap_end = self.heap;
    }

    /// Moves the heap's end to `to`, if that can be; returns where it is then. A failure is no error to brk(2).
    pub(crate) fn brk(&mut self, space: &mut dyn AddressSpace, to: Addr, data_bytes_max: u64) -> Addr {
        let Some(to_page) = to.0.checked_next_multiple_of(PAGE_BYTES).filter(|end| *end < USER_END) else {
            return self.heap_end;
        };
        let page = Addr(self.heap_end.0.next_multiple_of(PAGE_BYTES));
        if to < self.heap || u64::from(to.0 - self.heap.0) > data_bytes_max {
            return self.heap_end;
        }
        if to_page < page.0 {
            let bytes = page.0 - to_page;
            self.areas.remove(Addr(to_page), page);
            space.unmap(Addr(to_page), bytes);
        } else if to_page > page.0 {
            let bytes = to_page - page.0;
            // A page is kept free after the heap, so that running over it is noticed.
            let is_free = self.areas.mapped_bytes(page, Addr(to_page + PAGE_BYTES)) == 0;
            let prot = Prot::READ | Prot::WRITE;
            if !is_free || self.check_room(bytes, 0).is_err() || space.map(page, bytes, prot).is_err() {
                return self.heap_end;
            }
            let area = Area {
                end: Addr(to_page),
                prot,
                is_shared: false,
                was_writable: true,
                backing: Backing::Named("[heap]"),
            };
            self.areas.insert(page, area);
        }
        self.heap_end = to;
        to
    }
}
