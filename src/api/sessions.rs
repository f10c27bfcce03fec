//! The session actions, described. Uses nothing.
//!
//! Sources: the documents of the actions, the published API definitions and SDKs. That the times of the two lists are seconds
//! follows from their published samples.

macro_rules! sessions {
    ($then:ident) => {
        $then! {
            records {
                /// A session between a remote device and a field device. It lives in the caller's buffer. New fields may come at the end.
                /// A number that the service did not send is TRRO_ABSENT, a string "".
                Session = trro_session {
                    /// Its id. Never NULL.
                    session_id: text "SessionId",
                    /// The remote device. Never NULL.
                    remote_device_id: text "RemoteDeviceId",
                    /// The field device. Never NULL.
                    field_device_id: text "FieldDeviceId",
                    /// The resolution, as "1920*1080" in the published sample. Never NULL.
                    resolution: text "Resolution",
                    /// When it began (StartTime), in seconds since 1970 by the published sample.
                    start_time_s: number "StartTime",
                    /// When it ended (EndTime), in seconds since 1970 by the published sample.
                    end_time_s: number "EndTime",
                    /// "good", "normal" or "bad". Never NULL.
                    quality: text "Quality",
                }

                /// A session that is going on or ended lately. It lives in the caller's buffer. New fields may come at the end. A number
                /// that the service did not send is TRRO_ABSENT, a string "".
                RecentSession = trro_recent_session {
                    /// Its id. Never NULL.
                    session_id: text "SessionId",
                    /// The remote device. Never NULL.
                    remote_device_id: text "RemoteDeviceId",
                    /// The field device. Never NULL.
                    field_device_id: text "FieldDeviceId",
                    /// The resolution, as "1920*1080" in the published sample. Never NULL.
                    resolution: text "Resolution",
                    /// When it began (StartTime), in seconds since 1970 by the published sample.
                    start_time_s: number "StartTime",
                    /// When the service last heard of it (LatestUpdateTime), in seconds since 1970 by the published sample.
                    latest_update_time_s: number "LatestUpdateTime",
                }

                /// The sessions of one interval, counted. It lives in the caller's buffer. New fields may come at the end. A number that
                /// the service did not send is TRRO_ABSENT.
                IntervalStatistics = trro_interval_statistics {
                    /// Where the interval begins (StartTime), in seconds since 1970.
                    start_time_s: number "StartTime",
                    /// Where it ends (EndTime), in seconds since 1970.
                    end_time_s: number "EndTime",
                    /// Sessions (SessionNum).
                    session_count: number "SessionNum",
                    /// What they took together (TotalDuration), in minutes.
                    total_duration_minutes: number "TotalDuration",
                    /// Field devices that took part (ActiveFieldDeviceNum).
                    active_field_device_count: number "ActiveFieldDeviceNum",
                    /// Remote devices that took part (ActiveRemoteDeviceNum).
                    active_remote_device_count: number "ActiveRemoteDeviceNum",
                    /// How many of 100 sessions were not bad (NotBadSessionRatio).
                    not_bad_session_percent: number "NotBadSessionRatio",
                }
            }

            actions {
                /// Asks for the sessions of a project, a page of them.
                reads DescribeDeviceSessionList = trro_describe_device_session_list, document 68098, 20 a second
                /// Which sessions to ask for.
                request trro_describe_device_session_list_request<'a> {
                    /// The project.
                    project_id: text "ProjectId", REQUIRED;
                    /// The page.
                    page_number: number "PageNumber", PAGE;
                    /// Rows a page. The service documents no largest one, and may give fewer or refuse (InvalidParameterValue).
                    page_size: number "PageSize", page_size(20);
                    /// Only sessions of this device.
                    device_id: text "DeviceId", OPTIONAL;
                    /// From this moment on, in seconds since 1970 by the published sample.
                    start_time_s: number "StartTime", TIME;
                    /// Until this moment, in seconds since 1970 by the published sample.
                    end_time_s: number "EndTime", TIME;
                }
                /// One page of sessions. It lives in the caller's buffer. New fields may come at the end.
                response SessionList = trro_session_list, session_list {
                    /// How many sessions there are (Total), or TRRO_ABSENT.
                    total: number "Total",
                    /// How many of them are in this answer, as the service says (Num), or TRRO_ABSENT.
                    num: number "Num",
                    /// The service's id of the request. Never NULL.
                    request_id: text "RequestId",
                    /// The rows (DeviceSessionList); `session_count` of them. Go on until a page has none. Neither it nor an
                    /// element is NULL.
                    sessions[session_count]: rows "DeviceSessionList" of Session = trro_session,
                }

                /// Asks for the sessions of a project in the last two hours, a page of them.
                reads DescribeRecentSessionList = trro_describe_recent_session_list, document 68097, 20 a second
                /// Which recent sessions to ask for.
                request trro_describe_recent_session_list_request<'a> {
                    /// The project.
                    project_id: text "ProjectId", REQUIRED;
                    /// The page.
                    page_number: number "PageNumber", PAGE;
                    /// Rows a page. The service documents no largest one, and may give fewer or refuse (InvalidParameterValue).
                    page_size: number "PageSize", page_size(20);
                    /// Only sessions of this device, remote or in the field.
                    device_id: text "DeviceId", OPTIONAL;
                    /// From this moment on, in seconds since 1970 by the published sample. The service takes two hours ago where it is not
                    /// sent or earlier.
                    start_time_s: number "StartTime", TIME;
                    /// Until this moment, in seconds since 1970 by the published sample. The service takes now where it is not sent or out
                    /// of range.
                    end_time_s: number "EndTime", TIME;
                }
                /// One page of recent sessions. It lives in the caller's buffer. New fields may come at the end.
                response RecentSessionList = trro_recent_session_list, recent_session_list {
                    /// How many sessions there are (Total), or TRRO_ABSENT.
                    total: number "Total",
                    /// How many of them are in this answer, as the service says (Num), or TRRO_ABSENT.
                    num: number "Num",
                    /// The service's id of the request. Never NULL.
                    request_id: text "RequestId",
                    /// The rows (RecentSessionList); `session_count` of them. Go on until a page has none. Neither it nor an
                    /// element is NULL.
                    sessions[session_count]: rows "RecentSessionList" of RecentSession = trro_recent_session,
                }

                /// Asks for the sessions of a project, counted.
                reads DescribeSessionStatistics = trro_describe_session_statistics, document 68096, 20 a second
                /// Which sessions to count.
                request trro_describe_session_statistics_request<'a> {
                    /// The project.
                    project_id: text "ProjectId", REQUIRED;
                    /// Only sessions of this device.
                    device_id: text "DeviceId", OPTIONAL;
                    /// From this moment on, in seconds since 1970.
                    start_time_s: number "StartTime", TIME;
                    /// Until this moment, in seconds since 1970.
                    end_time_s: number "EndTime", TIME;
                }
                /// Sessions, counted. It lives in the caller's buffer. New fields may come at the end. A number that the service did not
                /// send is TRRO_ABSENT.
                response SessionStatistics = trro_session_statistics, session_statistics {
                    /// Sessions (SessionNum).
                    session_count: number "SessionNum",
                    /// What they took together (TotalDuration), in minutes.
                    total_duration_minutes: number "TotalDuration",
                    /// Field devices that took part (ActiveFieldDeviceNum).
                    active_field_device_count: number "ActiveFieldDeviceNum",
                    /// Remote devices that took part (ActiveRemoteDeviceNum).
                    active_remote_device_count: number "ActiveRemoteDeviceNum",
                    /// How many of 100 sessions were not bad (NotBadSessionRatio).
                    not_bad_session_percent: number "NotBadSessionRatio",
                    /// The service's id of the request. Never NULL.
                    request_id: text "RequestId",
                }

                /// Asks for the sessions of a project, counted in each hour, day or month.
                reads DescribeSessionStatisticsByInterval = trro_describe_session_statistics_by_interval, document 68095, 20 a second
                /// Which sessions to count.
                request trro_describe_session_statistics_by_interval_request<'a> {
                    /// The project.
                    project_id: text "ProjectId", REQUIRED;
                    /// How long an interval is.
                    statistic_interval: text "StatisticInterval", required(Text::OneOf(&["hour", "day", "month"]));
                    /// Only sessions of this device.
                    device_id: text "DeviceId", OPTIONAL;
                    /// From this moment on, in seconds since 1970.
                    start_time_s: number "StartTime", TIME;
                    /// Until this moment, in seconds since 1970.
                    end_time_s: number "EndTime", TIME;
                }
                /// Sessions, counted in intervals. It lives in the caller's buffer. New fields may come at the end.
                response SessionStatisticsByInterval = trro_session_statistics_by_interval, session_statistics_by_interval {
                    /// The service's id of the request. Never NULL.
                    request_id: text "RequestId",
                    /// The intervals (SessionStatistics); `interval_count` of them. Neither it nor an element is NULL.
                    intervals[interval_count]: rows "SessionStatistics" of IntervalStatistics = trro_interval_statistics,
                }
            }
        }
    };
}
pub(crate) use sessions;
