"""Every device of the account, or of one project, from Python: with ctypes, and nothing but the installed library.

    list_devices.py [PROJECT_ID]

It is told of key and site as list_devices.c is. What stands in a Structure is what stands in trro.h, in the same order; a program
of an older header runs with a newer library of the same SONAME, so nothing of it has to be kept up with.
"""

import os
import sys
from ctypes import (CDLL, POINTER, Structure, byref, c_char, c_char_p, c_int32, c_int64, c_size_t, c_uint8, c_uint32, c_void_p,
                    create_string_buffer, sizeof)

PAGE_SIZE, MOST_PAGES = 20, 1000
OK, BUFFER_TOO_SMALL = 0, 2


class Error(Structure):
    _fields_ = [
        ("status", c_int32), ("retryable", c_int32), ("http_status", c_int32), ("os_error", c_int32), ("attempts", c_uint32),
        ("retry_after_ms", c_uint32), ("outcome_unknown", c_int32), ("code", c_char * 64), ("request_id", c_char * 64),
        ("message", c_char * 256), ("reserved", c_uint8 * 100),
    ]


class Config(Structure):
    _fields_ = [
        ("struct_size", c_size_t), ("credentials", c_void_p), ("credentials_fn", c_void_p), ("credentials_data", c_void_p),
        ("cvm_role", c_char_p), ("endpoint", c_char_p), ("region", c_char_p), ("language", c_char_p), ("ca_file", c_char_p),
        ("client_cert_file", c_char_p), ("client_key_file", c_char_p), ("proxy", c_char_p), ("no_proxy", c_char_p),
        ("network_interface", c_char_p), ("user_agent", c_char_p), ("deadline_ms", c_uint32), ("connect_timeout_ms", c_uint32),
        ("max_attempts", c_uint32), ("max_response_bytes", c_uint32), ("max_requests_per_s", c_uint32), ("fleet_size", c_uint32),
        ("log_level", c_int32), ("log_fn", c_void_p), ("log_data", c_void_p),
    ]


class Request(Structure):
    _fields_ = [
        ("struct_size", c_size_t), ("page_num", c_int64), ("page_size", c_int64), ("project_id", c_char_p),
        ("device_id", c_char_p), ("deadline_ms", c_uint32), ("reserved", c_uint32),
    ]


class Device(Structure):
    _fields_ = [
        ("device_id", c_char_p), ("device_name", c_char_p), ("license_count", c_int64), ("remain_days", c_int64),
        ("expire_time_s", c_int64), ("duration_s", c_int64), ("monthly_remain_time", c_int64),
        ("limited_time_minutes", c_int64), ("license_ids", POINTER(c_char_p)), ("license_id_count", c_size_t),
    ]


class Devices(Structure):
    _fields_ = [
        ("total_count", c_int64), ("request_id", c_char_p), ("devices", POINTER(POINTER(Device))), ("device_count", c_size_t),
    ]


# By the SONAME, so that another version is not taken for this one.
trro = CDLL("libtrro.so.0.1")
trro.trro_client_new.argtypes = [POINTER(Config), POINTER(c_void_p), POINTER(Error)]
trro.trro_client_free.argtypes = [c_void_p]
trro.trro_client_free.restype = None
trro.trro_get_devices.argtypes = [c_void_p, POINTER(Request), c_void_p, c_size_t, POINTER(POINTER(Devices)), POINTER(c_size_t),
                                  POINTER(Error)]
trro.trro_status_name.argtypes = [c_int32]
trro.trro_status_name.restype = c_char_p


def check(status, error):
    if status != OK:
        sys.exit(f"{trro.trro_status_name(status).decode()}: {error.message.decode()}")


def text(value):
    """A name as it came from the service, without what would confuse a terminal."""
    return "".join(letter if letter.isprintable() else "?" for letter in value.decode())


def variable(name):
    """A variable of the environment; None if it is not set or empty."""
    return os.environb.get(name) or None


def page_of(client, request, buffer):
    """One page, and the buffer in which it is: a larger one, if it did not fit."""
    page, needed, error = POINTER(Devices)(), c_size_t(), Error()
    while True:
        status = trro.trro_get_devices(client, byref(request), buffer, sizeof(buffer), byref(page), byref(needed), byref(error))
        if status != BUFFER_TOO_SMALL:
            check(status, error)
            return page.contents, buffer
        buffer = create_string_buffer(needed.value)


def print_devices(client, project_id):
    request = Request(struct_size=sizeof(Request), page_size=PAGE_SIZE, project_id=project_id)
    buffer, count = create_string_buffer(1), 0
    for request.page_num in range(1, MOST_PAGES + 1):
        page, buffer = page_of(client, request, buffer)
        for index in range(page.device_count):
            device = page.devices[index].contents
            print(f"{text(device.device_id)}: {device.license_id_count} license(s), {text(device.device_name)}")
        count += page.device_count
        # As is_last_page of example.h: what TotalCount counts is documented nowhere.
        if page.device_count == 0 or page.device_count < page.total_count <= count:
            break
    print(f"{count} devices")


def main():
    config, client, error = Config(struct_size=sizeof(Config)), c_void_p(), Error()
    config.endpoint, config.ca_file = variable(b"TRRO_ENDPOINT"), variable(b"TRRO_CA_FILE")
    check(trro.trro_client_new(byref(config), byref(client), byref(error)), error)
    try:
        print_devices(client, os.fsencode(sys.argv[1]) if len(sys.argv) > 1 else None)
    finally:
        trro.trro_client_free(client)


main()
