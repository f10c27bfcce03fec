//! What the library is made of: every crate is listed in docs/dependencies.md with a license that may be used, and is there once. Works
//! without a network.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

/// By any of which a program for a vehicle may be given away.
const LICENSES: [&str; 9] =
    ["0BSD", "Apache-2.0", "BSD-3-Clause", "CDLA-Permissive-2.0", "ISC", "MIT", "Unicode-3.0", "Unlicense", "Zlib"];
/// The library itself.
const OURS: &str = "trro";

/// Crates by name, with their license.
type Crates = BTreeMap<String, String>;

/// What cargo links into the library, a line a crate: `name version|license`.
fn linked() -> String {
    let tree = ["tree", "--locked", "--offline", "-p", OURS, "-e", "no-dev,no-build,no-proc-macro", "--prefix", "none"];
    let mut cargo = Command::new(env!("CARGO"));
    let output =
        cargo.args(tree).args(["--format", "{p}|{l}"]).current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Reads the lines of cargo; the error names what is there twice.
fn crates(lines: &str) -> Result<Crates, String> {
    let mut versions = BTreeMap::new();
    let mut crates = Crates::new();
    for line in lines.lines() {
        let (package, license) = line.trim_end_matches(" (*)").split_once('|').ok_or("a line without a license")?;
        let mut words = package.split(' ');
        let (name, version) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        if versions.insert(name, version).is_some_and(|before| before != version) {
            return Err(format!("{name} is there in two versions"));
        }
        crates.insert(name.to_owned(), license.to_owned());
    }
    crates.remove(OURS);
    Ok(crates)
}

/// Whether what is asked for by "and" is allowed, and one of what is offered by "or".
fn is_allowed(license: &str) -> bool {
    license.split(" AND ").all(|part| part.split(" OR ").any(|name| LICENSES.contains(&name.trim_matches(['(', ')']))))
}

/// The table of the document; the error is a row that does not say why.
fn listed(document: &str) -> Result<Crates, String> {
    let rows = document
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| crate ") && !line.starts_with("| --"));
    let row = |line: &str| {
        let cells: Vec<&str> = line.split('|').map(str::trim).filter(|cell| !cell.is_empty()).collect();
        match cells[..] {
            [name, license, _why] => Ok((name.to_owned(), license.to_owned())),
            _ => Err(format!("{line:?} does not say name, license and why")),
        }
    };
    rows.map(row).collect()
}

#[test]
fn every_crate_of_the_library_is_listed_with_its_license_and_why() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/dependencies.md");
    let listed = listed(&fs::read_to_string(path).unwrap()).unwrap();
    assert_eq!(crates(&linked()).unwrap(), listed);
}

#[test]
fn every_license_is_one_that_may_be_used() {
    let refused: Vec<_> = crates(&linked()).unwrap().into_iter().filter(|(_, license)| !is_allowed(license)).collect();
    assert!(refused.is_empty(), "{refused:?}");
}

/// What packaging/debian/copyright says of each crate, whose sources are below vendor.
fn of_debian(text: &str) -> Crates {
    let mut crates = Crates::new();
    for paragraph in text.split("\n\n").filter(|paragraph| paragraph.starts_with("Files:")) {
        let license = paragraph.lines().find_map(|line| line.strip_prefix("License: ")).unwrap_or_default();
        let files = paragraph.split("\nCopyright:").next().unwrap_or_default().split_whitespace();
        let names = files.filter_map(|file| file.strip_prefix("vendor/")?.strip_suffix("/*"));
        crates.extend(names.map(|name| (name.to_owned(), license.to_owned())));
    }
    crates
}

#[test]
fn debian_is_told_of_every_crate_with_a_license_that_it_offers() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/debian/copyright");
    let text = fs::read_to_string(path).unwrap();
    let (told, linked) = (of_debian(&text), crates(&linked()).unwrap());
    assert_eq!(told.keys().collect::<Vec<_>>(), linked.keys().collect::<Vec<_>>());
    for (name, license) in told {
        let offered = &linked[&name];
        // Debian calls the license of MIT by another name.
        let chosen = license.replace("Expat", "MIT").replace(" and ", " AND ");
        assert!(offered == &chosen || offered.split(" OR ").any(|one| one == chosen), "{name}: {license} of {offered}");
        for part in license.split(" and ") {
            assert!(text.contains(&format!("\n\nLicense: {part}\n ")), "{name}: the text of {part} is missing");
        }
    }
}

#[test]
fn a_license_that_may_not_be_used_is_caught() {
    for license in ["GPL-3.0", "MIT AND GPL-2.0", "", "LicenseRef-ours"] {
        assert!(!is_allowed(license), "{license}");
    }
    assert!(is_allowed("GPL-2.0 OR MIT"));
}

#[test]
fn a_crate_in_two_versions_is_caught() {
    assert_eq!(crates("a v1.0.0|MIT\nb v1.0.0|MIT\na v2.0.0|MIT\n").unwrap_err(), "a is there in two versions");
    assert_eq!(crates("a v1.0.0|MIT\na v1.0.0|MIT (*)\n").unwrap().len(), 1);
}

#[test]
fn a_row_without_a_reason_is_caught() {
    assert!(listed("| a | MIT | |").is_err());
}
