//! Shows the whole thing on one machine: the gateway, with the simulator as its world.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command talks to people"
)]

use std::fs;
use std::io::{IsTerminal as _, stdout};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clap::{Parser, ValueEnum};
use simulator::ambient::{Clock, install_crypto, interrupted};
use simulator::folder::{AuditorClient, FolderClient};
use simulator::jose::Es256;
use simulator::pki::ClientKey;
use simulator::receiver::Receiver;
use simulator::story::{
    Binaries, ColourChoice, Failed, Gateway, Ports, STORIES, Stage, Style, Tale, World,
    gateway_toml, receiver_toml, tell,
};
use tempfile::TempDir;

/// The citizen folder: the client that asks, and the receiver that is told.
const FOLDER: &str = "el-meu-espai";

/// The gateway in front of an invented town, to look at or to be told about.
#[derive(Debug, Parser)]
#[command(
    version,
    before_help = "  cargo demo             open the pages and try them\n  cargo demo --story     be told what happens, every step checked"
)]
struct Arguments {
    /// Tell the story and check every step, then stop
    #[arg(long)]
    story: bool,
    /// One JSON object a line instead of text
    #[arg(long, requires = "story")]
    json: bool,
    #[arg(long, value_enum, value_name = "WHEN", default_value = "auto")]
    color: When,
    /// Seconds to wait after each step; none by default when nobody watches
    #[arg(long, value_name = "SECONDS", requires = "story")]
    pace: Option<f64>,
    /// Port of the gateway, 8080 if nothing is said; any free one if it is taken or for a story
    #[arg(long, conflicts_with = "story")]
    port: Option<u16>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum When {
    Auto,
    Always,
    Never,
}

#[tokio::main]
async fn main() -> ExitCode {
    install_crypto();
    let arguments = Arguments::parse();
    let shown = tokio::select! {
        shown = show(&arguments) => shown,
        stopped = interrupted() => stopped.map(|()| ExitCode::from(130)).map_err(Into::into),
    };
    shown.unwrap_or_else(|error| {
        eprintln!("demo: {error:#}");
        ExitCode::FAILURE
    })
}

/// A gateway in front of its world. Dropping it stops both and removes their folder.
struct Town {
    // in the order in which they must go
    gateway: Gateway,
    world: World,
    told: Arc<Receiver>,
    binaries: Binaries,
    url: String,
    folder: TempDir,
}

async fn show(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let port = if arguments.story {
        0
    } else {
        arguments.port.unwrap_or(8080)
    };
    let town = start(port).await?;
    if arguments.story {
        story(arguments, town).await
    } else {
        open(town).await
    }
}

async fn start(port: u16) -> anyhow::Result<Town> {
    if std::env::var_os("CARGO").is_some() {
        eprintln!("building the gateway and the verifier; the first time takes a while");
    }
    let binaries = Binaries::find().await?;
    let folder = tempfile::Builder::new()
        .prefix("interop-gateway-demo-")
        .tempdir()?;
    let listen = free_address(port)?;
    let url = format!("http://{listen}");
    let simulated = folder.path().join("simulator");
    fs::create_dir(&simulated)?;
    let world = World::start(&simulated, Ports::default(), &url, &Clock::default()).await?;
    let config = folder.path().join("gateway.toml");
    let told = Receiver::start(FOLDER, None).await?;
    told.trust(&url);
    let text = gateway_toml(&world, folder.path(), &listen, &url) + &receiver_toml(FOLDER, &told);
    fs::write(&config, text)?;
    let log = folder.path().join("gateway.log");
    let gateway = Gateway::start(&binaries.gateway, &config, &log, &url).await?;
    Ok(Town {
        gateway,
        world,
        told: Arc::new(told),
        binaries,
        url,
        folder,
    })
}

/// The address asked for, or any free one. Free now is not free for ever, but nearly.
fn free_address(port: u16) -> anyhow::Result<String> {
    let listener = TcpListener::bind(("127.0.0.1", port))
        .or_else(|_| TcpListener::bind(("127.0.0.1", 0)))
        .context("no free port on 127.0.0.1")?;
    Ok(listener.local_addr()?.to_string())
}

/// Leaves everything open to visitors until it is stopped.
async fn open(mut town: Town) -> anyhow::Result<ExitCode> {
    println!("\nOpen    {}/", town.url);
    println!("API     {}/docs/", town.url);
    println!("\nSign in with VALid or Cl@ve and choose who you are:");
    for person in &town.world.people {
        println!("  {:<8} {}", person.given_name, person.situation);
    }
    println!("\nNobody here is real. Ctrl-C stops everything and leaves nothing behind.");
    town.gateway.ended().await?;
    let words = town.gateway.last_words();
    anyhow::bail!("the gateway ended by itself:\n{words}")
}

async fn story(arguments: &Arguments, town: Town) -> anyhow::Result<ExitCode> {
    let stage = stage(&town)?;
    let mut tale = Tale::new(stdout(), style(arguments), STORIES);
    let Err(failed) = tell(&stage, &mut tale).await else {
        town.gateway.stop().await?;
        return Ok(ExitCode::SUCCESS);
    };
    let details = keep_details(&failed, &stage, &town.gateway)?;
    town.gateway.stop().await?;
    tale.fall(&failed, &details.display().to_string())?;
    Ok(ExitCode::FAILURE)
}

fn stage(town: &Town) -> anyhow::Result<Stage> {
    let pki = &town.world.pki;
    let key = |client: &ClientKey| -> anyhow::Result<Es256> {
        let pem = fs::read_to_string(&client.key_path)?;
        Ok(Es256::from_pem(&pem)?.with_kid(&client.kid))
    };
    let downloads = town.folder.path().join("downloads");
    fs::create_dir(&downloads)?;
    Ok(Stage {
        public_url: town.url.clone(),
        folder: FolderClient::new(&town.url, FOLDER, key(&pki.citizen_folder)?)?,
        auditor: AuditorClient::new(&town.url, "auditor", key(&pki.auditor)?)?,
        people: town.world.people.clone(),
        valid: Arc::clone(&town.world.valid),
        oidc: Arc::clone(&town.world.oidc),
        told: Some(Arc::clone(&town.told)),
        sent: town.world.sent(),
        verifier: town.binaries.verifier.clone(),
        downloads,
    })
}

fn style(arguments: &Arguments) -> Style {
    let choice = match arguments.color {
        When::Auto => ColourChoice::Auto,
        When::Always => ColourChoice::Always,
        When::Never => ColourChoice::Never,
    };
    let watched = stdout().is_terminal();
    let detected = Style::detect(choice, watched, |name| std::env::var(name).ok());
    let default = if watched && !arguments.json { 0.4 } else { 0.0 };
    let pace = Duration::try_from_secs_f64(arguments.pace.unwrap_or(default)).unwrap_or_default();
    Style {
        json: arguments.json,
        pace,
        ..detected
    }
}

/// What somebody needs to find out why a step failed; it outlives the town.
fn keep_details(failed: &Failed, stage: &Stage, gateway: &Gateway) -> anyhow::Result<PathBuf> {
    let name = format!("interop-gateway-story-{}.txt", std::process::id());
    let path = std::env::temp_dir().join(name);
    let calls = stage.folder.client().transcript().join("\n\n");
    let words = gateway.last_words();
    let text =
        format!("{failed}\n\n== calls of the folder ==\n{calls}\n\n== gateway ==\n{words}\n");
    fs::write(&path, text)?;
    Ok(path)
}
