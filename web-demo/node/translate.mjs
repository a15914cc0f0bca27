// node web-demo/node/translate.mjs PROGRAM [ARGS]: the other half. At many places of a running program, translates the
// region around the PC to Wasm, has this machine's JavaScript engine compile and run it, and has the interpreter judge:
// it must reach the same registers and the same memory. Exits 1 at the first difference.

import { readFileSync } from "node:fs";
import { load } from "./core.mjs";


// The user half of the address space, in Wasm pages; the engine makes pages of it as they are touched.
const GUEST_PAGES = 0x8000_0000 / 0x1_0000;
const PAGE_BYTES = 4096;
const PLACES_MAX = 60;
// Uneven, so that it does not meet the same place of a loop each time.
const BETWEEN = 7919;

class Translated {
  constructor(strata) {
    this.strata = strata;
    this.guest = new WebAssembly.Memory({ initial: GUEST_PAGES, maximum: GUEST_PAGES });
    this.cpu = new WebAssembly.Memory({ initial: strata.core.cpu_pages() });
    const registersBytes = strata.core.registers();
    this.registers = new Uint8Array(this.cpu.buffer, strata.core.state_at(), registersBytes);
  }

  *pages() {
    for (let at = 0; ; at += PAGE_BYTES) {
      at = this.strata.core.page(at);
      if (at < 0) return;
      yield [new Uint8Array(this.guest.buffer, at, PAGE_BYTES), this.strata.taken(PAGE_BYTES)];
    }
  }

  // Runs the region at the PC; gives the PC it left at and the module's size.
  run() {
    const { core } = this.strata;
    const module = this.strata.taken(core.region());
    if (module.length === 0) throw new Error("no code at the PC");
    // Nothing calls through the table in the block shape.
    const slots = core.slots();
    const table = new WebAssembly.Table({ element: "anyfunc", initial: slots, maximum: slots });
    // What is the interpreter's is left to it.
    const interpret = () => 0;
    // There is other code for nothing: what has none is where it goes back to.
    const cold = (pc) => pc;
    const imports = { strata: { guest: this.guest, cpu: this.cpu, table, interpret, cold, out_of_line: cold } };
    const { region0: region } = new WebAssembly.Instance(new WebAssembly.Module(module), imports).exports;
    for (const [copy, page] of this.pages()) copy.set(page);
    this.registers.set(this.strata.taken(core.registers()));
    // The highest bit only says that code left by itself.
    return { pc: region(core.region_entry(), 0) & 0x7fffffff, bytes: module.length };
  }

  // Whether the interpreter comes to the same registers at `pc`, with the same memory.
  agrees(pc) {
    this.strata.put(this.registers);
    if (!this.strata.core.follow(pc)) return false;
    for (const [copy, page] of this.pages()) if (Buffer.compare(copy, page) !== 0) return false;
    return true;
  }
}

async function main([path, ...rest]) {
  if (path === undefined) throw new Error("name a program: node web-demo/node/translate.mjs PROGRAM [ARGS]");
  const strata = await load();
  strata.start({ program: readFileSync(path), args: [path, ...rest] });
  const translated = new Translated(strata);
  let [places, bytes] = [0, 0];
  do {
    const ran = translated.run();
    if (!translated.agrees(ran.pc)) throw new Error(`the interpreter never gets to what translated code left at 0x${ran.pc.toString(16)}`);
    places += 1;
    bytes += ran.bytes;
  } while (places < PLACES_MAX && strata.slice(BETWEEN).status === undefined);
  console.log(`${places} regions, ${bytes} bytes of Wasm: translated code and interpreter agree`);
}

main(process.argv.slice(2)).catch((error) => {
  console.error(`translate.mjs: ${error.message}`);
  process.exitCode = 1;
});
