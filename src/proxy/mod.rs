//! Which proxy stands between, if any: from the configuration, else from the environment. Uses `endpoint`, `error`.
//!
//! | file | what is in it |
//! | --- | --- |
//! | `mod` | a proxy |
//! | `surroundings` | what the environment says of proxies, and which hosts need none |
//! | `left_out` | what is there instead of `mod` in a build without the feature `proxy` |

mod surroundings;

use std::borrow::Cow;
use std::fmt;

use ureq::ProxyProtocol;
use zeroize::Zeroizing;

use crate::endpoint::{Endpoint, Host};
use crate::error::{Error, Status};
use surroundings::{named_by_environment, needs_none};

/// What a user name and a password for SOCKS may have at most, by RFC 1929.
const LONGEST_SOCKS_TEXT: usize = 255;

/// How a proxy is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// `CONNECT` of HTTP.
    Http,
    /// SOCKS version 5. The proxy resolves the name of the service.
    Socks5,
}

/// A proxy.
pub struct Proxy {
    /// How it is spoken to.
    pub protocol: Protocol,
    /// The host to connect to.
    pub host: Host,
    /// The port to connect to.
    pub port: u16,
    /// Who asks, if the proxy wants to know.
    pub login: Option<Login>,
}

/// A user and a password. Wiped when dropped.
pub struct Login {
    /// Not a secret, but nobody's business either.
    pub user: Zeroizing<String>,
    /// A secret.
    pub password: Zeroizing<String>,
}

impl Proxy {
    /// The proxy for the endpoint: `proxy`, else `HTTPS_PROXY`, else `ALL_PROXY` of the environment, in upper or lower case;
    /// none for the hosts of `no_proxy`, else of `NO_PROXY`, and never for the loopback.
    pub fn choose(proxy: Option<&str>, no_proxy: Option<&str>, endpoint: &Endpoint) -> Result<Option<Proxy>, Error> {
        let given = match proxy {
            Some(proxy) => Some(("proxy".to_owned(), proxy.to_owned())),
            None => named_by_environment(),
        };
        let Some((name, url)) = given.map(|(name, url)| (name, Zeroizing::new(url))) else { return Ok(None) };
        // Checked also where it is not used: a mistake shows at once, not when the endpoint changes.
        let proxy = Proxy::parse(&name, &url)?;
        Ok(if needs_none(no_proxy, endpoint) { None } else { Some(proxy) })
    }

    /// Parses `http://[user:password@]host[:port]` or `socks5://...`; the error names `name` and shows nothing of the URL,
    /// which may hold a password.
    fn parse(name: &str, url: &str) -> Result<Proxy, Error> {
        let bad = |fault: &str| Error::invalid_argument(name, fault);
        const FORM: &str = "is not http://[user:password@]host[:port] or socks5://[user:password@]host[:port]";
        if !url.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(bad("holds a blank, a control character or one outside ASCII; write it as %XX"));
        }
        let parsed = ureq::Proxy::new(url).map_err(|_| bad(FORM))?;
        let protocol = match parsed.protocol() {
            ProxyProtocol::Http => Protocol::Http,
            ProxyProtocol::Socks5 | ProxyProtocol::Socks5h => Protocol::Socks5,
            _ => return Err(bad(FORM)),
        };
        let has_path = parsed.uri().path_and_query().is_some_and(|path| path.as_str() != "/");
        // In a URL, the link that an address belongs to is behind an escaped sign (RFC 6874).
        let bare_host = parsed.host().trim_start_matches('[').trim_end_matches(']');
        let bare_host = match bare_host.split_once('%') {
            Some((address, link)) => Cow::Owned([address, link.strip_prefix("25").unwrap_or(link)].join("%")),
            None => Cow::Borrowed(bare_host),
        };
        // A port that is none would count as not given.
        let port_is_bad = parsed.uri().authority().is_some_and(|authority| {
            authority.as_str().rsplit_once(authority.host()).is_some_and(|(_, port)| !port.is_empty())
                && authority.port_u16().is_none_or(|port| port == 0)
        });
        if bare_host.is_empty() || has_path || port_is_bad {
            return Err(bad(FORM));
        }
        let secret = |text: &str| Zeroizing::new(text.to_owned());
        let login = parsed
            .username()
            .map(|user| Login { user: secret(user), password: secret(parsed.password().unwrap_or_default()) });
        if let Some(Login { user, password }) = &login {
            let is_sendable = match protocol {
                Protocol::Http => !user.contains(':') && !user.contains(char::is_control),
                Protocol::Socks5 => {
                    (1..=LONGEST_SOCKS_TEXT).contains(&user.len()) && password.len() <= LONGEST_SOCKS_TEXT
                }
            };
            if !is_sendable {
                return Err(bad("has a user or a password that its protocol cannot carry"));
            }
        }
        Ok(Proxy { protocol, host: Host::parse(&bare_host), port: parsed.port(), login })
    }

    /// What it is when the way to the proxy itself fails with `error`.
    pub fn unreachable(&self, error: Error) -> Error {
        let message = format!("the proxy {self} cannot be reached: {}", error.message);
        Error { status: Status::ProxyFailed, message, ..error }
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Proxy { protocol, host, port, .. } = self;
        formatter
            .debug_struct("Proxy")
            .field("protocol", protocol)
            .field("host", host)
            .field("port", port)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            Host::Loopback => write!(formatter, "localhost:{}", self.port),
            Host::Address(address) => write!(formatter, "{}", std::net::SocketAddr::new(*address, self.port)),
            // An address with the link that it belongs to.
            Host::Name(name) if name.contains(':') => write!(formatter, "[{name}]:{}", self.port),
            Host::Name(name) => write!(formatter, "{name}:{}", self.port),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(url: &str) -> Endpoint {
        Endpoint::parse(url).unwrap()
    }

    fn chosen(proxy: &str, no_proxy: &str, url: &str) -> bool {
        Proxy::choose(Some(proxy), Some(no_proxy), &endpoint(url)).unwrap().is_some()
    }

    #[test]
    fn both_protocols_are_known_with_and_without_a_login() {
        let parse = |url| Proxy::parse("proxy", url).unwrap_or_else(|error| panic!("{url}: {error}"));
        let plain = parse("http://proxy.example:3128");
        assert_eq!((plain.protocol, plain.port), (Protocol::Http, 3128));
        assert_eq!(plain.host, Host::Name("proxy.example".to_owned()));
        assert!(plain.login.is_none());
        let socks = parse("socks5://us%40er:p%3Aass@[::1]:1081");
        assert_eq!((socks.protocol, socks.port), (Protocol::Socks5, 1081));
        assert_eq!(socks.host, Host::Address("::1".parse().unwrap()));
        let login = socks.login.unwrap();
        assert_eq!((login.user.as_str(), login.password.as_str()), ("us@er", "p:ass"));
        assert_eq!(parse("socks5h://10.0.0.1").port, 1080);
        assert_eq!(parse("proxy.example").port, 80);
    }

    #[test]
    fn what_is_no_proxy_is_refused_and_not_shown() {
        let long = format!("socks5://{}:s3cret@h", "u".repeat(256));
        for url in [
            "",
            "https://user:s3cret@proxy.example",
            "socks4://proxy.example",
            "ftp://proxy.example",
            "http://",
            "http://user:s3cret@",
            "http://user:s3cret@proxy.example/path",
            "http://user:s3cret@proxy.example:0",
            "http://user:s3cret@proxy.example:70000",
            "http://us er:s3cret@proxy.example",
            "http://us%3Aer:s3cret@proxy.example",
            "http://proxy.example\r\nX: s3cret",
            &long,
        ] {
            let error = Proxy::parse("proxy", url).expect_err(url);
            assert_eq!(error.status, Status::InvalidArgument);
            assert!(error.message.starts_with("proxy ") && !error.message.contains("s3cret"), "{error}");
        }
    }

    #[test]
    fn the_loopback_is_reached_directly() {
        for url in ["http://127.0.0.1:1", "https://localhost", "https://[::1]"] {
            assert!(!chosen("http://proxy.example", "", url), "{url}");
        }
        assert!(chosen("http://proxy.example", "", "https://trro.example"));
    }

    #[test]
    fn exceptions_are_hosts_with_their_subdomains() {
        let proxy = "http://proxy.example";
        for (list, is_direct) in [
            ("trro.intl.example", true),
            ("TRRO.INTL.example", true),
            ("example", true),
            (".intl.example", true),
            ("*.intl.example", true),
            ("a.b, intl.example ,c", true),
            ("*", true),
            ("ntl.example", false),
            ("other.example", false),
            ("", false),
            (",,", false),
        ] {
            assert_eq!(chosen(proxy, list, "https://trro.intl.example"), !is_direct, "{list}");
        }
        assert!(!chosen(proxy, "10.1.2.3", "https://10.1.2.3:8443"));
        for entry in ["2001:db8::7", "[2001:db8::7]", "2001:DB8:0::7"] {
            assert!(!chosen(proxy, entry, "https://[2001:db8::7]:8443"), "{entry}");
        }
        assert!(chosen(proxy, "2001:db8::8", "https://[2001:db8::7]:8443"));
    }

    #[test]
    fn debug_and_display_show_no_login() {
        let proxy = Proxy::parse("proxy", "http://someone:s3cret@proxy.example:3128").unwrap();
        assert_eq!(proxy.to_string(), "proxy.example:3128");
        let shown = format!("{proxy:?}");
        assert!(!shown.contains("someone") && !shown.contains("s3cret"), "{shown}");
    }
}
