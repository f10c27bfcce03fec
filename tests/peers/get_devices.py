"""Calls GetDevices of the service at HOST:PORT with the official Python SDK, and prints what it got as JSON.

get_devices.py HOST:PORT SECRET_ID SECRET_KEY [PROJECT_ID [DEVICE_ID]]
"""

import json
import sys

from tencentcloud.common import credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.trro.v20220325 import models, trro_client

endpoint, secret_id, secret_key = sys.argv[1:4]
profile = ClientProfile(httpProfile=HttpProfile(protocol="http", endpoint=endpoint))
client = trro_client.TrroClient(credential.Credential(secret_id, secret_key), "ap-singapore", profile)
request = models.GetDevicesRequest()
request.PageNum = 1
request.PageSize = 100
request.ProjectId = sys.argv[4] if len(sys.argv) > 4 else None
request.DeviceId = sys.argv[5] if len(sys.argv) > 5 else None
try:
    print(client.GetDevices(request).to_json_string())
except TencentCloudSDKException as error:
    print(json.dumps({"error": error.get_code(), "message": error.get_message()}))
