//! A small Linux guest under QEMU's software emulation whose virtio-rng is fed through `rng-egd`.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Long enough for a guest under emulation on a busy machine; it boots in a few seconds on an idle one.
const BOOT_LIMIT: Duration = Duration::from_secs(180);

/// What the guest needs, in load order; paths below the kernel package's `drivers/`.
const MODULES: &[&str] = &[
    "virtio/virtio_ring",
    "virtio/virtio",
    "virtio/virtio_pci_modern_dev",
    "virtio/virtio_pci_legacy_dev",
    "virtio/virtio_pci",
    "char/hw_random/virtio-rng",
];

/// The guest's first program: load the drivers, read the hardware generator, print, power off.
const INIT: &str = r#"#!/bin/busybox sh
b=/bin/busybox
$b mount -t proc proc /proc
$b mount -t sysfs sys /sys
$b mount -t devtmpfs dev /dev
for m in $($b cat /modules); do $b insmod /$m || echo "guest: insmod $m failed"; done
echo "guest: rng $($b cat /sys/class/misc/hw_random/rng_current)"
for i in 1 2; do
  echo "guest: bytes $($b dd if=/dev/hwrng bs=64 count=1 2>/dev/null | $b hexdump -v -e '1/1 "%02x"')"
done
$b poweroff -f
"#;

/// What a guest said.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// Name of the kernel's current hardware generator.
    pub(crate) rng: String,
    /// Each read of `/dev/hwrng`.
    pub(crate) reads: Vec<Vec<u8>>,
    /// All of the console.
    pub(crate) console: String,
}

/// Programs and files of a guest, or what is missing.
pub(crate) struct Guest {
    kernel: PathBuf,
    modules: PathBuf,
    busybox: PathBuf,
}

impl Guest {
    /// Finds QEMU, a kernel (unpacked by `scripts/setup.sh test`) and busybox.
    ///
    /// # Errors
    /// Says which one is missing, for the test to report as skipped.
    pub(crate) fn find() -> Result<Self, String> {
        for program in ["qemu-system-x86_64", "cpio"] {
            let found = Command::new(program)
                .arg("--version")
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()
                .is_ok_and(|status| status.success());
            if !found {
                return Err(format!("{program} is not installed"));
            }
        }
        let busybox = PathBuf::from("/bin/busybox");
        if !busybox.exists() {
            return Err("busybox-static is not installed".into());
        }
        let unpacked = target_folder().join("vm/kernel");
        let kernel = newest(&unpacked.join("boot"), "vmlinuz-")
            .ok_or("no guest kernel: scripts/setup.sh test fetches one")?;
        let modules =
            newest(&unpacked.join("lib/modules"), "").ok_or("the guest kernel has no modules")?;
        Ok(Self {
            kernel,
            modules,
            busybox,
        })
    }

    /// Boots the guest with `egd` (a Unix socket that speaks EGD) behind its virtio-rng and waits for it to power off.
    pub(crate) fn boot(&self, egd: &Path, scratch: &Path) -> Report {
        let initrd = self.initrd(scratch);
        let mut qemu = Command::new("qemu-system-x86_64")
            .args(["-machine", "q35,accel=tcg", "-cpu", "max", "-m", "256"])
            .args([
                "-display",
                "none",
                "-nodefaults",
                "-no-reboot",
                "-serial",
                "stdio",
            ])
            .arg("-kernel")
            .arg(&self.kernel)
            .arg("-initrd")
            .arg(&initrd)
            .args(["-append", "console=ttyS0 quiet panic=-1"])
            .arg("-chardev")
            .arg(format!("socket,path={},id=egd", egd.display()))
            .args([
                "-object",
                "rng-egd,chardev=egd,id=rng0",
                "-device",
                "virtio-rng-pci,rng=rng0",
            ])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("QEMU starts");
        let mut console = qemu.stdout.take().expect("QEMU's console is piped");
        let reader = std::thread::spawn(move || {
            let mut bytes = Vec::new();
            console
                .read_to_end(&mut bytes)
                .expect("the console can be read");
            String::from_utf8_lossy(&bytes).into_owned()
        });
        let start = Instant::now();
        while qemu.try_wait().expect("QEMU can be waited for").is_none() {
            if start.elapsed() > BOOT_LIMIT {
                qemu.kill().expect("our own QEMU can be stopped");
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        parse(reader.join().expect("the console's reader ends with QEMU"))
    }

    /// Packs init, busybox and the modules into an initramfs.
    fn initrd(&self, scratch: &Path) -> PathBuf {
        let root = scratch.join("initrd");
        for folder in ["bin", "proc", "sys", "dev", "m"] {
            std::fs::create_dir_all(root.join(folder)).expect("a folder of the initramfs");
        }
        std::fs::copy(&self.busybox, root.join("bin/busybox")).expect("busybox can be copied");
        let mut list = String::new();
        for module in MODULES {
            let from = self
                .modules
                .join("kernel/drivers")
                .join(format!("{module}.ko"));
            let name = format!(
                "m/{}.ko",
                module.rsplit('/').next().expect("a module has a name")
            );
            std::fs::copy(&from, root.join(&name))
                .unwrap_or_else(|e| panic!("{}: {e}", from.display()));
            list.push_str(&name);
            list.push('\n');
        }
        std::fs::write(root.join("modules"), list).expect("the module list");
        std::fs::write(root.join("init"), INIT).expect("init");
        let image = scratch.join("initrd.cpio");
        let packed = Command::new("sh")
            .arg("-c")
            .arg("chmod 755 init && find . | cpio -o -H newc --quiet > \"$1\"")
            .arg("sh")
            .arg(&image)
            .current_dir(&root)
            .status()
            .expect("sh starts");
        assert!(packed.success(), "cpio packs the initramfs");
        image
    }
}

fn parse(console: String) -> Report {
    let mut report = Report::default();
    for line in console.lines() {
        let Some(at) = line.find("guest: ") else {
            continue;
        };
        let mut words = line[at + "guest: ".len()..].split_whitespace();
        match (words.next(), words.next()) {
            (Some("rng"), Some(name)) => report.rng = name.to_owned(),
            (Some("bytes"), Some(hex)) => {
                let bytes = hex.as_bytes().chunks(2).map(|pair| {
                    let pair = std::str::from_utf8(pair).expect("the console is text");
                    u8::from_str_radix(pair, 16).expect("the guest prints hexadecimal")
                });
                report.reads.push(bytes.collect());
            }
            _ => {}
        }
    }
    report.console = console;
    report
}

/// The folder cargo builds in: this test's own program stands in `TARGET/debug/deps`.
fn target_folder() -> PathBuf {
    let program = std::env::current_exe().expect("a program knows where it is");
    program
        .ancestors()
        .nth(3)
        .expect("tests stand three folders below the target")
        .to_path_buf()
}

/// The last entry of `folder` whose name begins with `prefix`, by name.
fn newest(folder: &Path, prefix: &str) -> Option<PathBuf> {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder)
        .ok()?
        .filter_map(|entry| entry.ok().map(|e| e.path()))
        .filter(|path| {
            path.file_name()
                .is_some_and(|n| n.to_string_lossy().starts_with(prefix))
        })
        .collect();
    entries.sort();
    entries.pop()
}
