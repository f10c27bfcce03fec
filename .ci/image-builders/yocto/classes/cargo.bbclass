# What OpenEmbedded's class of this name, and those below it, have that the recipe uses, for this machine.
export CARGO_HOME = "${WORKDIR}/cargo_home"
RUST_HOST_SYS = "${@os.uname().machine}-unknown-linux-gnu"
RUSTFLAGS ?= ""
B = "${WORKDIR}/build"

# As BitBake unpacks crates.
do_configure() {
    cat > ${CARGO_HOME}/config.toml << CONFIG
[source.bitbake]
directory = "${CARGO_HOME}/bitbake"

[source.crates-io]
replace-with = "bitbake"
CONFIG
}

oe_runmake() {
    make ${EXTRA_OEMAKE} "$@"
}
