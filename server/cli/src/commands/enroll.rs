//! `photonbox enroll`: a one-time token on the hub, a certificate on the host.

use crate::args::Common;
use crate::exit::Failure;
use crate::output::{self, Json};
use crate::quantity;
use crate::settings::{self, LifeArgs, StoreArgs};
use photonbox_daemon::config::Config;
use photonbox_daemon::{EnrollOptions, RenewOptions, TokenOptions};
use std::io::BufRead as _;
use std::path::PathBuf;
use std::time::Duration;

/// Flags of `enroll`.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct EnrollArgs {
    #[command(subcommand)]
    side: Option<Side>,
    /// Address of the hub, HOST[:PORT].
    #[arg(long, value_name = "ADDR", env = "PHOTONBOX_HUB", required = true)]
    hub: Option<String>,
    /// Hash of the hub's CA certificate, as `enroll token` printed it.
    #[arg(long, value_name = "HEX", env = "PHOTONBOX_CA_HASH", required = true)]
    ca_hash: Option<String>,
    /// The join token, or `-` to read it from standard input (a flag can be seen by other users).
    #[arg(
        long,
        value_name = "TOKEN",
        env = "PHOTONBOX_TOKEN",
        hide_env_values = true,
        required = true
    )]
    token: Option<String>,
    /// The host's name in its certificate [default: this machine's name].
    #[arg(long, value_name = "NAME", env = "PHOTONBOX_HOST_NAME")]
    host_name: Option<String>,
    #[command(flatten)]
    json: Json,
}

#[derive(Debug, clap::Subcommand)]
enum Side {
    /// Make a one-time join token; run this on the hub.
    Token(TokenArgs),
    /// Revoke a host's certificate; run this on the hub.
    Revoke(RevokeArgs),
    /// Renew the certificate of this hub or host now, for the same name; one that runs goes on meanwhile.
    Renew(RenewArgs),
}

#[derive(Debug, clap::Args)]
struct RenewArgs {
    /// For a host that does not run: its hub, or relays before it, HOST[:PORT].
    #[arg(
        long = "hub",
        value_name = "ADDR",
        env = "PHOTONBOX_HUB",
        value_delimiter = ','
    )]
    hubs: Vec<String>,
    /// For a hub that does not run: the file of its root key [default: systemd's credential root-key, else root.key in the state
    /// directory].
    #[arg(long, value_name = "FILE", env = "PHOTONBOX_ROOT_KEY")]
    root_key: Option<PathBuf>,
    #[command(flatten)]
    store: StoreArgs,
    #[command(flatten)]
    life: LifeArgs,
    #[command(flatten)]
    json: Json,
}

#[derive(Debug, clap::Args)]
struct RevokeArgs {
    /// The host's name in its certificate.
    #[arg(value_name = "HOST")]
    host: String,
    #[command(flatten)]
    store: StoreArgs,
    #[command(flatten)]
    json: Json,
}

#[derive(Debug, clap::Args)]
struct TokenArgs {
    /// How long the token lives: 30m, 1h, 7d.
    #[arg(long, value_name = "T", env = "PHOTONBOX_TOKEN_TTL", default_value = "1h", value_parser = quantity::time)]
    ttl: Duration,
    /// The host may not relay to further hosts.
    #[arg(long)]
    no_relay: bool,
    #[command(flatten)]
    store: StoreArgs,
    #[command(flatten)]
    json: Json,
}

/// Runs `enroll`, `enroll token`, `enroll revoke` and `enroll renew`.
pub(crate) fn run(args: EnrollArgs, common: &Common) -> anyhow::Result<()> {
    let mut config = settings::load(common)?;
    let state = config.state.clone();
    match args.side {
        Some(Side::Renew(args)) => renew(args, config),
        Some(Side::Token(args)) => token(args, config),
        Some(Side::Revoke(args)) => {
            args.store.apply(&mut config.store);
            let revoking = photonbox_daemon::revoke(state.as_deref(), &config.store, &args.host);
            let report = settings::runtime()?.block_on(revoking)?;
            if args.json.json {
                return output::json(&report);
            }
            let told = match report.channels_closed {
                Some(closed) => format!("; the running hub closed {closed} of its channels"),
                None => String::new(),
            };
            output::write(&format!(
                "host {} is revoked{told}; it may be enrolled anew\n",
                report.host
            ))
        }
        None => host(args, state),
    }
}

fn renew(args: RenewArgs, mut config: Config) -> anyhow::Result<()> {
    args.life.apply(&mut config.certificates);
    args.store.apply(&mut config.store);
    let options = RenewOptions {
        state: config.state,
        store: config.store,
        hubs: if args.hubs.is_empty() {
            config.join.hubs
        } else {
            args.hubs
        },
        root_key: args.root_key.or(config.serve.root_key),
        certificates: config.certificates,
    };
    let report = settings::runtime()?.block_on(photonbox_daemon::renew(&options))?;
    if args.json.json {
        return output::json(&report);
    }
    output::write(&format!(
        "{} {} has a new certificate\n  certificate  {}\n  until        {}\n",
        report.role,
        report.id,
        report.certificate_serial,
        photonbox_daemon::utc(report.expires),
    ))
}

fn token(args: TokenArgs, mut config: Config) -> anyhow::Result<()> {
    args.store.apply(&mut config.store);
    let report = photonbox_daemon::enroll_token(&TokenOptions {
        state: config.state,
        store: config.store,
        // A life shorter than a second is rounded up: zero would be a token that never worked.
        ttl_seconds: args.ttl.as_secs().max(1),
        relay: !args.no_relay,
    })?;
    if args.json.json {
        return output::json(&report);
    }
    output::write(&format!(
        "token    {}\nCA hash  {}\nexpires  {} (seconds since 1970)\n\nthe token works once; it is not shown again\n",
        report.token, report.ca_hash, report.expires,
    ))
}

fn host(args: EnrollArgs, state: Option<PathBuf>) -> anyhow::Result<()> {
    let (Some(hub), Some(ca_hash), Some(token)) = (args.hub, args.ca_hash, args.token) else {
        return Err(Failure::usage(
            "enroll needs --hub, --ca-hash and --token",
            "run photonbox enroll token on the hub; it prints both",
        ));
    };
    let token = if token == "-" { read_token()? } else { token };
    let options = EnrollOptions {
        state,
        hub,
        ca_hash,
        token: token.into(),
        host_name: args.host_name,
    };
    let report = settings::runtime()?.block_on(photonbox_daemon::enroll(&options))?;
    if args.json.json {
        return output::json(&report);
    }
    output::write(&format!(
        "host {} is enrolled{}\n  certificate  {}\n\nnext: photonbox join --hub {}\n",
        report.host,
        if report.relay { " and may relay" } else { "" },
        report.certificate_serial,
        options.hub,
    ))
}

fn read_token() -> anyhow::Result<String> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    let token = line.trim();
    if token.is_empty() {
        return Err(Failure::usage(
            "standard input holds no token",
            "write the token as its first line",
        ));
    }
    Ok(token.to_owned())
}
