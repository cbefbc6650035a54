//! Photonbox and virtual machines: QEMU's software emulation, a Debian kernel, busybox. Says *skipped* where QEMU or a
//! guest kernel is missing.

mod card;
mod clone;
mod dead;
mod guest;
mod hub;
// The end-to-end tests' way of running the binary; this test uses a part of it.
#[allow(dead_code)]
#[path = "../e2e/process.rs"]
mod process;
mod rng;
#[allow(dead_code)]
#[path = "../e2e/scene.rs"]
mod scene;
