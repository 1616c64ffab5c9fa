//! Proxies of the environment: `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`, each also in lower case.
//!
//! Read by us and not by the HTTP library, for three things that people know from other tools: this machine is never
//! asked for through a proxy, `NO_PROXY=*` means addresses, too, and a proxy that cannot be used is an error.

use std::fmt;
use std::sync::Arc;

use hyper_util::client::proxy::matcher::{Builder, Matcher};
use reqwest::{ClientBuilder, NoProxy, Proxy, Url};

use crate::Error;

/// What no proxy can reach for us.
const THIS_MACHINE: &str = "localhost,127.0.0.0/8,::1";

type Make = fn(String) -> reqwest::Result<Proxy>;
type Match = fn(Builder, String) -> Builder;

/// The proxies of a client, to say which of them a request went through.
#[derive(Clone, Debug, Default)]
pub(crate) struct Proxies(Arc<Vec<(&'static str, Matcher)>>);

/// A proxy on the way to a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Through {
    /// The variable that names it.
    pub variable: &'static str,
    /// Where it is, without user and password.
    pub address: String,
}

impl fmt::Display for Through {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.address, self.variable)
    }
}

impl Proxies {
    /// The proxy that requests to this URL go through, found by the rules that the HTTP library goes by.
    pub(crate) fn on_the_way_to(&self, url: &Url) -> Option<Through> {
        let uri = url.as_str().parse().ok()?;
        let intercept = |(variable, matcher): &(&'static str, Matcher)| {
            let found = matcher.intercept(&uri)?;
            Some(Through { variable, address: found.uri().to_string().trim_end_matches('/').to_owned() })
        };
        self.0.iter().find_map(intercept)
    }
}

/// Adds them; `variable` looks up the environment.
pub(crate) fn add(
    builder: ClientBuilder,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<(ClientBuilder, Proxies), Error> {
    let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
    let either = |names: [&'static str; 2]| names.into_iter().find_map(|name| Some((name, variable(name)?)));
    let without = either(["NO_PROXY", "no_proxy"]).map(|(_, hosts)| hosts).unwrap_or_default();
    // What else there is in the system is not looked at.
    let mut builder = builder.no_proxy();
    if without.split(',').any(|host| host.trim() == "*") {
        return Ok((builder, Proxies::default()));
    }
    let without = format!("{THIS_MACHINE},{without}");
    // A request to a server that runs us by CGI could set HTTP_PROXY: that is what the header Proxy becomes there.
    let plain =
        if variable("REQUEST_METHOD").is_some() { None } else { either(["HTTP_PROXY", "http_proxy"]) };
    let kinds: [(_, Make, Match); 3] = [
        (either(["HTTPS_PROXY", "https_proxy"]), Proxy::https, Builder::https),
        (plain, Proxy::http, Builder::http),
        (either(["ALL_PROXY", "all_proxy"]), Proxy::all, Builder::all),
    ];
    let mut proxies = Vec::new();
    for (found, make, matching) in kinds {
        if let Some((variable, url)) = found {
            let url = if url.contains("://") { url } else { format!("http://{url}") };
            let proxy =
                make(url.clone()).map_err(|error| Error::Proxy { variable, source: error.without_url() })?;
            builder = builder.proxy(proxy.no_proxy(NoProxy::from_string(&without)));
            proxies.push((variable, matching(Matcher::builder(), url).no(without.clone()).build()));
        }
    }
    Ok((builder, Proxies(Arc::new(proxies))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_proxy_on_the_way_is_named_without_its_password() {
        let variables = [
            ("HTTPS_PROXY", "http://bob:s3cret@proxy.example:3128/"),
            ("ALL_PROXY", "all.example:1080"),
            ("NO_PROXY", "direct.example,.corp"),
        ];
        let find = |name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        let (_, proxies) = add(ClientBuilder::new(), find).unwrap();
        let table = [
            ("https://registry.example/v2/", Some("http://proxy.example:3128 (HTTPS_PROXY)")),
            ("http://registry.example/v2/", Some("http://all.example:1080 (ALL_PROXY)")),
            ("https://direct.example/v2/", None),
            ("https://a.corp/v2/", None),
            ("http://127.0.0.1:5000/v2/", None),
        ];
        for (url, expected) in table {
            let found = proxies.on_the_way_to(&url.parse().unwrap());
            assert_eq!(found.map(|through| through.to_string()).as_deref(), expected, "{url}");
        }
        assert!(!format!("{proxies:?}").contains("s3cret"));
    }
}
