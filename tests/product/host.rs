//! Host programs that do not make it easy, with the library as it ships and over TLS.

use std::process::Command;
use std::sync::Arc;

use emulator::{Options, Proxy, ProxyOptions, ProxyProtocol};
use libtest_mimic::{Failed, Trial};

use crate::support::{self, Test};
use crate::{Product, service};

/// The C programs whose every test is run.
const PROGRAMS: [&str; 4] = ["closed", "host", "signals", "thread_cancel"];

/// The trials; an error if a program does not compile.
pub fn trials(product: &Arc<Product>) -> Result<Vec<Trial>, Failed> {
    let mut trials = Vec::new();
    for program in PROGRAMS {
        compile(product, program, &[])?;
        for test in support::list(&product.programs.join(program))? {
            let product = Arc::clone(product);
            trials.push(Trial::test(format!("{program}::{}", test.name), move || over_tls(&product, program, &test)));
        }
    }
    for (name, protocol) in [("http", ProxyProtocol::Http), ("socks5", ProxyProtocol::Socks5)] {
        let product = Arc::clone(product);
        trials.push(Trial::test(format!("a_small_stack_is_enough_through_a_proxy::{name}"), move || {
            a_small_stack_is_enough_through_a_proxy(&product, protocol)
        }));
    }
    // Only what is not linked with it can be without it after it was closed.
    compile(product, "reload", &["-Wl,--as-needed"])?;
    for tls in [false, true] {
        let product = Arc::clone(product);
        let protocol = if tls { "https" } else { "http" };
        trials.push(Trial::test(format!("can_be_loaded_again_and_again::{protocol}"), move || {
            can_be_loaded_again_and_again(&product, tls)
        }));
    }
    Ok(trials)
}

fn compile(product: &Product, program: &str, flags: &[&str]) -> Result<(), Failed> {
    let source = support::root().join(format!("tests/c/{program}.c"));
    support::compile(&source, &product.programs.join(program), &product.folder, flags)
}

fn over_tls(product: &Product, program: &str, test: &Test) -> Result<(), Failed> {
    let mut command = Command::new(product.programs.join(program));
    command.arg(&test.name);
    let emulator = service(product, Options { tls: true, ..Options::default() }, &mut command, &test.name)?;
    for fault in &test.faults {
        emulator.misbehave_once(fault.parse()?);
    }
    support::run(&mut command)?;
    let seen = emulator.statistics().requests.len();
    match test.requests {
        Some(expected) if expected != seen => Err(format!("{seen} requests were sent, not {expected}").into()),
        _ => Ok(()),
    }
}

fn a_small_stack_is_enough_through_a_proxy(product: &Product, protocol: ProxyProtocol) -> Result<(), Failed> {
    // The loopback is never reached through a proxy, and this one takes every name for the loopback's.
    const HOST: &str = "trro.invalid";
    let options = Options { tls: true, certificate_host: HOST.to_owned(), ..Options::default() };
    let proxy = Proxy::start(ProxyOptions { protocol, ..ProxyOptions::default() })?;
    let mut command = Command::new(product.programs.join("host"));
    command.arg("a_small_stack_is_enough_for_everything").env("TEST_PROXY", proxy.url());
    let emulator = service(product, options, &mut command, &format!("small-stack-{protocol:?}"))?;
    emulator.misbehave_once("error:InternalError".parse()?);
    command.env("TRRO_ENDPOINT", emulator.url().replace("localhost", HOST));
    support::run(&mut command)?;
    if proxy.targets().is_empty() { Err("nothing went through the proxy".into()) } else { Ok(()) }
}

fn can_be_loaded_again_and_again(product: &Product, tls: bool) -> Result<(), Failed> {
    let mut command = Command::new(product.programs.join("reload"));
    command.env("TEST_LIBRARY", product.folder.join(support::SONAME));
    let _emulator = service(product, Options { tls, ..Options::default() }, &mut command, &format!("reload-{tls}"))?;
    support::run(&mut command).map(drop)
}
