//! The key of a disk: `cargo run -p photonbox-client --example disk_key -- HUB:4502 CERTIFICATE KEY CA FOLDER` (files in DER).

use photonbox_client::{Appliance, Credentials, Error, NewSet, OsRandom};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [hub, certificate, key, ca, folder] = &arguments[..] else {
        return Err("usage: disk_key HUB:4502 CERTIFICATE KEY CA FOLDER".into());
    };
    let (certificate, key, ca) = (
        std::fs::read(certificate)?,
        std::fs::read(key)?,
        std::fs::read(ca)?,
    );
    let credentials = Credentials::new(&certificate, &key, &ca)?;
    let appliance = Appliance::new(
        &credentials,
        vec![hub.clone()],
        folder.as_ref(),
        OsRandom::shared(),
    )?;
    match appliance.create_set(&NewSet::named("example")).await {
        Ok(set) => println!("made set {} ({})", set.set, set.protocol),
        Err(Error::HasSet(_)) => {}
        Err(error) => return Err(error.into()),
    }
    let opened = match appliance.open("example", "disk").await {
        Err(error) if error.word() == Some("unknown-item") => {
            appliance.create_item("example", "disk").await?
        }
        opened => opened?,
    };
    println!("the key has {} bytes", opened.data_key.as_slice().len());
    Ok(())
}
