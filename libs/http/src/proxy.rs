//! Proxies of the environment: `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`, each also in lower case.
//!
//! Read by us and not by the HTTP library, for three things that people know from other tools: this machine is never
//! asked for through a proxy, `NO_PROXY=*` means addresses, too, and a proxy that cannot be used is an error.

use reqwest::{ClientBuilder, NoProxy, Proxy, Url};

use crate::Error;

/// What no proxy can reach for us.
const THIS_MACHINE: &str = "localhost,127.0.0.0/8,::1";

type Make = fn(String) -> reqwest::Result<Proxy>;

/// Adds them; `variable` looks up the environment.
pub(crate) fn add(
    builder: ClientBuilder,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<ClientBuilder, Error> {
    let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
    let either = |names: [&'static str; 2]| names.into_iter().find_map(|name| Some((name, variable(name)?)));
    let without = either(["NO_PROXY", "no_proxy"]).map(|(_, hosts)| hosts).unwrap_or_default();
    // What else there is in the system is not looked at.
    let mut builder = builder.no_proxy();
    if without.split(',').any(|host| host.trim() == "*") {
        return Ok(builder);
    }
    let without = NoProxy::from_string(&format!("{THIS_MACHINE},{without}"));
    // A request to a server that runs us by CGI could set HTTP_PROXY: that is what the header Proxy becomes there.
    let plain =
        if variable("REQUEST_METHOD").is_some() { None } else { either(["HTTP_PROXY", "http_proxy"]) };
    let kinds: [(_, Make); 3] = [
        (either(["HTTPS_PROXY", "https_proxy"]), Proxy::https),
        (plain, Proxy::http),
        (either(["ALL_PROXY", "all_proxy"]), Proxy::all),
    ];
    for (found, make) in kinds {
        if let Some((variable, url)) = found {
            let url = if url.contains("://") { url } else { format!("http://{url}") };
            let proxy = make(url).map_err(|error| Error::Proxy { variable, source: error.without_url() })?;
            builder = builder.proxy(proxy.no_proxy(without.clone()));
        }
    }
    Ok(builder)
}

/// The variable that names the proxy by which `url` is asked for, for messages: what [`add`] makes of the same variables,
/// but for ranges of addresses in `NO_PROXY`.
pub(crate) fn variable_for(url: &Url, variable: impl Fn(&str) -> Option<String>) -> Option<&'static str> {
    let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
    let host = url.host_str()?.trim_matches(['[', ']']);
    if host == "localhost" || host.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback()) {
        return None;
    }
    let without = variable("NO_PROXY").or_else(|| variable("no_proxy")).unwrap_or_default();
    let is_exempt = |entry: &str| {
        let name = entry.trim().trim_start_matches('.');
        entry.trim() == "*" || (!name.is_empty() && (host == name || host.ends_with(&format!(".{name}"))))
    };
    if without.split(',').any(is_exempt) {
        return None;
    }
    let own: [&'static str; 2] = match url.scheme() {
        "https" => ["HTTPS_PROXY", "https_proxy"],
        _ if variable("REQUEST_METHOD").is_some() => return None,
        _ => ["HTTP_PROXY", "http_proxy"],
    };
    own.into_iter().chain(["ALL_PROXY", "all_proxy"]).find(|name| variable(name).is_some())
}

#[cfg(test)]
mod tests {
    use super::variable_for;

    #[test]
    fn the_proxy_on_the_way_is_known() {
        let table = [
            ("https://h/x", &[("HTTPS_PROXY", "p")][..], Some("HTTPS_PROXY")),
            ("https://h/x", &[("HTTP_PROXY", "p")], None),
            ("http://h/x", &[("http_proxy", "p")], Some("http_proxy")),
            ("http://h/x", &[("http_proxy", "p"), ("REQUEST_METHOD", "GET")], None),
            ("http://h/x", &[("HTTP_PROXY", ""), ("ALL_PROXY", "p")], Some("ALL_PROXY")),
            ("https://a.h/x", &[("HTTPS_PROXY", "p"), ("NO_PROXY", "b, .h")], None),
            ("https://a.h/x", &[("HTTPS_PROXY", "p"), ("no_proxy", "*")], None),
            ("https://ah/x", &[("HTTPS_PROXY", "p"), ("NO_PROXY", "h,")], Some("HTTPS_PROXY")),
            ("http://127.0.0.1:1/", &[("HTTP_PROXY", "p")], None),
            ("http://[::1]/", &[("HTTP_PROXY", "p")], None),
        ];
        for (url, variables, expected) in table {
            let variable = |name: &str| {
                variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
            };
            assert_eq!(variable_for(&url.parse().unwrap(), variable), expected, "{url} {variables:?}");
        }
    }
}
