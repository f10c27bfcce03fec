//! Programs that find the installed library by each of the ways in docs/integrate.md, and list the devices of an emulator.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use libtest_mimic::{Failed, Trial};

use crate::support::{self, Outcome};
use crate::{Installed, files, service};

/// What a test needs, and how it makes the program that lists the devices.
type Way = fn(&Installed, &Path) -> Result<Command, Failed>;

const WAYS: [(&str, &str, Way); 9] = [
    ("pkg_config::shared", "pkg-config", by_pkg_config),
    ("pkg_config::shared_from_cpp", "pkg-config", by_pkg_config_from_cpp),
    ("pkg_config::static_beside_the_shared_one", "pkg-config", by_static_libs),
    ("pkg_config::static_where_nothing_else_is_installed", "pkg-config", by_pkg_config_static),
    ("cmake::shared", "cmake", by_cmake),
    ("cmake::static", "cmake", by_cmake_static),
    ("cmake::shared_from_cpp", "cmake", by_cmake_from_cpp),
    ("meson::shared", "meson", by_meson),
    ("ctypes", "python3", by_ctypes),
];

pub fn trials(installed: &Arc<Installed>) -> Vec<Trial> {
    let mut trials: Vec<_> = WAYS.iter().map(|(name, tool, way)| lists_devices(installed, name, tool, *way)).collect();
    let test = |name: &str, tool: &'static str, check: fn(&Installed) -> Result<(), Failed>| {
        let installed = Arc::clone(installed);
        Trial::ignorable_test(name, move || support::with_tool(tool, |_| check(&installed)))
    };
    trials.push(test("pkg_config::tells_the_version", "pkg-config", pkg_config_tells_the_version));
    trials.push(test("cmake::takes_older_versions_of_the_same_soname_only", "cmake", cmake_takes_older_versions));
    trials.push(test("cmake::has_no_components", "cmake", cmake_has_no_components));
    trials.push(test("cmake::has_one_target_where_one_library_is_installed", "cmake", cmake_has_one_target));
    trials
}

fn lists_devices(installed: &Arc<Installed>, name: &'static str, tool: &'static str, way: Way) -> Trial {
    let installed = Arc::clone(installed);
    Trial::ignorable_test(name, move || -> Outcome {
        support::with_tool(tool, |_| {
            let folder = folder(&installed, name)?;
            let mut program = way(&installed, &folder)?;
            let _emulator = service(&installed, &mut program, &name.replace(':', "_"))?;
            let listed = support::run(&mut program)?;
            if listed.contains("62 devices") { Ok(()) } else { Err(listed.into()) }
        })
    })
}

/// An empty folder for a program.
fn folder(installed: &Installed, name: &str) -> Result<PathBuf, Failed> {
    let folder = installed.programs.join(name.replace(':', "_"));
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

fn source() -> PathBuf {
    support::root().join("c-examples/list_devices.c")
}

/// What pkg-config says of the library installed below `prefix`, which is not that of the machine.
fn pkg_config(system: &Path, prefix: &Path, arguments: &[&str]) -> Result<Vec<String>, Failed> {
    let mut command = Command::new("pkg-config");
    command.env("PKG_CONFIG_SYSROOT_DIR", system).env("PKG_CONFIG_LIBDIR", prefix.join("lib/pkgconfig"));
    command.env_remove("PKG_CONFIG_PATH").args(arguments).arg("trro");
    Ok(support::run(&mut command)?.split_whitespace().map(str::to_owned).collect())
}

/// Compiles and links with these flags behind the source.
fn compile(mut compiler: Command, folder: &Path, flags: &[String]) -> Result<Command, Failed> {
    let program = folder.join("list_devices");
    support::run(compiler.arg(source()).arg("-o").arg(&program).args(flags))?;
    Ok(Command::new(program))
}

fn cpp_compiler() -> Command {
    let mut compiler = Command::new(env::var_os("CXX").unwrap_or_else(|| "c++".into()));
    compiler.args(["-x", "c++"]);
    compiler
}

fn by_pkg_config(installed: &Installed, folder: &Path) -> Result<Command, Failed> {
    let flags = pkg_config(&installed.system, &installed.prefix, &["--cflags", "--libs"])?;
    let mut program = compile(support::c_compiler(), folder, &flags)?;
    program.env("LD_LIBRARY_PATH", installed.prefix.join("lib"));
    Ok(program)
}

fn by_pkg_config_from_cpp(installed: &Installed, folder: &Path) -> Result<Command, Failed> {
    let flags = pkg_config(&installed.system, &installed.prefix, &["--cflags", "--libs"])?;
    let mut program = compile(cpp_compiler(), folder, &flags)?;
    program.env("LD_LIBRARY_PATH", installed.prefix.join("lib"));
    Ok(program)
}

/// The program has the library inside of it, though the shared one is there as well.
fn by_static_libs(installed: &Installed, folder: &Path) -> Result<Command, Failed> {
    // Tools differ in whether a variable is told with PKG_CONFIG_SYSROOT_DIR before it.
    let here = format!("--define-variable=prefix={}", installed.prefix.display());
    let ask = |what| pkg_config(Path::new(""), &installed.prefix, &[&here, what]);
    let flags = [ask("--cflags")?, ask("--variable=static_libs")?].concat();
    does_not_load_it(compile(support::c_compiler(), folder, &flags)?)
}

/// A system for building static programs only.
fn by_pkg_config_static(installed: &Installed, folder: &Path) -> Result<Command, Failed> {
    let system = without(installed, folder, |file| file.contains("/libtrro.so"))?;
    let flags = pkg_config(&system, &system.join("usr/local"), &["--static", "--cflags", "--libs"])?;
    does_not_load_it(compile(support::c_compiler(), folder, &flags)?)
}

/// A copy of the system in which some files are missing.
fn without(installed: &Installed, folder: &Path, is_missing: fn(&str) -> bool) -> Result<PathBuf, Failed> {
    let system = folder.join("system");
    support::run(Command::new("cp").arg("-a").arg(&installed.system).arg(&system))?;
    for file in files(&system)?.iter().filter(|file| is_missing(file)) {
        fs::remove_file(system.join(file))?;
    }
    Ok(system)
}

fn does_not_load_it(program: Command) -> Result<Command, Failed> {
    let section = support::run(Command::new("readelf").args(["-d", "-W"]).arg(program.get_program()))?;
    if section.contains("libtrro") { Err(section.into()) } else { Ok(program) }
}

/// A project as docs/integrate.md has it: what is found, and how the program is linked with it.
fn cmake_project(folder: &Path, find: &str, program: &str) -> Result<(), Failed> {
    let text = format!(
        "cmake_minimum_required(VERSION 3.16)\nproject(fleet LANGUAGES C CXX)\n{find}\n{}\n",
        program.replace("SOURCE", &source().display().to_string())
    );
    Ok(fs::write(folder.join("CMakeLists.txt"), text)?)
}

fn configure(prefix: &Path, folder: &Path) -> Command {
    let mut cmake = Command::new("cmake");
    cmake.args(["-Wno-dev", "-S"]).arg(folder).arg("-B").arg(folder.join("build"));
    cmake.arg(format!("-DCMAKE_PREFIX_PATH={}", prefix.display())).arg("-DCMAKE_FIND_USE_CMAKE_SYSTEM_PATH=OFF");
    cmake
}

fn build_by_cmake(installed: &Installed, folder: &Path, program: &str) -> Result<Command, Failed> {
    cmake_project(folder, "find_package(trro 0.1 REQUIRED)", program)?;
    support::run(&mut configure(&installed.prefix, folder))?;
    support::run(Command::new("cmake").arg("--build").arg(folder.join("build")))?;
    Ok(Command::new(folder.join("build/list_devices")))
}

fn by_cmake(installed: &Installed, folder: &Path) -> Result<Command, Failed> {
    let program = "add_executable(list_devices SOURCE)\ntarget_link_libraries(list_devices PRIVATE trro::trro)";
    build_by_cmake(installed, folder, program)
}

fn by_cmake_static(installed: &Installed, folder: &Path) -> Result<Command, Failed> {
    let program = "add_executable(list_devices SOURCE)\ntarget_link_libraries(list_devices PRIVATE trro::trro_static)";
    does_not_load_it(build_by_cmake(installed, folder, program)?)
}

fn by_cmake_from_cpp(installed: &Installed, folder: &Path) -> Result<Command, Failed> {
    let program = "set_source_files_properties(SOURCE PROPERTIES LANGUAGE CXX)\n\
        add_executable(list_devices SOURCE)\ntarget_link_libraries(list_devices PRIVATE trro::trro)";
    build_by_cmake(installed, folder, program)
}

fn by_meson(installed: &Installed, folder: &Path) -> Result<Command, Failed> {
    fs::copy(source(), folder.join("list_devices.c"))?;
    fs::copy(support::root().join("c-examples/example.h"), folder.join("example.h"))?;
    fs::write(
        folder.join("meson.build"),
        "project('fleet', 'c')\nexecutable('list_devices', 'list_devices.c', dependencies: dependency('trro', version: '>=0.1'))\n",
    )?;
    let build = folder.join("build");
    let mut meson = Command::new("meson");
    meson
        .arg("setup")
        .arg(&build)
        .arg(folder)
        .arg(format!("-Dpkg_config_path={}", installed.prefix.join("lib/pkgconfig").display()));
    support::run(meson.env("PKG_CONFIG_SYSROOT_DIR", &installed.system))?;
    support::run(Command::new("meson").args(["compile", "-C"]).arg(&build))?;
    let mut program = Command::new(build.join("list_devices"));
    program.env("LD_LIBRARY_PATH", installed.prefix.join("lib"));
    Ok(program)
}

fn by_ctypes(installed: &Installed, _: &Path) -> Result<Command, Failed> {
    let mut program = Command::new("python3");
    program.arg("-B").arg(support::root().join("c-examples/other-languages/list_devices.py"));
    program.env("LD_LIBRARY_PATH", installed.prefix.join("lib"));
    Ok(program)
}

fn pkg_config_tells_the_version(installed: &Installed) -> Result<(), Failed> {
    assert_eq!(pkg_config(&installed.system, &installed.prefix, &["--modversion"])?, [env!("CARGO_PKG_VERSION")]);
    Ok(())
}

fn cmake_takes_older_versions(installed: &Installed) -> Result<(), Failed> {
    for (asked, is_taken) in [
        ("", true),
        ("0.1", true),
        ("0.1.0", true),
        ("0.1.0 EXACT", true),
        ("0.1.1", false),
        ("0.2", false),
        ("0.0.9", false),
        ("1", false),
        ("0.1...0.2", true),
        ("0.0...<0.1", false),
    ] {
        let folder = folder(installed, &format!("cmake-{}", asked.replace(' ', "-")))?;
        cmake_project(
            &folder,
            &format!("find_package(trro {asked})"),
            "message(STATUS \"trro found: ${trro_FOUND}\")",
        )?;
        let said = support::run(&mut configure(&installed.prefix, &folder))?;
        assert_eq!(said.contains("trro found: 1"), is_taken, "{asked}: {said}");
    }
    Ok(())
}

fn cmake_has_no_components(installed: &Installed) -> Result<(), Failed> {
    let folder = folder(installed, "cmake-components")?;
    cmake_project(&folder, "find_package(trro COMPONENTS theirs)", "message(STATUS \"trro found: ${trro_FOUND}\")")?;
    let said = support::run(&mut configure(&installed.prefix, &folder))?;
    assert!(said.contains("trro found: 0"), "{said}");
    Ok(())
}

fn cmake_has_one_target(installed: &Installed) -> Result<(), Failed> {
    let targets = "foreach(target trro trro_static)\nif(TARGET trro::${target})\nmessage(STATUS \"trro has ${target}\")\nendif()\nendforeach()";
    for (name, is_missing, expected) in [
        ("no-static", (|file| file.ends_with(".a")) as fn(&str) -> bool, ["trro"].as_slice()),
        ("no-shared", |file| file.contains("/libtrro.so"), &["trro_static"]),
        ("neither", |file| file.contains("/libtrro."), &[]),
    ] {
        let folder = folder(installed, name)?;
        let system = without(installed, &folder, is_missing)?;
        cmake_project(&folder, "find_package(trro)", targets)?;
        let said = support::run(&mut configure(&system.join("usr/local"), &folder))?;
        let has: Vec<_> = said.lines().filter_map(|line| line.strip_prefix("-- trro has ")).collect();
        assert_eq!(has, expected, "{said}");
    }
    Ok(())
}
