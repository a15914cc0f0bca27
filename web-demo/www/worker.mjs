// One guest in a worker: runs it in slices and reports after each, so that the page stays free and can end it.

import { Strata } from "./strata.mjs";

const core = "../../target/wasm32-unknown-unknown/release/strata_web.wasm";
// The budget of a slice is fitted to this.
const SLICE_MS = 50;
const BUDGET_MIN = 100_000;

// The latest that setTimeout takes; a longer wait looks up in between.
const TIMEOUT_MS_MAX = 0x7fff_ffff;

async function load() {
  const answer = await fetch(new URL(core, import.meta.url));
  if (!answer.ok) {
    const build = "cargo build --release -p strata-web --target wasm32-unknown-unknown";
    throw new Error(`the core is not there (${answer.status}): ${build}, and serve the repository's root`);
  }
  return Strata.load(await answer.arrayBuffer());
}

async function run(order) {
  const strata = await load();
  strata.start(order);
  let [budget, ms] = [BUDGET_MIN, 0];
  const slice = () => {
    const begun = performance.now();
    const { status, waitMs } = strata.slice(budget);
    const took = performance.now() - begun;
    ms += took;
    const [stdout, stderr] = [strata.output(1), strata.output(2)];
    postMessage({ stdout, stderr, status, waits: waitMs !== undefined, instructions: strata.instructions, ms });
    if (status !== undefined || waitMs === Infinity) return;
    budget = Math.max(BUDGET_MIN, took < SLICE_MS ? budget * 1.5 : budget / 1.5);
    setTimeout(slice, Math.min(waitMs ?? 0, TIMEOUT_MS_MAX));
  };
  slice();
}

onmessage = ({ data }) => run(data).catch((error) => postMessage({ error: error.message }));
