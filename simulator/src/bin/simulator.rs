//! Runs the outside world of a gateway until it is told to stop.
#![expect(clippy::print_stdout, reason = "a command prints its result")]

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Parser;
use simulator::ambient::{Clock, interrupted};
use simulator::story::{Ports, World};

/// Stand-ins for VALid, an OpenID Provider and the Via Oberta platform, with invented people.
#[derive(Debug, Parser)]
#[command(
    version,
    before_help = "  simulator --dir world\n  simulator --dir world --gateway-url http://127.0.0.1:8080"
)]
struct Arguments {
    /// Folder for keys, certificates and `simulator.json`; made if it is not there
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// Where the gateway is: the providers send browsers back there
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080")]
    gateway_url: String,
    /// Port of VALid; any free one by default
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    valid_port: u16,
    /// Port of the OpenID Provider; any free one by default
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    oidc_port: u16,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    simulator::ambient::install_crypto();
    let arguments = Arguments::parse();
    std::fs::create_dir_all(&arguments.dir)
        .with_context(|| format!("cannot make {}", arguments.dir.display()))?;
    let dir = arguments.dir.canonicalize()?;
    let ports = Ports {
        valid: arguments.valid_port,
        oidc: arguments.oidc_port,
    };
    let gateway_url = arguments.gateway_url.trim_end_matches('/');
    let world = World::start(&dir, ports, gateway_url, &Clock::default()).await?;
    let description = serde_json::to_string_pretty(&world.describe())?;
    std::fs::write(dir.join("simulator.json"), &description)?;
    println!("{description}");
    interrupted().await?;
    Ok(())
}
