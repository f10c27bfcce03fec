"""kconfig.py FOLDER: when the external tree of Buildroot in FOLDER offers libtrro, by kconfiglib and without its warnings."""

import os
import sys
import tempfile

import kconfiglib

NEEDED = ["BR2_PACKAGE_HOST_RUSTC_TARGET_ARCH_SUPPORTS", "BR2_TOOLCHAIN_USES_GLIBC"]
OF_BUILDROOT = [*NEEDED, "BR2_STATIC_LIBS", "BR2_PACKAGE_HOST_RUSTC"]


def is_offered(menu, chosen):
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "Config.in")
        with open(file, "w") as config:
            for name in OF_BUILDROOT:
                config.write(f'config {name}\n\tbool "{name}"\n')
            config.write(f'source "{menu}/Config.in"\n')
        kconfig = kconfiglib.Kconfig(file, warn_to_stderr=False)
    assert not kconfig.warnings, kconfig.warnings
    for name in chosen:
        assert kconfig.syms[name].set_value("y"), name
    trro = kconfig.syms["BR2_PACKAGE_TRRO"]
    trro.set_value("y")
    assert trro.str_value == kconfig.syms["BR2_PACKAGE_HOST_RUSTC"].str_value, "Rust is not asked for"
    assert (kconfig.syms["BR2_PACKAGE_TRRO_STATUS"].visibility == 2) == (trro.str_value == "y")
    return trro.str_value == "y"


menu = os.environ["BR2_EXTERNAL_TRRO_PATH"] = os.path.abspath(sys.argv[1])
os.environ["CONFIG_"] = ""
assert is_offered(menu, NEEDED)
assert not is_offered(menu, [*NEEDED, "BR2_STATIC_LIBS"])
for name in NEEDED:
    assert not is_offered(menu, set(NEEDED) - {name}), name
