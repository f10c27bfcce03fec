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

# run STATUS PROGRAM [ARGUMENT ...]: the program must end with that status.
run() {
    expected=$1
    shift
    printf '\n$ %s\n' "$*"
    program=$1
    shift
    status=0
    "$build/$program" "$@" || status=$?
    if [ "$status" -ne "$expected" ]; then
        printf 'demo: exit status %s, not %s\n' "$status" "$expected" >&2
        exit 1
    fi
}
printf 'The service is emulated at %s\n' "$TRRO_ENDPOINT"
run 0 list_devices
run 0 field_device m82k5408n675phvb field_ok_4 4
run 1 field_device m82k5408n675phvb field_expired
run 3 field_device m82k5408n675phvb field_bare
run 0 remote_device q7d2x9w4k1z8r5tn
# A server hands over a key for today; the device has no other.
printf '\n$ day_key make | day_key use m82k5408n675phvb\n'
"$build/day_key" make | env -u TENCENTCLOUD_SECRET_ID -u TENCENTCLOUD_SECRET_KEY "$build/day_key" use m82k5408n675phvb
