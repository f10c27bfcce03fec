//! What to do about a step that failed, in sentences for people: pure. Uses `authorization`, `error`.

use super::Step;
use crate::authorization::Verdict;
use crate::error::{Error, Status};

/// For a clock that only the library gets along with.
pub const SET_CLOCK: &str =
    "set the clock of this machine (NTP): the library goes by the service's time, and other programs do not";
/// For an account that asks too much.
pub const FEWER_REQUESTS: &str = "the account has 20 requests a second for all its programs together: ask less often, \
                                  and tell config->fleet_size if many devices start together";

const CHECK_ANSWER: &str = "check config->endpoint, and what stands between: a captive portal, a proxy, a gateway";

/// Whether the service does not know the secret id, or refuses the token, by this code; else it is about the signature.
pub fn is_about_id_or_token(code: &str) -> bool {
    const CODES: [&str; 4] = [
        "AuthFailure.InvalidSecretId",
        "AuthFailure.MFAFailure",
        "AuthFailure.SecretIdNotFound",
        "AuthFailure.TokenFailure",
    ];
    CODES.contains(&code)
}

/// What to do about an error at a step.
pub fn on(step: Step, error: &Error) -> String {
    let advice = match step {
        Step::Resolve => on_resolve(error),
        Step::Route => on_route(error),
        Step::Connect => on_connect(error),
        Step::Tls => on_tls(error),
        Step::Answer => on_answer(error),
        Step::Clock => "set the clock of this machine (NTP)",
        Step::Credentials => on_credentials(error),
        Step::Signature => "the key is not that of the secret id: copy it again, whole and without blanks",
        Step::Permission => on_permission(error),
        Step::RateLimit => return on_rate_limit(error),
        Step::License => "check project_id and device_id, and config->endpoint: the two sites have separate projects",
    };
    advice.to_owned()
}

fn on_resolve(error: &Error) -> &'static str {
    match error.status {
        Status::Timeout => "the name server does not answer: check the network and /etc/resolv.conf",
        _ => "check the network, /etc/resolv.conf and the host in config->endpoint, or that of the proxy",
    }
}

fn on_route(error: &Error) -> &'static str {
    match error.os_error {
        libc::ENODEV => "there is no network device of the name in config->network_interface: `ip link` lists them",
        libc::EPERM => "Linux before 5.7 lets only privileged programs choose a network device (CAP_NET_RAW)",
        libc::EMFILE | libc::ENFILE => "too many files are open: close some, or raise the limit (ulimit -n)",
        _ => "check that the network is up and has a route there (`ip route`): is the modem connected?",
    }
}

fn on_connect(error: &Error) -> &'static str {
    match (error.status, error.os_error) {
        (Status::ProxyFailed, _) => {
            "check the proxy, its user and password: config->proxy, or HTTPS_PROXY and ALL_PROXY"
        }
        (Status::Timeout, _) | (_, libc::ETIMEDOUT) => {
            "a firewall may swallow the connection, or the way is slow: allow it, or raise config->connect_timeout_ms"
        }
        (_, libc::ECONNREFUSED) => "nobody listens there, or a firewall refuses: check the port in config->endpoint",
        _ => "check the network, and what stands between",
    }
}

fn on_tls(error: &Error) -> &'static str {
    match error.status {
        Status::Timeout => {
            "the other side took the connection and does not speak TLS in time: check what stands between"
        }
        Status::TlsFailed => {
            "check config->endpoint, config->ca_file and the clock; something between may open TLS with a certificate of its own"
        }
        _ => "the other side hung up: check the port in config->endpoint, and what stands between",
    }
}

fn on_answer(error: &Error) -> &'static str {
    match error.status {
        Status::ServiceFailed => "try again later; if it stays, ask Tencent Cloud, with the request id",
        Status::Timeout => "the connection stands and no answer comes: try again, give it more time (deadline_ms)",
        Status::RequestRejected if error.message.contains("Region") => "set config->region",
        Status::RequestRejected | Status::NotFound => "check project_id, config->region and config->endpoint",
        Status::ConnectFailed => "the other side hung up: try again; check what stands between",
        _ => CHECK_ANSWER,
    }
}

fn on_credentials(error: &Error) -> &'static str {
    match error.code.as_str() {
        "AuthFailure.SecretIdNotFound" | "AuthFailure.InvalidSecretId" => {
            "the service has no such secret id: was it copied whole, is it enabled, is it of this site of Tencent Cloud?"
        }
        "AuthFailure.TokenFailure" => {
            "the token is spent, or belongs to another key: get new temporary credentials, all three parts"
        }
        "AuthFailure.MFAFailure" => {
            "the account asks for a second factor, which a program has not: use a key of a sub-account"
        }
        _ if error.status == Status::NoCredentials => "get new credentials, or a signing key for today",
        _ => "mend the source that the finding names",
    }
}

fn on_permission(error: &Error) -> &'static str {
    match error.code.as_str() {
        "IpInBlacklist" | "IpNotInWhitelist" => {
            "let the address of this machine in, in the account's access management"
        }
        _ => "grant the key trro:GetDevices in the account's access management (CAM)",
    }
}

fn on_rate_limit(error: &Error) -> String {
    match error.retry_after {
        Some(after) => format!("try again in {after:.1?}; {FEWER_REQUESTS}"),
        None => FEWER_REQUESTS.to_owned(),
    }
}

/// What to do about a license; empty if nothing.
pub fn on_license(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Authorized => "",
        Verdict::Unknown => "TRRO_start checks by itself: let the device try",
        Verdict::NotFound => {
            "check project_id and device_id, letter by letter; register the device in the TRRO console"
        }
        Verdict::NotBound => "bind a license to the device in the TRRO console",
        Verdict::NotEnough => "bind more licenses to the device in the TRRO console, or let it send fewer streams",
        Verdict::Expired => "renew the licenses of the device in the TRRO console, or bind others",
        Verdict::NoDuration => "wait for the next month of the license, or bind another one in the TRRO console",
    }
}
