//! What the decoder takes, and what it refuses and names. Uses `api`, `error`.

use super::*;
use crate::api::Devices;
use crate::api::sink::Show;

fn devices(json: &str) -> Devices<'_> {
    decode(json.as_bytes()).unwrap_or_else(|error| panic!("{json}: {error}"))
}

/// The message with which an answer of one row is refused; `fields` are the row's.
fn refusal(fields: &str) -> String {
    let json = format!(r#"{{"Response":{{"Devices":[{{}},{{{fields}}}],"RequestId":"r"}}}}"#);
    let error = decode::<Devices>(json.as_bytes()).expect_err(fields);
    assert_eq!(error.status, Status::BadResponse, "{fields}: {error}");
    error.message
}

#[test]
fn the_published_sample_decodes_with_both_rows_of_one_id() {
    let page = devices(
        r#"{"Response":{"TotalCount":2,"RequestId":"r-1","Devices":[
        {"DeviceId":"dev1","DeviceName":"vin234","LicenseCount":2,"RemainDay":30,"ExpireTime":"167840945",
         "Duration":"86400","LicenseIds":["trro-1","trro-2"],"MonthlyRemainTime":66000,"LimitedTime":60000},
        {"DeviceId":"dev1","DeviceName":"vin235","LicenseCount":1,"RemainDay":30,"ExpireTime":167840945,
         "Duration":86400,"LicenseIds":["trro-3"]}]}}"#,
    );
    assert_eq!(page.total_count, Some(2));
    assert_eq!(&*page.request_id, "r-1");
    let [first, second] = &*page.devices else { panic!("two rows expected") };
    assert_eq!((&*first.device_id, &*second.device_id), ("dev1", "dev1"));
    assert_eq!((&*first.device_name, &*second.device_name), ("vin234", "vin235"));
    assert_eq!(first.license_count, Some(2));
    assert_eq!(first.remain_days, Some(30));
    assert_eq!(first.expire_time_s, Some(167_840_945));
    assert_eq!(second.expire_time_s, first.expire_time_s);
    assert_eq!(first.duration_s, Some(86_400));
    assert_eq!(second.duration_s, first.duration_s);
    assert_eq!(first.license_ids.iter().map(|id| &**id).collect::<Vec<_>>(), ["trro-1", "trro-2"]);
    assert_eq!(first.monthly_remain_time, Some(66_000));
    assert_eq!(first.limited_time_minutes, Some(60_000));
    assert_eq!(second.monthly_remain_time, None);
}

#[test]
fn every_field_may_be_missing_or_null() {
    let missing = devices(r#"{"Response":{"Devices":[{}]}}"#);
    let null = devices(
        r#"{"Response":{"TotalCount":null,"RequestId":null,"Devices":[{"DeviceId":null,"DeviceName":null,
        "LicenseCount":null,"RemainDay":null,"ExpireTime":null,"Duration":null,"LicenseIds":null,
        "MonthlyRemainTime":null,"LimitedTime":null}]}}"#,
    );
    assert_eq!(missing, null);
    assert_eq!(missing.devices[0].expire_time_s, None);
    assert!(missing.devices[0].license_ids.is_empty());
    assert_eq!(&*missing.devices[0].device_id, "");
}

#[test]
fn no_devices_are_no_rows() {
    for json in [r#"{"Response":{}}"#, r#"{"Response":{"Devices":null}}"#, r#"{"Response":{"Devices":[]}}"#] {
        assert!(devices(json).devices.is_empty());
    }
}

#[test]
fn an_empty_expiry_or_duration_is_absent() {
    let page = devices(r#"{"Response":{"Devices":[{"ExpireTime":"","Duration":""}]}}"#);
    assert_eq!(page.devices[0].expire_time_s, None);
    assert_eq!(page.devices[0].duration_s, None);
}

#[test]
fn unknown_fields_are_ignored() {
    let page = devices(
        r#"{"Response":{"New":[{"a":[null,1.5e3]}],"Devices":[{"DeviceId":"d","New":{"DeviceId":7}}]},"Other":1}"#,
    );
    assert_eq!(&*page.devices[0].device_id, "d");
}

#[test]
fn escaped_and_chinese_names_are_decoded() {
    let page = devices(r#"{"Response":{"Devices":[{"DeviceName":"\u672a\u547d\u540d \"1\"","DeviceId":"车队一号"}]}}"#);
    assert_eq!(&*page.devices[0].device_name, "未命名 \"1\"");
    assert_eq!(&*page.devices[0].device_id, "车队一号");
}

#[test]
fn a_wrong_type_is_refused_and_the_field_named() {
    for (fields, path) in [
        (r#""DeviceId":5"#, "Response.Devices[1].DeviceId"),
        (r#""DeviceName":{}"#, "Response.Devices[1].DeviceName"),
        (r#""LicenseCount":"2""#, "Response.Devices[1].LicenseCount"),
        (r#""LicenseCount":2.0"#, "Response.Devices[1].LicenseCount"),
        (r#""RemainDay":true"#, "Response.Devices[1].RemainDay"),
        (r#""RemainDay":1e30"#, "Response.Devices[1].RemainDay"),
        (r#""ExpireTime":"soon""#, "Response.Devices[1].ExpireTime"),
        (r#""ExpireTime":"+5""#, "Response.Devices[1].ExpireTime"),
        (r#""ExpireTime":" 5""#, "Response.Devices[1].ExpireTime"),
        (r#""ExpireTime":"-""#, "Response.Devices[1].ExpireTime"),
        (r#""ExpireTime":"99999999999999999999""#, "Response.Devices[1].ExpireTime"),
        (r#""Duration":[]"#, "Response.Devices[1].Duration"),
        (r#""LicenseIds":"a""#, "Response.Devices[1].LicenseIds"),
        (r#""LicenseIds":["a",7]"#, "Response.Devices[1].LicenseIds[1]"),
        (r#""LicenseIds":{}"#, "Response.Devices[1].LicenseIds"),
        (r#""MonthlyRemainTime":"1""#, "Response.Devices[1].MonthlyRemainTime"),
        (r#""LimitedTime":9223372036854775808"#, "Response.Devices[1].LimitedTime"),
        (r#""LimitedTime":-9223372036854775808"#, "Response.Devices[1].LimitedTime"),
        (r#""DeviceId":"a","DeviceId":"b""#, "Response.Devices[1]"),
    ] {
        let message = refusal(fields);
        assert!(message.contains(path), "{fields}: {message}");
    }
}

#[test]
fn a_nul_in_a_string_is_refused_and_the_field_named() {
    let message = refusal(r#""DeviceName":"a\u0000b""#);
    assert!(message.contains("Devices[1].DeviceName") && message.contains("NUL"), "{message}");
    let message = refusal(r#""LicenseIds":["a\u0000"]"#);
    assert!(message.contains("Devices[1].LicenseIds[0]") && message.contains("NUL"), "{message}");
}

#[test]
fn a_row_or_a_license_that_is_null_is_refused() {
    for (json, path) in [
        (r#"{"Response":{"Devices":[null]}}"#, "Response.Devices[0]"),
        (r#"{"Response":{"Devices":[[]]}}"#, "Response.Devices[0]"),
        (r#"{"Response":{"Devices":[["dev1","vin1",1]]}}"#, "Response.Devices[0]"),
        (r#"{"Response":{"Devices":[{"LicenseIds":["a",null]}]}}"#, "Response.Devices[0].LicenseIds[1]"),
        (r#"{"Response":{"Devices":{}}}"#, "Response.Devices"),
        (r#"{"Response":{"TotalCount":"2"}}"#, "Response.TotalCount"),
    ] {
        let error = decode::<Devices>(json.as_bytes()).expect_err(json);
        assert_eq!(error.status, Status::BadResponse);
        assert!(error.message.contains(path), "{json}: {error}");
    }
}

#[test]
fn a_list_longer_than_any_page_is_refused_and_named() {
    let list = |element: &str, count| vec![element; count].join(",");
    let most = format!(r#"{{"Response":{{"Devices":[{}]}}}}"#, list("{}", 10_000));
    assert_eq!(devices(&most).devices.len(), 10_000);
    let more = format!(r#"{{"Response":{{"Devices":[{}]}}}}"#, list("{}", 10_001));
    let error = decode::<Devices>(more.as_bytes()).unwrap_err();
    assert!(error.message.contains("Response.Devices") && error.message.contains("10000"), "{error}");
    let message = refusal(&format!(r#""LicenseIds":[{}]"#, list(r#""""#, 10_001)));
    assert!(message.contains("Response.Devices[1].LicenseIds"), "{message}");
}

#[test]
fn an_integer_at_each_end_of_its_range_is_kept() {
    let page =
        devices(r#"{"Response":{"Devices":[{"RemainDay":-9223372036854775807,"ExpireTime":"9223372036854775807"}]}}"#);
    assert_eq!(page.devices[0].remain_days, Some(-i64::MAX));
    assert_eq!(page.devices[0].expire_time_s, Some(i64::MAX));
}

#[test]
fn what_is_shown_is_what_was_decoded() {
    use crate::api::{Device, RecentSessionList};
    let device = devices(r#"{"Response":{"Devices":[{"DeviceId":"d","LicenseCount":2,"LicenseIds":["a","b"]}]}}"#);
    let mut shown = Device::default();
    device.devices[0].show(&mut shown);
    assert_eq!(shown, device.devices[0]);
    let sessions = r#"{"Response":{"Total":2,"RecentSessionList":[{"SessionId":"s"},{"StartTime":7}]}}"#;
    let sessions: RecentSessionList<'_> = decode(sessions.as_bytes()).unwrap();
    let mut shown = RecentSessionList::default();
    sessions.show(&mut shown);
    assert_eq!(shown, sessions);
}
