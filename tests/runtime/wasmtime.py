"""python3 tests/runtime/wasmtime.py PACKAGES compile FILE.wasm OUT.cwasm
python3 tests/runtime/wasmtime.py PACKAGES run [--dir HOST[::GUEST]]... FILE ARGS

A module of WASI preview 1 under wasmtime's own WASI, with every setting as it comes. PACKAGES is where pip put wasmtime. What
was compiled has a name that ends in .cwasm. Standard error tells what starting took, as `strata run --stats` does."""

import os
import sys
import time

# This file has the name of the package.
sys.path[0] = sys.argv[1]

from wasmtime import Engine, ExitTrap, Linker, Module, Store, Trap, WasiConfig


def load(engine, path):
    return Module.deserialize_file(engine, path) if path.endswith(".cwasm") else Module.from_file(engine, path)


def run(words):
    wasi = WasiConfig()
    wasi.inherit_stdin()
    wasi.inherit_stdout()
    wasi.inherit_stderr()
    while words[0] == "--dir":
        host, _, guest = words[1].partition("::")
        wasi.preopen_dir(host, guest or host)
        words = words[2:]
    wasi.argv = words
    engine = Engine()
    store = Store(engine)
    store.set_wasi(wasi)
    linker = Linker(engine)
    linker.define_wasi()
    start = linker.instantiate(store, load(engine, words[0])).exports(store)["_start"]
    print(f"wasmtime: {time.process_time_ns() // 1000} microseconds translating", file=sys.stderr, flush=True)
    try:
        start(store)
    except ExitTrap as exit:
        return exit.code
    except Trap as trap:
        print(f"wasmtime: {trap}", file=sys.stderr, flush=True)
        return 134
    return 0


command, *words = sys.argv[2:]
if command == "compile":
    with open(words[1], "wb") as out:
        out.write(Module.from_file(Engine(), words[0]).serialize())
else:
    # At once: Python's own end is nothing that should be measured.
    os._exit(run(words))
