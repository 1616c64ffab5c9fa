//! The arguments of every tool that speaks to registries.

use clap::Args;
use http::NetworkArgs;

/// How registries are spoken to.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Network options")]
pub struct RegistryArgs {
    /// What holds for every request.
    #[command(flatten)]
    pub network: NetworkArgs,
    /// Speak plain HTTP to registries; loopback addresses get it anyway, unless --ca-cert or --client-cert is given
    #[arg(long)]
    pub plain_http: bool,
}
