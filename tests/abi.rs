//! What ABI.md promises to compiled programs, against what tests/abi has of every version that was released: lists grow at their
//! end, and nothing that a program was compiled with changes. That such programs run is tested in c_programs.rs.

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use libtest_mimic::{Arguments, Failed, Trial};

/// Structs that programs have room for by themselves, of whose size the library is told nothing.
const OF_ONE_SIZE: [&str; 2] = ["trro_error", "trro_authorization"];
/// Room from which new fields come.
const SPARE: &str = "reserved";

fn main() {
    let mut trials = vec![
        Trial::test("every_struct_of_a_program_has_its_size_in_it_or_never_grows", every_struct_has_its_size),
        Trial::test("what_breaks_the_promise_is_noticed", what_breaks_the_promise_is_noticed),
        Trial::test("what_the_promise_allows_is_let_through", what_the_promise_allows_is_let_through),
    ];
    let versions = versions();
    let has_first = versions.iter().any(|folder| folder.ends_with("0.1.0"));
    trials.push(Trial::test("the_first_version_is_kept", move || {
        if has_first { Ok(()) } else { Err("tests/abi/0.1.0 is not there".into()) }
    }));
    for folder in versions {
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        trials.push(Trial::test(format!("programs_built_with_{name}_find_what_they_know"), move || {
            let (old, new) = (Record::read(&folder)?, Record::current()?);
            none_of(old.broken_by(&new))
        }));
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

/// The folders of tests/abi, one for each version.
fn versions() -> Vec<PathBuf> {
    let entries = fs::read_dir(support::root().join("tests/abi")).unwrap();
    entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect()
}

fn none_of(broken: Vec<String>) -> Result<(), Failed> {
    if broken.is_empty() { Ok(()) } else { Err(broken.join("\n").into()) }
}

/// What a compiled program can rely on of one version.
#[derive(Clone)]
struct Record {
    symbols: String,
    /// Of machines of 64 and of 32 bits.
    layouts: [String; 2],
    header: String,
}

impl Record {
    fn read(folder: &Path) -> Result<Record, Failed> {
        let read = |name: &str| {
            let path = folder.join(name);
            fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))
        };
        let layouts = [read("layout-64.txt")?, read("layout-32.txt")?];
        Ok(Record { symbols: read("symbols.txt")?, layouts, header: read("trro.h").unwrap_or_default() })
    }

    /// That of this source tree, whose header is elsewhere.
    fn current() -> Result<Record, Failed> {
        let mut record = Record::read(&support::root().join("tests/abi"))?;
        record.header = fs::read_to_string(support::root().join("include/trro.h"))?;
        Ok(record)
    }

    /// What a program that was built with this version would miss or mistake in the new one.
    fn broken_by(&self, new: &Record) -> Vec<String> {
        let mut broken = Vec::new();
        if !names(&new.symbols).starts_with(&names(&self.symbols)) {
            broken.push("the functions do not begin with those of before, in their order".to_owned());
        }
        for (old, new) in self.layouts.iter().zip(&new.layouts) {
            let new = structs(new);
            for old in structs(old) {
                match new.iter().find(|candidate| candidate.name == old.name) {
                    Some(new) => old.broken_by(new, &mut broken),
                    None => broken.push(format!("{} is gone", old.name)),
                }
            }
        }
        let declared = declarations(&new.header);
        let of_before = declarations(&self.header);
        if of_before.is_empty() {
            broken.push("there is no header of before".to_owned());
        }
        broken.extend(of_before.difference(&declared).map(|declaration| format!("no longer so: {declaration}")));
        broken
    }
}

fn names(symbols: &str) -> Vec<&str> {
    symbols.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
}

struct Layout<'a> {
    name: &'a str,
    size: usize,
    fields: Vec<(&'a str, usize)>,
}

/// The structs of a recorded layout.
fn structs(text: &str) -> Vec<Layout<'_>> {
    let mut found: Vec<Layout> = Vec::new();
    for line in text.lines() {
        let (name, number) = line.trim().split_once(' ').unwrap();
        let number = number.parse().unwrap();
        match found.last_mut().filter(|_| line.starts_with(' ')) {
            Some(inside) => inside.fields.push((name, number)),
            None => found.push(Layout { name, size: number, fields: Vec::new() }),
        }
    }
    found
}

impl Layout<'_> {
    fn offset(&self, field: &str) -> Option<usize> {
        self.fields.iter().find(|(name, _)| *name == field).map(|(_, offset)| *offset)
    }

    /// Where a field ends that has others behind it, or nothing.
    fn end(&self, offset: usize) -> usize {
        self.fields.iter().map(|(_, other)| *other).filter(|other| *other > offset).min().unwrap_or(self.size)
    }

    fn broken_by(&self, new: &Layout, broken: &mut Vec<String>) {
        if new.size < self.size || (OF_ONE_SIZE.contains(&self.name) && new.size != self.size) {
            broken.push(format!("{} had {} bytes and has {}", self.name, self.size, new.size));
        }
        for (field, offset) in self.fields.iter().filter(|(field, _)| *field != SPARE) {
            if new.offset(field) != Some(*offset) {
                broken.push(format!("{}.{field} was at {offset} and is at {:?}", self.name, new.offset(field)));
            }
        }
        let spare = self.offset(SPARE).map_or(0..0, |begin| begin..self.end(begin));
        for (field, offset) in new.fields.iter().filter(|(field, _)| self.offset(field).is_none() || *field == SPARE) {
            if *offset < self.size && !spare.contains(offset) {
                broken.push(format!("{}.{field} is at {offset}, where something else was", self.name));
            }
        }
    }
}

/// Functions, fields, types and numbers of a header, each as a text by which it can be compared.
fn declarations(header: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut code: String =
        header.split("/*").map(|part| part.split_once("*/").map_or(part, |(_, code)| code)).collect();
    code = code.replace("#ifdef __cplusplus\nextern \"C\" {\n#endif", "").replace("#ifdef __cplusplus\n}", "");
    for definition in code.lines().filter_map(|line| line.strip_prefix("#define ")) {
        // The numbers of the version are there to change.
        if let Some((name, value)) = definition.split_once(' ').filter(|(name, _)| !name.contains("_VERSION_")) {
            let is_number = value.trim().trim_start_matches('-').bytes().all(|byte| byte.is_ascii_digit());
            found.extend(is_number.then(|| format!("{name} {}", value.trim())));
        }
    }
    let code: String = code.lines().filter(|line| !line.starts_with('#')).map(|line| line.to_owned() + "\n").collect();
    let mut inside = String::new();
    for declaration in code.split(';') {
        let words = declaration.split_whitespace().collect::<Vec<_>>().join(" ");
        let words = words.strip_prefix("} ").map_or(&*words, |name| {
            inside.clear();
            name
        });
        let field = match words.split_once('{') {
            Some((head, field)) => {
                inside = format!("{} ", head.trim());
                field.trim()
            }
            None => words,
        };
        if !field.is_empty() && !field.contains(&format!(" {SPARE}[")) && !field.ends_with(&format!(" {SPARE}")) {
            found.insert(format!("{inside}{field}"));
        }
    }
    found
}

/// By the functions that take a struct for the program to fill in, or to have filled in.
fn every_struct_has_its_size() -> Result<(), Failed> {
    let record = Record::current()?;
    let declared = declarations(&record.header);
    let without_size = structs(&record.layouts[0]).into_iter().filter(|found| found.offset("struct_size").is_none());
    let functions: Vec<_> = declared.iter().filter(|text| text.contains('(') && !text.contains("typedef")).collect();
    // Not for the library to read only, and not a pointer of the library's own.
    let is_written = |name: &str| {
        let parameters = functions.iter().flat_map(|text| text.split(['(', ','])).map(str::trim);
        parameters
            .into_iter()
            .any(|parameter| parameter.starts_with(&format!("struct {name} *")) && !parameter.contains("**"))
    };
    let taken = without_size.map(|found| found.name).filter(|name| is_written(name));
    let mut taken: Vec<_> = taken.collect();
    taken.sort_unstable();
    let mut expected = OF_ONE_SIZE;
    expected.sort_unstable();
    if taken == expected { Ok(()) } else { Err(format!("functions write {taken:?}, not {expected:?}").into()) }
}

/// The record with something else in one of its texts.
fn changed(of: &Record, from: &str, to: &str) -> Record {
    let [wide, narrow] = &of.layouts;
    let change = |text: &String| text.replacen(from, to, 1);
    let layouts = [change(wide), change(narrow)];
    let new = Record { symbols: change(&of.symbols), layouts, header: change(&of.header) };
    assert!(new.symbols != of.symbols || new.layouts != of.layouts || new.header != of.header, "{from} is nowhere");
    new
}

fn what_breaks_the_promise_is_noticed() -> Result<(), Failed> {
    let record = Record::current()?;
    for (from, to, noticed) in [
        ("trro_version\n", "", "the functions do not begin"),
        ("trro_version\ntrro_status_name\n", "trro_status_name\ntrro_version\n", "the functions do not begin"),
        ("trro_error 512\n", "trro_error 520\n", "trro_error had 512 bytes"),
        ("trro_credentials 56\n", "trro_credentials 48\n", "trro_credentials had 56 bytes"),
        ("    secret_key 16\n", "    secret_key 24\n", "trro_credentials.secret_key was at 16"),
        ("    secret_key 16\n", "", "trro_credentials.secret_key was at 16 and is at None"),
        ("    secret_key 16\n", "    secret_key 16\n    new 20\n", "trro_credentials.new is at 20"),
        ("#define TRRO_LOG_LEVEL_INFO 3", "#define TRRO_LOG_LEVEL_INFO 4", "no longer so: TRRO_LOG_LEVEL_INFO 3"),
        ("int64_t license_count;", "int32_t license_count;", "no longer so: typedef struct trro_device int64_t"),
        ("void trro_client_free(struct trro_client *client);", "void trro_client_free(void);", "no longer so"),
    ] {
        let broken = record.broken_by(&changed(&record, from, to));
        if !broken.join("\n").contains(noticed) {
            return Err(format!("{to:?} for {from:?}: {broken:?}").into());
        }
    }
    Ok(())
}

fn what_the_promise_allows_is_let_through() -> Result<(), Failed> {
    let record = Record::current()?;
    let last = names(&record.symbols).last().map(|name| format!("{name}\n")).ok_or("no function")?;
    for (from, to) in [
        (&*last, &*format!("{last}trro_new\n")),
        ("    expires_at_s 48\n", "    expires_at_s 48\n    new 56\n"),
        ("    reserved 412\n", "    new 412\n    reserved 416\n"),
        ("#define TRRO_LOG_LEVEL_INFO 3", "#define TRRO_LOG_LEVEL_NEW 9\n#define TRRO_LOG_LEVEL_INFO 3"),
    ] {
        none_of(record.broken_by(&changed(&record, from, to)))?;
    }
    Ok(())
}
