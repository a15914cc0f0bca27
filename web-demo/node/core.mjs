// Finds and loads the core for scripts: where cargo put it, or what STRATA_WEB names.

import { readFile } from "node:fs/promises";
import { Strata } from "../www/strata.mjs";

const built = new URL("../../target/wasm32-unknown-unknown/release/strata_web.wasm", import.meta.url);

export async function load() {
  const path = process.env.STRATA_WEB ?? built;
  const bytes = await readFile(path).catch((error) => {
    const build = "cargo build --release -p strata-web --target wasm32-unknown-unknown";
    throw new Error(`${error.message}; build the core first: ${build}`);
  });
  return Strata.load(bytes);
}
