//! The header: it compiles in every language mode, takes no name of the vendor's, and says of every function and status
//! what a caller needs to know.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use libtest_mimic::{Arguments, Failed, Trial};
use trro::endpoint;

const C_STANDARDS: [&str; 5] = ["c89", "c99", "c11", "c17", "c2x"];
const CPP_STANDARDS: [&str; 6] = ["c++98", "c++11", "c++14", "c++17", "c++20", "c++2b"];

/// Includes the header twice, uses each macro but those of input structs, and nothing else.
const MACROS: &str = "\
#include <trro.h>
#include <trro.h>
extern char buffer[TRRO_DEVICES_BUFFER_SIZE(20)];
extern char change[TRRO_CHANGE_BUFFER_SIZE(3)];
extern const char *endpoints[2];
const char *endpoints[2] = {TRRO_ENDPOINT_INTL, TRRO_ENDPOINT_CHINA};
extern int64_t license_states[9];
int64_t license_states[9] = {TRRO_LICENSE_STATUS_UNBOUND, TRRO_LICENSE_STATUS_BOUND, TRRO_LICENSE_STATUS_SUSPENDED,
    TRRO_LICENSE_STATUS_REFUNDED, TRRO_LICENSE_FILTER_ALL, TRRO_LICENSE_FILTER_UNBOUND, TRRO_LICENSE_FILTER_BOUND,
    TRRO_LICENSE_FILTER_SUSPENDED, TRRO_LICENSE_FILTER_REFUNDED};
extern int64_t absent;
int64_t absent = TRRO_ABSENT;
extern uint32_t unlimited;
uint32_t unlimited = TRRO_UNLIMITED;
extern trro_status status;
trro_status status = TRRO_STATUS_OK;
extern trro_verdict verdict;
trro_verdict verdict = TRRO_VERDICT_UNKNOWN;
extern trro_reason reasons[2];
trro_reason reasons[2] = {TRRO_REASON_NOT_ASKED, TRRO_REASON_AVAILABLE_DIFFERS};
extern int32_t sources[3];
int32_t sources[3] = {TRRO_SOURCE_NONE, TRRO_SOURCE_SERVICE, TRRO_SOURCE_SNAPSHOT};
extern trro_authorization authorization;
trro_authorization authorization;
extern int32_t levels[4];
int32_t levels[4] = {TRRO_LOG_LEVEL_ERROR, TRRO_LOG_LEVEL_WARNING, TRRO_LOG_LEVEL_INFO, TRRO_LOG_LEVEL_DEBUG};
";

/// What the vendor's header does to a unit that includes it first.
const AFTER_THE_VENDOR: &str = "#define DEPRECATED __attribute__((deprecated))\n#include <trro.h>\n";
const ALONE: &str = "#include <trro.h>\n";

fn main() {
    let folder = support::scratch("header");
    let header = Header::parse();
    let mut trials = vec![
        Trial::test("takes_no_name_of_the_vendor", takes_no_name_of_the_vendor),
        Trial::test("endpoints_are_those_of_the_library", endpoints_are_those_of_the_library),
        Trial::test("every_input_struct_has_its_macro", every_input_struct_has_its_macro),
        Trial::test(
            "the_program_of_the_guide_is_the_shortest_example",
            the_program_of_the_guide_is_the_shortest_example,
        ),
        Trial::test("every_function_that_has_a_comment_is_found", {
            let functions = header.functions.len();
            move || if functions == 40 { Ok(()) } else { Err(format!("{functions} functions found").into()) }
        }),
    ];
    for function in &header.functions {
        let function = function.clone();
        trials.push(Trial::test(format!("documents::{}", function.name), move || function.is_documented()));
    }
    trials.push(Trial::test("readme_has_every_status", {
        let statuses = header.statuses.clone();
        move || readme_has_every_status(&statuses)
    }));
    trials.push(Trial::test("documents::statuses", move || header.statuses_and_functions_agree()));
    for (compilers, extension, standards) in
        [(["gcc", "clang"], "c", &C_STANDARDS[..]), (["g++", "clang++"], "cpp", &CPP_STANDARDS[..])]
    {
        for compiler in compilers {
            for standard in standards {
                let folder = folder.clone();
                trials.push(Trial::ignorable_test(format!("compiles::{compiler}::{standard}"), move || {
                    support::with_tool(compiler, |compiler| compiles(compiler, standard, extension, &folder))
                }));
            }
        }
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

fn compiles(compiler: &Path, standard: &str, extension: &str, folder: &Path) -> Result<(), Failed> {
    let every_macro = MACROS.to_owned() + &initialised(&text());
    for (name, text) in [("every-macro", &*every_macro), ("after-the-vendor", AFTER_THE_VENDOR), ("alone", ALONE)] {
        let compiler_name = compiler.file_name().unwrap_or_default().to_string_lossy();
        let source: PathBuf = folder.join(format!("{name}-{compiler_name}-{standard}.{extension}"));
        fs::write(&source, text)?;
        let mut command = Command::new(compiler);
        command.arg(format!("-std={standard}")).args(["-Wall", "-Wextra", "-Wpedantic", "-pedantic", "-Wconversion"]);
        command.args(["-Werror", "-fsyntax-only", "-I"]).arg(support::root().join("include")).arg(&source);
        support::run(&mut command)?;
    }
    Ok(())
}

fn text() -> String {
    fs::read_to_string(support::root().join("include/trro.h")).unwrap()
}

fn words(text: &str) -> BTreeSet<&str> {
    text.split(|character: char| !character.is_ascii_alphanumeric() && character != '_').collect()
}

fn takes_no_name_of_the_vendor() -> Result<(), Failed> {
    let vendor = fs::read_to_string(support::root().join("tests/vendor-names.txt"))?;
    let names: BTreeSet<&str> = vendor.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    assert!(names.contains("TRRO_SUCCEED") && names.contains("DEPRECATED") && names.len() > 150);
    let header = text();
    // A comment may speak of the vendor's functions.
    let code: String = header.split("/*").map(|part| part.split_once("*/").map_or(part, |(_, code)| code)).collect();
    let taken: Vec<_> = words(&code).intersection(&names).copied().map(str::to_owned).collect();
    if taken.is_empty() { Ok(()) } else { Err(format!("taken: {taken:?}").into()) }
}

fn endpoints_are_those_of_the_library() -> Result<(), Failed> {
    let header = text();
    for (name, url) in [("INTL", endpoint::INTERNATIONAL), ("CHINA", endpoint::CHINA)] {
        let definition = format!("#define TRRO_ENDPOINT_{name} \"{url}\"\n");
        if !header.contains(&definition) {
            return Err(format!("the header lacks {definition}").into());
        }
    }
    Ok(())
}

/// A variable of every input struct, initialised by its macro.
fn initialised(header: &str) -> String {
    let definitions = header.split("#define TRRO_").skip(1);
    let names = definitions.filter_map(|rest| rest.split_whitespace().next()?.strip_suffix("_INIT"));
    let variable = |name: &str| {
        let (name, variable) = (format!("trro_{}", name.to_lowercase()), name.to_lowercase());
        format!("extern {name} a_{variable};\n{name} a_{variable} = {}_INIT;\n", name.to_uppercase())
    };
    names.map(variable).collect()
}

fn every_input_struct_has_its_macro() -> Result<(), Failed> {
    let header = text();
    let mut structs = 0;
    for definition in header.split("typedef struct ").skip(1) {
        let (name, rest) = definition.split_once(' ').ok_or("a struct without a name")?;
        let body = rest.split("\n}").next().unwrap_or_default();
        if body.contains("size_t struct_size;") {
            structs += 1;
            let initialiser = format!("{}_INIT", name.to_uppercase());
            if !header.contains(&format!("#define {initialiser} ")) {
                return Err(format!("{initialiser} is not defined").into());
            }
        }
    }
    if structs == 24 { Ok(()) } else { Err(format!("{structs} structs found").into()) }
}

fn the_program_of_the_guide_is_the_shortest_example() -> Result<(), Failed> {
    let header = text();
    let program = header.split("@code\n").nth(1).and_then(|rest| rest.split(" * @endcode").next());
    let program: String = program
        .ok_or("the guide has no program")?
        .lines()
        .map(|line| line.strip_prefix(" * ").or(line.strip_prefix(" *")).unwrap_or(line).to_owned() + "\n")
        .collect();
    let example = fs::read_to_string(support::root().join("c-examples/shortest.c"))?;
    let readme = fs::read_to_string(support::root().join("README.md"))?;
    if program != example {
        return Err(format!("the guide's program is not c-examples/shortest.c but\n{program}").into());
    }
    if !readme.contains(&format!("```c\n{example}```\n")) {
        return Err("README.md does not show c-examples/shortest.c".into());
    }
    Ok(())
}

fn readme_has_every_status(statuses: &BTreeMap<String, Status>) -> Result<(), Failed> {
    let readme = fs::read_to_string(support::root().join("README.md"))?;
    match statuses.iter().find(|(name, status)| !readme.contains(&format!("| `{name}` | {} |", status.number))) {
        Some((name, _)) => Err(format!("README.md lacks {name}").into()),
        None => Ok(()),
    }
}

/// The functions and statuses of the header, with their comments.
struct Header {
    functions: Vec<Function>,
    statuses: BTreeMap<String, Status>,
}

#[derive(Clone)]
struct Status {
    number: String,
    comment: String,
}

#[derive(Clone)]
struct Function {
    name: String,
    returns: String,
    parameters: Vec<String>,
    comment: String,
}

impl Header {
    fn parse() -> Header {
        let text = text();
        let (mut functions, mut statuses) = (Vec::new(), BTreeMap::new());
        for block in text.split("/**").skip(1) {
            let (comment, code) = block.split_once("*/").unwrap();
            let code = code.trim_start();
            if let Some(status) = code.strip_prefix("#define TRRO_STATUS_") {
                let mut words = status.split([' ', '\n']);
                let name = format!("TRRO_STATUS_{}", words.next().unwrap());
                statuses.insert(name, Status { number: words.next().unwrap().to_owned(), comment: comment.to_owned() });
            } else if let Some(function) = Function::parse(comment, code) {
                functions.push(function);
            }
        }
        assert_eq!(statuses.len(), 20);
        Header { functions, statuses }
    }

    /// What a status says of the functions that return it is what these say of the statuses that they return.
    fn statuses_and_functions_agree(&self) -> Result<(), Failed> {
        for (status, Status { comment, .. }) in &self.statuses {
            let returned_by = section(comment, "Returned by: ").ok_or(format!("{status}: not said who returns it"))?;
            section(comment, "What to do: ").ok_or(format!("{status}: not said what to do"))?;
            let named: BTreeSet<&str> = match returned_by.as_str() {
                "every function that returns a status." => {
                    self.with_status().map(|function| function.name.as_str()).collect()
                }
                "every function that takes an error." => self
                    .with_status()
                    .filter(|function| function.parameters.iter().any(|parameter| parameter == "error"))
                    .map(|function| function.name.as_str())
                    .collect(),
                list => list.trim_end_matches('.').split(", ").flat_map(|who| self.named(who)).collect(),
            };
            let returning: BTreeSet<&str> = self
                .with_status()
                .filter(|function| words(&function.comment).contains(status.as_str()))
                .map(|function| function.name.as_str())
                .collect();
            let listed: BTreeSet<&str> = returning
                .iter()
                .copied()
                .filter(|name| {
                    let function = self.functions.iter().find(|function| function.name == *name).unwrap();
                    words(&function.section_of_return()).contains(status.as_str())
                })
                .collect();
            if named != listed {
                return Err(format!("{status} names {named:?}, and {listed:?} name it").into());
            }
        }
        Ok(())
    }

    /// The functions that a status means.
    fn named<'a>(&'a self, who: &'a str) -> Vec<&'a str> {
        let of = |is_meant: fn(&Function) -> bool| {
            self.with_status().filter(|function| is_meant(function)).map(|function| function.name.as_str()).collect()
        };
        match who {
            // What the diagnosis fails at is a step of it.
            "every function with an action" => {
                of(|function| function.comment.contains("@par Action") && function.name != "trro_client_diagnose")
            }
            "every function with a buffer" => of(|function| function.parameters.iter().any(|name| name == "buffer")),
            name => vec![name],
        }
    }

    fn with_status(&self) -> impl Iterator<Item = &Function> {
        self.functions.iter().filter(|function| function.returns == "trro_status")
    }
}

impl Function {
    fn parse(comment: &str, code: &str) -> Option<Function> {
        if code.starts_with(['#', '}']) || code.starts_with("typedef") {
            return None;
        }
        let (declaration, _) = code.split_once(");")?;
        let (head, parameters) = declaration.split_once('(')?;
        let name_begins = head.rfind([' ', '*'])? + 1;
        let (returns, name) = head.split_at(name_begins);
        if !name.starts_with("trro_") || name.contains(char::is_whitespace) {
            return None;
        }
        let parameters = parameters
            .split(',')
            .map(str::trim)
            .filter(|parameter| *parameter != "void")
            .map(|parameter| parameter.rsplit([' ', '*']).next().unwrap_or_default().to_owned())
            .collect();
        Some(Function {
            name: name.to_owned(),
            returns: returns.trim().to_owned(),
            parameters,
            comment: comment.to_owned(),
        })
    }

    fn section_of_return(&self) -> String {
        let rest = self.comment.split("@return").nth(1).unwrap_or_default();
        rest.split("@par").next().unwrap_or_default().to_owned()
    }

    fn is_documented(&self) -> Result<(), Failed> {
        let mut missing: Vec<String> = self.parameters.iter().map(|parameter| format!("@param {parameter} ")).collect();
        missing.extend(["@par Threads", "@par Blocking", "@since "].map(str::to_owned));
        if self.returns != "void" {
            missing.push("@return ".to_owned());
        }
        if self.parameters.iter().any(|parameter| parameter == "request") {
            missing.push("@par Action".to_owned());
        }
        missing.retain(|part| !self.comment.contains(part.as_str()));
        if missing.is_empty() { Ok(()) } else { Err(format!("{} lacks {missing:?}", self.name).into()) }
    }
}

/// A section of a comment up to the next line that begins another, on one line.
fn section(comment: &str, title: &str) -> Option<String> {
    let rest = comment.split_once(title)?.1;
    let lines = rest.lines().map(|line| line.trim_start_matches([' ', '*']));
    let mut words = Vec::new();
    for (number, line) in lines.enumerate() {
        if number > 0 && (line.is_empty() || line.contains(": ")) {
            break;
        }
        words.push(line);
    }
    Some(words.join(" "))
}
