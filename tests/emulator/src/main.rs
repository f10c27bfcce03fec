//! The emulator as a program.

use std::io::{self, Write};
use std::process::ExitCode;

use emulator::{Emulator, Fault, Options, SECRET_ID, SECRET_KEY};
use lexopt::prelude::*;

const HELP: &str = "\
The TRRO service's side of the wire, on a free port of the loopback.

  --tls                    serve HTTPS, with a certificate of its own
  --tls-1-2-only           speak no later TLS than 1.2
  --ca-file FILE           write that certificate to FILE
  --devices FILE           the devices and the rest of the account, as JSON (default: about 60 devices in two projects)
  --state FILE             begin with the account in FILE, if there is one, and save it there after each change
  --available-licenses N   what GetDeviceLicense answers, whatever the device has
  --region-required        refuse a request without X-TC-Region
  --requests-per-s N       for each action (default: as documented, 20 of most; 0: no limit)
  --max-page-size N        (default 100)
  --clamp-page-size        take a larger page size for the largest instead of refusing it
  --fuzzy-filter           a device id in a request matches every id that it is a part of
  --clock-offset-s N       how far its clock is ahead
  --idle-close-ms N        close a connection without a request for so long (default 60000; 0: never)
  --stall-handshake        never answer a TLS handshake
  --certificate-days B,A   valid from B days before the start until A days after it (default 1,90)
  --intermediate           serve a chain with an intermediate authority; the CA file is then the root
  --client-file FILE       require a client certificate; write one and its key to FILE
  --fault FAULT            misbehave at every request: late:MS drip:MS cut-off wrong-length wrong-type not-json
                           too-large:BYTES gzip gzip-cut-off gzip-too-large:BYTES unasked status:CODE redirect reset
                           wrong-clock:S region-required throttled close-after-answer error:CODE answer:TEXT echo stall-head
                           stall-body hang-up carry-out-and-hang-up carry-out-and-stall endless-body endless-head
                           throttled-for:S unavailable-for:S aged:S no-date date:S wrong-clock-no-date:S
                           sometimes:PERCENT
  --help

It prints its address and the key that it knows, as lines for a shell:
  TRRO_ENDPOINT=... TENCENTCLOUD_SECRET_ID=... TENCENTCLOUD_SECRET_KEY=...
The library reads the key by itself, and not TRRO_ENDPOINT: the examples do, and put it into config.endpoint.
";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("emulator: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn std::error::Error>> {
    let mut options = Options::default();
    let mut ca_file = None;
    let mut client_file = None;
    let mut fault: Option<Fault> = None;
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("tls") => options.tls = true,
            Long("tls-1-2-only") => options.tls_1_2_only = true,
            Long("ca-file") => ca_file = Some(arguments.value()?),
            Long("devices") => options.devices = Some(std::fs::read_to_string(arguments.value()?)?),
            Long("state") => options.state = Some(arguments.value()?.into()),
            Long("available-licenses") => options.available_licenses = Some(arguments.value()?.parse()?),
            Long("region-required") => options.region_required = true,
            Long("requests-per-s") => options.requests_per_s = arguments.value()?.parse()?,
            Long("max-page-size") => options.max_page_size = arguments.value()?.parse()?,
            Long("clamp-page-size") => options.page_size_is_clamped = true,
            Long("fuzzy-filter") => options.fuzzy_filter = true,
            Long("clock-offset-s") => options.clock_offset_s = arguments.value()?.parse()?,
            Long("idle-close-ms") => options.idle_close_ms = arguments.value()?.parse()?,
            Long("stall-handshake") => options.stall_handshake = true,
            Long("certificate-days") => options.certificate_days = arguments.value()?.parse_with(days)?,
            Long("intermediate") => options.intermediate = true,
            Long("client-file") => {
                options.client_authority = true;
                client_file = Some(arguments.value()?);
            }
            Long("fault") => fault = Some(arguments.value()?.parse()?),
            Long("help") => {
                print!("{HELP}");
                return Ok(());
            }
            other => return Err(other.unexpected().into()),
        }
    }
    let emulator = Emulator::start(options)?;
    emulator.misbehave_always(fault);
    if let Some(path) = ca_file {
        std::fs::write(path, emulator.ca_pem())?;
    }
    if let Some(path) = client_file {
        let (certificate, key) = emulator.client_certificate();
        std::fs::write(path, certificate + &key)?;
    }
    println!("TRRO_ENDPOINT={}", emulator.url());
    println!("TENCENTCLOUD_SECRET_ID={SECRET_ID}");
    println!("TENCENTCLOUD_SECRET_KEY={SECRET_KEY}");
    io::stdout().flush()?;
    emulator.run();
    Ok(())
}

fn days(text: &str) -> Result<(i64, i64), String> {
    let (before, after) = text.split_once(',').ok_or("two numbers are expected, with a comma between them")?;
    let number = |text: &str| text.parse().map_err(|error| format!("{text}: {error}"));
    Ok((number(before)?, number(after)?))
}
