# libtrro for Yocto, from trro-@VERSION@.tar.gz, which has no public address: `make -C packaging dist` makes it, and this recipe with
# its sums. It is to lie in a folder files beside this recipe, or TRRO_ARCHIVE says where it is. Needs Rust 1.85 or newer.
# Checked by .ci/recipes: BitBake reads it, fetches every crate by its sum, unpacks all of it, and runs do_compile and do_install as they
# stand here, with cargo finding every crate and handing out what it has built before; every file is in the package that it belongs to;
# oelint-adv finds nothing but that there is no HOMEPAGE. OpenEmbedded's classes, compilers and Rust are stood in for by those of one
# machine: no image was built, and no other machine's library.
SUMMARY = "C library for Tencent Cloud's Real-time Teleoperation"
SUMMARY:trro-status = "Shows which devices TRRO lets run, and what is wrong with the connection"
DESCRIPTION = "Asks the cloud API of Tencent Cloud's Real-time Teleoperation (TRRO) which devices are authorized to run."
SECTION = "libs"
# Our own, and what the crates inside ask for (docs/dependencies.md), whose texts are in the second file.
LICENSE = "Apache-2.0 & BSD-3-Clause & CDLA-Permissive-2.0 & ISC & MIT"
LIC_FILES_CHKSUM = "\
    file://LICENSE;md5=@LICENSE_MD5@ \
    file://packaging/debian/copyright;md5=@COPYRIGHT_MD5@ \
"

TRRO_ARCHIVE ?= "file://trro-${PV}.tar.gz"
SRC_URI = "${TRRO_ARCHIVE};name=trro"
SRC_URI[trro.sha256sum] = "@SHA256@"

inherit cargo pkgconfig

require trro-crates.inc

# What is to be left out: "--no-default-features --features gzip,watch"; README, "Leaving parts out".
TRRO_CARGO_FLAGS ?= ""
# Or smallest.
TRRO_PROFILE ?= "release"

# BitBake strips, and has the symbols in a package of their own.
export CARGO_PROFILE_RELEASE_STRIP = "none"

# The linker for Rust is in cargo's configuration, hence no CROSS; BitBake's LD has options in it, which a program's name has not.
EXTRA_OEMAKE = "\
    -C ${S}/packaging \
    CARGO_TARGET_DIR=${B}/target \
    TARGET=${RUST_HOST_SYS} \
    CROSS= \
    LD=${HOST_PREFIX}ld \
    PROFILE=${TRRO_PROFILE} \
    PREFIX=${prefix} \
    BINDIR=${bindir} \
    INCLUDEDIR=${includedir} \
    LIBDIR=${libdir} \
    MANDIR=${mandir} \
    DOCDIR= \
    STATUS_RPATH= \
    DOXYGEN=none \
    'CARGO_FLAGS=--offline ${TRRO_CARGO_FLAGS}' \
"

# Not oe_cargo_build, which makes all crate types at once, and cargo leaves link-time optimisation out then.
do_compile() {
    export RUSTFLAGS="${RUSTFLAGS}"
    oe_runmake all
}

do_install() {
    oe_runmake install CARGO=: DESTDIR=${D}
}

PACKAGE_BEFORE_PN = "trro-status"
FILES:trro-status += "${bindir}/trro-status"
