//! A small Linux guest under QEMU's software emulation: a kernel, busybox, what a test adds, and its console.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Long enough for a guest under emulation on a very busy machine; it boots in a few seconds on an idle one.
pub(crate) const BOOT_LIMIT: Duration = Duration::from_secs(900);

/// The kernel's command line. At its start it counts timer interrupts against the time-stamp counter, and ends where few
/// come, as under emulation on a busy machine: not that test.
const APPEND: &str = "console=ttyS0 quiet panic=-1 intel_iommu=on no_timer_check";

/// What a kernel needs to give a function to a user, in the order in which it is loaded.
pub(crate) const VFIO_MODULES: &[&str] = &[
    "virtio_ring",
    "virtio",
    "virtio_pci_modern_dev",
    "virtio_pci_legacy_dev",
    "virtio_pci",
    "virtio-iommu",
    "irqbypass",
    "vfio_virqfd",
    "vfio",
    "vfio_iommu_type1",
    "vfio-pci-core",
    "vfio-pci",
];

/// The beginning of an init with a card: a user `card`, the card's address in `$bdf` and its folder in `$d`, and `say NAME
/// COMMAND…`, which prints `guest: NAME CODE OUTPUT` on one line.
pub(crate) const CARD_INIT: &str = r#"
export PATH=/bin HOME=/tmp
$b dmesg -n 1
for name in sh su chown echo cat; do $b ln -s busybox /bin/$name; done
echo "root:x:0:0::/:/bin/sh" >/etc/passwd; echo "card:x:1000:1000::/tmp:/bin/sh" >>/etc/passwd
echo "root:x:0:" >/etc/group; echo "card:x:1000:" >>/etc/group
say() { name=$1; shift; out=$("$@" 2>&1); code=$?; echo "guest: $name $code $(echo "$out" | $b tr '\n' ' ')"; }
for d in /sys/bus/pci/devices/*; do
  [ "$($b cat $d/vendor)" = 0x10ee ] && bdf=$($b basename $d)
done
d=/sys/bus/pci/devices/$bdf
"#;

/// Gives the card to vfio-pci; its group is then in `$group`.
pub(crate) const BIND_CARD: &str = r#"
echo vfio-pci >$d/driver_override
echo $bdf >/sys/bus/pci/drivers/vfio-pci/bind
group=/dev/vfio/$($b basename $($b readlink $d/iommu_group))
"#;

/// Gives it to the user.
pub(crate) const OWN_CARD: &str = r#"
$b chown card:card $group; $b chmod 666 /dev/vfio/vfio
"#;

/// Lets users have functions behind an IOMMU that remaps no interrupts.
pub(crate) const ALLOW_UNREMAPPED: &str = r#"
echo 1 >/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts
"#;

/// QEMU's device for Intel's IOMMU.
pub(crate) const INTEL_IOMMU: &str = "intel-iommu,intremap=on,caching-mode=on";
/// QEMU's device for virtio's, which remaps no interrupts.
pub(crate) const VIRTIO_IOMMU: &str = "virtio-iommu-pci";

/// Exit code and output of each step that a guest said.
pub(crate) type Steps = BTreeMap<String, (i32, String)>;

/// Reads `guest: NAME CODE OUTPUT` from its console.
pub(crate) fn steps(console: &str) -> Steps {
    let mut steps = Steps::new();
    for line in console.lines() {
        let Some((_, said)) = line.split_once("guest: ") else {
            continue;
        };
        let mut words = said.splitn(3, ' ');
        if let (Some(name), Some(code)) = (words.next(), words.next())
            && let Ok(code) = code.parse()
        {
            let output = words.next().unwrap_or_default().trim().to_owned();
            steps.insert(name.to_owned(), (code, output));
        }
    }
    steps
}

/// What a test's guest is made of besides kernel and busybox.
pub(crate) struct Parts<'a> {
    /// Names of kernel modules, in the order in which they are loaded; what the kernel has built in is left out.
    pub(crate) modules: &'a [&'a str],
    /// The first program, a script of busybox's shell. It finds `/proc`, `/sys` and `/dev` mounted, the modules loaded
    /// and busybox in `$b`, and should end with `$b poweroff -f`.
    pub(crate) init: &'a str,
    /// More files: from where, and their place in the guest.
    pub(crate) files: &'a [(PathBuf, String)],
    /// It is stopped after this time.
    pub(crate) limit: Duration,
}

/// Programs and files of a guest, or what is missing.
pub(crate) struct Guest {
    qemu: PathBuf,
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
        Self::with_qemu("qemu-system-x86_64".into())
    }

    /// The same with a QEMU that takes cards from vfio-user sockets: the one that `scripts/setup.sh test` unpacks, or
    /// the machine's own.
    ///
    /// # Errors
    /// As [`Guest::find`].
    pub(crate) fn find_with_vfio_user() -> Result<Self, String> {
        let unpacked = target_folder().join("vm/qemu/qemu-system-x86_64");
        let candidates = [unpacked, PathBuf::from("qemu-system-x86_64")];
        // An older one ends well, too, and says that it has no such device.
        let takes_cards = |qemu: &PathBuf| {
            let help = Command::new(qemu)
                .args(["-device", "vfio-user-pci,help"])
                .output();
            help.is_ok_and(|help| help.stdout.starts_with(b"vfio-user-pci options"))
        };
        let qemu = candidates.into_iter().find(takes_cards).ok_or(
            "no QEMU with vfio-user-pci (10.1 or later): scripts/setup.sh test fetches one",
        )?;
        Self::with_qemu(qemu)
    }

    fn with_qemu(qemu: PathBuf) -> Result<Self, String> {
        for program in [qemu.as_path(), Path::new("cpio")] {
            let found = Command::new(program)
                .arg("--version")
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()
                .is_ok_and(|status| status.success());
            if !found {
                return Err(format!("{} is not installed", program.display()));
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
            qemu,
            kernel,
            modules,
            busybox,
        })
    }

    /// The same for a guest with a card behind virtio's IOMMU, too.
    ///
    /// # Errors
    /// As [`Guest::find`].
    pub(crate) fn find_with_virtio_iommu() -> Result<Self, String> {
        let guest = Self::find_with_vfio_user()?;
        if !guest.has("virtio-iommu") {
            return Err(
                "the guest's kernel has no virtio-iommu: scripts/setup.sh test fetches one".into(),
            );
        }
        Ok(guest)
    }

    /// Whether the kernel has this module; one that it has built in doesn't count.
    fn has(&self, module: &str) -> bool {
        find(&self.modules.join("kernel"), &format!("{module}.ko")).is_some()
    }

    /// Boots a guest of these parts on a machine with these further devices, and waits for it to power off: all of its
    /// console.
    pub(crate) fn boot(&self, parts: &Parts<'_>, devices: &[String], scratch: &Path) -> String {
        let initrd = self.initrd(parts, scratch);
        self.start(&initrd, devices).end(parts.limit)
    }

    /// Starts a guest from a packed initramfs.
    pub(crate) fn start(&self, initrd: &Path, devices: &[String]) -> Machine {
        let mut qemu = Command::new(&self.qemu)
            // Emulated, CMPXCHG16B now and then leaves garbage in EFLAGS (QEMU 7.2), of which the guest's kernel dies: it is
            // to do without.
            .args(["-machine", "q35,accel=tcg", "-cpu", "max,-cx16"])
            // Shared with whoever plays a device on a socket.
            .args(["-m", "384", "-machine", "memory-backend=mem"])
            .args(["-object", "memory-backend-memfd,id=mem,size=384M,share=on"])
            .args(["-display", "none", "-nodefaults", "-no-reboot"])
            .args(["-serial", "stdio"])
            .args(devices)
            .arg("-kernel")
            .arg(&self.kernel)
            .arg("-initrd")
            .arg(initrd)
            .args(["-append", APPEND])
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
            String::from_utf8_lossy(&bytes).replace('\r', "")
        });
        Machine { qemu, reader }
    }

    /// Packs init, busybox, modules and files into an initramfs.
    pub(crate) fn initrd(&self, parts: &Parts<'_>, scratch: &Path) -> PathBuf {
        let root = scratch.join("initrd");
        for folder in ["bin", "proc", "sys", "dev", "etc", "tmp", "m"] {
            std::fs::create_dir_all(root.join(folder)).expect("a folder of the initramfs");
        }
        let copy = |from: &Path, to: &str| {
            let to = root.join(to);
            let folder = to.parent().expect("a file has a folder");
            std::fs::create_dir_all(folder).expect("a folder of the initramfs");
            std::fs::copy(from, &to).unwrap_or_else(|e| panic!("{}: {e}", from.display()));
        };
        copy(&self.busybox, "bin/busybox");
        let mut init = String::from(
            "#!/bin/busybox sh\nb=/bin/busybox\n$b mount -t proc proc /proc\n$b mount -t sysfs sys /sys\n$b mount -t devtmpfs dev /dev\n",
        );
        for name in parts.modules {
            if let Some(module) = find(&self.modules.join("kernel"), &format!("{name}.ko")) {
                copy(&module, &format!("m/{name}.ko"));
                init.push_str(&format!(
                    "$b insmod /m/{name}.ko || echo \"guest: insmod {name} failed\"\n"
                ));
            }
        }
        for (from, to) in parts.files {
            copy(from, to);
        }
        init.push_str(parts.init);
        std::fs::write(root.join("init"), init).expect("init");
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

/// A running QEMU.
pub(crate) struct Machine {
    qemu: Child,
    reader: JoinHandle<String>,
}

impl Machine {
    /// Waits for its end, which is forced after `limit`: all of the guest's console.
    pub(crate) fn end(mut self, limit: Duration) -> String {
        let start = Instant::now();
        while self
            .qemu
            .try_wait()
            .expect("QEMU can be waited for")
            .is_none()
        {
            if start.elapsed() > limit {
                self.qemu.kill().expect("our own QEMU can be stopped");
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        self.reader
            .join()
            .expect("the console's reader ends with QEMU")
    }
}

/// A program and the libraries that it is linked to, with their places in a guest.
pub(crate) fn program(path: &Path, place: &str) -> Vec<(PathBuf, String)> {
    let listed = Command::new("ldd").arg(path).output().expect("ldd starts");
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    let libraries = listed
        .split_whitespace()
        .filter(|word| word.starts_with('/'))
        .map(|library| (PathBuf::from(library), library[1..].to_owned()));
    std::iter::once((path.to_owned(), place.to_owned()))
        .chain(libraries)
        .collect()
}

/// The file with this name in a folder or below.
fn find(folder: &Path, name: &str) -> Option<PathBuf> {
    let entries = std::fs::read_dir(folder).ok()?;
    entries.filter_map(Result::ok).find_map(|entry| {
        let path = entry.path();
        if path.is_dir() {
            find(&path, name)
        } else {
            (entry.file_name().to_str() == Some(name)).then_some(path)
        }
    })
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
