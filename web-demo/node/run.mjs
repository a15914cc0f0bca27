// node web-demo/node/run.mjs PROGRAM [ARGS]: runs a MIPS Linux program by the core that a page loads, exits as it does.
// Standard input is read to its end first. STRATA_STATS=1 tells instructions and speed.

import { readFileSync, writeSync } from "node:fs";
import { load } from "./core.mjs";

const SLICE = 5_000_000;
// What a shell gives for "cannot be executed".
const CANNOT_RUN = 126;

const writeAll = (fd, bytes) => {
  for (let done = 0; done < bytes.length; ) {
    try {
      done += writeSync(fd, bytes, done);
    } catch (error) {
      if (error.code !== "EAGAIN") throw error;
    }
  }
};

async function main([path, ...rest]) {
  if (path === undefined) throw new Error("name a program: node web-demo/node/run.mjs PROGRAM [ARGS]");
  const strata = await load();
  const stdin = process.stdin.isTTY ? new Uint8Array() : readFileSync(0);
  const env = Object.entries(process.env).map(([name, value]) => `${name}=${value}`);
  strata.start({ program: readFileSync(path), args: [path, ...rest], env, stdin });
  const begun = performance.now();
  for (;;) {
    const { status, waitMs = 0 } = strata.slice(SLICE);
    writeAll(1, strata.output(1));
    writeAll(2, strata.output(2));
    if (status !== undefined) {
      const ms = performance.now() - begun;
      const rate = strata.instructions / ms / 1e3;
      if (process.env.STRATA_STATS) console.error(`${strata.instructions} instructions in ${ms.toFixed(1)} ms: ${rate.toFixed(1)} M/s`);
      return status;
    }
    if (waitMs === Infinity) throw new Error("the program waits for a signal that nobody can send");
    if (waitMs > 0) await new Promise((wake) => setTimeout(wake, waitMs));
  }
}

main(process.argv.slice(2)).then(
  (status) => (process.exitCode = status),
  (error) => {
    console.error(`run.mjs: ${error.message}`);
    process.exitCode = CANNOT_RUN;
  },
);
