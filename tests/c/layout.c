/* Prints the size of every public struct and the offset of every field, to be compared with the recorded ones. */
#include <stdio.h>
#include <trro.h>

#define SIZE(type) printf(#type " %zu\n", sizeof(type))
#define FIELD(type, field) printf("    " #field " %zu\n", offsetof(type, field))

int main(void) {
    SIZE(trro_error);
    FIELD(trro_error, status);
    FIELD(trro_error, retryable);
    FIELD(trro_error, http_status);
    FIELD(trro_error, os_error);
    FIELD(trro_error, attempts);
    FIELD(trro_error, retry_after_ms);
    FIELD(trro_error, outcome_unknown);
    FIELD(trro_error, code);
    FIELD(trro_error, request_id);
    FIELD(trro_error, message);
    FIELD(trro_error, reserved);
    SIZE(trro_credentials);
    FIELD(trro_credentials, struct_size);
    FIELD(trro_credentials, secret_id);
    FIELD(trro_credentials, secret_key);
    FIELD(trro_credentials, token);
    FIELD(trro_credentials, signing_key);
    FIELD(trro_credentials, signing_date);
    FIELD(trro_credentials, expires_at_s);
    SIZE(trro_client_config);
    FIELD(trro_client_config, struct_size);
    FIELD(trro_client_config, credentials);
    FIELD(trro_client_config, credentials_fn);
    FIELD(trro_client_config, credentials_data);
    FIELD(trro_client_config, cvm_role);
    FIELD(trro_client_config, endpoint);
    FIELD(trro_client_config, region);
    FIELD(trro_client_config, language);
    FIELD(trro_client_config, ca_file);
    FIELD(trro_client_config, client_cert_file);
    FIELD(trro_client_config, client_key_file);
    FIELD(trro_client_config, proxy);
    FIELD(trro_client_config, no_proxy);
    FIELD(trro_client_config, network_interface);
    FIELD(trro_client_config, user_agent);
    FIELD(trro_client_config, deadline_ms);
    FIELD(trro_client_config, connect_timeout_ms);
    FIELD(trro_client_config, max_attempts);
    FIELD(trro_client_config, max_response_bytes);
    FIELD(trro_client_config, max_requests_per_s);
    FIELD(trro_client_config, fleet_size);
    FIELD(trro_client_config, log_level);
    FIELD(trro_client_config, log_fn);
    FIELD(trro_client_config, log_data);
    SIZE(trro_get_devices_request);
    FIELD(trro_get_devices_request, struct_size);
    FIELD(trro_get_devices_request, page_num);
    FIELD(trro_get_devices_request, page_size);
    FIELD(trro_get_devices_request, project_id);
    FIELD(trro_get_devices_request, device_id);
    FIELD(trro_get_devices_request, deadline_ms);
    FIELD(trro_get_devices_request, reserved);
    SIZE(trro_device);
    FIELD(trro_device, device_id);
    FIELD(trro_device, device_name);
    FIELD(trro_device, license_count);
    FIELD(trro_device, remain_days);
    FIELD(trro_device, expire_time_s);
    FIELD(trro_device, duration_s);
    FIELD(trro_device, monthly_remain_time);
    FIELD(trro_device, limited_time_minutes);
    FIELD(trro_device, license_ids);
    FIELD(trro_device, license_id_count);
    SIZE(trro_devices);
    FIELD(trro_devices, total_count);
    FIELD(trro_devices, request_id);
    FIELD(trro_devices, devices);
    FIELD(trro_devices, device_count);
    SIZE(trro_diagnosis);
    FIELD(trro_diagnosis, step);
    FIELD(trro_diagnosis, status);
    FIELD(trro_diagnosis, elapsed_ms);
    FIELD(trro_diagnosis, name);
    FIELD(trro_diagnosis, finding);
    FIELD(trro_diagnosis, advice);
    FIELD(trro_diagnosis, was_reached);
    return 0;
}
