"""libtrro for Conan 2, from the archive that has every crate inside and has no public address: `make -C packaging dist` makes it,
and this recipe with its sum, in the folder below; the package's recipe has the archive inside then. Needs cargo (Rust 1.85 or newer),
make and binutils of the system.

Checked by .ci/recipes, without a network: `conan create` unpacks the archive by its sum and packages it, shared and static, with a
library that cargo has built from the same archive before; test_package links and runs with each. Not checked: other machines, and a
Conan server.
"""

import os
import shutil

from conan import ConanFile
from conan.errors import ConanInvalidConfiguration
from conan.tools.build import cross_building
from conan.tools.files import check_sha256, copy, rm, rmdir, unzip

# As Rust calls what Conan calls so.
TARGETS = {
    "x86_64": "x86_64-unknown-linux-gnu",
    "armv7hf": "armv7-unknown-linux-gnueabihf",
    "armv8": "aarch64-unknown-linux-gnu",
}
ARCHIVE = "trro-@VERSION@-vendored.tar.gz"
SHA256 = "@VENDORED_SHA256@"


class TrroConan(ConanFile):
    name = "trro"
    version = "@VERSION@"
    description = "C library for the cloud API of Tencent Cloud's Real-time Teleoperation (TRRO): which devices are authorized to run"
    license = "Apache-2.0 AND BSD-3-Clause AND CDLA-Permissive-2.0 AND ISC AND MIT"
    topics = ("trro", "teleoperation", "tencent-cloud")
    package_type = "library"
    # Neither the C compiler nor the type of build makes another library.
    settings = "os", "arch"
    options = {"shared": [True, False]}
    default_options = {"shared": True}

    def export_sources(self):
        copy(self, ARCHIVE, os.path.dirname(self.recipe_folder), self.export_sources_folder)

    def validate(self):
        if self.settings.os != "Linux" or str(self.settings.arch) not in TARGETS:
            raise ConanInvalidConfiguration(f"libtrro is for Linux on {', '.join(TARGETS)}")

    def validate_build(self):
        for tool in ("cargo", "make"):
            if shutil.which(tool) is None:
                raise ConanInvalidConfiguration(f"libtrro is built by {tool}, which is not there")

    def source(self):
        archive = os.path.join(self.export_sources_folder, ARCHIVE)
        check_sha256(self, archive, SHA256)
        unzip(self, archive, strip_root=True)

    def _make(self, goal):
        target = f"TARGET={TARGETS[str(self.settings.arch)]}" if cross_building(self) else ""
        self.run(f'make -C packaging {goal} {target} DOXYGEN=none PREFIX="{self.package_folder}"')

    def build(self):
        self._make("all")

    def package(self):
        self._make("install CARGO=:")
        licenses = os.path.join(self.package_folder, "licenses")
        copy(self, "LICENSE", self.source_folder, licenses)
        # The texts of the crates inside.
        copy(self, "copyright", os.path.join(self.source_folder, "packaging", "debian"), licenses)
        # Conan has its own files for CMake and pkg-config.
        for folder in ("lib/cmake", "lib/pkgconfig", "share"):
            rmdir(self, os.path.join(self.package_folder, folder))
        if self.options.shared:
            rm(self, "libtrro.a", os.path.join(self.package_folder, "lib"))
        else:
            rm(self, "libtrro.so*", os.path.join(self.package_folder, "lib"))
            # It needs the shared one.
            rmdir(self, os.path.join(self.package_folder, "bin"))

    def package_info(self):
        self.cpp_info.set_property("cmake_file_name", "trro")
        self.cpp_info.set_property("cmake_target_name", "trro::trro" if self.options.shared else "trro::trro_static")
        self.cpp_info.set_property("pkg_config_name", "trro")
        self.cpp_info.libs = ["trro"]
        if not self.options.shared:
            self.cpp_info.bindirs = []
            # As in packaging/Makefile.
            self.cpp_info.system_libs = ["gcc_s", "util", "rt", "pthread", "m", "dl", "c"]
