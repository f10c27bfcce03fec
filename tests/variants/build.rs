//! The builds of the library that leave something out, and what they take.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use emulator::{Emulator, Options};
use libtest_mimic::Failed;

use crate::support;

/// What can be left out: the features of Cargo.toml.
const FEATURES: [&str; 10] = [
    "actions",
    "built-in-roots",
    "client-certificates",
    "credential-sources",
    "device-config",
    "diagnosis",
    "further-cryptography",
    "gzip",
    "proxy",
    "watch",
];

/// What `-lpthread` and the like are for: see the README.
const LIBRARIES: [&str; 7] = ["-lgcc_s", "-lutil", "-lrt", "-lpthread", "-lm", "-ldl", "-lc"];

/// A build of the library.
pub struct Variant {
    /// In the README.
    pub name: &'static str,
    without: &'static [&'static str],
}

const fn without(name: &'static str, feature: &'static [&'static str]) -> Variant {
    Variant { name, without: feature }
}

/// In the order of the README.
pub const VARIANTS: [Variant; 12] = [
    without("everything", &[]),
    without("without `actions`", &["actions"]),
    without("without `built-in-roots`", &["built-in-roots"]),
    without("without `client-certificates`", &["client-certificates"]),
    without("without `credential-sources`", &["credential-sources"]),
    without("without `device-config`", &["device-config"]),
    without("without `diagnosis`", &["diagnosis"]),
    without("without `further-cryptography`", &["further-cryptography"]),
    without("without `gzip`", &["gzip"]),
    without("without `proxy`", &["proxy"]),
    without("without `watch`", &["watch"]),
    without("smallest", &FEATURES),
];

impl Variant {
    /// Whether nothing is in it that can be left out.
    pub fn is_smallest(&self) -> bool {
        self.without.len() == FEATURES.len()
    }

    /// The others take a minute each.
    pub fn is_always_built(&self) -> bool {
        self.without.is_empty() || self.is_smallest()
    }
}

/// A build that is there.
pub struct Built {
    /// With the library under the names by which it is linked and loaded.
    pub folder: PathBuf,
}

/// What a build takes.
#[derive(Debug, Clone, Copy)]
pub struct Figures {
    /// Bytes of the shared library, stripped.
    pub shared: u64,
    /// Bytes that it adds to a program that is linked with the static one and stripped.
    pub in_program: u64,
    /// KiB of an idle client, with one connection over TLS.
    pub idle_kib: u64,
    /// KiB more, at most, while a device is asked for.
    pub call_kib: u64,
    /// Bytes of stack for the first call.
    pub stack: u64,
}

/// Builds it as it ships, in a folder of its own: what lies where the README builds stays as it is.
pub fn build(variant: &Variant) -> Result<Built, Failed> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().ok_or("no target folder")?.join("variants");
    let features: Vec<&str> = FEATURES.into_iter().filter(|feature| !variant.without.contains(feature)).collect();
    let profile = if variant.is_smallest() { "smallest" } else { "release" };
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["rustc", "--locked", "--profile", profile, "--lib", "--crate-type", "cdylib,staticlib"]);
    cargo.args(["--no-default-features", "--features", &features.join(",")]).arg("--target-dir").arg(&target);
    support::run(cargo.current_dir(support::root()))?;
    let folder = support::scratch(&format!("variant-{}", variant.name.replace(['`', ' '], "-")));
    for library in ["libtrro.so", "libtrro.a"] {
        fs::copy(target.join(profile).join(library), folder.join(library))?;
    }
    std::os::unix::fs::symlink("libtrro.so", folder.join(support::SONAME))?;
    Ok(Built { folder })
}

/// Measures a build.
pub fn measure(built: &Built) -> Result<Figures, Failed> {
    let folder = &built.folder;
    let program = folder.join("footprint");
    support::compile(&support::root().join("tests/c/footprint.c"), &program, folder, &["-O2"])?;
    let emulator = Emulator::start(Options { requests_per_s: 0, tls: true, ..Options::default() })?;
    let mut command = Command::new(&program);
    environment(&mut command, &emulator, &folder.join("footprint.pem"))?;
    let printed = support::run(&mut command)?;
    let numbers = printed.split_whitespace().map(str::parse).collect::<Result<Vec<u64>, _>>()?;
    let [idle_kib, call_kib, stack] = numbers[..] else { return Err(printed.into()) };
    Ok(Figures {
        shared: fs::metadata(folder.join("libtrro.so"))?.len(),
        in_program: in_program(folder)?,
        idle_kib,
        call_kib,
        stack,
    })
}

/// By the shortest useful program.
fn in_program(folder: &Path) -> Result<u64, Failed> {
    let link = |source: &Path, library: &[&Path], output: &str| {
        let output = folder.join(output);
        let mut compiler = support::c_compiler();
        compiler.args(["-O2", "-s", "-Wl,--gc-sections", "-I"]).arg(support::root().join("include")).arg(source);
        support::run(compiler.args(library).args(LIBRARIES).arg("-o").arg(&output))?;
        Ok::<u64, Failed>(fs::metadata(output)?.len())
    };
    let empty = folder.join("empty.c");
    fs::write(&empty, "#include <stdio.h>\nint main(void) { return puts(\"\") < 0; }\n")?;
    let with = link(&support::root().join("c-examples/shortest.c"), &[&folder.join("libtrro.a")], "static")?;
    Ok(with - link(&empty, &[], "empty")?)
}

/// By which a program finds the emulator.
pub fn environment(program: &mut Command, emulator: &Emulator, ca_file: &Path) -> Result<(), Failed> {
    fs::write(ca_file, emulator.ca_pem())?;
    program
        .env_clear()
        .env("TRRO_ENDPOINT", emulator.url())
        .env("TRRO_CA_FILE", ca_file)
        .env("TENCENTCLOUD_SECRET_ID", emulator::SECRET_ID)
        .env("TENCENTCLOUD_SECRET_KEY", emulator::SECRET_KEY);
    Ok(())
}
