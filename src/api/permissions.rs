//! The permission actions, described: which remote device may connect to which field devices. Uses nothing.
//!
//! Sources: the documents of the actions, the published API definitions and SDKs.

macro_rules! permissions {
    ($then:ident) => {
        $then! {
            records {}

            actions {
                /// Changes which field devices are listed for one remote device. That some could not be added or removed is no failure: look at
                /// failed_insert_ids and failed_delete_ids. No action of the international site tells what is listed.
                changes ModifyPolicy = trro_modify_policy, document 68106, 20 a second
                /// Which list to change, and how.
                request trro_modify_policy_request<'a> {
                    /// The project of the devices.
                    project_id: text "ProjectId", REQUIRED;
                    /// The remote device.
                    remote_device_id: text "RemoteDeviceId", REQUIRED;
                    /// The field devices; `field_device_id_count` of them. How many the service takes at once is documented nowhere.
                    field_device_ids[field_device_id_count]: texts "FieldDeviceIds", Rule::Texts;
                    /// Of which list: of what is forbidden, or of what is allowed.
                    policy_mode: text "PolicyMode", required(POLICY_MODE);
                    /// Whether they are added to what is listed, removed from it, or are all that is listed from now on.
                    modify_mode: text "ModifyMode", required(Text::OneOf(&["add", "remove", "set"]));
                }
                /// What became of the field devices. It lives in the caller's buffer. New fields may come at the end.
                response PolicyModification = trro_policy_modification, policy_modification {
                    /// The service's id of the request. Never NULL.
                    request_id: text "RequestId",
                    /// The devices that could not be added (FailedInsertIds), `failed_insert_id_count` of them. Neither it nor an element is
                    /// NULL.
                    failed_insert_ids[failed_insert_id_count]: texts "FailedInsertIds",
                    /// The devices that could not be removed (FailedDeleteIds), `failed_delete_id_count` of them. Neither it nor an element
                    /// is NULL.
                    failed_delete_ids[failed_delete_id_count]: texts "FailedDeleteIds",
                }

                /// Deletes all that is listed for remote devices. That some could not be is no failure: look at failed_remote_device_ids.
                changes BatchDeletePolicy = trro_batch_delete_policy, document 68107, 20 a second
                /// Whose lists to delete.
                request trro_batch_delete_policy_request<'a> {
                    /// The project of the devices.
                    project_id: text "ProjectId", REQUIRED;
                    /// The remote devices; `remote_device_id_count` of them. How many the service takes at once is documented nowhere.
                    remote_device_ids[remote_device_id_count]: texts "RemoteDeviceIds", Rule::Texts;
                    /// Of which list: of what is forbidden, or of what is allowed.
                    policy_mode: text "PolicyMode", required(POLICY_MODE);
                }
                /// What became of the remote devices. It lives in the caller's buffer. New fields may come at the end.
                response PolicyDeletion = trro_policy_deletion, policy_deletion {
                    /// The service's id of the request. Never NULL.
                    request_id: text "RequestId",
                    /// The remote devices whose lists could not be deleted (FailedRemoteDeviceIds), `failed_remote_device_id_count` of them.
                    /// Neither it nor an element is NULL.
                    failed_remote_device_ids[failed_remote_device_id_count]: texts "FailedRemoteDeviceIds",
                }
            }
        }
    };
}
pub(crate) use permissions;
