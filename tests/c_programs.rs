//! Compiles the C programs of `tests/c` against the built library and runs each of their tests against an emulator of its
//! own, with the faults ready that the test asks for. `TRRO_TEST_LIBRARY` names a folder with the libraries of a release, `TRRO_TEST_CC` and
//! `TRRO_TEST_RUNNER` what compiles and runs programs for another machine.

#[path = "c_programs/earlier_headers.rs"]
mod earlier_headers;
mod support;

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::Path;
use std::sync::Arc;

use emulator::{Emulator, Options};
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use socket2::{Domain, Socket, Type};
use support::{Outcome, Test};

const PROGRAMS: [&str; 37] = [
    "account",
    "actions",
    "arguments",
    "authorization",
    "available",
    "buffers",
    "call",
    "caller_buffers",
    "callers",
    "cancel",
    "credential_files",
    "credentials",
    "crowd",
    "day_keys",
    "device_config",
    "diagnosis",
    "early",
    "endings",
    "every_symbol",
    "failures",
    "handles",
    "host",
    "listing",
    "logs",
    "no_memory",
    "no_threads",
    "process",
    "retries",
    "rows",
    "signals",
    "structs",
    "thread_cancel",
    "typed_answers",
    "typed_arguments",
    "watch",
    "watch_end",
    "watch_kept",
];
/// The program for which the library has to be a debug build.
const KNOWS_HANDLES: &str = "handles";
/// The program that has an allocator of its own, as the sanitizers have.
const HAS_AN_ALLOCATOR: &str = "no_memory";
/// In place of a fault: the emulator takes the id of a request for a part of others.
const FUZZY: &str = "fuzzy";
const NO_SANITIZERS: &str = "the sanitizers do not run under an emulator of the processor";
/// What a program cannot do, or cannot be told, where the processor is emulated.
const NOT_UNDER_AN_EMULATOR: [(&str, &str); 14] = [
    ("available::both_requests_share_the_deadline", TOO_SLOW),
    ("available::a_count_of_another_type_fails", TOO_SLOW),
    ("early::a_call_ends_at_its_deadline", NO_FILTERS),
    ("early::a_call_can_be_cancelled", NO_FILTERS),
    ("early::a_client_with_a_key_of_its_own_is_not_made", NO_FILTERS),
    ("early::what_needs_none_is_done", NO_FILTERS),
    ("failures::a_late_answer_is_a_timeout", TOO_SLOW),
    ("failures::a_dripping_answer_is_a_timeout", TOO_SLOW),
    ("no_memory::an_answer_for_which_there_is_no_memory_is_an_error", "qemu does not hold a program to its RLIMIT_AS"),
    ("no_memory::one_allocation_that_fails_ends_in_an_error_or_an_abort", OLD_GLIBC),
    ("no_memory::no_memory_at_all_ends_in_an_error_or_an_abort", OLD_GLIBC),
    ("no_threads::a_lookup_fails_and_the_next_is_made_when_there_are_threads", NO_FILTERS),
    ("no_threads::no_watch_begins_and_calls_go_on", NO_FILTERS),
    ("watch::callbacks_come_one_at_a_time_from_a_thread_without_signals", "qemu keeps a signal to itself"),
];
const NO_FILTERS: &str = "qemu knows no filters of system calls";
const OLD_GLIBC: &str = "glibc 2.31 does not survive it where malloc() fails in its __cxa_thread_atexit_impl()";
const TOO_SLOW: &str = "an emulated processor is too slow for so short a deadline";
const SANITIZERS: [&str; 2] = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];

fn main() {
    let arguments = Arguments::from_args();
    let library = support::built_library();
    let folder = support::scratch("c-programs");
    let sanitizers = sanitizers(&folder);

    let mut trials = vec![
        Trial::ignorable_test("sanitizers_catch_a_broken_program", {
            let (folder, library, flags) = (folder.clone(), library.clone(), sanitizers.clone());
            move || match flags {
                Some(flags) => broken_program_is_caught(&folder, &library, &flags).map(|()| Completion::Completed),
                None if !support::runner().is_empty() => Ok(Completion::ignored_with(NO_SANITIZERS)),
                None => support::missing("the C compiler has no sanitizers"),
            }
        }),
        Trial::ignorable_test("a_setuid_program_takes_no_keys_from_the_environment", {
            let (folder, library) = (folder.clone(), library.clone());
            move || a_setuid_program_takes_no_keys(&folder, &library)
        }),
        Trial::test("layout_is_the_recorded_one", {
            let (folder, library) = (folder.clone(), library.clone());
            move || layout_is_the_recorded_one(&folder, &library)
        }),
    ];
    trials.push(Trial::test("every_symbol_is_called", every_symbol_is_called));
    trials.push(Trial::test("every_pointer_is_null_once", every_pointer_is_null_once));
    trials.push(Trial::test("links_statically_as_the_readme_says", {
        let folder = folder.clone();
        move || links_statically(&folder)
    }));
    trials.extend(earlier_headers::trials(&folder, &library));
    let flags = Arc::new(sanitizers.unwrap_or_default());
    for program in PROGRAMS {
        let binary = folder.join(program);
        let source = support::root().join(format!("tests/c/{program}.c"));
        match compile(program, &source, &binary, &library, &flags).and_then(|()| support::list(&binary)) {
            Ok(tests) => trials.extend(tests.into_iter().map(|test| {
                let binary = binary.clone();
                Trial::ignorable_test(format!("{program}::{}", test.name), move || {
                    match reason_to_ignore(program, &test.name) {
                        Some(reason) => Ok(Completion::ignored_with(reason)),
                        None => run(&binary, &test).map(|()| Completion::Completed),
                    }
                })
            })),
            Err(failure) => trials.push(Trial::test(format!("{program}::compiles"), move || Err(failure))),
        }
    }
    libtest_mimic::run(&arguments, trials).exit();
}

fn compile(program: &str, source: &Path, binary: &Path, library: &Path, sanitizers: &[&str]) -> Result<(), Failed> {
    support::compile(source, binary, library, if program == HAS_AN_ALLOCATOR { &[] } else { sanitizers })
}

/// Why a test of a C program can show nothing here, if it cannot.
fn reason_to_ignore(program: &str, test: &str) -> Option<&'static str> {
    if program == KNOWS_HANDLES && (support::other_libraries().is_some() || !cfg!(debug_assertions)) {
        return Some("only a debug build of the library knows which handles are alive");
    }
    let cannot = NOT_UNDER_AN_EMULATOR.iter().find(|(name, _)| *name == format!("{program}::{test}"));
    cannot.filter(|_| !support::runner().is_empty()).map(|(_, reason)| *reason)
}

/// The flags of the address and undefined behaviour sanitizers, if the compiler can link them.
fn sanitizers(folder: &Path) -> Option<Vec<&'static str>> {
    if !support::runner().is_empty() {
        return None;
    }
    let source = folder.join("empty.c");
    fs::write(&source, "int main(void) { return 0; }\n").ok()?;
    let mut compiler = support::c_compiler();
    compiler.args(SANITIZERS).arg(&source).arg("-o").arg(folder.join("empty"));
    support::run(&mut compiler).ok().map(|_| SANITIZERS.to_vec())
}

/// A heap block written behind its end, one that nobody frees, and arithmetic that C leaves undefined.
const BROKEN: [(&str, &str); 3] = [
    ("heap-buffer-overflow", "char *volatile p = malloc(1); p[1] = 1; free(p);"),
    ("detected memory leaks", "char *volatile p = malloc(1); p[0] = 1; p = NULL;"),
    ("signed integer overflow", "int volatile i = INT_MAX; i = i + 1;"),
];

/// Compiled and run as the programs that are to have no fault.
fn broken_program_is_caught(folder: &Path, library: &Path, flags: &[&str]) -> Result<(), Failed> {
    let (source, binary) = (folder.join("broken.c"), folder.join("broken"));
    for (report, statements) in BROKEN {
        fs::write(
            &source,
            format!("#include <limits.h>\n#include <stdlib.h>\nint main(void) {{ {statements} return 0; }}\n"),
        )?;
        compile("broken", &source, &binary, library, flags)?;
        let ended = run(&binary, &Test { name: String::new(), faults: Vec::new(), requests: Some(0) });
        let said = ended.err().and_then(|failed| failed.message().map(str::to_owned)).unwrap_or_default();
        if !said.contains(report) {
            return Err(format!("{report} was not caught: {said}").into());
        }
    }
    Ok(())
}

fn layout_is_the_recorded_one(folder: &Path, library: &Path) -> Result<(), Failed> {
    let (source, binary) = (folder.join("layout.c"), folder.join("layout"));
    fs::write(&source, layout_program(&fs::read_to_string(support::root().join("include/trro.h"))?))?;
    support::compile(&source, &binary, library, &[""; 0])?;
    let output = support::run(&mut support::program(&binary))?;
    let (bits, layout) = output.split_once('\n').ok_or("no layout")?;
    let recorded = format!("tests/abi/layout-{bits}.txt");
    let expected = fs::read_to_string(support::root().join(&recorded))?;
    if layout != expected { Err(format!("the layout is not that of {recorded} but\n{layout}").into()) } else { Ok(()) }
}

/// A C program that prints how many bits a pointer has, the size of every struct of the header, and the offset of every field.
fn layout_program(header: &str) -> String {
    let mut program = "#include <stdio.h>\n#include <trro.h>\nint main(void) {\n".to_owned();
    program += "    printf(\"%zu\\n\", 8 * sizeof(void *));\n";
    for definition in header.split("typedef struct ").skip(1) {
        let Some((name, rest)) = definition.split_once(" {\n") else { continue };
        let Some((fields, _)) = rest.split_once("\n}") else { continue };
        program += &format!("    printf(\"{name} %zu\\n\", sizeof({name}));\n");
        // What is left without the comments is a declaration a line.
        let code: String =
            fields.split("/**").map(|part| part.split_once("*/").map_or(part, |(_, code)| code)).collect();
        for declaration in code.split(';').map(str::trim).filter(|declaration| !declaration.is_empty()) {
            let declarator = declaration.split('[').next().unwrap_or_default();
            let field = declarator.rsplit([' ', '*']).next().unwrap_or_default();
            program += &format!("    printf(\"    {field} %zu\\n\", offsetof({name}, {field}));\n");
        }
    }
    program + "    return 0;\n}\n"
}

/// By `tests/c/every_symbol.c`: a function that no C program calls is one that may not work from C.
fn every_symbol_is_called() -> Result<(), Failed> {
    let read = |path: &str| fs::read_to_string(support::root().join(path));
    let (symbols, program) = (read("tests/abi/symbols.txt")?, without_comments(&read("tests/c/every_symbol.c")?));
    let symbols = symbols.lines().filter(|line| !line.starts_with('#'));
    let missing: Vec<&str> = symbols.filter(|symbol| !program.contains(&format!("{symbol}("))).collect();
    if missing.is_empty() { Ok(()) } else { Err(format!("not called: {}", missing.join(", ")).into()) }
}

/// By `tests/c/callers.c`, which has a line for each, or by the table of the typed calls.
fn every_pointer_is_null_once() -> Result<(), Failed> {
    let read = |path: &str| fs::read_to_string(support::root().join(path));
    let (symbols, header) = (read("tests/abi/symbols.txt")?, without_comments(&read("include/trro.h")?));
    let (callers, table) = (read("tests/c/callers.c")?, read("tests/c/typed_calls.h")?);
    let mut missing = Vec::new();
    for symbol in symbols.lines().filter(|line| !line.starts_with('#')) {
        let (_, rest) = header.split_once(&format!("{symbol}(")).ok_or_else(|| format!("{symbol} is not declared"))?;
        let parameters = rest.split(')').next().unwrap_or_default();
        let is_in_table = parameters.contains("_request *request")
            && table.contains(&format!("TYPED_CALL({},", symbol.trim_start_matches("trro_")));
        let pointers = parameters.split(',').filter(|parameter| parameter.contains('*') || parameter.contains("_fn "));
        let names = pointers.filter_map(|pointer| pointer.rsplit([' ', '*']).next());
        if !is_in_table {
            let is_missing = |name: &&str| !callers.contains(&format!("({symbol}, {name}, "));
            missing.extend(names.filter(is_missing).map(|name| format!("{symbol}, {name}")));
            missing.extend(
                (!callers.contains(&format!("{symbol}(")))
                    .then(|| symbol.to_owned())
                    .filter(|_| !parameters.contains('*')),
            );
        }
    }
    if missing.is_empty() { Ok(()) } else { Err(format!("not in callers.c: {}", missing.join("; ")).into()) }
}

fn without_comments(program: &str) -> String {
    let mut parts = program.split("/*");
    let first = parts.next().unwrap_or_default().to_owned();
    first + &parts.filter_map(|part| part.split_once("*/")).map(|(_, code)| code).collect::<String>()
}

/// The test is listed by no program: it needs a copy of one that belongs to another user.
fn a_setuid_program_takes_no_keys(folder: &Path, library: &Path) -> Outcome {
    const NOBODY: u32 = 65_534;
    if !support::runner().is_empty() {
        return Ok(Completion::ignored_with("an emulator of the processor does not become another user"));
    }
    let binary = folder.join("setuid");
    support::compile(&support::root().join("tests/c/process.c"), &binary, library, &["-DSETUID"])?;
    let is_open = |folder: &Path| fs::metadata(folder).is_ok_and(|found| found.permissions().mode() & 0o001 != 0);
    if ![&binary, library].iter().all(|path| path.ancestors().skip(1).all(is_open)) {
        return support::missing("other users cannot enter the folder of the tests");
    }
    let own = fs::metadata(&binary)?;
    // With the rights of another user, and of another group.
    for (user, group, mode) in [(NOBODY, own.gid(), 0o4755), (own.uid(), NOBODY, 0o2755)] {
        if chown(&binary, Some(user), Some(group)).is_err() {
            return support::missing("only root can give a program to another user");
        }
        fs::set_permissions(&binary, fs::Permissions::from_mode(mode))?;
        let name = "a_setuid_program_takes_no_keys_from_the_environment".to_owned();
        run(&binary, &Test { name, faults: Vec::new(), requests: Some(0) })?;
    }
    Ok(Completion::Completed)
}

/// With the static library of this test run, and the libraries that the README names.
fn links_statically(folder: &Path) -> Result<(), Failed> {
    let readme = fs::read_to_string(support::root().join("README.md"))?;
    let line = readme.lines().find(|line| line.contains("libtrro.a -l")).ok_or("no line for static linking")?;
    let libraries: Vec<&str> = line.split(' ').filter(|word| word.starts_with("-l")).collect();
    let archive = support::built("libtrro.a");
    let (source, binary) = (support::root().join("tests/c/process.c"), folder.join("static"));
    let mut compiler = support::c_compiler();
    compiler.args(support::STRICT).arg("-I").arg(support::root().join("include")).arg(source).arg(archive);
    support::run(compiler.args(libraries).arg("-o").arg(&binary))?;
    let test = Test { name: "a_connection_is_kept_and_used_again".to_owned(), faults: Vec::new(), requests: Some(5) };
    run(&binary, &test)
}

fn run(binary: &Path, test: &Test) -> Result<(), Failed> {
    let fuzzy_filter = test.faults.iter().any(|fault| fault == FUZZY);
    let emulator = Emulator::start(Options { requests_per_s: 0, fuzzy_filter, ..Options::default() })?;
    for fault in test.faults.iter().filter(|fault| *fault != FUZZY) {
        emulator.misbehave_once(fault.parse()?);
    }
    // A port that is taken, and on which nobody listens.
    let taken = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    taken.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())?;
    let closed = taken.local_addr()?.as_socket().ok_or("an address of the loopback")?;
    // Whoever runs the tests may have credentials of their own.
    let home = tempfile::tempdir()?;
    let mut program = support::program(binary);
    program
        .arg(&test.name)
        .env("HOME", home.path())
        .env_remove("CREDENTIALS_DIRECTORY")
        .env_remove("TENCENTCLOUD_CREDENTIALS_FILE")
        .env_remove("TENCENTCLOUD_TOKEN")
        .env_remove("TENCENTCLOUD_REGION")
        .env("TRRO_ENDPOINT", emulator.url())
        .env("TENCENTCLOUD_SECRET_ID", emulator::SECRET_ID)
        .env("TENCENTCLOUD_SECRET_KEY", emulator::SECRET_KEY)
        .env("TEST_TEMPORARY_SECRET_ID", emulator::TEMPORARY_SECRET_ID)
        .env("TEST_POWERLESS_SECRET_ID", emulator::POWERLESS_SECRET_ID)
        .env("TEST_TOKEN", emulator::TOKEN)
        .env("TEST_CLOSED_ENDPOINT", format!("http://{closed}"));
    let output = program.output()?;
    // The library writes nothing, and neither does a test that succeeds.
    if !output.status.success() || !output.stdout.is_empty() || !output.stderr.is_empty() {
        let written = [output.stdout, output.stderr].concat();
        return Err(format!("{}\n{}", output.status, String::from_utf8_lossy(&written)).into());
    }
    let seen = emulator.statistics().requests.len();
    match test.requests {
        Some(expected) if expected != seen => Err(format!("{seen} requests were sent, not {expected}").into()),
        _ => Ok(()),
    }
}
