//! Where the service is: a URL taken apart once, so that what is signed, sent, resolved and verified cannot differ.
//! Uses `error`.

use std::net::{IpAddr, Ipv6Addr};

use rustls::pki_types::ServerName;
use ureq::http::Uri;

use crate::error::{Error, printable};

/// The international site.
pub const INTERNATIONAL: &str = "https://trro.intl.tencentcloudapi.com";
/// The site for mainland China.
pub const CHINA: &str = "https://trro.tencentcloudapi.com";

/// How the host of the service becomes an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Host {
    /// `localhost`: the loopback addresses, never looked up.
    Loopback,
    /// A literal address.
    Address(IpAddr),
    /// A name that has to be resolved.
    Name(String),
}

/// A parsed endpoint.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// The URL that requests go to.
    pub url: Uri,
    /// The `Host` header: host and, if the URL names one, port. This is what is signed.
    pub host_header: String,
    /// What to connect to.
    pub host: Host,
    /// The port to connect to.
    pub port: u16,
    /// The name that the certificate must carry; `None` for plain HTTP.
    pub tls_name: Option<ServerName<'static>>,
}

impl Endpoint {
    /// Parses `https://host[:port][/path]`. Plain `http` is accepted for the loopback only: 127.0.0.0/8, `[::1]` and
    /// `localhost`.
    pub fn parse(text: &str) -> Result<Endpoint, Error> {
        Endpoint::parse_with(text, false)
    }

    /// The instance metadata service, which speaks plain HTTP on a link of its own.
    pub fn of_metadata(text: &str) -> Result<Endpoint, Error> {
        Endpoint::parse_with(text, true)
    }

    fn parse_with(text: &str, plain_is_accepted: bool) -> Result<Endpoint, Error> {
        let bad = |expected: &str| {
            // A URL with a user part may carry a password: it is not repeated.
            let shown = if text.contains('@') { "(not shown)".into() } else { printable(text) };
            Error::invalid_argument("endpoint", format_args!("is not {expected}: {shown}"))
        };
        const FORM: &str = "a URL of the form https://host[:port][/path]";
        if text.contains(['?', '#', '@']) {
            return Err(bad("a URL without user, query and fragment"));
        }
        let url: Uri = text.parse().map_err(|_| bad(FORM))?;
        let (Some(scheme), Some(authority)) = (url.scheme_str(), url.authority()) else {
            return Err(bad(FORM));
        };
        let https = match scheme {
            "https" => true,
            "http" => false,
            _ => return Err(bad(FORM)),
        };
        let port = match authority.as_str().strip_prefix(authority.host()) {
            Some("") if https => 443,
            Some("") => 80,
            Some(_) => authority.port_u16().filter(|port| *port != 0).ok_or_else(|| bad("a port from 1 to 65535"))?,
            None => return Err(bad(FORM)),
        };
        let bare_host = authority.host().trim_start_matches('[').trim_end_matches(']');
        let host = Host::parse(bare_host);
        let tls_name = if https {
            Some(ServerName::try_from(bare_host.to_owned()).map_err(|_| bad("a host name or an address"))?)
        } else if plain_is_accepted || host.is_loopback() {
            None
        } else {
            return Err(bad("https (http is for 127.0.0.0/8, [::1] and localhost only)"));
        };
        // In lower case, as the documents of the signature want header values, so that no reading of them can differ.
        let host_header = authority.as_str().to_ascii_lowercase();
        Ok(Endpoint { host_header, host, port, tls_name, url })
    }
}

impl Host {
    /// A host as it stands in a URL, without brackets.
    pub fn parse(bare_host: &str) -> Host {
        if bare_host.eq_ignore_ascii_case("localhost") {
            Host::Loopback
        } else if let Ok(address) = bare_host.parse() {
            Host::Address(address)
        } else {
            Host::Name(bare_host.to_owned())
        }
    }

    /// Whether it is this machine.
    pub fn is_loopback(&self) -> bool {
        match self {
            Host::Loopback => true,
            Host::Address(IpAddr::V4(address)) => address.is_loopback(),
            Host::Address(IpAddr::V6(address)) => *address == Ipv6Addr::LOCALHOST,
            Host::Name(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Status;

    fn accepted(text: &str) -> Endpoint {
        Endpoint::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn the_published_endpoints_are_https_names() {
        for text in [INTERNATIONAL, CHINA] {
            let endpoint = accepted(text);
            assert_eq!(endpoint.port, 443);
            assert!(matches!(endpoint.host, Host::Name(_)));
            assert!(endpoint.tls_name.is_some());
        }
    }

    #[test]
    fn the_host_header_keeps_the_port_as_written_and_is_in_lower_case() {
        assert_eq!(accepted("https://example.com").host_header, "example.com");
        assert_eq!(accepted("https://example.com:443/").host_header, "example.com:443");
        assert_eq!(accepted("https://Example.com:8443/a/b").host_header, "example.com:8443");
        assert_eq!(accepted("http://[::1]:8080").host_header, "[::1]:8080");
    }

    #[test]
    fn a_path_stays_in_the_url_only() {
        let endpoint = accepted("https://gateway.example/tencent/trro");
        assert_eq!(endpoint.url.path(), "/tencent/trro");
        assert_eq!(endpoint.host_header, "gateway.example");
    }

    #[test]
    fn plain_http_is_for_the_loopback() {
        for text in
            ["http://127.0.0.1", "http://127.8.9.10:80", "http://[::1]", "http://localhost:1", "http://LOCALHOST"]
        {
            assert!(accepted(text).tls_name.is_none());
        }
        for text in [
            "http://example.com",
            "http://127.1",
            "http://0x7f.1",
            "http://localhost.example.com",
            "http://localhost.",
            "http://[::2]",
            "http://[::ffff:127.0.0.1]",
            "http://10.0.0.1",
        ] {
            assert_eq!(Endpoint::parse(text).unwrap_err().status, Status::InvalidArgument, "{text}");
        }
    }

    #[test]
    fn localhost_is_never_looked_up() {
        assert_eq!(accepted("https://localhost").host, Host::Loopback);
        assert_eq!(accepted("http://LocalHost:1").host, Host::Loopback);
    }

    #[test]
    fn what_is_no_endpoint_is_refused() {
        for text in [
            "",
            "example.com",
            "//example.com",
            "/path",
            "https://",
            "https:///path",
            "ftp://example.com",
            "https://example.com:",
            "https://example.com:0",
            "https://example.com:65536",
            "https://example.com:x",
            "https://user:s3cret@example.com",
            "https://example.com/?a=b",
            "https://example.com/#a",
            "https://exa mple.com",
            "https://example.com/\r\nX: y",
            "https://b\u{fc}cher.example",
            "https://[::1",
            "https://-",
            "*",
        ] {
            let error = Endpoint::parse(text).expect_err(text);
            assert_eq!(error.status, Status::InvalidArgument, "{text}");
            assert!(error.message.contains("endpoint"), "{text}: {error}");
            assert!(!error.message.contains("s3cret"), "{error}");
            assert!(!error.message.contains(['\r', '\n']), "{error}");
        }
    }
}
