//! How a running emulator is told to misbehave, or to have another account, over its own port:
//!
//! ```text
//! curl -d late:500 http://127.0.0.1:PORT/_emulator/once      at the next request
//! curl -d drip:1   http://127.0.0.1:PORT/_emulator/always    at every request
//! curl -d ''       http://127.0.0.1:PORT/_emulator/always    never again
//! curl -d @FILE    http://127.0.0.1:PORT/_emulator/devices   these and no others, from now on
//! curl -d 3        http://127.0.0.1:PORT/_emulator/available-licenses    what GetDeviceLicense answers, whatever the device has
//! curl -d ''       http://127.0.0.1:PORT/_emulator/available-licenses    what the device has
//! curl             http://127.0.0.1:PORT/_emulator/state       the account, as --devices and --state have it
//! curl             http://127.0.0.1:PORT/_emulator/statistics
//! ```

use serde_json::{Value, json};

use crate::http::Request;
use crate::{Fault, Shared, lock};

/// The answer to a request that is for the emulator itself and not for the service.
pub fn answer(shared: &Shared, request: &Request) -> Option<Value> {
    let command = request.path.strip_prefix("/_emulator/")?;
    Some(match carry_out(shared, command, &String::from_utf8_lossy(&request.body)) {
        Ok(value) => value,
        Err(message) => json!({ "error": message }),
    })
}

fn carry_out(shared: &Shared, command: &str, body: &str) -> Result<Value, String> {
    let fault = || body.parse::<Fault>();
    match command {
        "once" => lock(&shared.faults).once(fault()?),
        "always" => lock(&shared.faults).always(if body.is_empty() { None } else { Some(fault()?) }),
        "devices" => shared.set_devices(body).map_err(|error| error.to_string())?,
        "available-licenses" => *lock(&shared.available_licenses) = optional_number(body)?,
        "state" => return Ok(lock(&shared.state).to_json()),
        "statistics" => {
            let statistics = lock(&shared.statistics);
            return Ok(json!({
                "connections": statistics.connections,
                "requests": statistics.requests.len(),
                "resumed": statistics.resumed,
            }));
        }
        _ => return Err(format!("{command}: no such command")),
    }
    Ok(json!({}))
}

/// `None` if it is empty.
fn optional_number(text: &str) -> Result<Option<i64>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|error| format!("{text}: {error}"))
}
