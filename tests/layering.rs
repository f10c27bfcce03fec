//! What the module map at the head of `src/lib.rs` says a module may use is all that it uses.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The rows of the map: a module, and the modules that it may use.
fn allowed() -> BTreeMap<String, BTreeSet<String>> {
    let lib = fs::read_to_string(root().join("lib.rs")).unwrap();
    let rows: Vec<(String, String)> = lib
        .lines()
        .filter_map(|line| line.strip_prefix("//! | "))
        .map(|row| row.split('|').map(str::trim).collect::<Vec<_>>())
        .map(|cells| (cells[0].trim_matches(['[', ']', '`']).to_owned(), cells[2].to_owned()))
        .filter(|(module, _)| module != "module" && module != "---")
        .collect();
    let names: Vec<String> = rows.iter().map(|(module, _)| module.clone()).collect();
    let of = |(index, (module, uses)): (usize, (String, String))| {
        let uses = match uses.as_str() {
            "nothing" => BTreeSet::new(),
            "everything below" => names[index + 1..].iter().cloned().collect(),
            list => list.split(", ").map(|name| name.trim_matches('`').to_owned()).collect(),
        };
        (module, uses)
    };
    rows.into_iter().enumerate().map(of).collect()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// The source files of a module.
fn sources(module: &str) -> Vec<PathBuf> {
    let folder = root().join(module);
    if folder.is_dir() {
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
    } else {
        vec![root().join(format!("{module}.rs"))]
    }
}

/// The modules of the crate that a source names, outside of its tests.
fn used(source: &Path) -> BTreeSet<String> {
    let text = fs::read_to_string(source).unwrap();
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    code.split("crate::")
        .skip(1)
        .map(|rest| {
            rest.split(|character: char| !character.is_ascii_alphanumeric() && character != '_').next().unwrap()
        })
        .map(str::to_owned)
        .collect()
}

#[test]
fn modules_use_what_the_map_says() {
    let allowed = allowed();
    assert_eq!(allowed.len(), 25, "{allowed:?}");
    for (module, may_use) in &allowed {
        for source in sources(module) {
            let surplus: Vec<_> =
                used(&source).into_iter().filter(|name| name != module && !may_use.contains(name)).collect();
            assert!(surplus.is_empty(), "{} uses {surplus:?}", source.display());
        }
    }
}

#[test]
fn every_source_says_in_its_first_lines_what_it_may_use() {
    for module in allowed().keys() {
        for source in sources(module) {
            let text = fs::read_to_string(&source).unwrap();
            let head: String = text.lines().take_while(|line| line.starts_with("//!")).collect();
            let (_, uses) = head.split_once(" Uses ").unwrap_or_else(|| panic!("{}", source.display()));
            let unsaid = |name: &String| name != module && !uses.contains(&format!("`{name}`"));
            let unsaid: Vec<_> = used(&source).into_iter().filter(|name| unsaid(name)).collect();
            assert!(unsaid.is_empty() || uses.starts_with("everything"), "{} uses {unsaid:?}", source.display());
        }
    }
}

#[test]
fn every_module_is_on_the_map() {
    let allowed = allowed();
    for entry in fs::read_dir(root()).unwrap() {
        let name = entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned();
        assert!(name == "lib" || allowed.contains_key(&name), "{name}");
    }
}
