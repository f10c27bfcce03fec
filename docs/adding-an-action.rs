//! What `docs/adding-an-action.md` shows. The unit tests of `src/ffi/bindings.rs` add it, and call it. Uses nothing.

macro_rules! example {
    ($then:ident) => {
        $then! {
            records {}

            actions {
                /// Binds free licenses to a device: first those that expire first.
                changes BoundLicenses = trro_bound_licenses, document 89898, 20 a second
                /// Which licenses to bind.
                request trro_bound_licenses_request<'a> {
                    /// How many. The service wants to be told.
                    count: number "Count", Rule::Number { least: 1, most: 1000, default: None, sent_less: 0 };
                    /// The device.
                    device_id: text "DeviceId", REQUIRED;
                    /// The project of the device.
                    project_id: text "ProjectId", REQUIRED;
                }
                /// The licenses were bound. It lives in the caller's buffer. New fields may come at the end.
                response LicenseBinding = trro_license_binding, license_binding {
                    /// The service's id of the request. Never NULL.
                    request_id: text "RequestId",
                }
            }
        }
    };
}
pub(crate) use example;
