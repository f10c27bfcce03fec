//! Through proxies that do what they should.

use emulator::{Metadata, MetadataOptions, Options, Proxy, ProxyFault, ProxyOptions, ProxyProtocol};
use trro::config::Config;
use trro::log::{Level, Log};

use crate::{NOWHERE, Service, call_with};

tests![
    http_leads_to_a_name_that_is_nowhere,
    http_with_a_password_leads_to_a_name_that_is_nowhere,
    socks5_leads_to_a_name_that_is_nowhere,
    socks5_with_a_password_leads_to_a_name_that_is_nowhere,
    http_leads_to_an_address,
    socks5_leads_to_an_address,
    an_answer_that_drips_is_waited_for,
    a_path_of_a_private_deployment_is_requested,
    a_host_of_the_list_of_exceptions_is_reached_directly,
    an_ipv6_address_of_the_list_of_exceptions_is_reached_directly,
    the_loopback_is_reached_directly,
    the_metadata_service_is_reached_directly,
    a_proxy_that_is_a_name_is_looked_up,
    the_log_names_the_proxy,
];

/// With every character that means something in a URL, and some that may not stand in one.
pub const USER: &str = "depot 7@yard/%41";
pub const PASSWORD: &str = "s3cret@:/?#[]%41+&= ü\"";

pub fn proxy(protocol: ProxyProtocol, fault: Option<ProxyFault>) -> Proxy {
    Proxy::start(ProxyOptions { protocol, fault, credentials: None }).unwrap()
}

pub fn proxy_with_password(protocol: ProxyProtocol) -> Proxy {
    let credentials = Some((USER.to_owned(), PASSWORD.to_owned()));
    Proxy::start(ProxyOptions { protocol, credentials, fault: None }).unwrap()
}

/// A call through the proxy succeeds, and the proxy is told the host as it is.
fn leads_to(host: &str, proxy: &Proxy) {
    let service = Service::named(host, Options::default());
    let url = proxy.url_with_credentials();
    assert_eq!(call_with(Config { proxy: Some(&url), ..service.config() }), Ok(10));
    assert_eq!(proxy.targets(), [format!("{host}:{}", service.port)]);
    assert_eq!(service.requests()[0].header("Host"), Some(format!("{host}:{}", service.port).as_str()));
}

fn http_leads_to_a_name_that_is_nowhere() {
    leads_to(NOWHERE, &proxy(ProxyProtocol::Http, None));
}

fn http_with_a_password_leads_to_a_name_that_is_nowhere() {
    leads_to(NOWHERE, &proxy_with_password(ProxyProtocol::Http));
}

fn socks5_leads_to_a_name_that_is_nowhere() {
    leads_to(NOWHERE, &proxy(ProxyProtocol::Socks5, None));
}

fn socks5_with_a_password_leads_to_a_name_that_is_nowhere() {
    leads_to(NOWHERE, &proxy_with_password(ProxyProtocol::Socks5));
}

/// Of those that are kept free for documents (RFC 5737, RFC 3849).
const ADDRESSES: [&str; 2] = ["192.0.2.7", "[2001:db8::7]"];

fn http_leads_to_an_address() {
    for address in ADDRESSES {
        leads_to(address, &proxy(ProxyProtocol::Http, None));
    }
}

fn socks5_leads_to_an_address() {
    for address in ADDRESSES {
        leads_to(address, &proxy(ProxyProtocol::Socks5, None));
    }
}

fn an_answer_that_drips_is_waited_for() {
    for protocol in [ProxyProtocol::Http, ProxyProtocol::Socks5] {
        leads_to(NOWHERE, &proxy(protocol, Some(ProxyFault::DripConnect)));
    }
}

fn a_path_of_a_private_deployment_is_requested() {
    let service = Service::named(NOWHERE, Options::default());
    let proxy = proxy(ProxyProtocol::Http, None);
    let (endpoint, url) = (format!("{}/tunnel/trro", service.endpoint), proxy.url());
    let config = Config { endpoint: Some(&endpoint), proxy: Some(&url), ..service.config() };
    assert_eq!(call_with(config), Ok(10));
    assert_eq!(service.requests()[0].path, "/tunnel/trro");
    assert_eq!(proxy.targets(), [format!("{NOWHERE}:{}", service.port)]);
}

/// Nothing but the proxy leads to the host, so that the call fails.
fn is_reached_directly(host: &str, no_proxy: &str) {
    let service = Service::named(host, Options::default());
    let proxy = proxy(ProxyProtocol::Http, None);
    let url = proxy.url();
    let config =
        Config { proxy: Some(&url), no_proxy: Some(no_proxy), connect_timeout_ms: Some(200), ..service.config() };
    let error = call_with(Config { deadline_ms: Some(2000), ..config }).unwrap_err();
    assert!(proxy.targets().is_empty(), "{error}");
    assert!(service.requests().is_empty());
}

fn a_host_of_the_list_of_exceptions_is_reached_directly() {
    is_reached_directly(NOWHERE, "elsewhere.example,INVALID");
}

fn an_ipv6_address_of_the_list_of_exceptions_is_reached_directly() {
    is_reached_directly("[2001:db8::7]", "2001:db8::7");
}

fn the_loopback_is_reached_directly() {
    let service = Service::named("localhost", Options::default());
    let proxy = proxy(ProxyProtocol::Http, None);
    let url = proxy.url();
    assert_eq!(call_with(Config { proxy: Some(&url), ..service.config() }), Ok(10));
    assert!(proxy.targets().is_empty());
}

fn the_metadata_service_is_reached_directly() {
    let service = Service::named(NOWHERE, Options::default());
    let metadata = Metadata::start(MetadataOptions::default()).unwrap();
    let proxy = proxy(ProxyProtocol::Http, None);
    // libc takes 127.1 for an address of the loopback; to the library it is a name as any other.
    let (metadata_url, url) = (metadata.url().replace("127.0.0.1", "127.1"), proxy.url());
    let config = Config {
        credentials: None,
        cvm_role: Some("emulator-role"),
        metadata_endpoint: Some(&metadata_url),
        proxy: Some(&url),
        ..service.config()
    };
    assert_eq!(call_with(config), Ok(10));
    assert_eq!(metadata.requests(), 1);
    assert_eq!(proxy.targets(), [format!("{NOWHERE}:{}", service.port)]);
}

fn a_proxy_that_is_a_name_is_looked_up() {
    let service = Service::named(NOWHERE, Options::default());
    let proxy = proxy(ProxyProtocol::Socks5, None);
    let url = proxy.url().replace("127.0.0.1", "127.1");
    assert_eq!(call_with(Config { proxy: Some(&url), ..service.config() }), Ok(10));
    assert_eq!(proxy.targets().len(), 1);
}

fn the_log_names_the_proxy() {
    let service = Service::named(NOWHERE, Options::default());
    let proxy = proxy_with_password(ProxyProtocol::Http);
    let (url, address) = (proxy.url_with_credentials(), proxy.url().replace("http://", ""));
    let (log, told) = log();
    assert_eq!(call_with(Config { proxy: Some(&url), log, ..service.config() }), Ok(10));
    let told = told();
    assert!(told.contains(&format!("through the proxy {address}")), "{told}");
    shows_no_password(&told);
}

/// A log, and what it was told: all of it.
pub fn log() -> (Log, impl Fn() -> String) {
    let (tell, told) = std::sync::mpsc::channel();
    let tell = std::sync::Mutex::new(tell);
    let sink = move |_, text: &str| drop(tell.lock().unwrap().send(text.to_owned()));
    (Log::new(Level::Debug, Box::new(sink)), move || told.try_iter().collect::<Vec<_>>().join("\n"))
}

/// Neither as it is, nor as it is written in a URL or sent.
pub fn shows_no_password(text: &str) {
    use base64::Engine;
    let sent = base64::prelude::BASE64_STANDARD.encode(format!("{USER}:{PASSWORD}"));
    assert!(!text.contains("s3cret") && !text.contains(&sent), "{text}");
}
