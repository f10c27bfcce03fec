# Runs the examples against an emulator of the service, over HTTP on a free port of the loopback.
set -eu
build=$1

mkfifo "$build/address.$$"
"$build/emulator" > "$build/address.$$" &
emulator=$!
trap 'kill $emulator; rm -f "$build/address.$$"' EXIT

# The emulator says where it is and which key it knows: three lines, once it is ready.
exec 3< "$build/address.$$"
for line in endpoint id key; do
    read -r assignment <&3
    export "${assignment?}"
done

run() {
    printf '\n$ %s\n' "$*"
    program=$1
    shift
    "$build/$program" "$@" || printf '(exit status %s)\n' "$?"
}
printf 'The service is emulated at %s\n' "$TRRO_ENDPOINT"
"$build/list_devices" > "$build/list.$$" || { rm -f "$build/list.$$"; exit 1; }
printf '\n$ list_devices\n'
cat "$build/list.$$"
rm -f "$build/list.$$"
run field_device m82k5408n675phvb field_ok_4 4
run field_device m82k5408n675phvb field_expired
run remote_device q7d2x9w4k1z8r5tn
