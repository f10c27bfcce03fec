//! The crates that packaging/yocto has fetched are those of Cargo.lock. `TRRO_CRATES=update cargo test --test recipes` writes them anew.

use std::fmt::Write;
use std::fs;
use std::path::Path;

const HEAD: &str = "\
# Every crate of Cargo.lock, and what it is known by. Cargo reads the description of each of them before it builds any, those for the
# tests of the library as well. `TRRO_CRATES=update cargo test --test recipes` writes this file.
";

/// What is to be fetched for a lock file; the error is a package that is neither ours nor from crates.io.
fn crates(lock: &str) -> Result<String, String> {
    let (mut fetched, mut sums) = (String::new(), String::new());
    for package in lock.split("[[package]]\n").skip(1) {
        let value = |key: &str| {
            let line =
                package.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = \"")?.strip_suffix('"'));
            line.ok_or_else(|| format!("no {key} in {package}"))
        };
        let (name, version) = (value("name")?, value("version")?);
        // Of the workspace.
        let Ok(source) = value("source") else { continue };
        if source != "registry+https://github.com/rust-lang/crates.io-index" {
            return Err(format!("{name} is from {source}"));
        }
        let _ = writeln!(fetched, "    crate://crates.io/{name}/{version} \\");
        let _ = writeln!(sums, "SRC_URI[{name}-{version}.sha256sum] = \"{}\"", value("checksum")?);
    }
    Ok(format!("{HEAD}SRC_URI += \"\\\n{fetched}\"\n\n{sums}"))
}

#[test]
fn yocto_fetches_the_crates_of_the_lock_file() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let expected = crates(&fs::read_to_string(root.join("Cargo.lock")).unwrap()).unwrap();
    let list = root.join("packaging/yocto/trro-crates.inc");
    if std::env::var("TRRO_CRATES").is_ok_and(|mode| mode == "update") {
        fs::write(&list, expected).unwrap();
        return;
    }
    let found = fs::read_to_string(list).unwrap();
    let differs = found.lines().zip(expected.lines()).find(|(found, expected)| found != expected);
    assert!(
        found == expected,
        "packaging/yocto/trro-crates.inc is not of this Cargo.lock (found, expected: {differs:?}); \
         `TRRO_CRATES=update cargo test --test recipes` mends it"
    );
}

#[test]
fn a_crate_from_elsewhere_is_refused() {
    let lock = "[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nsource = \"git+https://example.com/a\"\n";
    assert_eq!(crates(lock).unwrap_err(), "a is from git+https://example.com/a");
}
