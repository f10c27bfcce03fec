//! What is there instead of proxies in a build without them. Uses `endpoint`, `error`.

mod surroundings;

use std::convert::Infallible;
use std::fmt;

use crate::endpoint::{Endpoint, Host};
use crate::error::Error;
use surroundings::{named_by_environment, needs_none};

const WHAT: &str = "proxy support";
const FEATURE: &str = "proxy";

/// There is none.
#[derive(Debug)]
pub struct Proxy {
    pub host: Host,
    pub port: u16,
    pub never: Infallible,
}

impl Proxy {
    /// None, unless one is asked for: to go directly where the program or the environment names a proxy would be a guess.
    pub fn choose(proxy: Option<&str>, no_proxy: Option<&str>, endpoint: &Endpoint) -> Result<Option<Proxy>, Error> {
        if proxy.is_some() {
            return Err(Error::left_out("proxy is given", WHAT, FEATURE));
        }
        match named_by_environment() {
            Some((name, _)) if !needs_none(no_proxy, endpoint) => {
                let what = format!("no_proxy does not name the host of the endpoint, which {name} has a proxy for");
                Err(Error::left_out(&what, WHAT, FEATURE))
            }
            _ => Ok(None),
        }
    }

    /// As where there are proxies.
    pub fn unreachable(&self, _: Error) -> Error {
        match self.never {}
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.never {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Status;

    #[test]
    fn a_proxy_is_refused() {
        let endpoint = Endpoint::parse("https://trro.example").unwrap();
        let error = Proxy::choose(Some("http://proxy.example"), Some("*"), &endpoint).unwrap_err();
        assert_eq!(error.status, Status::InvalidArgument);
        assert_eq!(error.message, "proxy is given, and this build of libtrro has no proxy support (feature \"proxy\")");
    }
}
