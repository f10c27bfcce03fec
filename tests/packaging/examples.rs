//! Every installed example, built from a prefix that has been moved, by the two build files that are installed with them, and
//! run against the emulator as the demo does.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use libtest_mimic::{Failed, Trial};

use crate::support;
use crate::{Installed, target_folder};

/// Builds the examples in the first folder with what is installed below the second, and says where the programs are.
type Build = fn(&Path, &Path) -> Result<PathBuf, Failed>;

const BUILDS: [(&str, &str, Build); 4] = [
    ("examples::by_pkg_config_shared", "pkg-config", |examples, prefix| by_pkg_config(examples, prefix, "")),
    ("examples::by_pkg_config_static", "pkg-config", |examples, prefix| by_pkg_config(examples, prefix, "yes")),
    ("examples::by_cmake_shared", "cmake", |examples, prefix| by_cmake(examples, prefix, "OFF")),
    ("examples::by_cmake_static", "cmake", |examples, prefix| by_cmake(examples, prefix, "ON")),
];

pub fn trials(installed: &Arc<Installed>) -> Vec<Trial> {
    let demo = |(name, tool, build): &(&'static str, &'static str, Build)| {
        let (installed, name, tool, build) = (Arc::clone(installed), *name, *tool, *build);
        Trial::ignorable_test(name, move || support::with_tool(tool, |_| run_all(&installed, name, build)))
    };
    BUILDS.iter().map(demo).collect()
}

fn run_all(installed: &Installed, name: &str, build: Build) -> Result<(), Failed> {
    let folder = installed.programs.join(name.replace(':', "_"));
    let (prefix, examples) = (folder.join("moved"), folder.join("examples"));
    fs::create_dir_all(&folder)?;
    support::run(Command::new("cp").arg("-a").arg(&installed.prefix).arg(&prefix))?;
    support::run(Command::new("cp").arg("-a").arg(prefix.join("share/doc/trro/examples")).arg(&examples))?;
    let programs = build(&examples, &prefix)?;
    for example in sources(&examples)? {
        let was_left_out = example == "remote_device" && !has_cjson();
        assert_eq!(programs.join(&example).exists(), !was_left_out, "{example}");
    }
    symlink(prefix.join("bin/trro-status"), programs.join("trro-status"))?;
    symlink(emulator()?, programs.join("emulator"))?;
    let mut demo = Command::new("sh");
    demo.arg(support::root().join("c-examples/demo.sh")).arg(&programs);
    support::run(demo.env("LD_LIBRARY_PATH", prefix.join("lib"))).map(drop)
}

/// What of them is installed below PREFIX.
pub fn installed() -> Result<Vec<String>, Failed> {
    let mut files = Vec::new();
    for folder in ["c-examples", "c-examples/other-languages", "packaging/examples"] {
        for entry in fs::read_dir(support::root().join(folder))? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            let is_one = folder.starts_with("packaging") || [".c", ".h", ".py"].iter().any(|end| name.ends_with(end));
            files.extend(is_one.then(|| format!("share/doc/trro/examples/{name}")));
        }
    }
    Ok(files)
}

/// The names of the examples in C.
fn sources(examples: &Path) -> Result<Vec<String>, Failed> {
    let names = fs::read_dir(examples)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
    let names = names.collect::<Result<Vec<_>, Failed>>()?;
    let sources: Vec<_> = names.iter().filter_map(|name| name.strip_suffix(".c")).map(str::to_owned).collect();
    if sources.len() < 8 { Err(format!("there are {sources:?}").into()) } else { Ok(sources) }
}

fn has_cjson() -> bool {
    support::run(Command::new("pkg-config").args(["--exists", "libcjson"])).is_ok()
}

fn emulator() -> Result<PathBuf, Failed> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--locked", "--package", "emulator", "--target-dir"]).arg(target_folder());
    support::run(support::as_by_hand(&mut cargo).current_dir(support::root()))?;
    Ok(target_folder().join("debug/emulator"))
}

fn by_pkg_config(examples: &Path, prefix: &Path, is_static: &str) -> Result<PathBuf, Failed> {
    let mut make = Command::new("make");
    // The prefix in the file is the one it was installed for.
    make.arg("PKG_CONFIG=pkg-config --define-prefix").arg(format!("STATIC={is_static}")).arg("-C").arg(examples);
    make.env_remove("MAKEFLAGS").env("PKG_CONFIG_PATH", prefix.join("lib/pkgconfig"));
    support::run(&mut make)?;
    needs_the_shared_library(&examples.join("list_devices"), is_static.is_empty())?;
    Ok(examples.to_owned())
}

fn by_cmake(examples: &Path, prefix: &Path, is_static: &str) -> Result<PathBuf, Failed> {
    let build = examples.join("build");
    let mut cmake = Command::new("cmake");
    cmake.arg("-S").arg(examples).arg("-B").arg(&build).arg(format!("-DTRRO_STATIC={is_static}"));
    support::run(cmake.arg(format!("-DCMAKE_PREFIX_PATH={}", prefix.display())))?;
    support::run(Command::new("cmake").arg("--build").arg(&build))?;
    needs_the_shared_library(&build.join("list_devices"), is_static == "OFF")?;
    Ok(build)
}

fn needs_the_shared_library(program: &Path, needs: bool) -> Result<(), Failed> {
    let section = support::run(Command::new("readelf").args(["-d", "-W"]).arg(program))?;
    if section.contains(support::SONAME) == needs { Ok(()) } else { Err(section.into()) }
}
