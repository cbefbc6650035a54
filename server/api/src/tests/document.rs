//! `docs/openapi.json` is what the server gives. `PHOTONBOX_UPDATE=1 cargo test -p photonbox-api document` writes it anew.

#[test]
fn the_published_document_is_the_servers() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");
    let document = crate::openapi().to_pretty_json().unwrap() + "\n";
    if std::env::var_os("PHOTONBOX_UPDATE").is_some() {
        std::fs::write(path, &document).unwrap();
    }
    let published = std::fs::read_to_string(path).unwrap();
    assert!(
        published == document,
        "docs/openapi.json is stale: PHOTONBOX_UPDATE=1 cargo test -p photonbox-api document"
    );
}
