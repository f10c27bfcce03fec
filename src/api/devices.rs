//! The device actions, described. Uses nothing. (GetDevices is a license action: it lists devices with their licenses.)
//!
//! Sources: the documents of the actions, the published API definitions and SDKs.

macro_rules! devices {
    ($then:ident) => {
        $then! {
            records {}

            actions {
                /// Makes a device, so that it can log in with its id and its password. By which code the service refuses an id that there is
                /// already is documented nowhere.
                /// @par Example
                /// c-examples/create_device.c, which finds out what became of it where nobody has said.
                changes CreateDevice = trro_create_device, document 68111, 50 a second
                /// Which device to make.
                request trro_create_device_request<'a> {
                    /// The project of the device.
                    project_id: text "ProjectId", REQUIRED;
                    /// Its id, which no other device of the project has. The international site documents 18 characters at most, that for
                    /// China 32.
                    device_id: text "DeviceId", required(NEW_DEVICE_ID);
                    /// Its name; beyond ASCII the service documents Chinese.
                    device_name: text "DeviceName", required(DEVICE_NAME);
                    /// A device in the field, or a remote one that controls others.
                    device_type: text "DeviceType", required(DEVICE_TYPE);
                    /// Its password. It shows in no message and no log.
                    device_token: secret "DeviceToken", required(DEVICE_TOKEN);
                }
                /// The device was made. It lives in the caller's buffer. New fields may come at the end.
                response DeviceCreation = trro_device_creation, device_creation {
                    /// The service's id of the request. Never NULL.
                    request_id: text "RequestId",
                }

                /// Changes a device. What is not given stays as it is.
                changes ModifyDevice = trro_modify_device, document 68109, 50 a second
                /// Which device to change, and how.
                request trro_modify_device_request<'a> {
                    /// The project of the device.
                    project_id: text "ProjectId", REQUIRED;
                    /// The device.
                    device_id: text "DeviceId", REQUIRED;
                    /// Its new name; beyond ASCII the service documents Chinese.
                    device_name: text "DeviceName", optional(DEVICE_NAME);
                    /// Its new password. It shows in no message and no log.
                    device_token: secret "DeviceToken", optional(DEVICE_TOKEN);
                }
                /// The device was changed. It lives in the caller's buffer. New fields may come at the end.
                response DeviceModification = trro_device_modification, device_modification {
                    /// The service's id of the request. Never NULL.
                    request_id: text "RequestId",
                }

                /// Deletes devices of one project. That some could not be deleted is no failure: look at failed_device_ids.
                changes BatchDeleteDevices = trro_batch_delete_devices, document 68112, 20 a second
                /// Which devices to delete.
                request trro_batch_delete_devices_request<'a> {
                    /// The project of the devices.
                    project_id: text "ProjectId", REQUIRED;
                    /// The devices; `device_id_count` of them. How many the service takes at once is documented nowhere.
                    device_ids[device_id_count]: texts "DeviceIds", Rule::Texts;
                }
                /// What became of the devices. It lives in the caller's buffer. New fields may come at the end.
                response DeviceDeletion = trro_device_deletion, device_deletion {
                    /// The service's id of the request. Never NULL.
                    request_id: text "RequestId",
                    /// The devices that could not be deleted (FailedDeviceIds), `failed_device_id_count` of them; the others were. Neither it
                    /// nor an element is NULL.
                    failed_device_ids[failed_device_id_count]: texts "FailedDeviceIds",
                }

                /// Asks for one device: what it is, and whether it is online.
                reads DescribeDeviceInfo = trro_describe_device_info, document 68110, 20 a second
                /// Which device to ask for.
                request trro_describe_device_info_request<'a> {
                    /// The project of the device.
                    project_id: text "ProjectId", REQUIRED;
                    /// The device.
                    device_id: text "DeviceId", REQUIRED;
                }
                /// One device. It lives in the caller's buffer. New fields may come at the end. A string that the service did not send is
                /// "".
                response DeviceInfo = trro_device_info, device_info {
                    /// Its name. Never NULL. UTF-8, as the service sent it.
                    device_name: text "DeviceName",
                    /// "field", or "remote" for one that controls others. Never NULL.
                    device_type: text "DeviceType",
                    /// "offline", "ready" (online) or "connected" (in a session). Never NULL.
                    device_status: text "DeviceStatus",
                    /// When its status was last reported. Never NULL. In which form is not documented.
                    last_report_time: text "LastReportTime",
                    /// When it was last changed, by ISO 8601. Never NULL.
                    modify_time: text "ModifyTime",
                    /// The service's id of the request. Never NULL.
                    request_id: text "RequestId",
                }
            }
        }
    };
}
pub(crate) use devices;
