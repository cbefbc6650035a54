//! `photonbox card list`: the cards of this build, in slots, and on sockets.

use crate::output::{self, Json, Table};
use photonbox_driver::transport::vfio::Sysfs;
use photonbox_driver::transport::vfio_user::VfioUser;
use photonbox_simcard::CoreKind;
use serde::Serialize;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Where sockets are looked for: the service's folder.
const RUN: &str = "/run/photonbox";
/// How long a server may take to say what it has.
const PATIENCE: Duration = Duration::from_secs(1);

#[derive(Debug, clap::Args)]
pub(super) struct ListArgs {
    /// A socket to look at too; again for each further one.
    #[arg(long = "socket", value_name = "PATH")]
    sockets: Vec<PathBuf>,
    /// Folder whose sockets are looked at [default: /run/photonbox, and photonbox in $XDG_RUNTIME_DIR].
    #[arg(
        long = "sockets",
        value_name = "DIR",
        env = "PHOTONBOX_SOCKETS",
        value_delimiter = ':'
    )]
    folders: Vec<PathBuf>,
    #[command(flatten)]
    json: Json,
}

/// One line of `card list`.
#[derive(Debug, Serialize)]
struct Listed {
    /// What `--card` takes.
    card: String,
    /// What it is.
    description: String,
    /// None if only its registers know.
    simulated: Option<bool>,
    /// Whether another has it now; none where that isn't known.
    in_use: Option<bool>,
}

/// The answer of `card list`.
#[derive(Debug, Serialize)]
struct List {
    cards: Vec<Listed>,
}

pub(super) fn run(args: &ListArgs) -> anyhow::Result<()> {
    let mut cards = in_process();
    cards.extend(Sysfs::default().cards().iter().map(in_slot));
    let (named, found) = sockets(args);
    cards.extend(named.iter().map(|path| on_socket(path)));
    // What lies in a folder may be anybody's: only cards are listed.
    cards.extend(found.iter().filter_map(|path| served(path).ok()));
    let list = List { cards };
    if args.json.json {
        return output::json(&list);
    }
    let mut table = Table::new(&["--card", "what it is"]);
    for card in list.cards {
        table.row([card.card, card.description]);
    }
    output::write(&table.text())
}

fn in_process() -> Vec<Listed> {
    let listed = |card: &str, description: &str| Listed {
        card: card.into(),
        description: description.into(),
        simulated: Some(true),
        in_use: None,
    };
    let mut cards = vec![listed(
        "model",
        "simulated card, bit-exact Rust model, build small (4 lanes) or wide (64)",
    )];
    if CoreKind::Rtl.available() {
        cards.push(listed(
            "rtl",
            "simulated card, verilated hardware, build small (4 lanes)",
        ));
    }
    cards
}

fn in_slot(found: &photonbox_driver::transport::vfio::Found) -> Listed {
    let driver = found.driver.as_deref().unwrap_or("no driver");
    let description = match &found.group {
        Some(group) => format!("PCI function, {driver}, IOMMU group {group}"),
        None => format!("PCI function, {driver}, no IOMMU"),
    };
    Listed {
        card: format!("vfio:{}", found.bdf.as_str()),
        description,
        simulated: None,
        in_use: None,
    }
}

/// The sockets that were named, and those of the folders.
fn sockets(args: &ListArgs) -> (Vec<PathBuf>, Vec<PathBuf>) {
    let folders = if args.folders.is_empty() {
        let own = std::env::var_os("XDG_RUNTIME_DIR").map(|dir| Path::new(&dir).join("photonbox"));
        [Some(PathBuf::from(RUN)), own]
            .into_iter()
            .flatten()
            .collect()
    } else {
        args.folders.clone()
    };
    let mut found: Vec<PathBuf> = folders
        .iter()
        .filter_map(|folder| std::fs::read_dir(folder).ok())
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            std::fs::metadata(path).is_ok_and(|found| found.file_type().is_socket())
                && !args.sockets.contains(path)
        })
        .collect();
    found.sort();
    (args.sockets.clone(), found)
}

/// A socket that was named, whatever is there.
fn on_socket(path: &Path) -> Listed {
    served(path).unwrap_or_else(|error| Listed {
        card: name(path),
        description: error.to_string(),
        simulated: None,
        in_use: None,
    })
}

fn name(path: &Path) -> String {
    format!("vfio-user:{}", path.display())
}

/// The card that is served there. Whoever has it keeps it.
fn served(path: &Path) -> Result<Listed, photonbox_driver::Error> {
    let page = match VfioUser::look(&path.to_string_lossy(), PATIENCE) {
        Ok(page) => page,
        Err(photonbox_driver::Error::InUse { .. }) => {
            return Ok(Listed {
                card: name(path),
                description: "served card, in use".into(),
                simulated: None,
                in_use: Some(true),
            });
        }
        Err(error) => return Err(error),
    };
    let text = page.map(|page| page.text).filter(|text| !text.is_empty());
    Ok(Listed {
        card: name(path),
        description: text.map_or_else(|| "served card".into(), |text| format!("served: {text}")),
        simulated: None,
        in_use: Some(false),
    })
}
