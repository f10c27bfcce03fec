//! libtrro.a in one program with another static Rust library, and with a program that has names of its own.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use libtest_mimic::{Completion, Failed, Trial};

use crate::support::{self, Outcome};
use crate::{Installed, service, target_folder};

/// By `rustc --print native-static-libs`; what trro.pc says is tested with it.
const STATIC_LIBS: [&str; 7] = ["-lgcc_s", "-lutil", "-lrt", "-lpthread", "-lm", "-ldl", "-lc"];

/// What the other library may be: as rustc makes it, made with link-time optimisation as ours is, or isolated as ours is.
const OTHERS: [(&str, &[&str], bool); 3] =
    [("as_rustc_makes_it", &[], false), ("optimised", &["-Clto=fat"], false), ("isolated", &[], true)];

pub fn trials(installed: &Arc<Installed>) -> Vec<Trial> {
    let test = |name: &str, check: fn(&Installed) -> Outcome| {
        let installed = Arc::clone(installed);
        Trial::ignorable_test(format!("static::{name}"), move || check(&installed))
    };
    let mut trials = vec![
        test("shows_its_functions_and_nothing_else", shows_its_functions_and_nothing_else),
        test("makes_no_program_larger", makes_no_program_larger),
        test("uses_no_function_of_the_program_that_has_the_name_of_one_inside", uses_no_function_of_the_program),
        test("as_cargo_makes_it_clashes_with_another_rust_library", as_cargo_makes_it_clashes),
        test("a_library_without_such_functions_is_not_isolated", a_library_without_such_functions_is_not_isolated),
    ];
    for (name, flags, is_isolated) in OTHERS {
        for is_first in [true, false] {
            let installed = Arc::clone(installed);
            let place = if is_first { "before" } else { "after" };
            let name = format!("static::works_{place}_another_rust_library::{name}");
            trials.push(Trial::ignorable_test(name.clone(), move || {
                let Some(other) = other_library(&installed, &name, flags)? else {
                    return support::missing("rustc is not installed");
                };
                if is_isolated {
                    isolate(&other, "other_")?;
                }
                let ours = installed.prefix.join("lib/libtrro.a");
                let libraries = if is_first { [ours, other] } else { [other, ours] };
                runs(&installed, &name, &source(), &libraries).map(|()| Completion::Completed)
            }));
        }
    }
    trials
}

fn source() -> PathBuf {
    support::root().join("tests/packaging/two_libraries.c")
}

/// The other library, by the compiler of this test run; `None` without one.
fn other_library(installed: &Installed, name: &str, flags: &[&str]) -> Result<Option<PathBuf>, Failed> {
    let beside_cargo = Path::new(env!("CARGO")).with_file_name("rustc");
    let named = env::var_os("RUSTC").map(PathBuf::from).or_else(|| beside_cargo.is_file().then_some(beside_cargo));
    let Some(compiler) = named.or_else(|| support::find_tool("rustc")) else {
        return Ok(None);
    };
    let library = installed.programs.join(format!("{}.a", name.replace(':', "_")));
    let mut rustc = Command::new(compiler);
    rustc.args(["--edition=2024", "--crate-type=staticlib", "-O"]).args(flags).arg("-o").arg(&library);
    support::run(rustc.arg(support::root().join("tests/packaging/other.rs")))?;
    Ok(Some(library))
}

/// In its place.
fn isolate(library: &Path, prefix: &str) -> Result<(), Failed> {
    let script = support::root().join("packaging/isolate.sh");
    support::run(Command::new("sh").arg(script).args([library, library]).arg(prefix)).map(drop)
}

/// Links a program, which the linker takes what it needs for from the libraries in this order.
fn link(installed: &Installed, name: &str, source: &Path, libraries: &[PathBuf]) -> Result<PathBuf, Failed> {
    let program = installed.programs.join(name.replace(':', "_"));
    let mut compiler = support::c_compiler();
    compiler.args(support::STRICT).args(["-O2", "-Wl,--gc-sections", "-I"]).arg(installed.prefix.join("include"));
    support::run(compiler.arg(source).arg("-o").arg(&program).args(libraries).args(STATIC_LIBS))?;
    Ok(program)
}

fn runs(installed: &Installed, name: &str, source: &Path, libraries: &[PathBuf]) -> Result<(), Failed> {
    let mut program = Command::new(link(installed, name, source, libraries)?);
    let _emulator = service(installed, &mut program, &name.replace(':', "_"))?;
    let said = support::run(&mut program)?;
    if said == "20 devices\n" { Ok(()) } else { Err(said.into()) }
}

/// As cargo makes it.
fn of_cargo() -> PathBuf {
    target_folder().join("release/libtrro.a")
}

/// The functions and variables of a library that others can see when they are linked with it.
fn seen(library: &Path) -> Result<Vec<String>, Failed> {
    let table = support::run(Command::new("readelf").args(["--symbols", "--wide"]).arg(library))?;
    let name = |line: &str| match line.split_whitespace().collect::<Vec<_>>()[..] {
        [_, _, _, _, "GLOBAL" | "WEAK", _, section, name] if section != "UND" => Some(name.to_owned()),
        _ => None,
    };
    let mut names: Vec<_> = table.lines().filter_map(name).collect();
    names.sort_unstable();
    names.dedup();
    Ok(names)
}

fn shows_its_functions_and_nothing_else(installed: &Installed) -> Outcome {
    let recorded = fs::read_to_string(support::root().join("tests/abi/symbols.txt"))?;
    let mut expected: Vec<&str> = recorded.lines().filter(|line| !line.starts_with('#')).collect();
    expected.sort_unstable();
    assert_eq!(seen(&installed.prefix.join("lib/libtrro.a"))?, expected);
    Ok(Completion::Completed)
}

/// One object could be all or nothing for the linker, which still leaves out what is not used.
fn makes_no_program_larger(installed: &Installed) -> Outcome {
    let source = support::root().join("c-examples/shortest.c");
    let size = |name: &str, library: PathBuf| -> Result<u64, Failed> {
        let program = link(installed, name, &source, &[library])?;
        support::run(Command::new("strip").arg(&program))?;
        Ok(fs::metadata(program)?.len())
    };
    let isolated = size("shortest_isolated", installed.prefix.join("lib/libtrro.a"))?;
    let plain = size("shortest_plain", of_cargo())?;
    assert!(isolated <= plain + 4096, "{isolated} bytes, and {plain} with cargo's");
    Ok(Completion::Completed)
}

/// A program with another ring in it, or another Rust, has such names.
fn uses_no_function_of_the_program(installed: &Installed) -> Outcome {
    let inside = seen(&of_cargo())?;
    let is_of_c = |name: &&String| name.starts_with("ring_core_") || *name == "rust_eh_personality";
    let names: Vec<_> = inside.iter().filter(is_of_c).collect();
    assert!(names.len() > 20, "{names:?}");
    let mut text = fs::read_to_string(source())?
        .replace("int other_catches_a_panic(void);", "")
        .replace("int other_has_a_thread(void);", "")
        .replace("other_catches_a_panic() == 1 && other_has_a_thread() == 1", "1");
    for name in &names {
        text.push_str(&format!("void {name}(void);\nvoid {name}(void) {{ abort(); }}\n"));
    }
    let program = installed.programs.join("names_of_its_own.c");
    fs::write(&program, text)?;
    runs(installed, "names_of_its_own", &program, &[installed.prefix.join("lib/libtrro.a")])?;
    Ok(Completion::Completed)
}

/// Why it is isolated.
fn as_cargo_makes_it_clashes(installed: &Installed) -> Outcome {
    let Some(other) = other_library(installed, "clashing", &[])? else {
        return support::missing("rustc is not installed");
    };
    match link(installed, "clash", &source(), &[of_cargo(), other]) {
        Err(failure)
            if failure.message().is_some_and(|said| said.contains("multiple definition of `rust_eh_personality'")) =>
        {
            Ok(Completion::Completed)
        }
        Err(failure) => Err(failure),
        Ok(_) => Err("two Rust libraries were linked as they are".into()),
    }
}

fn a_library_without_such_functions_is_not_isolated(installed: &Installed) -> Outcome {
    let library = installed.programs.join("none.a");
    fs::copy(installed.prefix.join("lib/libtrro.a"), &library)?;
    assert!(isolate(&library, "no_such_function_").is_err());
    assert_eq!(fs::read(&library)?, fs::read(installed.prefix.join("lib/libtrro.a"))?);
    Ok(Completion::Completed)
}
