# isolate.sh IN.a OUT.a PREFIX: a static Rust library as one object, of which only the names that begin with PREFIX can be seen.
# Two of those can be linked into one program: each has its own std, allocator and panics, of any version. LD, OBJCOPY,
# READELF and AR are the tools for the library's machine; LD may have options.
set -eu
in=$1 out=$2 prefix=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Not by nm: a plugin for LLVM that is of another version than std's bitcode tells it something else.
roots=$("${READELF:-readelf}" --symbols --wide "$in" 2> /dev/null |
    awk -v prefix="$prefix" '$5 == "GLOBAL" && $7 != "UND" && index($8, prefix) == 1 { print "-u " $8 }')
if [ -z "$roots" ]; then
    echo "$in defines nothing that begins with $prefix" >&2
    exit 1
fi
# A group that can be seen in two libraries is linked once, and then the other library lacks it: so none is left a group.
# shellcheck disable=SC2086
${LD:-ld} -r --gc-sections --force-group-allocation $roots -o "$work/all.o" "$in"
# What is left of std's bitcode is of one version of LLVM, and makes tools with another one's plugin fail.
"${OBJCOPY:-objcopy}" --wildcard --keep-global-symbol="$prefix*" --strip-unneeded --remove-section=.llvmbc \
    --remove-section=.llvmcmd "$work/all.o"
"${AR:-ar}" rcsD "$work/all.a" "$work/all.o"
mv "$work/all.a" "$out"
