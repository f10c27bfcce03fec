# deb.sh FOLDER: Debian's packages of this source tree, for this machine: FOLDER/*.deb and FOLDER/*.changes. Needs dpkg-dev, debhelper,
# fakeroot, doxygen, python3, and what Makefile needs. Cargo is not asked of Debian: it may come from elsewhere. Crates that are not
# in cargo's cache, nor below vendor, are fetched; dpkg-buildpackage itself needs no network. CARGO=: builds no library and takes
# those that `make -C packaging` has built.
set -eu
mkdir -p "$1"
folder=$(cd "$1" && pwd)
root=$(cd "$(dirname "$0")/.." && pwd)
version=$(sed -n 's/^version = "\(.*\)"/\1/p' "$root/Cargo.toml" | head -n 1)
tree=$folder/trro-$version
cd "$root"

# The times of files are kept, and those of folders are old, so that cargo builds what has changed since the last time.
rm -rf "$tree" "$folder"/*trro*_"$version"-*
mkdir "$tree"
# An unpacked archive may be in another project's repository, which knows and ignores other files.
if [ "$(git rev-parse --show-prefix 2> /dev/null || echo none)" = "" ]; then
    git ls-files -z --cached --others --exclude-standard | tar -c --null --ignore-failed-read -T - | tar -x -C "$tree"
else
    tar -c --exclude=./target . | tar -x -C "$tree"
fi
cp -a "$tree/packaging/debian" "$tree/debian"
find "$tree" -type d -exec touch -r Cargo.toml {} +
noted=$(sed -n '1s/trro (\(.*\)-[^-]*) .*/\1/p' "$tree/debian/changelog")
if [ "$noted" != "$version" ]; then
    echo "packaging/debian/changelog is of version $noted, not $version" >&2
    exit 1
fi

# debhelper has a home of its own, in which neither would be found.
export CARGO_HOME="${CARGO_HOME:-$HOME/.cargo}"
if [ -d "$HOME/.rustup" ]; then export RUSTUP_HOME="${RUSTUP_HOME:-$HOME/.rustup}"; fi
if [ "${CARGO:=cargo}" = : ]; then
    CARGO_TARGET_DIR=$(realpath -m "${CARGO_TARGET_DIR:-$root/target}")
else
    # Debian's flags for C are not those of other builds, with which these would take turns.
    CARGO_TARGET_DIR=$folder/target
fi
export CARGO CARGO_TARGET_DIR
cd "$tree"
"$CARGO" fetch --quiet --locked --target "$(rustc -vV | sed -n 's/^host: //p')"
dpkg-buildpackage --build=binary --no-check-builddeps --no-sign
