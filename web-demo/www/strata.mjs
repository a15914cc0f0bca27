// The Strata core as JavaScript sees it: class Strata, the same in a page, a worker and Node. Each runs one guest.

const RUNNING = -1;
const WAITING = -2;
// crypto.getRandomValues gives no more at once.
const RANDOM_BYTES_MAX = 65536;

const text = new TextEncoder();

export const monotonicNs = () => BigInt(Math.round(performance.now() * 1e6));

export class Strata {
  // `source`: the bytes of strata_web.wasm, or its compiled WebAssembly.Module.
  static async load(source) {
    const strata = new Strata();
    const module = source instanceof WebAssembly.Module ? source : await WebAssembly.compile(source);
    const host = {
      now_realtime_ns: () => BigInt(Date.now()) * 1000000n,
      now_monotonic_ns: monotonicNs,
      random: (at, bytes) => {
        for (let done = 0; done < bytes; done += RANDOM_BYTES_MAX) {
          const count = Math.min(bytes - done, RANDOM_BYTES_MAX);
          crypto.getRandomValues(new Uint8Array(strata.core.memory.buffer, at + done, count));
        }
      },
    };
    strata.core = (await WebAssembly.instantiate(module, { host })).exports;
    return strata;
  }

  // Loads a program. Throws what is wrong with it.
  start({ program, args = ["program"], env = [], stdin = new Uint8Array() }) {
    this.put(program);
    this.core.program();
    for (const arg of args) {
      this.put(text.encode(arg));
      this.core.argument();
    }
    for (const variable of env) {
      this.put(text.encode(variable));
      this.core.variable();
    }
    this.put(stdin);
    this.core.input();
    const length = this.core.start();
    if (length > 0) throw new Error(new TextDecoder().decode(this.taken(length)));
  }

  // Runs about `budget` instructions. Gives { status } once over, { waitMs } if it waits (Infinity: for a signal), else {}.
  slice(budget) {
    const standing = this.core.run(budget);
    if (standing === RUNNING) return {};
    if (standing !== WAITING) return { status: standing };
    const wakesAt = this.core.wakes_at_ns();
    if (wakesAt < 0n) return { waitMs: Infinity };
    return { waitMs: Math.max(0, Math.ceil(Number(wakesAt - monotonicNs()) / 1e6)) };
  }

  // What the guest wrote to standard output (1) or error (2) since last asked.
  output(stream) {
    return this.taken(this.core.take_output(stream));
  }

  get instructions() {
    return this.core.instructions();
  }

  // Hands bytes to the next call.
  put(bytes) {
    const at = this.core.inbox(bytes.length);
    new Uint8Array(this.core.memory.buffer, at, bytes.length).set(bytes);
  }

  // A copy of what the last call put out.
  taken(length) {
    const at = this.core.outbox();
    return new Uint8Array(this.core.memory.buffer, at, length).slice();
  }
}
