//! The forge that was asked for, opened.

use std::env;
use std::path::PathBuf;

use contract::Failure;
use forge::{Address, Forge, Opening};
use http::{Client, Url};

use crate::cli::ForgeArgs;

/// The value of a variable that is set to something.
pub(crate) fn variable(name: &str) -> Option<String> {
    env::var(name).ok().map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
}

/// The forge that was named, or the one whose CI this is.
pub(crate) fn address(typed: Option<&str>) -> Result<Address, Failure> {
    match typed {
        Some(text) => Ok(text.parse()?),
        None => Ok(Address::detect(&variable)?),
    }
}

/// Opens the forge. Nothing is asked for yet.
pub(crate) fn open(typed: &ForgeArgs, dry_run: bool) -> Result<Forge, Failure> {
    let address = address(typed.forge.as_deref())?;
    let client = || {
        let mut options = typed.network.options("release", env!("CARGO_PKG_VERSION"));
        // What a runner gives its jobs, so that they trust the server as it does itself.
        let runners = || variable("CI_SERVER_TLS_CA_FILE").map(PathBuf::from).filter(|path| path.is_file());
        options.ca_cert = options.ca_cert.or_else(runners);
        Client::new(&options)
    };
    let opening = Opening { client: &client, variables: &variable, dry_run, site: site(typed)? };
    Ok(Forge::open(&address, opening)?)
}

/// Where the releases page is served, ending in a slash: what follows the last slash of an address is not a folder.
pub(crate) fn site(typed: &ForgeArgs) -> Result<Option<Url>, Failure> {
    let Some(text) = &typed.site_url else { return Ok(None) };
    let wrong = |reason: &str| {
        Failure::usage(format!("the site's address '{text}' {reason}"))
            .hint("give --site-url or CI_PAGES_URL such as https://team.pages.example.com/app")
    };
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    let mut url = url.ok_or_else(|| wrong("is not http(s)"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("holds a user or password, which everybody would see"));
    }
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    Ok(Some(url))
}

/// The project's name for titles.
pub(crate) fn project<'a>(typed: &'a ForgeArgs, forge: &'a Forge) -> Option<&'a str> {
    typed.project.as_deref().or_else(|| forge.project())
}
