//! The one HTTP client of all tools: TLS roots, proxies, a retry table, deadlines, redaction.
//!
//! It knows no registry and no forge. What an answer means is up to its caller; here it only arrives, or an [`Error`]
//! says why not. Proxies come from `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, as everywhere.

mod args;
mod cache;
mod client;
mod error;
mod limit;
mod proxy;
mod redirect;
mod retry;
mod tls;

pub use args::NetworkArgs;
pub use cache::{Cache, Kept};
pub use client::{Client, Options, body_within, run};
pub use error::Error;
pub use limit::AtATime;
pub use proxy::Through;
pub use reqwest::{Body, Method, Request, Response, StatusCode, Url, header};
pub use retry::{Policy, Repeat, back_off};
