//! The library as packaging/Makefile installs it: every file is there, programs in C, C++ and Python find it by pkg-config,
//! CMake, Meson and its SONAME, shared and static, and all of it goes again.

#[path = "packaging/examples.rs"]
mod examples;
#[path = "packaging/programs.rs"]
mod programs;
#[path = "packaging/readme.rs"]
mod readme;
#[path = "packaging/sources.rs"]
mod sources;
mod support;
#[path = "packaging/two_libraries.rs"]
mod two_libraries;

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use emulator::{Emulator, Options};
use libtest_mimic::{Arguments, Failed, Trial};

/// What is installed below PREFIX, but for the examples, and the manual of the functions, which needs doxygen.
const FILES: [&str; 10] = [
    "bin/trro-status",
    "include/trro.h",
    "lib/cmake/trro/trroConfig.cmake",
    "lib/cmake/trro/trroConfigVersion.cmake",
    "lib/libtrro.a",
    "lib/libtrro.so",
    "lib/libtrro.so.0.1",
    "lib/libtrro.so.0.1.0",
    "lib/pkgconfig/trro.pc",
    "share/man/man1/trro-status.1",
];

/// What was installed into a folder of the tests, below /usr/local.
struct Installed {
    /// DESTDIR.
    system: PathBuf,
    prefix: PathBuf,
    /// Where programs are built.
    programs: PathBuf,
}

fn main() {
    let arguments = Arguments::from_args();
    if arguments.list {
        libtest_mimic::run(&arguments, Vec::new()).exit();
    }
    let installed = match build() {
        Ok(installed) => Arc::new(installed),
        Err(failure) => {
            let installs = Trial::test("installs", move || Err(failure));
            libtest_mimic::run(&arguments, vec![installs]).exit();
        }
    };
    let test = |name: &str, check: fn(&Installed) -> Result<(), Failed>| {
        let installed = Arc::clone(&installed);
        Trial::test(name, move || check(&installed))
    };
    let mut trials = vec![
        test("installs_every_file_and_no_other", installs_every_file_and_no_other),
        test("the_names_of_the_library_are_links_to_one_file", the_names_of_the_library_are_links_to_one_file),
        test("names_no_folder_of_the_build", names_no_folder_of_the_build),
        test("the_tool_finds_the_library_that_was_installed_with_it", the_tool_finds_the_library),
        test("a_tool_without_rpath_can_be_had", a_tool_without_rpath_can_be_had),
        test("every_folder_can_be_chosen", every_folder_can_be_chosen),
        test("uninstall_leaves_what_others_have_put_there", uninstall_leaves_what_others_have_put_there),
        test("uninstall_leaves_the_header_of_another_soname", uninstall_leaves_the_header_of_another_soname),
        test("what_was_not_built_is_not_installed", what_was_not_built_is_not_installed),
        test("a_folder_that_make_takes_for_two_is_refused", a_folder_that_make_takes_for_two_is_refused),
    ];
    trials.push(Trial::ignorable_test("another_machine_has_its_own_tools_and_library", {
        let installed = Arc::clone(&installed);
        move || {
            let machine = format!("{}-linux-gnu", std::env::consts::ARCH);
            support::with_tool(&format!("{machine}-gcc"), |_| another_machine(&installed, &machine))
        }
    }));
    trials.extend(programs::trials(&installed));
    trials.extend(examples::trials(&installed));
    trials.extend(two_libraries::trials(&installed));
    trials.extend(readme::trials(&installed));
    trials.extend(sources::trials());
    libtest_mimic::run(&arguments, trials).exit();
}

fn build() -> Result<Installed, Failed> {
    support::run(make().arg("all").env("CARGO", env!("CARGO")))?;
    let system = support::scratch("packaging-system");
    install("install", &system, &[])?;
    let prefix = system.join("usr/local");
    Ok(Installed { system, prefix, programs: support::scratch("packaging-programs") })
}

/// The target folder of this test run.
fn target_folder() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap_or(Path::new("target"))
}

/// make in packaging, with the target folder of this test run.
fn make() -> Command {
    let mut make = Command::new("make");
    make.arg("-C").arg(support::root().join("packaging")).arg("--no-print-directory");
    // What a make above this test run was told is not for this one.
    make.env("CARGO_TARGET_DIR", target_folder()).env_remove("MAKEFLAGS").env_remove("PREFIX").env_remove("DESTDIR");
    support::as_by_hand(&mut make);
    make
}

/// Installs what is built already, or uninstalls it.
fn install(what: &str, system: &Path, variables: &[&str]) -> Result<(), Failed> {
    let mut make = make();
    make.args([what, "CARGO=:"]).args(variables).env("DESTDIR", system);
    if !variables.is_empty() {
        // What is built otherwise is not for the tests that run at the same time.
        make.env("BUILD", system.with_extension("build"));
    }
    support::run(&mut make).map(drop)
}

/// The paths of all files and links below a folder.
fn files(folder: &Path) -> Result<BTreeSet<String>, Failed> {
    let found = support::run(Command::new("find").arg(folder).args(["!", "-type", "d", "-printf", "%P\\n"]))?;
    Ok(found.lines().map(str::to_owned).collect())
}

fn is_of_the_manual(path: &str) -> bool {
    path.contains("/man/man3/") || path.contains("/man/man7/")
}

fn installs_every_file_and_no_other(installed: &Installed) -> Result<(), Failed> {
    let (manual, others): (Vec<_>, Vec<_>) =
        files(&installed.system)?.into_iter().partition(|path| is_of_the_manual(path));
    let expected = FILES.iter().map(|file| (*file).to_owned()).chain(examples::installed()?);
    assert_eq!(others.into_iter().collect::<BTreeSet<_>>(), expected.map(|file| format!("usr/local/{file}")).collect());
    let has_doxygen = support::find_tool("doxygen").is_some() && support::find_tool("python3").is_some();
    let symbols = fs::read_to_string(support::root().join("tests/abi/symbols.txt"))?;
    let functions = symbols.lines().filter(|line| !line.starts_with('#')).map(|name| format!("man3/{name}.3"));
    for page in functions.chain(["man3/trro.3", "man7/trro.7"].map(str::to_owned)) {
        let page = format!("usr/local/share/man/{page}");
        assert_eq!(manual.contains(&page), has_doxygen, "{page}");
    }
    Ok(())
}

fn the_names_of_the_library_are_links_to_one_file(installed: &Installed) -> Result<(), Failed> {
    let link = |name: &str| fs::read_link(installed.prefix.join("lib").join(name));
    for name in ["libtrro.so", support::SONAME] {
        assert_eq!(link(name)?, Path::new(concat!("libtrro.so.", env!("CARGO_PKG_VERSION"))), "{name}");
    }
    Ok(())
}

/// A package is built in one place and used in another.
fn names_no_folder_of_the_build(installed: &Installed) -> Result<(), Failed> {
    let of_the_build = [support::root(), installed.system.as_path()].map(|folder| folder.display().to_string());
    for file in FILES.iter().filter(|file| file.ends_with(".pc") || file.ends_with(".cmake")) {
        let text = fs::read_to_string(installed.prefix.join(file))?;
        if let Some(line) = text.lines().find(|line| of_the_build.iter().any(|folder| line.contains(folder))) {
            return Err(format!("{file}: {line}").into());
        }
        assert!(!text.contains('@'), "{file} is not filled in: {text}");
    }
    let needs = support::run(Command::new("readelf").args(["-d", "-W"]).arg(installed.prefix.join("bin/trro-status")))?;
    if of_the_build.iter().any(|folder| needs.contains(folder)) { Err(needs.into()) } else { Ok(()) }
}

fn the_tool_finds_the_library(installed: &Installed) -> Result<(), Failed> {
    let mut tool = Command::new(installed.prefix.join("bin/trro-status"));
    tool.args(["check", "field_ok_4", "--project", "m82k5408n675phvb"]);
    let _emulator = service(installed, &mut tool, "tool")?;
    support::run(&mut tool).map(drop)
}

fn a_tool_without_rpath_can_be_had(installed: &Installed) -> Result<(), Failed> {
    let system = support::scratch("packaging-no-rpath");
    let runpath = |system: &Path| {
        let program = system.join("usr/local/bin/trro-status");
        support::run(Command::new("readelf").args(["-d", "-W"]).arg(program)).map(|read| read.contains("PATH)"))
    };
    install("install", &system, &["STATUS_RPATH="])?;
    assert!(!runpath(&system)? && runpath(&installed.system)?);
    Ok(())
}

/// As Debian has them, and one outside of PREFIX.
fn every_folder_can_be_chosen(_: &Installed) -> Result<(), Failed> {
    let system = support::scratch("packaging-folders");
    let folders = [
        "PREFIX=/usr",
        "LIBDIR=/usr/lib/machine",
        "INCLUDEDIR=/opt/include",
        "BINDIR=/usr/tools",
        "MANDIR=/usr/man",
        "CMAKEDIR=/usr/share/cmake/trro",
        "PKGCONFIGDIR=/usr/share/pkgconfig",
        // None are wanted.
        "DOCDIR=",
    ];
    install("install", &system, &folders)?;
    let found: Vec<_> = files(&system)?.into_iter().filter(|path| !is_of_the_manual(path)).collect();
    let expected = [
        "opt/include/trro.h",
        "usr/lib/machine/libtrro.a",
        "usr/lib/machine/libtrro.so",
        "usr/lib/machine/libtrro.so.0.1",
        "usr/lib/machine/libtrro.so.0.1.0",
        "usr/man/man1/trro-status.1",
        "usr/share/cmake/trro/trroConfig.cmake",
        "usr/share/cmake/trro/trroConfigVersion.cmake",
        "usr/share/pkgconfig/trro.pc",
        "usr/tools/trro-status",
    ];
    assert_eq!(found, expected);
    let pc = fs::read_to_string(system.join("usr/share/pkgconfig/trro.pc"))?;
    assert!(pc.contains("libdir=${prefix}/lib/machine\nincludedir=/opt/include\n"), "{pc}");
    let cmake = fs::read_to_string(system.join("usr/share/cmake/trro/trroConfig.cmake"))?;
    assert!(cmake.contains("}/../../../lib/machine\"") && cmake.contains("}/../../../../opt/include\""), "{cmake}");
    install("uninstall", &system, &folders)?;
    assert_eq!(files(&system)?, BTreeSet::new());
    Ok(())
}

fn uninstall_leaves_what_others_have_put_there(_: &Installed) -> Result<(), Failed> {
    let system = support::scratch("packaging-uninstall");
    install("install", &system, &[])?;
    let others =
        ["usr/local/lib/libtrro.so.0.0", "usr/local/lib/cmake/trro/theirs.cmake", "usr/local/share/man/man3/trro_.3"];
    fs::create_dir_all(system.join("usr/local/share/man/man3"))?;
    for file in others {
        fs::write(system.join(file), "")?;
    }
    install("uninstall", &system, &[])?;
    assert_eq!(files(&system)?, others.map(str::to_owned).into());
    Ok(())
}

/// A newer library that was installed over ours has header and links now.
fn uninstall_leaves_the_header_of_another_soname(_: &Installed) -> Result<(), Failed> {
    let system = support::scratch("packaging-newer");
    install("install", &system, &[])?;
    let mut theirs = files(&system)?;
    let link = system.join("usr/local/lib/libtrro.so");
    fs::remove_file(&link)?;
    symlink("libtrro.so.0.2.0", &link)?;
    install("uninstall", &system, &[])?;
    assert!(theirs.remove("usr/local/lib/libtrro.so.0.1") && theirs.remove("usr/local/lib/libtrro.so.0.1.0"));
    assert_eq!(files(&system)?, theirs);
    Ok(())
}

fn a_folder_that_make_takes_for_two_is_refused(_: &Installed) -> Result<(), Failed> {
    let system = support::scratch("packaging-spaces");
    for variable in ["DESTDIR", "PREFIX", "BUILD", "CARGO_TARGET_DIR"] {
        let folder = format!("{}/two words", system.display());
        let output = make().args(["-n", "install"]).env(variable, &folder).output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains(&format!("{variable} is '{folder}'")), "{variable}: {said}");
    }
    Ok(())
}

fn what_was_not_built_is_not_installed(_: &Installed) -> Result<(), Failed> {
    let system = support::scratch("packaging-not-built");
    let mut make = make();
    make.args(["install", "CARGO=:"])
        .env("CARGO_TARGET_DIR", system.join("target"))
        .env("DESTDIR", system.join("system"));
    let output = make.output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("libtrro.so is not there"), "{said}");
    assert!(!system.join("system").exists());
    Ok(())
}

/// This machine by its full name: what was built for it lies elsewhere, and the C tools have longer names.
fn another_machine(installed: &Installed, machine: &str) -> Result<(), Failed> {
    let folder = support::scratch("packaging-machine");
    let target = machine.replace("-linux", "-unknown-linux");
    let built = folder.join("target").join(&target).join("release");
    fs::create_dir_all(&built)?;
    for library in ["libtrro.so", "libtrro.a"] {
        symlink(target_folder().join("release").join(library), built.join(library))?;
    }
    let mut make = make();
    make.args(["install", "CARGO=echo", &format!("TARGET={target}")]);
    make.env("CARGO_TARGET_DIR", folder.join("target")).env("DESTDIR", folder.join("system"));
    let said = support::run(&mut make)?;
    assert!(said.contains(&format!(" --target {target} --crate-type cdylib")), "{said}");
    for tool in ["gcc -std=", "ld'", "objcopy'", "readelf'", "ar'"] {
        assert!(said.contains(&format!("{machine}-{tool}")), "{tool}: {said}");
    }
    assert_eq!(files(&folder.join("system"))?, files(&installed.system)?);
    Ok(())
}

/// An emulator with TLS, and the environment by which a program finds it.
fn service(installed: &Installed, program: &mut Command, name: &str) -> Result<Emulator, Failed> {
    let emulator = Emulator::start(Options { tls: true, requests_per_s: 0, ..Options::default() })?;
    let ca_file = installed.programs.join(format!("{name}.pem"));
    fs::write(&ca_file, emulator.ca_pem())?;
    program
        .env("TRRO_ENDPOINT", emulator.url())
        .env("TRRO_CA_FILE", ca_file)
        .env("TENCENTCLOUD_SECRET_ID", emulator::SECRET_ID)
        .env("TENCENTCLOUD_SECRET_KEY", emulator::SECRET_KEY)
        .env_remove("TENCENTCLOUD_TOKEN")
        .env_remove("TENCENTCLOUD_REGION");
    Ok(emulator)
}
