//! The network's arguments, the same for every tool that has a network.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use contract::args::duration;

use crate::{AtATime, Options, Policy};

/// Arguments of every tool that speaks HTTP.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Network options")]
pub struct NetworkArgs {
    /// Trust the certificates in this PEM file as well
    #[arg(long, value_name = "FILE")]
    pub ca_cert: Option<PathBuf>,
    /// Show the certificate in this PEM file to servers that ask for one; its intermediates may follow it
    #[arg(long, value_name = "FILE")]
    pub client_cert: Option<PathBuf>,
    /// The private key of --client-cert, a PEM file without a passphrase; by default it stands in the same file
    #[arg(long, value_name = "FILE", requires = "client_cert")]
    pub client_key: Option<PathBuf>,
    /// Give a request this long, its retries included: 90, 20s, 2m
    #[arg(long, value_name = "SECONDS", value_parser = duration, default_value = "120")]
    pub timeout: Duration,
}

impl NetworkArgs {
    /// The client options these arguments ask for; `tool` and `version` go into the User-Agent.
    pub fn options(&self, tool: &str, version: &str) -> Options {
        Options {
            user_agent: format!("pypelines-{tool}/{version}"),
            ca_cert: self.ca_cert.clone(),
            client_cert: self.client_cert.clone(),
            client_key: self.client_key.clone(),
            policy: Policy { deadline: self.timeout, ..Policy::default() },
            at_a_time: AtATime::default(),
            http2: false,
        }
    }
}
