//! The library as it ships: size, needs and names, what a request, a watch and a listing cost, memory and what is left in it,
//! the process that it is in, and every example under valgrind.

#[path = "product/bars.rs"]
mod bars;
#[path = "product/binary.rs"]
mod binary;
#[path = "product/cpp.rs"]
mod cpp;
#[path = "product/create_device.rs"]
mod create_device;
#[path = "product/field_device.rs"]
mod field_device;
#[path = "product/host.rs"]
mod host;
#[path = "product/licenses.rs"]
mod licenses;
#[path = "product/memory.rs"]
mod memory;
mod support;
#[path = "product/wiped.rs"]
mod wiped;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use emulator::{Emulator, Options};
use libtest_mimic::{Arguments, Completion, Failed, Trial};

const NO_CJSON: &str = "libcjson-dev or pkg-config is not installed";
const ALLOWED_NEEDS: [&str; 5] =
    ["libc.so.6", "libgcc_s.so.1", "libm.so.6", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"];

struct Product {
    library: PathBuf,
    folder: PathBuf,
    programs: PathBuf,
    /// The library of this test run, with the names of its functions.
    unstripped: PathBuf,
}

fn main() {
    if wiped::is_child() {
        return wiped::serve_role();
    }
    let arguments = Arguments::from_args();
    if arguments.list {
        libtest_mimic::run(&arguments, Vec::new()).exit();
    }
    let product = match build() {
        Ok(product) => Arc::new(product),
        Err(failure) => {
            let builds = Trial::test("builds", move || Err(failure));
            libtest_mimic::run(&arguments, vec![builds]).exit();
        }
    };
    let test = |name: &str, check: fn(&Product) -> Result<(), Failed>| {
        let product = Arc::clone(&product);
        Trial::test(name, move || check(&product))
    };
    let mut trials = vec![
        test("needs_libc_and_the_compilers_runtime_only", needs_libc_and_the_compilers_runtime_only),
        test("soname_follows_the_version", soname_follows_the_version),
        test("exports_what_the_header_declares", exports_what_the_header_declares),
        test("is_stripped", is_stripped),
        test("stays_in_the_process", stays_in_the_process),
        test("the_shortest_program_without_a_key_says_so", the_shortest_program_without_a_key_says_so),
        test("a_forked_child_leaves_a_tls_connection_alone", a_forked_child_leaves_a_tls_connection_alone),
        test("examples_refuse_what_is_no_number", examples_refuse_what_is_no_number),
        test("a_full_disk_is_a_failure_of_an_example", a_full_disk_is_a_failure_of_an_example),
        test("list_devices_reads_on_after_a_short_page", list_devices_reads_on_after_a_short_page),
        test(
            "a_call_over_tls_needs_no_larger_stack_than_promised",
            a_call_over_tls_needs_no_larger_stack_than_promised,
        ),
    ];
    trials.extend(binary::trials(&product));
    trials.extend(wiped::trials(&product));
    trials.extend(field_device::trials(&product));
    trials.extend(create_device::trials(&product));
    trials.extend(licenses::trials(&product));
    trials.extend(cpp::trials(&product));
    trials.push(Trial::ignorable_test("remote_device_joins_licenses_and_what_the_sdk_sees", {
        let product = Arc::clone(&product);
        move || remote_device_joins_licenses_and_what_the_sdk_sees(&product)
    }));
    for tls in [false, true] {
        let protocol = if tls { "https" } else { "http" };
        trials.push(Trial::ignorable_test(format!("a_warm_request_leaves_in_one_piece::{protocol}"), {
            let product = Arc::clone(&product);
            move || support::with_tool("strace", |strace| a_warm_request_leaves_in_one_piece(&product, strace, tls))
        }));
        for (example, arguments, status) in EXAMPLES {
            trials.push(Trial::ignorable_test(
                format!("valgrind::{protocol}::{}", example_name(example, arguments)),
                {
                    let product = Arc::clone(&product);
                    move || {
                        if !product.programs.join(example).exists() {
                            return support::missing(NO_CJSON);
                        }
                        support::with_tool("valgrind", |valgrind| {
                            runs_under_valgrind(&product, valgrind, tls, example, arguments, status)
                        })
                    }
                },
            ));
        }
    }
    trials.push(Trial::ignorable_test("valgrind::https::day_key_make_and_use", {
        let product = Arc::clone(&product);
        move || support::with_tool("valgrind", |valgrind| a_day_key_is_handed_over(&product, valgrind))
    }));
    trials.push(Trial::ignorable_test("valgrind::catches_a_broken_program", {
        let product = Arc::clone(&product);
        move || support::with_tool("valgrind", |valgrind| valgrind_catches_a_broken_program(&product, valgrind))
    }));
    match bars::trials(&product) {
        Ok(more) => trials.extend(more),
        Err(failure) => trials.push(Trial::test("bars::compiles", move || Err(failure))),
    }
    match host::trials(&product) {
        Ok(more) => trials.extend(more),
        Err(failure) => trials.push(Trial::test("host::compiles", move || Err(failure))),
    }
    let figures = match memory::trials(&product) {
        Ok((more, figures)) => {
            trials.extend(more);
            figures
        }
        Err(failure) => {
            trials.push(Trial::test("memory::compiles", move || Err(failure)));
            memory::Table::default()
        }
    };
    let conclusion = libtest_mimic::run(&arguments, trials);
    memory::print(&figures);
    conclusion.exit();
}

/// Each example with arguments and the exit status to expect.
const EXAMPLES: [(&str, &[&str], i32); 20] = [
    ("shortest_of_the_emulator", &[], 0),
    ("list_devices", &[], 0),
    ("licenses", &[], 0),
    ("licenses", &["3", "q7d2x9w4k1z8r5tn"], 0),
    ("field_device", &["enough.json", "2"], 0),
    ("field_device", &["not_enough.json", "2"], 1),
    ("field_device", &["no_such_device.json", "2"], 1),
    // Nobody knows, so TRRO_start is asked.
    ("field_device", &["listed_twice.json", "2"], 0),
    ("field_device", &["no_such_file.json"], 3),
    ("control_loop", &["enough.json", "1"], 0),
    ("remote_device", &["q7d2x9w4k1z8r5tn", "gateways.json"], 0),
    ("remote_device", &["no_such_project"], 0),
    ("trro-status", &["devices"], 0),
    ("trro-status", &["check", "--config", "not_enough.json"], 1),
    ("trro-status", &["licenses", "--json"], 0),
    ("trro-status", &["projects"], 0),
    ("trro-status", &["sessions", "--project", "q7d2x9w4k1z8r5tn"], 0),
    ("trro-status", &["sessions", "--project", "no_such_project"], 3),
    ("trro-status", &["doctor", "--config", "enough.json"], 0),
    // Nothing is handed to it.
    ("day_key", &["use", "m82k5408n675phvb"], 1),
];

/// A config.json as the vendor's field SDK has it: a name, a device, and how many streams it sends.
const CONFIGS: [(&str, &str, u32); 4] = [
    ("enough", "field_ok_4", 4),
    ("not_enough", "field_ok_4", 5),
    ("no_such_device", "no_such_device", 1),
    ("listed_twice", "dev1", 1),
];

/// What TRRO_getGwList of the vendor's remote SDK gives.
const GATEWAYS: &str = r#"{"ret":0,"msg":"suc","gateways":[{"deviceID":"port_04","name":"robot","status":1,"streams":1},
    {"deviceID":"q7d2x9w4k1z8r5tn_port_05","status":1,"streams":2}],"count":2}"#;

/// The files that examples are run with.
fn write_inputs(folder: &Path) -> Result<(), Failed> {
    for (name, device, streams) in CONFIGS {
        let config = format!(
            r#"{{"projectid": "m82k5408n675phvb", "device_id": "{device}", "device_streams": {streams}, "password": ""}}"#
        );
        fs::write(folder.join(format!("{name}.json")), config)?;
    }
    Ok(fs::write(folder.join("gateways.json"), GATEWAYS)?)
}

fn example_name(example: &str, arguments: &[&str]) -> String {
    [example].iter().chain(arguments).copied().collect::<Vec<_>>().join("_")
}

fn build() -> Result<Product, Failed> {
    let library = support::shipped_library()?;
    let folder = support::library_folder("product", &library);
    let programs = support::scratch("product-programs");
    for source in ["shortest", "list_devices", "licenses", "field_device", "control_loop", "day_key", "create_device"] {
        let path = support::root().join(format!("c-examples/{source}.c"));
        support::compile(&path, &programs.join(source), &folder, &[""; 0])?;
    }
    support::compile_remote_device(&programs.join("remote_device"), &folder)?;
    support::compile_status(&programs.join("trro-status"), &folder)?;
    write_inputs(&programs)?;
    // The program of the README, but for the site, which it takes for granted.
    let shortest = fs::read_to_string(support::root().join("c-examples/shortest.c"))?;
    let first_use = "    if (trro_client_new(";
    let site = "    config.endpoint = getenv(\"TRRO_ENDPOINT\");\n    config.ca_file = getenv(\"TRRO_CA_FILE\");\n";
    let shortest = format!("#include <stdlib.h>\n{}", shortest.replace(first_use, &format!("{site}{first_use}")));
    let source = programs.join("shortest_of_the_emulator.c");
    fs::write(&source, shortest)?;
    support::compile(&source, &programs.join("shortest_of_the_emulator"), &folder, &[""; 0])?;
    let process = support::root().join("tests/c/process.c");
    support::compile(&process, &programs.join("process"), &folder, &[""; 0])?;
    Ok(Product { library, folder, programs, unstripped: support::built_library() })
}

fn needs_libc_and_the_compilers_runtime_only(product: &Product) -> Result<(), Failed> {
    let needed = dynamic_entries(product, "(NEEDED)")?;
    let surplus: Vec<_> = needed.iter().filter(|name| !ALLOWED_NEEDS.contains(&name.as_str())).collect();
    if needed.is_empty() || !surplus.is_empty() { Err(format!("needs {needed:?}").into()) } else { Ok(()) }
}

fn soname_follows_the_version(product: &Product) -> Result<(), Failed> {
    let expected = match (env!("CARGO_PKG_VERSION_MAJOR"), env!("CARGO_PKG_VERSION_MINOR")) {
        ("0", minor) => format!("libtrro.so.0.{minor}"),
        (major, _) => format!("libtrro.so.{major}"),
    };
    let soname = dynamic_entries(product, "(SONAME)")?;
    if soname == [expected.as_str()] && expected == support::SONAME {
        Ok(())
    } else {
        Err(format!("{soname:?}").into())
    }
}

/// The names in brackets of the entries of one kind in the dynamic section.
fn dynamic_entries(product: &Product, kind: &str) -> Result<Vec<String>, Failed> {
    let section = support::run(Command::new("readelf").args(["-d", "-W"]).arg(&product.library))?;
    let entries = section.lines().filter(|line| line.contains(kind));
    Ok(entries.filter_map(|line| Some(line.split_once('[')?.1.split_once(']')?.0.to_owned())).collect())
}

fn exports_what_the_header_declares(product: &Product) -> Result<(), Failed> {
    let table =
        support::run(Command::new("nm").args(["-D", "--defined-only", "--format=posix"]).arg(&product.library))?;
    let mut exported: Vec<&str> = table.lines().filter_map(|line| line.split(' ').next()).collect();
    exported.sort_unstable();
    let recorded = fs::read_to_string(support::root().join("tests/abi/symbols.txt"))?;
    let mut expected: Vec<&str> = recorded.lines().filter(|line| !line.starts_with('#')).collect();
    expected.sort_unstable();
    if exported != expected {
        return Err(format!("exported is {exported:?}, recorded in tests/abi/symbols.txt {expected:?}").into());
    }
    let header = fs::read_to_string(support::root().join("include/trro.h"))?;
    match expected.iter().find(|name| !header.contains(&format!("{name}("))) {
        Some(name) => Err(format!("{name} is exported and not declared").into()),
        None => Ok(()),
    }
}

fn is_stripped(product: &Product) -> Result<(), Failed> {
    let sections = support::run(Command::new("readelf").args(["-S", "-W"]).arg(&product.library))?;
    match [".symtab", ".debug_info"].iter().find(|section| sections.contains(*section)) {
        Some(section) => Err(format!("has {section}").into()),
        None => Ok(()),
    }
}

/// Unloading it would pull code from under a thread.
fn stays_in_the_process(product: &Product) -> Result<(), Failed> {
    let section = support::run(Command::new("readelf").args(["-d", "-W"]).arg(&product.library))?;
    if section.contains("NODELETE") { Ok(()) } else { Err("is not linked with -z nodelete".into()) }
}

fn the_shortest_program_without_a_key_says_so(product: &Product) -> Result<(), Failed> {
    let output = Command::new(product.programs.join("shortest")).env_clear().output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    let as_expected = output.status.code() == Some(1) && said.starts_with("TRRO_STATUS_NO_CREDENTIALS: ");
    if as_expected { Ok(()) } else { Err(format!("{}: {said}", output.status).into()) }
}

fn a_forked_child_leaves_a_tls_connection_alone(product: &Product) -> Result<(), Failed> {
    let mut program = Command::new(product.programs.join("process"));
    program.arg("a_forked_child_may_only_free");
    let _emulator = service(product, Options { tls: true, ..Options::default() }, &mut program, "fork")?;
    support::run(&mut program).map(drop)
}

/// The service may give less than page_size; the last page is not the first short one.
fn list_devices_reads_on_after_a_short_page(product: &Product) -> Result<(), Failed> {
    let options = Options { max_page_size: 7, page_size_is_clamped: true, requests_per_s: 0, ..Options::default() };
    let mut program = Command::new(product.programs.join("list_devices"));
    let _emulator = service(product, options, &mut program, "short-pages")?;
    let printed = support::run(&mut program)?;
    if printed.contains("\n62 devices;") { Ok(()) } else { Err(printed.into()) }
}

fn examples_refuse_what_is_no_number(product: &Product) -> Result<(), Failed> {
    for example in ["field_device", "control_loop"] {
        for seconds in ["2x", "", "0", "-1", "99999999999999999999"] {
            let mut program = Command::new(product.programs.join(example));
            let output = program.args(["enough.json", seconds]).current_dir(&product.programs).output()?;
            assert_eq!(output.status.code(), Some(2), "{example} {seconds:?}");
        }
    }
    Ok(())
}

fn a_full_disk_is_a_failure_of_an_example(product: &Product) -> Result<(), Failed> {
    for (example, arguments, expected) in [
        ("list_devices", &[][..], 1),
        ("licenses", &[], 1),
        ("field_device", &["enough.json", "1"], 3),
        ("day_key", &["make"], 1),
    ] {
        let mut program = Command::new(product.programs.join(example));
        program.args(arguments).current_dir(&product.programs);
        let _emulator = service(product, Options::default(), &mut program, "full-disk")?;
        let output = program.stdout(fs::OpenOptions::new().write(true).open("/dev/full")?).output()?;
        assert_eq!(output.status.code(), Some(expected), "{example}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("stdout"), "{example}");
    }
    Ok(())
}

fn remote_device_joins_licenses_and_what_the_sdk_sees(product: &Product) -> support::Outcome {
    let path = product.programs.join("remote_device");
    if !path.exists() {
        return support::missing(NO_CJSON);
    }
    let mut program = Command::new(&path);
    program.args(["q7d2x9w4k1z8r5tn", "gateways.json"]).current_dir(&product.programs);
    let _emulator = service(product, Options::default(), &mut program, "gateways")?;
    let printed = support::run(&mut program)?;
    let row = |id: &str| printed.lines().find(|line| line.starts_with(id)).unwrap_or_default().to_owned();
    for (id, parts) in [
        ("port_03", ["AUTHORIZED", "not seen"]),
        ("port_04", ["AUTHORIZED", "status 1"]),
        // It has one license, and the SDK says that it sends two streams.
        ("port_05", ["NOT_ENOUGH", "status 1"]),
        ("1 of the 24", ["can be", "taken over"]),
    ] {
        if !parts.iter().all(|part| row(id).contains(part)) {
            return Err(printed.into());
        }
    }
    let mut program = Command::new(path);
    let _emulator = service(product, Options::default(), program.arg("q7d2x9w4k1z8r5tn"), "no-gateways")?;
    let printed = support::run(&mut program)?;
    if !printed.contains("of the 24 devices of project q7d2x9w4k1z8r5tn may run") {
        return Err(printed.into());
    }
    Ok(Completion::Completed)
}

fn a_call_over_tls_needs_no_larger_stack_than_promised(product: &Product) -> Result<(), Failed> {
    let mut program = Command::new(product.programs.join("process"));
    program.arg("a_small_stack_is_enough");
    let _emulator = service(product, Options { tls: true, ..Options::default() }, &mut program, "small-stack")?;
    support::run(&mut program).map(drop)
}

/// An emulator with the environment by which a program finds it.
fn service(product: &Product, options: Options, program: &mut Command, name: &str) -> Result<Emulator, Failed> {
    let tls = options.tls;
    let emulator = Emulator::start(Options { requests_per_s: 0, ..options })?;
    let ca_file = product.folder.join(format!("{name}.pem"));
    fs::write(&ca_file, emulator.ca_pem())?;
    program
        .env("TRRO_ENDPOINT", emulator.url())
        .env("TENCENTCLOUD_SECRET_ID", emulator::SECRET_ID)
        .env("TENCENTCLOUD_SECRET_KEY", emulator::SECRET_KEY)
        .env_remove("TENCENTCLOUD_TOKEN")
        .env_remove("TENCENTCLOUD_REGION");
    if tls {
        program.env("TRRO_CA_FILE", ca_file);
    }
    Ok(emulator)
}

/// Five calls: one connection, and five writes that carry a request, each from its first to its last byte.
fn a_warm_request_leaves_in_one_piece(product: &Product, strace: &Path, tls: bool) -> Result<(), Failed> {
    let record = product.folder.join(format!("strace-{tls}"));
    let mut program = Command::new(strace);
    program.args(["-f", "-qq", "-xx", "-s", "65536", "-e", "trace=%network,write,writev", "-o"]).arg(&record);
    program.arg(product.programs.join("process")).arg("a_connection_is_kept_and_used_again");
    let emulator = service(product, Options { tls, ..Options::default() }, &mut program, &format!("strace-{tls}"))?;
    support::run(&mut program)?;
    let record = fs::read_to_string(record)?;
    let calls = |name: &str| record.lines().filter(|line| line.contains(name)).count();
    let statistics = emulator.statistics();
    assert_eq!(statistics.requests.len(), 5);
    assert_eq!((statistics.connections, calls("connect(")), (1, 1), "connections");
    assert_eq!(calls("writev(") + calls("sendmsg(") + calls(" write("), 0, "other ways to write:\n{record}");
    let sent: Vec<Vec<u8>> = record.lines().filter(|line| line.contains("sendto(")).map(bytes_of).collect();
    // TLS has three writes of its own before: the hello and the two messages that end the handshake.
    let handshake = if tls { 3 } else { 0 };
    assert_eq!(sent.len(), 5 + handshake, "writes");
    for bytes in &sent[handshake..] {
        if tls {
            // One record of application data, and nothing behind it.
            assert_eq!(bytes[..3], [23, 3, 3]);
            assert_eq!(usize::from(u16::from_be_bytes([bytes[3], bytes[4]])), bytes.len() - 5);
        } else {
            let text = String::from_utf8_lossy(bytes);
            assert!(
                text.starts_with("POST / HTTP/1.1\r\n") && text.ends_with("{\"PageNum\":1,\"PageSize\":20}"),
                "{text}"
            );
        }
    }
    Ok(())
}

/// The bytes that a system call was given, from a line of strace's with all of them in hexadecimal.
fn bytes_of(line: &str) -> Vec<u8> {
    let hexadecimal = line.split('"').nth(1).unwrap_or_default().replace("\\x", "");
    hex::decode(hexadecimal).unwrap_or_default()
}

fn valgrind_command(valgrind: &Path) -> Command {
    let mut command = Command::new(valgrind);
    command.args(["--error-exitcode=99", "--leak-check=full", "--show-leak-kinds=definite,indirect,possible"]);
    command.args(["--errors-for-leak-kinds=definite,indirect,possible", "--quiet"]);
    command.arg(format!("--suppressions={}", support::root().join("tests/valgrind.supp").display()));
    command
}

fn runs_under_valgrind(
    product: &Product,
    valgrind: &Path,
    tls: bool,
    example: &str,
    arguments: &[&str],
    expected: i32,
) -> Result<(), Failed> {
    let mut program = valgrind_command(valgrind);
    program.arg(product.programs.join(example)).args(arguments).current_dir(&product.programs);
    let name = format!("{}-{tls}", example_name(example, arguments));
    if tls {
        // The suppressions go by names.
        program.env("LD_LIBRARY_PATH", &product.unstripped);
    }
    let _emulator = service(product, Options { tls, ..Options::default() }, &mut program, &name)?;
    clean_run(&mut program, expected).map(drop)
}

/// What the server prints is what the device reads, which has no secret key.
fn a_day_key_is_handed_over(product: &Product, valgrind: &Path) -> Result<(), Failed> {
    let day_key = |arguments: &[&str]| {
        let mut program = valgrind_command(valgrind);
        program.arg(product.programs.join("day_key")).args(arguments);
        program.env("LD_LIBRARY_PATH", &product.unstripped);
        program
    };
    let (mut make, mut use_it) = (day_key(&["make"]), day_key(&["use", "m82k5408n675phvb"]));
    make.env("TENCENTCLOUD_SECRET_ID", emulator::SECRET_ID).env("TENCENTCLOUD_SECRET_KEY", emulator::SECRET_KEY);
    let handed_over = product.folder.join("day-key");
    fs::write(&handed_over, clean_run(&mut make, 0)?)?;
    let _emulator = service(product, Options { tls: true, ..Options::default() }, &mut use_it, "day-key")?;
    use_it
        .env_remove("TENCENTCLOUD_SECRET_ID")
        .env_remove("TENCENTCLOUD_SECRET_KEY")
        .stdin(fs::File::open(handed_over)?);
    let printed = clean_run(&mut use_it, 0)?;
    if printed.contains("field_ok_4: ") { Ok(()) } else { Err(printed.into()) }
}

/// What a program under valgrind prints that ends with that status and without a fault.
fn clean_run(program: &mut Command, expected: i32) -> Result<String, Failed> {
    let output = program.output()?;
    if output.status.code() != Some(expected) || String::from_utf8_lossy(&output.stderr).contains("==") {
        let written = [output.stdout, output.stderr].concat();
        return Err(format!("{}\n{}", output.status, String::from_utf8_lossy(&written)).into());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn valgrind_catches_a_broken_program(product: &Product, valgrind: &Path) -> Result<(), Failed> {
    let (source, binary) = (product.programs.join("broken.c"), product.programs.join("broken"));
    for (fault, statements) in [
        ("a leak", "return malloc(10) == NULL;"),
        ("a write behind the end", "char *volatile p = malloc(1); p[1] = 1; free(p);"),
        ("what was not written", "char *volatile p = malloc(1); if (p[0]) free(p); else free(p);"),
    ] {
        fs::write(&source, format!("#include <stdlib.h>\nint main(void) {{ {statements} return 0; }}\n"))?;
        support::run(support::c_compiler().arg("-O0").arg(&source).arg("-o").arg(&binary))?;
        if clean_run(valgrind_command(valgrind).arg(&binary), 0).is_ok() {
            return Err(format!("{fault} was not caught").into());
        }
    }
    Ok(())
}
