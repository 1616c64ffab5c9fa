//! Proxies of the environment: `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`, each also in lower case.
//!
//! Read by us and not by the HTTP library, for three things that people know from other tools: this machine is never
//! asked for through a proxy, `NO_PROXY=*` means addresses, too, and a proxy that cannot be used is an error.

use reqwest::{ClientBuilder, NoProxy, Proxy};

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
