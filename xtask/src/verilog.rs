//! `hdl/verilog`: the Verilog of the builds, generated and committed.

use std::path::Path;
use std::sync::OnceLock;

use anyhow::{Context, Result, bail};
use photonbox_boards::emit::hash;

const SMALL: &str = "hdl/verilog/photonbox_small.v";
/// Of build *wide* only the build hash is kept, as `sha256sum` prints it: the text has megabytes.
const WIDE: &str = "hdl/verilog/wide.sha256";
/// The sampler alone; no bitstream is made of it, so it has no build hash.
const SAMPLER: &str = "hdl/verilog/sampler.v";

/// A committed file and what it should hold.
struct File {
    name: &'static str,
    text: String,
}

fn files() -> Result<Vec<File>> {
    Ok(vec![
        File {
            name: SMALL,
            text: small()?,
        },
        File {
            name: WIDE,
            text: format!("{}  -\n", hex(&wide()?.build_hash)),
        },
        File {
            name: SAMPLER,
            text: photonbox_boards::sampler(),
        },
    ])
}

/// The text of build *small*.
pub(crate) fn small() -> Result<String> {
    Ok(photonbox_boards::small().context("build small")?.text)
}

/// Build *wide*, emitted once.
pub(crate) fn wide() -> Result<&'static photonbox_boards::Verilog> {
    static EMITTED: OnceLock<photonbox_boards::Verilog> = OnceLock::new();
    if let Some(verilog) = EMITTED.get() {
        return Ok(verilog);
    }
    let verilog = photonbox_boards::wide().context("build wide")?;
    Ok(EMITTED.get_or_init(|| verilog))
}

/// Writes what is stale, and the text of build *wide* into the target folder.
pub(crate) fn write(root: &Path) -> Result<()> {
    let folder = crate::tools::base().join("verilog");
    let path = folder.join(photonbox_boards::WIDE_TOP).with_extension("v");
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("cannot make {}", folder.display()))?;
    std::fs::write(&path, &wide()?.text)
        .with_context(|| format!("cannot write {}", path.display()))?;
    say!("wrote {}", path.display());
    write_committed(root)
}

fn write_committed(root: &Path) -> Result<()> {
    for file in files()? {
        let path = root.join(file.name);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)
                .with_context(|| format!("cannot make {}", folder.display()))?;
        }
        std::fs::write(&path, &file.text).with_context(|| format!("cannot write {}", file.name))?;
        match file.name {
            SMALL => {
                let hash = hash::verify(&file.text).with_context(|| file.name.to_owned())?;
                say!("wrote {}: build hash {}", file.name, hex(&hash));
            }
            WIDE => say!(
                "wrote {}: build hash {}",
                file.name,
                hex(&wide()?.build_hash)
            ),
            name => say!("wrote {name}"),
        }
    }
    Ok(())
}

/// Fails when a committed file is not what the source emits.
pub(crate) fn check(root: &Path) -> Result<()> {
    let complaints = stale(root)?;
    if !complaints.is_empty() {
        bail!("{}", complaints.join("; "));
    }
    say!("verilog: fresh");
    Ok(())
}

/// A complaint for each committed file that is not what the source emits.
pub(crate) fn stale(root: &Path) -> Result<Vec<String>> {
    Ok(files()?
        .iter()
        .filter_map(|file| complaint(root, file))
        .collect())
}

fn complaint(root: &Path, file: &File) -> Option<String> {
    let committed = std::fs::read_to_string(root.join(file.name)).unwrap_or_default();
    (committed != file.text).then(|| format!("{} is stale: cargo xtask verilog", file.name))
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_carries_its_hash() {
        let verilog = photonbox_boards::small().expect("emits");
        assert_eq!(hash::verify(&verilog.text), Ok(verilog.build_hash));
        let verilog = wide().expect("emits");
        assert_eq!(hash::verify(&verilog.text), Ok(verilog.build_hash));
    }

    #[test]
    fn a_stale_file_is_a_complaint() {
        let folder = std::env::temp_dir().join(format!("xtask-verilog-{}", std::process::id()));
        assert_eq!(
            stale(&folder).expect("emitted").len(),
            files().expect("emitted").len()
        );
        write_committed(&folder).expect("written");
        assert_eq!(stale(&folder).expect("emitted"), Vec::<String>::new());
        std::fs::write(folder.join(SMALL), "old").expect("overwritten");
        assert!(check(&folder).is_err());
        std::fs::remove_dir_all(&folder).expect("clean up");
    }
}
