//! What the environment says of proxies, and which hosts are reached without one. Uses `endpoint`, `sys`.

use ureq::ProxyProtocol;

use crate::endpoint::{Endpoint, Host};
use crate::sys::environment_variable;

/// The proxy of the environment, if it names one: by which variable, for people, and what it says.
pub fn named_by_environment() -> Option<(String, String)> {
    first_of(["HTTPS_PROXY", "https_proxy"]).or_else(|| first_of(["ALL_PROXY", "all_proxy"]))
}

/// Whether the endpoint is reached directly in any case: the loopback, and the hosts of `no_proxy`, else of the environment's
/// `NO_PROXY`.
pub fn needs_none(no_proxy: Option<&str>, endpoint: &Endpoint) -> bool {
    let exceptions = match no_proxy {
        Some(no_proxy) => Some(no_proxy.to_owned()),
        None => first_of(["NO_PROXY", "no_proxy"]).map(|(_, value)| value),
    };
    endpoint.host.is_loopback() || is_exception(&exceptions.unwrap_or_default(), endpoint)
}

fn first_of(names: [&str; 2]) -> Option<(String, String)> {
    let text = |name: &str| environment_variable(name).map(|value| value.to_string_lossy().into_owned());
    names.into_iter().find_map(|name| text(name).map(|value| (format!("the environment's {name}"), value)))
}

/// Whether the endpoint is one of the hosts of a list as `NO_PROXY` has it: names with their subdomains, addresses, or `*`.
fn is_exception(list: &str, endpoint: &Endpoint) -> bool {
    let entries = list.split(',').map(str::trim).filter(|entry| !entry.is_empty());
    if let Host::Address(address) = endpoint.host {
        // There are several ways to write one; in a URL, one of IPv6 stands in brackets.
        if entries.clone().any(|entry| entry.trim_matches(['[', ']']).parse() == Ok(address)) {
            return true;
        }
    }
    let builder = entries.fold(ureq::Proxy::builder(ProxyProtocol::Http), |builder, entry| {
        let builder = builder.no_proxy(entry);
        if entry.starts_with(['.', '*']) { builder } else { builder.no_proxy(&format!(".{entry}")) }
    });
    builder.build().is_ok_and(|proxy| proxy.is_no_proxy(&endpoint.url))
}
