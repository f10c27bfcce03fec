// Calls GetDevices of the service at HOST:PORT with the official Node SDK, and prints what it got as JSON.
//
// NODE_PATH=node_modules node get_devices.cjs HOST:PORT SECRET_ID SECRET_KEY [PROJECT_ID [DEVICE_ID]]

const http = require("http");
const net = require("net");
const { common, trro } = require("tencentcloud-sdk-nodejs-intl-en");

const [address, secretId, secretKey, projectId, deviceId] = process.argv.slice(2);

// The SDK takes the service that it signs for from the name of the endpoint, and signs a host without a port: so it is given
// the service's own name, and only its connections are led elsewhere.
const [host, port] = address.split(":");
http.globalAgent.createConnection = () => net.createConnection({ host, port: Number(port) });

const profile = new common.ClientProfile(
    "TC3-HMAC-SHA256", new common.HttpProfile("http://", "trro.intl.tencentcloudapi.com"));
const client = new trro.v20220325.Client(new common.Credential(secretId, secretKey), "ap-singapore", profile);
const request = new trro.v20220325.Models.GetDevicesRequest();
request.from_json_string(JSON.stringify({ PageNum: 1, PageSize: 100, ProjectId: projectId, DeviceId: deviceId }));
client.GetDevices(request, (error, answer) => {
    console.log(error ? JSON.stringify({ error: error.code, message: error.message }) : answer.to_json_string());
});
