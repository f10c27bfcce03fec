//! The example that makes a device: that it finds out what became of it.

use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::Arc;

use emulator::{Fault, Options};
use libtest_mimic::{Failed, Trial};

use crate::{Product, service};

pub fn trials(product: &Arc<Product>) -> Vec<Trial> {
    let test = |name: &str, fault: Option<Fault>, status: i32, says: &'static str| {
        let product = Arc::clone(product);
        Trial::test(format!("create_device::{name}"), move || ends_so(&product, fault, status, says))
    };
    vec![
        test("makes_it", None, 0, "truck_7 was made\n"),
        test("finds_out_that_it_was_made", Some(Fault::CarryOutAndHangUp), 0, "truck_7 is there, with this name\n"),
        test("finds_out_that_it_was_not_made", Some(Fault::HangUp), 1, "truck_7: was not made\n"),
        test("says_that_it_was_refused", Some(Fault::Error("OperationDenied".to_owned())), 1, ""),
    ]
}

fn ends_so(product: &Product, fault: Option<Fault>, status: i32, says: &str) -> Result<(), Failed> {
    const PASSWORD: &str = "0123456789abcdef";
    let mut program = Command::new(product.programs.join("create_device"));
    let emulator = service(product, Options::default(), &mut program, "create-device")?;
    if let Some(fault) = fault {
        emulator.misbehave_once(fault);
    }
    program.args(["m82k5408n675phvb", "truck_7", "truck_7"]);
    let mut running = program.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    running.stdin.take().ok_or("no stdin")?.write_all(format!("{PASSWORD}\n").as_bytes())?;
    let output = running.wait_with_output()?;
    let (printed, told) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if output.status.code() != Some(status) || printed != says {
        return Err(format!("{}: {printed}{told}", output.status).into());
    }
    if told.contains(PASSWORD) { Err("the password shows".into()) } else { Ok(()) }
}
