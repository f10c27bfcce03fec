# dist.sh VERSION FOLDER: the sources of the last commit as FOLDER/trro-VERSION.tar.gz, and once more with every crate that
# Cargo.lock lists, so that they build without a network, as FOLDER/trro-VERSION-vendored.tar.gz; and the recipes of image builders,
# which take these archives, with their sums. A commit gives the same bytes again and again. Needs git, GNU tar, gzip, coreutils and
# cargo, which may have to fetch crates.
set -eu
version=$1 name=trro-$1 folder=$2
root=$(git -C "$(dirname "$0")" rev-parse --show-toplevel)
committed=$(git -C "$root" log -1 --format=%ct)
mkdir -p "$folder"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

git -C "$root" archive --format=tar --prefix="$name/" HEAD > "$work/$name.tar"
tar -x -f "$work/$name.tar" -C "$work"
written=$(sed -n 's/^version = "\(.*\)"/\1/p' "$work/$name/Cargo.toml" | head -n 1)
if [ "$written" != "$version" ]; then
    echo "the last commit is of version $written, not $version" >&2
    exit 1
fi

(cd "$work/$name" && "${CARGO:-cargo}" vendor --quiet --locked vendor > /dev/null)
mkdir "$work/$name/.cargo"
cat > "$work/$name/.cargo/config.toml" << 'CONFIG'
# Crates come from here, and from nowhere else.
[source.crates-io]
replace-with = "vendored"

[source.vendored]
directory = "vendor"

[net]
offline = true
CONFIG
tar -c -f "$work/$name-vendored.tar" -C "$work" --format=gnu --sort=name --mtime="@$committed" --owner=0 --group=0 \
    --numeric-owner --mode=u=rwX,go=rX "$name"

for archive in "$name" "$name-vendored"; do
    gzip -9 -n "$work/$archive.tar"
    mv "$work/$archive.tar.gz" "$folder/"
    echo "$folder/$archive.tar.gz"
done

sum() {
    "$1sum" "$2" | cut -d ' ' -f 1
}
set -- -e "s|@VERSION@|$version|g" -e "s|@SHA256@|$(sum sha256 "$folder/$name.tar.gz")|g" \
    -e "s|@VENDORED_SHA256@|$(sum sha256 "$folder/$name-vendored.tar.gz")|g" \
    -e "s|@VENDORED_SHA512@|$(sum sha512 "$folder/$name-vendored.tar.gz")|g" \
    -e "s|@LICENSE_MD5@|$(sum md5 "$work/$name/LICENSE")|g" -e "s|@LICENSE_SHA256@|$(sum sha256 "$work/$name/LICENSE")|g" \
    -e "s|@COPYRIGHT_MD5@|$(sum md5 "$work/$name/packaging/debian/copyright")|g" \
    -e "s|@COPYRIGHT_SHA256@|$(sum sha256 "$work/$name/packaging/debian/copyright")|g"
for builder in yocto buildroot conan vcpkg; do
    rm -rf "${folder:?}/$builder"
    cp -R "$work/$name/packaging/$builder" "$folder/"
    find "$folder/$builder" -type f -exec sed -i "$@" {} +
    echo "$folder/$builder"
done
mv "$folder/yocto/trro_@VERSION@.bb" "$folder/yocto/trro_$version.bb"
