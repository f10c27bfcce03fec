//! The file itself: what the loader is allowed to do with it, and that it gets along with others in one process.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use emulator::Options;
use libtest_mimic::{Completion, Failed, Trial};

use crate::support::{self, Outcome};
use crate::{Product, service};

/// Libraries with a TLS of their own, which a host program may have loaded already.
const OTHERS: [&str; 2] = ["libssl.so.3", "libcurl-gnutls.so.4"];

pub fn trials(product: &Arc<Product>) -> Vec<Trial> {
    let [hardened, beside] = [Arc::clone(product), Arc::clone(product)];
    vec![
        Trial::test("binary::is_hardened", move || {
            faults(&hardened.library)?.map_or(Ok(()), |fault| Err(fault.into()))
        }),
        Trial::test("binary::a_library_that_is_not_hardened_is_caught", a_library_that_is_not_hardened_is_caught),
        Trial::ignorable_test("binary::works_beside_another_tls_and_a_second_copy_of_itself", move || {
            works_beside_others(&beside)
        }),
    ]
}

/// What is wrong with a shared library, if something is.
fn faults(library: &Path) -> Result<Option<&'static str>, Failed> {
    let read = |what| support::run(Command::new("readelf").args([what, "-W"]).arg(library));
    let (segments, dynamic) = (read("-l")?, read("-d")?);
    let stack = segments.lines().find(|line| line.contains("GNU_STACK"));
    Ok(if !segments.contains("GNU_RELRO") || !dynamic.contains("NOW") {
        Some("what is relocated stays writable")
    } else if stack.is_none_or(|line| line.contains("RWE")) {
        Some("wants a stack that can be executed")
    } else if segments.lines().any(|line| line.contains("LOAD") && line.contains("RWE")) {
        Some("has memory that can be written and executed")
    } else if dynamic.contains("TEXTREL") {
        Some("has relocations in its code")
    } else {
        None
    })
}

fn a_library_that_is_not_hardened_is_caught() -> Result<(), Failed> {
    let folder = support::scratch("not-hardened");
    let source = folder.join("answer.c");
    fs::write(&source, "int answer(void);\nint answer(void) { return 42; }\n")?;
    for fault in ["norelro", "execstack", "lazy"] {
        let library = folder.join(format!("{fault}.so"));
        let mut compiler = support::c_compiler();
        compiler.args(["-shared", "-fPIC", "-Wl,-z,now", &format!("-Wl,-z,{fault}"), "-o"]).arg(&library).arg(&source);
        support::run(&mut compiler)?;
        if faults(&library)?.is_none() {
            return Err(format!("{fault} was not caught").into());
        }
    }
    Ok(())
}

fn works_beside_others(product: &Product) -> Outcome {
    let program = product.programs.join("beside");
    support::compile(&support::root().join("tests/c/beside.c"), &program, &product.folder, &["-ldl"])?;
    let copy = product.programs.join("copy-of-libtrro.so");
    fs::copy(&product.library, &copy)?;
    let mut command = Command::new(&program);
    command.arg(&copy).args(OTHERS);
    let _emulator = service(product, Options { tls: true, ..Options::default() }, &mut command, "beside")?;
    let output = command.output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    match output.status.code() {
        Some(0) => Ok(Completion::Completed),
        Some(77) => support::missing(said.trim()),
        _ => Err(format!("{}: {said}", output.status).into()),
    }
}
