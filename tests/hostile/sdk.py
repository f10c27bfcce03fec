"""What the official Python SDK makes of hostile answers.

sdk.py < CASES

Each line of CASES is a port of the loopback and how many calls to make. It prints a line for each of them, of the worst call: `answered` and
how many devices there were, `refused` if the SDK's own exception came, `threw` and another exception, `hung` if nothing had come of it long after
the SDK's timeout.
"""

import signal
import sys

from tencentcloud.common import credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.trro.v20220325 import models, trro_client

TIMEOUT_S, HANGS_AFTER_S = 1, 5
ORDER = ["refused", "answered", "threw", "hung"]


class Hung(BaseException):
    """Not an exception that the SDK may catch."""


def hang(*_):
    raise Hung


def call(port):
    http = HttpProfile(protocol="http", endpoint=f"127.0.0.1:{port}", reqTimeout=TIMEOUT_S)
    client = trro_client.TrroClient(credential.Credential("AKIDEXAMPLE", "s3cretKey"), "ap-singapore", ClientProfile(httpProfile=http))
    request = models.GetDevicesRequest()
    request.PageNum, request.PageSize = 1, 10
    signal.alarm(HANGS_AFTER_S)
    try:
        answer = client.GetDevices(request)
        return "answered", len(answer.Devices or [])
    except TencentCloudSDKException as error:
        return "refused", error.get_code()
    except Hung:
        return "hung", ""
    except Exception as error:
        return "threw", type(error).__name__
    finally:
        signal.alarm(0)


signal.signal(signal.SIGALRM, hang)
for line in sys.stdin:
    port, calls = line.split()
    results = [call(port) for _ in range(int(calls))]
    # The last of several calls gets the whole of a sound answer.
    worst = max(results[:-1] or results, key=lambda result: ORDER.index(result[0]))
    print(*worst, flush=True)
