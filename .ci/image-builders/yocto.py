"""yocto.py RECIPE FOLDER: reads the recipe by BitBake, fetches and unpacks all that it names, from FOLDER/downloads, runs what it says
for this machine, and looks at what is in which package. Rust, compilers and classes of OpenEmbedded are not there: what stands in for
them is in the folder yocto. BitBake is that of the package bitbake-setup of PyPI."""

import fnmatch
import io
import os
import subprocess
import sys
import types

# What asks another machine for what was built there is not in the package, and BitBake loads it without need.
for absent in ("hashserv", "hashserv.client"):
    sys.modules[absent] = types.ModuleType(absent)

# ruff: noqa: E402
import bb.data
import bb.data_smart
import bb.event
import bb.fetch2
import bb.parse
import bb.siggen
import bb.utils

EXPECTED = {
    "trro-staticdev": {"/usr/lib/libtrro.a"},
    "trro-dev": {
        "/usr/include/trro.h",
        "/usr/lib/cmake/trro/trroConfig.cmake",
        "/usr/lib/cmake/trro/trroConfigVersion.cmake",
        "/usr/lib/libtrro.so",
        "/usr/lib/pkgconfig/trro.pc",
    },
    "trro-doc": {"/usr/share/man/man1/trro-status.1"},
    "trro-status": {"/usr/bin/trro-status"},
    "trro": {"/usr/lib/libtrro.so.0.1", "/usr/lib/libtrro.so.0.1.0"},
}


def read(recipe, folder):
    data = bb.data.init()
    data.setVar("BBPATH", os.path.join(os.path.dirname(os.path.abspath(__file__)), "yocto"))
    data.setVar("__bbclasstype", "recipe")
    data.setVar("TOPDIR", folder)
    data.setVar("FILE_DIRNAME", os.path.dirname(recipe))
    data.setVar("PATH", os.environ["PATH"])
    data = bb.parse.handle("conf/bitbake.conf", data)
    bb.parse.siggen = bb.siggen.init(data)
    return bb.parse.handle(recipe, data)[""]


def run(task, data):
    """The task as a script of BitBake's."""
    script = io.StringIO()
    script.write("set -e\n")
    bb.data.emit_func(task, script, data)
    script.write(f"cd {data.getVar('B')}\n{task}\n")
    subprocess.run(["sh", "-c", script.getvalue()], check=True)


def packages(data):
    """Which package each installed file goes to: the first that asks for it."""
    top = data.getVar("D")
    left = {os.path.join(at, name)[len(top) :] for at, _, names in os.walk(top) for name in names}
    found = {}
    for package in data.getVar("PACKAGES").split():
        wanted = (data.getVar("FILES:" + package) or "").split()
        mine = {file for file in left for want in wanted if fnmatch.fnmatch(file, want) or file.startswith(want + "/")}
        found[package] = mine
        left -= mine
    return found, left


def main():
    recipe, folder = (os.path.abspath(path) for path in sys.argv[1:])
    data = read(recipe, folder)
    for path in ("WORKDIR", "B", "CARGO_HOME", "PERSISTENT_DIR"):
        bb.utils.mkdirhier(data.getVar(path))
    addresses = data.getVar("SRC_URI").split()
    fetcher = bb.fetch2.Fetch(addresses, data)
    fetcher.download()
    fetcher.unpack(data.getVar("WORKDIR"))
    print(f"BitBake has fetched and unpacked {len(addresses)} archives")
    # BitBake looks at the sums of what comes from a network only; of the crates it takes nothing without.
    sum = data.getVarFlag("SRC_URI", "trro.sha256sum")
    assert bb.utils.sha256_file(fetcher.localpath(addresses[0])) == sum, "SRC_URI[trro.sha256sum]"
    for license in data.getVar("LIC_FILES_CHKSUM").split():
        file, sum = license.removeprefix("file://").split(";md5=")
        assert bb.utils.md5_file(os.path.join(data.getVar("S"), file)) == sum, license
    for task in ("do_configure", "do_compile", "do_install"):
        run(task, data)
    found, left = packages(data)
    assert not left, f"in no package: {left}"
    assert found == EXPECTED, found
    print("every file is in the package that it belongs to")


main()
