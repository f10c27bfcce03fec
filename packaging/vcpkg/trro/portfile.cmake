# libtrro for vcpkg, from the archive that has every crate inside and has no public address: `make -C packaging dist` makes it, and this
# port with its sum, two folders below. Needs cargo (Rust 1.85 or newer), make and binutils of the system.
# Checked by .ci/recipes: CMake runs it with vcpkg's functions stood in for and a library that cargo has built before, for both linkages;
# a program finds what it installs; vcpkg.json has the fields that vcpkg knows. vcpkg itself, and so what it checks of a package, was not
# to be had there.
vcpkg_download_distfile(archive
    URLS "file://${CMAKE_CURRENT_LIST_DIR}/../../trro-@VERSION@-vendored.tar.gz"
    FILENAME "trro-@VERSION@-vendored.tar.gz"
    SHA512 @VENDORED_SHA512@
)
vcpkg_extract_source_archive(SOURCE_PATH ARCHIVE "${archive}")

find_program(CARGO cargo PATHS "$ENV{HOME}/.cargo/bin" REQUIRED)
set(variables
    "CARGO=${CARGO}"
    "CARGO_TARGET_DIR=${CURRENT_BUILDTREES_DIR}/${TARGET_TRIPLET}-rel/target"
    "PREFIX=${CURRENT_PACKAGES_DIR}"
    "BINDIR=${CURRENT_PACKAGES_DIR}/tools/${PORT}"
    "CMAKEDIR=${CURRENT_PACKAGES_DIR}/share/${PORT}"
    DOCDIR=
    DOXYGEN=none
)
if(VCPKG_TARGET_ARCHITECTURE STREQUAL "arm64")
    set(machine aarch64)
else()
    set(machine x86_64)
endif()
execute_process(COMMAND uname -m OUTPUT_VARIABLE this_machine OUTPUT_STRIP_TRAILING_WHITESPACE)
if(NOT machine STREQUAL this_machine)
    list(APPEND variables "TARGET=${machine}-unknown-linux-gnu")
endif()

# There is no other build for debugging.
set(VCPKG_BUILD_TYPE release)
set(VCPKG_POLICY_MISMATCHED_NUMBER_OF_BINARIES enabled)
vcpkg_execute_required_process(
    COMMAND make -C "${SOURCE_PATH}/packaging" install ${variables}
    WORKING_DIRECTORY "${SOURCE_PATH}"
    LOGNAME "install-${TARGET_TRIPLET}"
)

if(VCPKG_LIBRARY_LINKAGE STREQUAL "static")
    file(GLOB shared "${CURRENT_PACKAGES_DIR}/lib/libtrro.so*")
    # trro-status needs the shared one.
    file(REMOVE_RECURSE ${shared} "${CURRENT_PACKAGES_DIR}/tools")
else()
    file(REMOVE "${CURRENT_PACKAGES_DIR}/lib/libtrro.a")
endif()
file(REMOVE_RECURSE "${CURRENT_PACKAGES_DIR}/share/man")
vcpkg_fixup_pkgconfig()
file(INSTALL "${CMAKE_CURRENT_LIST_DIR}/usage" DESTINATION "${CURRENT_PACKAGES_DIR}/share/${PORT}")
vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/LICENSE" "${SOURCE_PATH}/packaging/debian/copyright")
