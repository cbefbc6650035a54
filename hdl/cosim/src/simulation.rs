//! One instance of a verilated design.

use crate::{Design, Error, Result};
use std::ffi::{CString, c_char, c_int, c_void};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

type Handle = *mut c_void;

/// The functions of a loaded library.
#[derive(Debug)]
pub(crate) struct Api {
    new: unsafe extern "C" fn(c_int) -> Handle,
    free: unsafe extern "C" fn(Handle),
    settle: unsafe extern "C" fn(Handle),
    clock: unsafe extern "C" fn(Handle),
    set: unsafe extern "C" fn(Handle, u32, *const u32),
    get: unsafe extern "C" fn(Handle, u32, *mut u32),
    run: unsafe extern "C" fn(Handle, u64, *const u32, u32) -> u64,
    coverage: unsafe extern "C" fn(Handle, *const c_char) -> c_int,
    trace: unsafe extern "C" fn(Handle, *const c_char) -> c_int,
    // Keeps the code mapped as long as the pointers above.
    _library: libloading::Library,
}

impl Api {
    pub(crate) fn load(path: &Path) -> Result<Self> {
        let failed = |error: libloading::Error| Error::Load {
            path: path.to_owned(),
            what: error.to_string(),
        };
        // SAFETY: the library was made by this crate from its own shim; its initialisers only fill tables.
        let library = unsafe { libloading::Library::new(path) }.map_err(failed)?;
        macro_rules! symbol {
            ($name:literal) => {
                // SAFETY: the shim defines each of these with exactly the type of the field.
                *unsafe { library.get($name) }.map_err(failed)?
            };
        }
        Ok(Self {
            new: symbol!(b"pb_new"),
            free: symbol!(b"pb_free"),
            settle: symbol!(b"pb_settle"),
            clock: symbol!(b"pb_clock"),
            set: symbol!(b"pb_set"),
            get: symbol!(b"pb_get"),
            run: symbol!(b"pb_run"),
            coverage: symbol!(b"pb_coverage"),
            trace: symbol!(b"pb_trace"),
            _library: library,
        })
    }
}

/// A port of a design, found once by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PortId(u32);

/// One instance of a design. Inputs are set, then [`Self::clock`] makes a rising edge; outputs then show the new
/// state together with the present inputs.
#[derive(Debug)]
pub struct Simulation {
    design: Arc<Design>,
    api: Arc<Api>,
    handle: Handle,
    cycles: u64,
    limit: u64,
}

/// What a simulation unwinds with when its limit of cycles is reached.
#[derive(Debug)]
pub(crate) struct OutOfCycles;

// SAFETY: an instance owns all of its state, and only one thread at a time can hold `&mut`.
unsafe impl Send for Simulation {}

static INSTANCES: AtomicU32 = AtomicU32::new(0);

impl Simulation {
    pub(crate) fn new(design: Arc<Design>, api: Arc<Api>, waves: bool) -> Self {
        let traced = waves && std::env::var_os("WAVES").is_some_and(|value| value == "1");
        // SAFETY: makes a new instance, which is freed once, in `drop`.
        let handle = unsafe { (api.new)(c_int::from(traced)) };
        let simulation = Self {
            design,
            api,
            handle,
            cycles: 0,
            limit: u64::MAX,
        };
        if traced {
            simulation.trace();
        }
        simulation
    }

    fn trace(&self) {
        let number = INSTANCES.fetch_add(1, Ordering::Relaxed);
        let name = format!(
            "waves/{}-{}-{number}.fst",
            self.design.name,
            std::process::id()
        );
        // A folder that cannot be made shows as a file that cannot be opened.
        let _ = std::fs::create_dir_all("waves");
        let opened = CString::new(name.as_str()).is_ok_and(|path| {
            // SAFETY: the handle is live and the string ends with a NUL.
            unsafe { (self.api.trace)(self.handle, path.as_ptr()) != 0 }
        });
        let said = if opened {
            "waveform"
        } else {
            "no waveform: cannot open"
        };
        eprintln!("{said} {name}");
    }

    /// The port with this name.
    ///
    /// # Panics
    /// When there is none: a harness that names a port wrongly is broken.
    pub fn port(&self, name: &str) -> PortId {
        let index = self.design.ports.iter().position(|port| port.name == name);
        let Some(index) = index else {
            panic!("{} has no port {name}", self.design.name);
        };
        PortId(index as u32)
    }

    /// Sets an input of at most 64 bits.
    #[inline]
    pub fn set(&mut self, port: PortId, value: u64) {
        if self.width(port) > 64 {
            return self.set_wide(port, &[value as u32, (value >> 32) as u32]);
        }
        let words = [value as u32, (value >> 32) as u32];
        // SAFETY: the handle is live; the port has at most two words, and the shim reads no more than it has.
        unsafe { (self.api.set)(self.handle, port.0, words.as_ptr()) }
    }

    /// Sets an input of any width, least significant word first; missing words are 0.
    pub fn set_wide(&mut self, port: PortId, value: &[u32]) {
        let mut words = vec![0_u32; self.width(port).div_ceil(32).max(value.len()).max(2)];
        words[..value.len()].copy_from_slice(value);
        // SAFETY: as in `set`, with as many words as the port has.
        unsafe { (self.api.set)(self.handle, port.0, words.as_ptr()) }
    }

    /// The low 64 bits of a port.
    #[inline]
    pub fn get(&self, port: PortId) -> u64 {
        let mut words = [0_u32; 2];
        if self.width(port) > 64 {
            words.copy_from_slice(&self.get_wide(port)[..2]);
        } else {
            // SAFETY: as in `set`; the shim writes no more words than the port has.
            unsafe { (self.api.get)(self.handle, port.0, words.as_mut_ptr()) }
        }
        u64::from(words[0]) | u64::from(words[1]) << 32
    }

    /// All of a port, least significant word first.
    pub fn get_wide(&self, port: PortId) -> Vec<u32> {
        let mut words = vec![0_u32; self.width(port).div_ceil(32).max(2)];
        // SAFETY: as in `get`, with as many words as the port has.
        unsafe { (self.api.get)(self.handle, port.0, words.as_mut_ptr()) }
        words.truncate(self.width(port).div_ceil(32));
        words
    }

    /// Whether a port's lowest bit is 1.
    #[inline]
    pub fn is(&self, port: PortId) -> bool {
        self.get(port) & 1 == 1
    }

    /// Lets combinational outputs follow the inputs.
    #[inline]
    pub fn settle(&mut self) {
        // SAFETY: the handle is live.
        unsafe { (self.api.settle)(self.handle) }
    }

    /// One rising edge of `clock`.
    #[inline]
    pub fn clock(&mut self) {
        // SAFETY: the handle is live.
        unsafe { (self.api.clock)(self.handle) }
        self.count(1);
    }

    /// Unwinds after so many rising edges, so that a bench that waits for what never comes ends.
    pub(crate) fn limit(&mut self, cycles: u64) {
        self.limit = cycles;
    }

    #[inline]
    fn count(&mut self, cycles: u64) {
        self.cycles += cycles;
        if self.cycles > self.limit {
            // Without the panic's message: who set the limit expects this.
            std::panic::resume_unwind(Box::new(OutOfCycles));
        }
    }

    /// Up to `most` rising edges, ending early after one that leaves any of `until` (at most 2,048 bits wide; the
    /// low 32 bits count) other than 0. Says how many there were.
    #[inline]
    pub fn run(&mut self, most: u64, until: &[PortId]) -> u64 {
        let most = most.min(self.limit.saturating_sub(self.cycles).saturating_add(1));
        let ports: Vec<u32> = until.iter().map(|port| port.0).collect();
        // SAFETY: the handle is live and the ports are those of the vector.
        let done = unsafe { (self.api.run)(self.handle, most, ports.as_ptr(), ports.len() as u32) };
        self.count(done);
        done
    }

    /// Rising edges so far.
    pub fn cycles(&self) -> u64 {
        self.cycles
    }

    /// Writes the coverage counted so far (by all instances of the library) in Verilator's format; false when it
    /// was not built in.
    pub fn write_coverage(&self, path: &Path) -> bool {
        CString::new(path.to_string_lossy().as_bytes()).is_ok_and(|path| {
            // SAFETY: the handle is live and the string ends with a NUL.
            unsafe { (self.api.coverage)(self.handle, path.as_ptr()) != 0 }
        })
    }

    fn width(&self, port: PortId) -> usize {
        self.design.ports[port.0 as usize].width
    }
}

impl Drop for Simulation {
    fn drop(&mut self) {
        // SAFETY: the handle came from `new` and is not used again.
        unsafe { (self.api.free)(self.handle) }
    }
}
