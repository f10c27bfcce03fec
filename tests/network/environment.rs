//! Proxies of the environment. It belongs to a whole process, so that each case is one of its own.

use emulator::{Options, Proxy, ProxyProtocol};

use crate::proxies::{proxy, proxy_with_password, shows_no_password};
use crate::{NOWHERE, Service, child};

tests![
    each_variable_is_used,
    the_variable_for_https_comes_first,
    an_empty_variable_is_none,
    those_for_plain_http_are_not_used,
    the_configuration_comes_first,
    exceptions_are_those_of_the_environment,
    exceptions_of_the_configuration_come_first,
    the_loopback_is_reached_directly,
    a_mistake_is_named_by_its_variable,
];

/// Nothing listens there.
const UNREACHABLE: &str = "http://127.0.0.1:1";

/// What a call to a service, to which only a proxy leads, comes to with these variables; how often it was reached.
fn outcome(variables: &[(&str, &str)]) -> (String, usize) {
    let service = Service::named(NOWHERE, Options::default());
    let own = [("TEST_ENDPOINT", service.endpoint.as_str()), ("TEST_CA_FILE", &service.ca_file)];
    let outcome = child::outcome_of_call(&[&own, variables].concat());
    (outcome, service.requests().len())
}

/// A call succeeds through the proxy.
fn is_used(proxy: &Proxy, variables: &[(&str, &str)]) {
    assert_eq!(outcome(variables), ("OK".to_owned(), 1), "{variables:?}");
    assert_eq!(proxy.targets().len(), 1);
}

/// A call fails, and goes through no proxy.
fn is_not_used(proxy: &Proxy, variables: &[(&str, &str)]) {
    let (outcome, requests) = outcome(variables);
    assert!(outcome.starts_with("ResolveFailed") || outcome.starts_with("Timeout"), "{outcome}");
    assert_eq!((proxy.targets().len(), requests), (0, 0), "{variables:?}");
}

fn each_variable_is_used() {
    for variable in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        for proxy in [proxy_with_password(ProxyProtocol::Http), proxy_with_password(ProxyProtocol::Socks5)] {
            is_used(&proxy, &[(variable, &proxy.url_with_credentials())]);
        }
    }
}

fn the_variable_for_https_comes_first() {
    for (first, second) in [("HTTPS_PROXY", "ALL_PROXY"), ("https_proxy", "ALL_PROXY"), ("HTTPS_PROXY", "all_proxy")] {
        let proxy = proxy(ProxyProtocol::Http, None);
        is_used(&proxy, &[(first, &proxy.url()), (second, UNREACHABLE)]);
    }
}

fn an_empty_variable_is_none() {
    let proxy = proxy(ProxyProtocol::Http, None);
    is_used(&proxy, &[("HTTPS_PROXY", ""), ("ALL_PROXY", &proxy.url())]);
}

fn those_for_plain_http_are_not_used() {
    let proxy = proxy(ProxyProtocol::Http, None);
    is_not_used(&proxy, &[("HTTP_PROXY", &proxy.url()), ("http_proxy", &proxy.url())]);
}

fn the_configuration_comes_first() {
    let proxy = proxy(ProxyProtocol::Http, None);
    is_used(&proxy, &[("TEST_PROXY", &proxy.url()), ("HTTPS_PROXY", UNREACHABLE), ("ALL_PROXY", UNREACHABLE)]);
}

fn exceptions_are_those_of_the_environment() {
    for variable in ["NO_PROXY", "no_proxy"] {
        let proxy = proxy(ProxyProtocol::Http, None);
        is_not_used(&proxy, &[("HTTPS_PROXY", &proxy.url()), (variable, "elsewhere.example, trro.invalid")]);
        is_not_used(&proxy, &[("TEST_PROXY", &proxy.url()), (variable, "*")]);
        is_used(&proxy, &[("HTTPS_PROXY", &proxy.url()), (variable, "elsewhere.example")]);
    }
}

fn exceptions_of_the_configuration_come_first() {
    let proxy = proxy(ProxyProtocol::Http, None);
    let url = proxy.url();
    let variables = |ours, theirs| [("HTTPS_PROXY", url.as_str()), ("TEST_NO_PROXY", ours), ("NO_PROXY", theirs)];
    is_not_used(&proxy, &variables(NOWHERE, "elsewhere.example"));
    is_used(&proxy, &variables("elsewhere.example", NOWHERE));
}

fn the_loopback_is_reached_directly() {
    let service = Service::named("localhost", Options::default());
    let proxy = proxy(ProxyProtocol::Http, None);
    let variables = [
        ("TEST_ENDPOINT", service.endpoint.as_str()),
        ("TEST_CA_FILE", &service.ca_file),
        ("HTTPS_PROXY", &proxy.url()),
        ("ALL_PROXY", &proxy.url()),
    ];
    assert_eq!(child::outcome_of_call(&variables), "OK");
    assert!(proxy.targets().is_empty());
}

fn a_mistake_is_named_by_its_variable() {
    for variable in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        let (outcome, requests) = outcome(&[(variable, "gopher://depot:s3cret@127.0.0.1:1")]);
        let expected = format!("InvalidArgument the environment's {variable} ");
        assert!(outcome.starts_with(&expected) && requests == 0, "{outcome}");
        shows_no_password(&outcome);
    }
}
