//! Generates `include/trro.h` from `src/ffi` and names the shared library. With `TRRO_HEADER=check`, as in CI, a build that
//! would change the header fails.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

/// In the order of the header.
const SOURCES: [&str; 11] = [
    "version.rs",
    "error.rs",
    "credentials.rs",
    "config.rs",
    "client.rs",
    "devices.rs",
    "listing.rs",
    "authorization.rs",
    "watch.rs",
    "diagnosis.rs",
    "device_config.rs",
];

fn main() {
    let root = PathBuf::from(variable("CARGO_MANIFEST_DIR"));
    for input in SOURCES
        .map(|source| format!("src/ffi/{source}"))
        .iter()
        .map(String::as_str)
        .chain(["cbindgen.toml", "Cargo.toml"])
    {
        println!("cargo:rerun-if-changed={input}");
    }
    println!("cargo:rerun-if-changed=include/trro.h");
    println!("cargo:rerun-if-env-changed=TRRO_HEADER");

    write_header(&root);
    name_the_shared_library();
}

fn write_header(root: &Path) {
    let config = match cbindgen::Config::from_file(root.join("cbindgen.toml")) {
        Ok(config) => config,
        Err(error) => panic!("cbindgen.toml: {error}"),
    };
    // cbindgen's own `extern "C"` comes with comments that C89 does not know; the closing brace is in cbindgen.toml.
    let linkage = "#ifdef __cplusplus\nextern \"C\" {\n#endif";
    let after_include = format!("{}\n\n{linkage}", version_macros());
    let mut builder = cbindgen::Builder::new().with_config(config).with_after_include(after_include);
    for source in SOURCES {
        builder = builder.with_src(root.join("src/ffi").join(source));
    }
    let must_not_change = env::var("TRRO_HEADER").is_ok_and(|mode| mode == "check");
    let mut text = Vec::new();
    match builder.generate() {
        Ok(bindings) => bindings.write(&mut text),
        Err(error) if must_not_change => panic!("include/trro.h cannot be generated: {error}"),
        // The compiler explains what is wrong with the source better than cbindgen does.
        Err(error) => {
            println!("cargo:warning=include/trro.h was not generated: {error}");
            return;
        }
    };
    let header = root.join("include/trro.h");
    if fs::read(&header).is_ok_and(|current| current == text) {
        return;
    }
    if must_not_change {
        panic!(
            "include/trro.h is not what src/ffi and cbindgen.toml make of it; build without TRRO_HEADER=check and commit it"
        );
    }
    // A tree that cannot be written to (a package cache) is no reason to fail: its header is the one it came with.
    if let Err(error) = fs::write(&header, text) {
        println!("cargo:warning=include/trro.h is out of date and cannot be written: {error}");
    }
}

fn version_macros() -> String {
    ["MAJOR", "MINOR", "PATCH"]
        .map(|part| format!("\n#define TRRO_VERSION_{part} {}", variable(&format!("CARGO_PKG_VERSION_{part}"))))
        .concat()
}

/// The SONAME that cargo-c would give: `0.<minor>` before 1.0, `<major>` after. Another one, and the link that an
/// installed library is found by would not exist.
fn name_the_shared_library() {
    if variable("CARGO_CFG_TARGET_OS") != "linux" {
        return;
    }
    let (major, minor) = (variable("CARGO_PKG_VERSION_MAJOR"), variable("CARGO_PKG_VERSION_MINOR"));
    let version = if major == "0" { format!("0.{minor}") } else { major };
    println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libtrro.so.{version}");
    // A thread may still run our code when the host program unloads us.
    println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
}

fn variable(name: &str) -> String {
    match env::var(name) {
        Ok(value) => value,
        Err(error) => panic!("{name}: {error}"),
    }
}
