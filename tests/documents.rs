//! The documents: their links lead somewhere, and what the README tells people to do is done by CI.

mod support;

use std::fs;
use std::path::{Path, PathBuf};

/// All that is written for people, below a folder of the repository.
fn documents(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.extension().is_some_and(|extension| extension == "md")).collect()
}

/// The headings as a link names them: in lower case, without what is no letter, number, space or dash.
fn anchors(text: &str) -> Vec<String> {
    let is_kept = |letter: &char| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_');
    let headings =
        text.lines().filter_map(|line| line.strip_prefix('#')).map(|line| line.trim_start_matches('#').trim());
    headings
        .map(|heading| heading.to_lowercase().chars().filter(is_kept).collect::<String>().replace(' ', "-"))
        .collect()
}

/// The targets of `[…](TARGET)` that are no addresses of the web.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split_once(')').map(|(target, _)| target));
    targets.filter(|target| !target.starts_with("http"))
}

#[test]
fn every_link_leads_to_a_file_and_a_heading() {
    let root = support::root();
    let mut seen = 0;
    for document in [root.to_owned(), root.join("docs")].iter().flat_map(|folder| documents(folder)) {
        let text = fs::read_to_string(&document).unwrap();
        for link in links(&text) {
            let (file, heading) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { document.clone() } else { document.with_file_name(file) };
            assert!(target.exists(), "{}: {link}", document.display());
            let is_there =
                heading.is_empty() || anchors(&fs::read_to_string(&target).unwrap()).iter().any(|a| a == heading);
            assert!(is_there, "{}: {link} has no such heading", document.display());
            seen += 1;
        }
    }
    assert!(seen > 30, "only {seen} links were found");
}

/// The lines of a block of commands that is the first one behind a text.
fn block_behind<'a>(text: &'a str, before: &str) -> Vec<&'a str> {
    let (_, rest) = text.split_once(before).unwrap_or_else(|| panic!("the README lacks {before:?}"));
    let block = rest.split("```").nth(1).unwrap();
    block.lines().skip(1).map(|line| line.split("    #").next().unwrap().trim()).collect()
}

#[test]
fn ci_runs_the_two_commands_and_installs_what_the_tests_can_use() {
    let [readme, ci] = ["README.md", ".ci/run"].map(|file| fs::read_to_string(support::root().join(file)).unwrap());
    let commands = block_behind(&readme, "## Two commands");
    assert_eq!(commands.len(), 2);
    for command in commands {
        assert!(ci.lines().any(|line| line == command), ".ci/run does not run {command}");
    }
    let tools = block_behind(&readme, "all of them run after");
    let packages = tools[0].strip_prefix("apt install ").unwrap();
    let installed: Vec<_> = ci.split_whitespace().collect();
    for package in packages.split_whitespace() {
        assert!(installed.contains(&package), ".ci/run does not install {package}");
    }
    for variable in ["TRRO_TEST_PYTHON", "TRRO_TEST_NODE_MODULES"] {
        assert!(tools.iter().any(|line| line.contains(variable)) && ci.contains(variable), "{variable}");
    }
}
