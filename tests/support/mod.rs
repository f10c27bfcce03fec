//! What the tests share: tools that may be missing, C compilers, and the library that they link.
#![allow(dead_code, reason = "no test uses all of it")]

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use libtest_mimic::{Completion, Failed};

/// What a test that may have to be skipped gives.
pub type Outcome = Result<Completion, Failed>;

/// The root of the source tree.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A folder of its own for one test program, empty.
pub fn scratch(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// Runs `test` with the path of a tool. Without the tool the test is ignored, and says so; where every tool has to be
/// there (`TRRO_TEST_REQUIRE_TOOLS`, as in CI) it fails.
pub fn with_tool(tool: &str, test: impl FnOnce(&Path) -> Result<(), Failed>) -> Outcome {
    match find_tool(tool) {
        Some(path) => test(&path).map(|()| Completion::Completed),
        None => missing(&format!("{tool} is not installed")),
    }
}

/// The outcome of a test that cannot run here.
pub fn missing(reason: &str) -> Outcome {
    if env::var_os("TRRO_TEST_REQUIRE_TOOLS").is_some() {
        return Err(format!("{reason}, and TRRO_TEST_REQUIRE_TOOLS is set").into());
    }
    Ok(Completion::ignored_with(reason))
}

/// The bars on sizes are for this Rust 1.x and newer ones; 1.85 makes 100 kB more.
const RUST_OF_THE_BARS: u32 = 95;

/// Whether a library is no larger than it may be.
pub fn is_within_bar(bytes: u64, most: u64) -> Outcome {
    let version = run(Command::new("rustc").arg("--version"))?;
    let minor: u32 = version.split('.').nth(1).ok_or("rustc tells no version")?.parse()?;
    if minor < RUST_OF_THE_BARS {
        return Ok(Completion::ignored_with(format!("Rust 1.{minor} makes a larger library")));
    }
    if bytes > most { Err(format!("{bytes} bytes are more than {most}").into()) } else { Ok(Completion::Completed) }
}

pub fn find_tool(tool: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?).map(|folder| folder.join(tool)).find(|path| path.is_file())
}

/// Runs a command to its end; what it wrote to stdout, or what went wrong in full.
pub fn run(command: &mut Command) -> Result<String, Failed> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{command:?}: {}\n{stdout}{stderr}", output.status).into());
    }
    Ok(stdout)
}

/// The C compiler: of its variables, `CC` is also that by which cargo builds for this machine.
pub fn c_compiler() -> Command {
    Command::new(env::var_os("TRRO_TEST_CC").or_else(|| env::var_os("CC")).unwrap_or_else(|| "cc".into()))
}

/// What runs programs here that are for another machine, as `qemu-arm-static -L SYSROOT`; empty for those of this one.
pub fn runner() -> Vec<String> {
    let words = env::var("TRRO_TEST_RUNNER").unwrap_or_default();
    words.split_whitespace().map(str::to_owned).collect()
}

/// A command that runs a program which the C compiler has made.
pub fn program(binary: &Path) -> Command {
    match runner().split_first() {
        Some((emulator, options)) => {
            let mut command = Command::new(emulator);
            command.args(options).arg(binary);
            command
        }
        None => Command::new(binary),
    }
}

/// How every C program of ours is compiled; with files as on 64 bits, of which those of the host have the numbers.
pub const STRICT: [&str; 8] =
    ["-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror", "-g", "-D_FILE_OFFSET_BITS=64"];

/// Compiles and links one C program with the library in `library`; the program finds it there by itself.
pub fn compile<A: AsRef<OsStr>>(source: &Path, output: &Path, library: &Path, flags: &[A]) -> Result<(), Failed> {
    compile_with(&root().join("include"), source, output, library, flags)
}

/// The same with the header in a folder.
pub fn compile_with<A: AsRef<OsStr>>(
    header: &Path,
    source: &Path,
    output: &Path,
    library: &Path,
    flags: &[A],
) -> Result<(), Failed> {
    let mut compiler = c_compiler();
    compiler.args(STRICT).args(flags).arg("-I").arg(header).arg(source).arg("-o").arg(output);
    run(compiler.args(linking(library))).map(drop)
}

/// How a program is linked with the library in `library`.
fn linking(library: &Path) -> Vec<OsString> {
    let mut rpath = OsString::from("-Wl,--enable-new-dtags,-rpath,");
    rpath.push(library);
    vec!["-L".into(), library.into(), "-ltrro".into(), "-pthread".into(), rpath]
}

/// The example of a cockpit, which reads JSON with Debian's libcjson; `None` if that is not there.
pub fn compile_remote_device(output: &Path, library: &Path) -> Result<Option<()>, Failed> {
    let found = Command::new("pkg-config").args(["--cflags", "--libs", "libcjson"]).output();
    let Some(flags) = found.ok().filter(|output| output.status.success()) else {
        return Ok(None);
    };
    let mut compiler = c_compiler();
    compiler.args(STRICT).arg("-I").arg(root().join("include"));
    compiler.arg(root().join("c-examples/remote_device.c")).arg("-o").arg(output).args(linking(library));
    run(compiler.args(String::from_utf8_lossy(&flags.stdout).split_whitespace())).map(|_| Some(()))
}

/// trro-status, whose sources are several.
pub fn compile_status(output: &Path, library: &Path) -> Result<(), Failed> {
    let mut compiler = c_compiler();
    compiler.args(STRICT).arg("-I").arg(root().join("include"));
    for entry in fs::read_dir(root().join("c-examples/trro-status"))? {
        let source = entry?.path();
        if source.extension().is_some_and(|extension| extension == "c") {
            compiler.arg(source);
        }
    }
    run(compiler.arg("-o").arg(output).args(linking(library))).map(drop)
}

/// A folder with the shared library that cargo built for this test run, or with another one to be tested, under the names by
/// which it is linked and loaded.
pub fn built_library() -> PathBuf {
    library_folder("library", &built("libtrro.so"))
}

/// The folder of the libraries that are tested in place of those of this test run: built for release, by another Rust or for
/// another machine.
pub fn other_libraries() -> Option<PathBuf> {
    env::var_os("TRRO_TEST_LIBRARY").map(PathBuf::from)
}

/// `libtrro.so` or `libtrro.a`.
pub fn built(file: &str) -> PathBuf {
    let folder = other_libraries().unwrap_or_else(|| env::current_exe().unwrap().parent().unwrap().to_owned());
    folder.join(file)
}

/// The library as it ships, built as the README says, in the target folder of this test run.
pub fn shipped_library() -> Result<PathBuf, Failed> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().ok_or("no target folder")?;
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["rustc", "--release", "--lib", "--crate-type", "cdylib", "--target-dir"]).arg(target);
    run(as_by_hand(&mut cargo).current_dir(root()))?;
    Ok(target.join("release/libtrro.so"))
}

/// Without what cargo says to this test of its package: where it says something else, ring and all above it are built again.
pub fn as_by_hand(command: &mut Command) -> &mut Command {
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if text == "OUT_DIR" || text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(name);
        }
    }
    command
}

/// A folder with `library` under the names by which it is linked and loaded.
pub fn library_folder(name: &str, library: &Path) -> PathBuf {
    assert!(library.is_file(), "{} was not built", library.display());
    let test = env::current_exe().unwrap();
    let folder = scratch(&format!("{name}-{}", test.file_name().unwrap().to_string_lossy()));
    for link in ["libtrro.so", SONAME] {
        symlink(library, folder.join(link)).unwrap();
    }
    folder
}

/// The name by which the library is loaded: that of cargo-c's rule for version 0.1.x.
pub const SONAME: &str = "libtrro.so.0.1";

/// Runs the words from the third with the first two as what libc is told of name lookups.
const WITH_OTHER_FILES: &str = r#"
    mount --bind "$1" /etc/resolv.conf || exit
    ! test -e /etc/nsswitch.conf || mount --bind "$2" /etc/nsswitch.conf || exit
    shift 2
    exec "$@""#;

/// A command that runs the program in namespaces of its own, in which the loopback (to be set up) is the name server; `None`
/// where they cannot be made. The folder is for its files.
pub fn isolated(binary: &Path, folder: &Path) -> Result<Option<Command>, Failed> {
    let (resolv_conf, nsswitch_conf) = (folder.join("resolv.conf"), folder.join("nsswitch.conf"));
    fs::write(&resolv_conf, "nameserver 127.0.0.1\n")?;
    fs::write(&nsswitch_conf, "hosts: files dns\n")?;
    let command = |options: &[&str], program: &Path| {
        let mut command = Command::new("unshare");
        command.args(options).args(["--net", "--mount", "sh", "-c", WITH_OTHER_FILES, "sh"]);
        command.arg(&resolv_conf).arg(&nsswitch_conf).arg(program);
        command
    };
    // Whoever is not root may be it in a namespace.
    for options in [&[][..], &["--map-root-user"][..]] {
        if command(options, Path::new("true")).output().is_ok_and(|output| output.status.success()) {
            return Ok(Some(command(options, binary)));
        }
    }
    Ok(None)
}

/// A test of a C program, as a line of what the program lists.
pub struct Test {
    /// What the program is called with to run it.
    pub name: String,
    /// What the emulator is to do.
    pub faults: Vec<String>,
    /// How many requests the emulator is to see; `None`: any number.
    pub requests: Option<usize>,
}

/// The tests of a C program.
pub fn list(binary: &Path) -> Result<Vec<Test>, Failed> {
    let listing = run(&mut program(binary))?;
    let tests = listing.lines().map(|line| {
        let mut columns = line.split('\t');
        let mut column = || columns.next().ok_or_else(|| Failed::from(format!("{line}: a column is missing")));
        let (name, faults, requests) = (column()?, column()?, column()?);
        Ok(Test {
            name: name.to_owned(),
            faults: faults.split('|').filter(|fault| !fault.is_empty()).map(str::to_owned).collect(),
            requests: requests.parse().ok(),
        })
    });
    tests.collect()
}
