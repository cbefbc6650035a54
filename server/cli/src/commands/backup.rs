//! `photonbox backup` and `photonbox restore`.

use std::fs::File;
use std::path::{Path, PathBuf};

use super::vault::files::{self, Destination, Holds};
use crate::args::Common;
use crate::exit::Failure;
use crate::output::{self, Json};
use crate::settings::{self, StoreArgs};
use indicatif::{ProgressBar, ProgressStyle};
use photonbox_daemon::{BackupOptions, RestoreOptions};
use photonbox_store::BackupFile;

/// Flags of `backup`.
#[derive(Debug, clap::Args)]
pub(crate) struct BackupArgs {
    /// The file to write. Others may not read it: the hub's own private key is in it. The root key is not.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Overwrite the file.
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    store: StoreArgs,
    #[command(flatten)]
    json: Json,
}

/// Flags of `restore`.
#[derive(Debug, clap::Args)]
pub(crate) struct RestoreArgs {
    /// A file that `photonbox backup` made.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// File of the root key of the hub that was backed up [default: systemd's credential root-key, else root.key in the state
    /// directory]. Without one the backup is restored, but not checked against it.
    #[arg(long, value_name = "FILE", env = "PHOTONBOX_ROOT_KEY")]
    root_key: Option<PathBuf>,
    #[command(flatten)]
    store: StoreArgs,
    #[command(flatten)]
    json: Json,
}

/// Both need a file that they can go back in.
fn check_file(path: &Path) -> anyhow::Result<()> {
    if files::is_stream(path) {
        return Err(Failure::usage(
            "a backup is no stream",
            "name a file, and copy it afterwards",
        ));
    }
    Ok(())
}

/// On standard error, and only if that is a terminal.
fn bar() -> anyhow::Result<ProgressBar> {
    let style = ProgressStyle::with_template("  {wide_bar} {pos}/{len} rows, {eta} left")?;
    Ok(ProgressBar::new(0).with_style(style))
}

/// Runs `backup`.
pub(crate) fn backup(args: BackupArgs, common: &Common) -> anyhow::Result<()> {
    check_file(&args.file)?;
    let mut config = settings::load(common)?;
    args.store.apply(&mut config.store);
    let options = BackupOptions {
        state: config.state,
        store: config.store,
    };
    let mut out = Destination::open(&args.file, args.force, Holds::Bytes)?;
    let bar = bar()?;
    let file = BackupFile {
        file: out.as_file_mut(),
        path: &args.file,
    };
    let report = photonbox_daemon::backup(&options, file, &mut |done, all| {
        bar.set_length(all);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    let report = report?;
    out.done()?;
    if args.json.json {
        return output::json(&report);
    }
    output::write(&format!(
        "{} {} is backed up in {}: {} rows, {} bytes\n  SHA-384  {}\n\nkeep the root key elsewhere: it is not in the backup, and without it no secret opens\n",
        report.role,
        report.id,
        args.file.display(),
        report.rows,
        report.bytes,
        report.sha384,
    ))
}

/// Runs `restore`.
pub(crate) fn restore(args: RestoreArgs, common: &Common) -> anyhow::Result<()> {
    check_file(&args.file)?;
    let mut config = settings::load(common)?;
    args.store.apply(&mut config.store);
    let options = RestoreOptions {
        root_key: args.root_key.or(config.serve.root_key),
        state: config.state,
        store: config.store,
    };
    let mut file: File = files::source(&args.file)?;
    let bar = bar()?;
    let from = BackupFile {
        file: &mut file,
        path: &args.file,
    };
    let report = photonbox_daemon::restore(&options, from, &mut |done, all| {
        bar.set_length(all);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    let report = report?;
    if args.json.json {
        return output::json(&report);
    }
    let root_key = match &report.root_key_id {
        None if report.root_key == "opens" => "the root key opens its secrets".to_owned(),
        None => "no secret in it is under a root key".to_owned(),
        Some(number) => format!(
            "its secrets need root key {number}: put it into {} before the hub starts",
            report.root_key_file.display()
        ),
    };
    output::write(&format!(
        "{} {} of {} is restored in {}: {} rows\n  {root_key}\n\nwhat was enrolled, revoked, made or deleted since then is not in it\n",
        report.backup.role,
        report.backup.id,
        photonbox_daemon::utc(report.backup.taken),
        report.state.display(),
        report.backup.rows,
    ))
}
