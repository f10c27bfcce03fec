//! The devices that the benchmark's server answers with, in the form of GetDevices. Uses nothing.
//!
//! `benches/clients/main.c` holds every client to them.

use std::fmt::Write;

/// The first expiry; each device's is a day after the one before.
const FIRST_EXPIRY_S: usize = 1_893_456_000;

/// The rows, as a list in JSON. The fields are in the order of the service's samples.
pub fn rows(devices: usize) -> String {
    let mut rows = String::from("[");
    for number in 0..devices {
        let ids: Vec<String> =
            (0..=number % 3).map(|id| format!(r#""trro-{id:08}-0000-4000-8000-{number:012}""#)).collect();
        let separator = if number == 0 { "" } else { "," };
        let _ = write!(
            rows,
            "{separator}{{\"DeviceId\":\"vehicle_{number:05}\",\"DeviceName\":\"集卡 {number:05}\",\"LicenseCount\":{},\
             \"RemainDay\":{},\"ExpireTime\":\"{}\",\"Duration\":\"31536000\",\"LicenseIds\":[{}],\
             \"MonthlyRemainTime\":{},\"LimitedTime\":60000}}",
            ids.len(),
            100 + number % 200,
            FIRST_EXPIRY_S + 86_400 * number,
            ids.join(","),
            40_000 + number,
        );
    }
    rows + "]"
}

/// The body of an answer with so many devices.
pub fn answer(devices: usize) -> String {
    let rows = rows(devices);
    format!(
        "{{\"Response\":{{\"TotalCount\":{devices},\"Devices\":{rows},\"RequestId\":\"3c140219-cfe9-470e-b241-907877d6fb03\"}}}}"
    )
}

/// The account of an emulator that answers with the same devices.
pub fn account(devices: usize) -> String {
    format!(r#"{{"Projects":[{{"ProjectId":"m82k5408n675phvb","Devices":{}}}]}}"#, rows(devices))
}
