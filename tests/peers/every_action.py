"""Calls every action of the service at HOST:PORT with the official Python SDK, and checks what each of them does.

every_action.py HOST:PORT SECRET_ID SECRET_KEY

It prints the names of the actions that the SDK has. The account has to be the emulator's default one.
"""

import inspect
import json
import re
import sys
import time

from tencentcloud.common import credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.trro.v20220325 import models, trro_client

endpoint, secret_id, secret_key = sys.argv[1:4]
profile = ClientProfile(httpProfile=HttpProfile(protocol="http", endpoint=endpoint))
client = trro_client.TrroClient(credential.Credential(secret_id, secret_key), "ap-singapore", profile)
called = set()

MINE, PORT = "m82k5408n675phvb", "q7d2x9w4k1z8r5tn"
TOKEN = "abcd1234ABCD5678"
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+08:00")


def call(action, **parameters):
    """The answer as JSON has it, and the request id checked."""
    called.add(action)
    request = getattr(models, action + "Request")()
    for name, value in parameters.items():
        # The SDK does not complain of a name that it does not know.
        assert hasattr(request, name), f"{action} has no {name}"
        setattr(request, name, value)
    answer = json.loads(getattr(client, action)(request).to_json_string())
    assert answer.pop("RequestId")
    return answer


def refusal(action, **parameters):
    """The code of the error that the service answers with."""
    try:
        answer = call(action, **parameters)
    except TencentCloudSDKException as error:
        return error.get_code()
    raise AssertionError(f"{action} {parameters} was carried out: {answer}")


def expect(found, expected):
    assert found == expected, f"{found!r} is not {expected!r}"


def projects():
    before = call("DescribeProjectList")
    expect((before["Total"], before["Num"], len(before["Projects"])), (2, 2, 2))
    project = call("CreateProject", ProjectName="试点 pilot", ProjectDescription="two gates")["ProjectId"]
    assert re.fullmatch("[a-z0-9]{16}", project), project
    info = call("DescribeProjectInfo", ProjectId=project)
    assert MOMENT.fullmatch(info.pop("ModifyTime"))
    expect(info, {"ProjectName": "试点 pilot", "ProjectDescription": "two gates", "PolicyMode": "black"})
    expect(call("ModifyProject", ProjectId=project, ProjectName="pilot", PolicyMode="white"), {})
    page = call("DescribeProjectList", PageNumber=3, PageSize=1)
    expect((page["Total"], page["Num"]), (3, 1))
    (row,) = page["Projects"]
    assert MOMENT.fullmatch(row.pop("ModifyTime"))
    expect(row, {"ProjectId": project, "ProjectName": "pilot", "ProjectDescription": "two gates", "PolicyMode": "white"})
    return project


def devices(project):
    for device_id, device_type in [("gate_1", "field"), ("gate_2", "field"), ("cockpit", "remote")]:
        new = {"DeviceId": device_id, "DeviceName": "新_" + device_id, "DeviceType": device_type, "DeviceToken": TOKEN}
        expect(call("CreateDevice", ProjectId=project, **new), {})
    info = call("DescribeDeviceInfo", ProjectId=project, DeviceId="cockpit")
    assert MOMENT.fullmatch(info.pop("ModifyTime"))
    expect(info, {"DeviceName": "新_cockpit", "DeviceType": "remote", "DeviceStatus": "offline", "LastReportTime": ""})
    expect(call("ModifyDevice", ProjectId=project, DeviceId="gate_1", DeviceName="闸口一", DeviceToken=TOKEN[::-1]), {})
    page = call("GetDevices", PageNum=1, PageSize=10, ProjectId=project)
    expect(page["TotalCount"], 3)
    expect([row["DeviceName"] for row in page["Devices"]], ["闸口一", "新_gate_2", "新_cockpit"])
    expect([row["LicenseCount"] for row in page["Devices"]], [0, 0, 0])


def permissions(project):
    policy = {"ProjectId": project, "RemoteDeviceId": "cockpit", "PolicyMode": "white"}
    added = call("ModifyPolicy", FieldDeviceIds=["gate_1", "gate_2", "gate_9"], ModifyMode="add", **policy)
    expect(added, {"FailedInsertIds": ["gate_9"], "FailedDeleteIds": []})
    removed = call("ModifyPolicy", FieldDeviceIds=["gate_1", "gate_9"], ModifyMode="remove", **policy)
    expect(removed, {"FailedInsertIds": [], "FailedDeleteIds": ["gate_9"]})
    deletion = {"ProjectId": project, "RemoteDeviceIds": ["cockpit", "cockpit_9"], "PolicyMode": "white"}
    expect(call("BatchDeletePolicy", **deletion), {"FailedRemoteDeviceIds": ["cockpit_9"]})
    expect(call("BatchDeletePolicy", **deletion), {"FailedRemoteDeviceIds": ["cockpit", "cockpit_9"]})


def licenses(project):
    expect(call("GetDeviceLicense", ProjectId=project, DeviceId="gate_1"), {"AvailableCount": 0})
    expect(call("GetDeviceLicense", ProjectId=MINE, DeviceId="field_many"), {"AvailableCount": 16})
    expect(call("GetDeviceLicense", ProjectId=MINE, DeviceId="field_expired"), {"AvailableCount": 0})
    free = call("GetLicenses", PageNum=1, PageSize=20, Status=0)
    expect(free["TotalCount"], 3)
    expect([row["Count"] for row in free["Licenses"]], [1, 2, 3])
    expect([row["RemainDay"] for row in free["Licenses"]], [9, 25, 340])
    assert all(len(row["LicenseIds"]) == row["Count"] and row["Status"] == 0 for row in free["Licenses"])
    assert all(row["ExpireTime"].isdigit() and row["Duration"].isdigit() for row in free["Licenses"])
    stat = call("GetLicenseStat")
    expect(stat["UnBound"], 6)
    expect(stat["Valid"], stat["Bound"] + stat["UnBound"])
    bound, page_number = 0, 1
    while page := call("GetLicenses", PageNum=page_number, PageSize=50, Status=1)["Licenses"]:
        bound += sum(row["Count"] for row in page)
        page_number += 1
    expect(bound, stat["Bound"] + stat["Expire"])


def sessions():
    page = call("DescribeDeviceSessionList", ProjectId=PORT, PageNumber=1, PageSize=2, DeviceId="cockpit_a")
    expect((page["Total"], page["Num"], len(page["DeviceSessionList"])), (6, 2, 2))
    for row in page["DeviceSessionList"]:
        assert row["StartTime"] < row["EndTime"] <= time.time()
        assert row["Quality"] in ("good", "normal", "bad") and re.fullmatch(r"\d+\*\d+", row["Resolution"])
        expect(row["RemoteDeviceId"], "cockpit_a")
    recent = call("DescribeRecentSessionList", ProjectId=PORT, PageNumber=1, PageSize=10)
    expect([row["FieldDeviceId"] for row in recent["RecentSessionList"]], ["port_01", "port_02", "port_03"])
    assert all(row["LatestUpdateTime"] > time.time() - 7200 for row in recent["RecentSessionList"])
    now = int(time.time())
    window = {"StartTime": now - 7 * 3600, "EndTime": now}
    expect(call("DescribeSessionStatistics", ProjectId=PORT, DeviceId="port_03", **window), {
        "SessionNum": 1, "TotalDuration": 90, "ActiveFieldDeviceNum": 1, "ActiveRemoteDeviceNum": 1,
        "NotBadSessionRatio": 0,
    })
    expect(call("DescribeSessionStatistics", ProjectId=PORT, **window)["NotBadSessionRatio"], 75)
    for interval, fewest in [("hour", 4), ("day", 1), ("month", 1)]:
        answer = call("DescribeSessionStatisticsByInterval", ProjectId=PORT, StatisticInterval=interval, **window)
        rows = answer["SessionStatistics"]
        assert len(rows) >= fewest and all(row["StartTime"] < row["EndTime"] for row in rows), rows
        expect(sum(row["SessionNum"] for row in rows), 4)


def refusals(project):
    device = {"ProjectId": project, "DeviceId": "gate_3", "DeviceName": "n", "DeviceType": "field", "DeviceToken": TOKEN}
    expect(refusal("CreateProject"), "MissingParameter")
    expect(refusal("GetDevices", PageNum=1), "MissingParameter")
    expect(refusal("CreateProject", ProjectName="n" * 25), "InvalidParameterValue")
    expect(refusal("CreateDevice", **{**device, "DeviceName": "名" * 24}), "InvalidParameterValue")
    expect(refusal("CreateDevice", **{**device, "DeviceToken": TOKEN[1:]}), "InvalidParameterValue")
    expect(refusal("CreateDevice", **{**device, "DeviceId": "gate_1"}), "InvalidParameterValue")
    expect(refusal("GetLicenses", PageNum=1, PageSize=20, Status=4), "InvalidParameterValue")
    expect(refusal("GetLicenses", PageNum="1", PageSize=20), "InvalidParameter")
    expect(refusal("DescribeDeviceInfo", ProjectId=project, DeviceId="gate_9"), "ResourceNotFound")
    expect(refusal("GetDeviceLicense", ProjectId=project, DeviceId="gate_9"), "ResourceNotFound")
    expect(refusal("DeleteProject", ProjectId="nosuchproject000"), "ResourceNotFound")


def deletions(project):
    deleted = call("BatchDeleteDevices", ProjectId=project, DeviceIds=["gate_1", "gate_9"])
    expect(deleted, {"FailedDeviceIds": ["gate_9"]})
    expect(call("GetDevices", PageNum=1, PageSize=10, ProjectId=project)["TotalCount"], 2)
    expect(call("DeleteProject", ProjectId=project), {})
    expect(refusal("DescribeProjectInfo", ProjectId=project), "ResourceNotFound")
    expect(call("DescribeProjectList")["Total"], 2)


pilot = projects()
devices(pilot)
permissions(pilot)
licenses(pilot)
sessions()
refusals(pilot)
deletions(pilot)
known = {name for name, _ in inspect.getmembers(trro_client.TrroClient, inspect.isfunction) if name[0].isupper()}
expect(called, known)
print(json.dumps(sorted(called)))
