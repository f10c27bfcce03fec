# demo.sh BUILD: runs the examples and trro-status of that folder against the emulator of the service that is there too, over HTTP
# on a free port of the loopback. RUNNER, if it is set, runs them where they are for another machine: "qemu-arm-static -L SYSROOT".
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
    ${RUNNER:-} "$build/$program" "$@" || status=$?
    if [ "$status" -ne "$expected" ]; then
        printf 'demo: exit status %s, not %s\n' "$status" "$expected" >&2
        exit 1
    fi
}
printf 'The service is emulated at %s\n' "$TRRO_ENDPOINT"
run 0 list_devices
run 0 licenses
run 0 licenses 3 q7d2x9w4k1z8r5tn

# Who a device is stands in the config.json of the vendor's field SDK.
config() {
    printf '{"projectid": "m82k5408n675phvb", "device_id": "%s", "device_streams": %s}\n' "$1" "$2" > "$build/config.json"
}
config field_ok_4 4
# The stub of the vendor's SDK says once that its license check timed out.
export VENDOR_STUB_TIMEOUTS=1
run 0 field_device "$build/config.json" 2
run 0 control_loop "$build/config.json" 2
config field_expired 1
run 1 field_device "$build/config.json" 2
if [ -x "$build/remote_device" ]; then
    printf '{"ret": 0, "gateways": [{"deviceID": "port_04", "status": 1, "streams": 1}]}\n' > "$build/gateways.json"
    run 0 remote_device q7d2x9w4k1z8r5tn "$build/gateways.json"
fi
run 0 trro-status devices --project q7d2x9w4k1z8r5tn
run 1 trro-status check field_expired --project m82k5408n675phvb
run 0 trro-status check field_ok_4 --project m82k5408n675phvb --available
run 0 trro-status licenses --project q7d2x9w4k1z8r5tn
run 0 trro-status projects
run 3 trro-status projects --project no_such_project
run 0 trro-status sessions --project q7d2x9w4k1z8r5tn
run 0 trro-status sessions --project q7d2x9w4k1z8r5tn --device port_01 --recent
run 0 trro-status doctor --project m82k5408n675phvb --device field_ok_4
printf '\n$ echo PASSWORD | create_device m82k5408n675phvb truck_7 truck_7\n'
echo 0123456789abcdef | ${RUNNER:-} "$build/create_device" m82k5408n675phvb truck_7 truck_7
# A server hands over a key for today; the device has no other.
printf '\n$ day_key make | day_key use m82k5408n675phvb\n'
${RUNNER:-} "$build/day_key" make | env -u TENCENTCLOUD_SECRET_ID -u TENCENTCLOUD_SECRET_KEY ${RUNNER:-} "$build/day_key" use m82k5408n675phvb
