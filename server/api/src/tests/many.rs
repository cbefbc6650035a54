//! A set with many appliances.

use axum::http::Method;
use photonbox_secret::SecretBytes;
use photonbox_store::{ApplianceRow, VaultStore as _};
use photonbox_vault::api::{MAX_BODY, Protocol, Rotated};
use photonbox_vault::group::Ristretto255;

use super::appliance::bytes;
use super::members::two;
use super::world::World;

/// More appliances than an ordinary body has room for.
#[tokio::test]
async fn a_set_of_many_appliances_rotates() {
    let world = World::new(26);
    let (mut alpha, mut beta) = two::<Ristretto255>(&world, Protocol::Blinded, false).await;
    let done = world.store.vault(&mut |rows| {
        let beta = rows.appliance("tenant", 1, "beta")?.unwrap();
        for number in 0..900 {
            rows.put_appliance(&ApplianceRow {
                appliance: format!("host-{number}.example"),
                set: beta.set.clone(),
                generation: beta.generation,
                state: beta.state.clone(),
                concealment: beta.concealment.as_ref().map(SecretBytes::duplicate),
                private_key: None,
                public_key: None,
                hpke_key: beta.hpke_key.clone(),
                vouched_by: beta.vouched_by.clone(),
                created: beta.created,
                revoked: None,
            })?;
        }
        Ok(true)
    });
    assert!(done.unwrap());
    let (key, _) = alpha.create("a").await.unwrap();
    let asked = alpha.rotation().await;
    let long = serde_json::to_vec(&asked).unwrap().len();
    assert!(long > MAX_BODY, "{long}");
    let path = "/v1/sets/tenant/rotations";
    let rotated = world.ask::<Rotated>("alpha", Method::POST, path, Some(&asked));
    assert_eq!(rotated.await.unwrap().generation, 2);
    beta.follow().await;
    let ticket = beta.look_up("a").await.unwrap();
    assert_eq!(bytes(&beta.open(&ticket).await.unwrap()), bytes(&key));
}
