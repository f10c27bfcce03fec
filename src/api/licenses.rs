//! The license actions, described: licenses, and the devices that they are bound to. Uses nothing.
//!
//! Sources: the documents of the actions, the published API definitions and SDKs, and the service's data types
//! (tencentcloud.com/document/product/1252/68118).

macro_rules! licenses {
    ($then:ident) => {
        $then! {
            records {
                /// A device and its licenses. It lives in the caller's buffer. New fields may come at the end.
                ///
                /// A number that the service did not send, or sent as null or as an empty string, is TRRO_ABSENT; a string is "" and a
                /// list is empty.
                Device = trro_device {
                    /// Never NULL. Unique inside one project at most: two rows may have the same.
                    device_id: text "DeviceId",
                    /// Never NULL. UTF-8, as the service sent it: it may hold control characters.
                    device_name: text "DeviceName",
                    /// Licenses bound to the device (LicenseCount). Whether expired or suspended ones are counted is documented
                    /// nowhere.
                    license_count: number "LicenseCount",
                    /// Whole days until the expiry (RemainDay). What it is after the expiry is documented nowhere.
                    remain_days: number "RemainDay",
                    /// When the licenses expire (ExpireTime), in seconds since 1970, UTC. Which license's, where several are bound, is
                    /// documented nowhere.
                    expire_time_s: number_or_text "ExpireTime",
                    /// The "service duration" (Duration) in seconds; what it means is documented nowhere.
                    duration_s: number_or_text "Duration",
                    /// MonthlyRemainTime: by its name what is left of this month's allowance, by its description the allowance. Its
                    /// unit is documented nowhere. The sample has 66000 beside a limited_time_minutes of 60000, so do not compare the
                    /// two.
                    monthly_remain_time: number "MonthlyRemainTime",
                    /// The month's allowance (LimitedTime), in minutes; whether of a license or of the device is documented nowhere.
                    limited_time_minutes: number "LimitedTime",
                    /// The ids of the licenses (LicenseIds); `license_id_count` of them. Neither it nor an element is NULL.
                    license_ids[license_id_count]: texts "LicenseIds",
                }

                /// Licenses of one kind. It lives in the caller's buffer. New fields may come at the end. A number that the service did not
                /// send is TRRO_ABSENT.
                License = trro_license {
                    /// How many licenses there are of this kind (Count). By what the service makes kinds is documented nowhere.
                    count: number "Count",
                    /// Status: TRRO_LICENSE_STATUS_UNBOUND, BOUND, SUSPENDED or REFUNDED; others may come.
                    status: number "Status",
                    /// When they expire (ExpireTime), in seconds since 1970, UTC.
                    expire_time_s: number_or_text "ExpireTime",
                    /// The "service duration" (Duration) in seconds; what it means is documented nowhere.
                    duration_s: number_or_text "Duration",
                    /// Whole days until the expiry (RemainDay). What it is after the expiry is documented nowhere.
                    remain_days: number "RemainDay",
                    /// Their ids (LicenseIds); `license_id_count` of them. Neither it nor an element is NULL.
                    license_ids[license_id_count]: texts "LicenseIds",
                }
            }

            actions {
                /// Asks for devices with their licenses, by which they are authorized to run: a page of them, into the caller's
                /// buffer.
                ///
                /// A row alone does not mean that the device is authorized: its license_count, expire_time_s and monthly_remain_time
                /// tell. By which values the field SDK lets a device start is documented nowhere, and neither is whether devices
                /// without a license, and cockpits, are listed.
                /// @par Example
                /// c-examples/list_devices.c reads all pages; c-examples/shortest.c is the least that is useful.
                reads GetDevices = trro_get_devices, document 68116, 20 a second
                /// Which devices to ask for.
                request trro_get_devices_request<'a> {
                    /// The page. The service's samples begin with 1, and its documents do not say. What comes after the last page is
                    /// documented nowhere.
                    page_num: number "PageNum", PAGE;
                    /// Rows a page. The service documents no largest one, and may give fewer or refuse; an answer with more than 10000
                    /// rows, or with more licenses in one, is TRRO_STATUS_BAD_RESPONSE.
                    page_size: number "PageSize", page_size(20);
                    /// Only devices of this project, else of all. A row does not say which project it is of. A string here may lie in
                    /// the buffer that the call fills.
                    project_id: text "ProjectId", OPTIONAL;
                    /// Only this device. Whether the service compares exactly is documented nowhere: check the rows. An id is unique
                    /// inside one project only.
                    device_id: text "DeviceId", OPTIONAL;
                }
                /// One page of devices. It lives in the caller's buffer. New fields may come at the end.
                response Devices = trro_devices, devices {
                    /// TotalCount, or TRRO_ABSENT. Whether of all pages or of this one is documented nowhere; the samples suggest all.
                    /// To read all pages, go on until one has no rows: a short page may also be a page_size that the service has cut.
                    /// If total_count is more than the rows of the page, it is that of all pages and says where to stop.
                    total_count: number "TotalCount",
                    /// The service's id of the request. Never NULL.
                    request_id: text "RequestId",
                    /// The rows, in the service's order, which is documented nowhere; `device_count` of them. Neither it nor an element
                    /// is NULL. An answer without a list of devices has no rows.
                    devices[device_count]: rows "Devices" of Device = trro_device,
                }

                /// Asks for licenses, a page of them: which there are, and until when they last.
                reads GetLicenses = trro_get_licenses, document 68114, 20 a second
                /// Which licenses to ask for.
                request trro_get_licenses_request<'a> {
                    /// The page. The service's samples begin with 1, and its documents do not say.
                    page_num: number "PageNum", PAGE;
                    /// Rows a page, each of which may be several licenses. The service documents no largest one.
                    page_size: number "PageSize", page_size(20);
                    /// Only licenses of this project.
                    project_id: text "ProjectId", OPTIONAL;
                    /// Only licenses of this device; an id is unique inside one project only.
                    device_id: text "DeviceId", OPTIONAL;
                    /// Only licenses in this state: TRRO_LICENSE_FILTER_UNBOUND, BOUND, SUSPENDED or REFUNDED (not TRRO_LICENSE_STATUS_...);
                    /// TRRO_LICENSE_FILTER_ALL: in any.
                    status_filter: number "Status", filter(3);
                }
                /// One page of licenses. It lives in the caller's buffer. New fields may come at the end.
                response Licenses = trro_licenses, licenses {
                    /// TotalCount, or TRRO_ABSENT: in the published sample more than the rows of the page. Whether it counts rows or
                    /// licenses is documented nowhere.
                    total_count: number "TotalCount",
                    /// The service's id of the request. Never NULL.
                    request_id: text "RequestId",
                    /// The rows (Licenses); `row_count` of them, which is not the number of licenses: each has a count. Go on until a page
                    /// has none. Neither it nor an element is NULL.
                    licenses[row_count]: rows "Licenses" of License = trro_license,
                }

                /// Asks how many licenses the account has, and in which states.
                reads GetLicenseStat = trro_get_license_stat, document 68115, 20 a second
                /// How to ask for the account's licenses, counted: there is nothing to choose.
                request trro_get_license_stat_request {}
                /// The account's licenses, counted. It lives in the caller's buffer. New fields may come at the end. A number that the
                /// service did not send is TRRO_ABSENT. How the numbers overlap is documented nowhere.
                response LicenseStat = trro_license_stat, license_stat {
                    /// Licenses that are valid (Valid).
                    valid: number "Valid",
                    /// Licenses that are bound to devices (Bound).
                    bound: number "Bound",
                    /// Licenses that are free (UnBound).
                    unbound: number "UnBound",
                    /// Licenses that have expired (Expire).
                    expired: number "Expire",
                    /// Licenses whose time of this month is used up (MonthlyExpire).
                    monthly_expired: number "MonthlyExpire",
                    /// The service's id of the request. Never NULL.
                    request_id: text "RequestId",
                }

                /// Asks how many usable licenses are bound to one device.
                reads GetDeviceLicense = trro_get_device_license, document 68117, 20 a second
                /// Which device to ask for.
                request trro_get_device_license_request<'a> {
                    /// The project of the device.
                    project_id: text "ProjectId", REQUIRED;
                    /// The device.
                    device_id: text "DeviceId", REQUIRED;
                }
                /// The usable licenses of a device. It lives in the caller's buffer. New fields may come at the end.
                response DeviceLicense = trro_device_license, device_license {
                    /// Licenses that are bound to the device and usable (AvailableCount), or TRRO_ABSENT.
                    available_count: number "AvailableCount",
                    /// The service's id of the request. Never NULL.
                    request_id: text "RequestId",
                }
            }
        }
    };
}
pub(crate) use licenses;
