//! Cards whose owner is somewhere else: the way to them is a bus, and a line to the owner is for what else happens to
//! them.
//!
//! In the guest of a virtual machine the bus is PCI, reached through the kernel's VFIO, and the line a serial port. There
//! [`LINE`] and [`CARD`] say where. Without them each card has an owner of its own in this process.

use crate::line::{self, Answer, Ask, NewCard};
use crate::local;
use crate::owner::{Owner, Slot};
use photonbox_driver::{
    Device, Error, HostBus, Transport,
    dma::DmaBuffer,
    transport::{Interrupt, inprocess::InProcess, vfio::Vfio},
};
use photonbox_simcard::{BusStats, Fault, SimCardOptions};
use std::fs::File;
use std::io::{BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock, Weak};

/// Environment variable: the serial port that leads to the owner.
pub(crate) const LINE: &str = "PHOTONBOX_SUITE_LINE";
/// Environment variable: the PCI function that is the slot.
pub(crate) const CARD: &str = "PHOTONBOX_SUITE_CARD";

/// Where the slot is.
enum Bus {
    Pci(String),
    InProcess(Arc<Slot>),
}

/// A line to an owner, and the bus to its slot.
struct Line {
    bus: Bus,
    ends: Mutex<Ends>,
}

struct Ends {
    from: BufReader<Box<dyn Read + Send>>,
    to: Box<dyn Write + Send>,
}

impl Line {
    fn new(bus: Bus, from: impl Read + Send + 'static, to: impl Write + Send + 'static) -> Self {
        let ends = Ends {
            from: BufReader::new(Box::new(from)),
            to: Box::new(to),
        };
        Self {
            bus,
            ends: Mutex::new(ends),
        }
    }

    /// The one that the environment names, or a new one.
    fn get() -> Arc<Self> {
        static NAMED: OnceLock<Option<Arc<Line>>> = OnceLock::new();
        let named = NAMED.get_or_init(|| {
            let (line, card) = (std::env::var_os(LINE)?, std::env::var(CARD).ok()?);
            let opened = File::options().read(true).write(true).open(&line);
            let to = opened.unwrap_or_else(|error| panic!("{line:?}: {error}"));
            let from = to.try_clone().expect("a file can be shared");
            Some(Arc::new(Self::new(Bus::Pci(card), from, to)))
        });
        named.clone().unwrap_or_else(Self::to_new_owner)
    }

    fn to_new_owner() -> Arc<Self> {
        let (ours, theirs) = UnixStream::pair().expect("two sockets");
        let mut owner = Owner::new();
        let bus = Bus::InProcess(owner.slot());
        std::thread::spawn(move || {
            let mut from = BufReader::new(&theirs);
            if let Err(error) = owner.serve(&mut from, &mut &theirs) {
                eprintln!("the line to a card's owner broke: {error}");
            }
        });
        let from = ours.try_clone().expect("a socket can be shared");
        Arc::new(Self::new(bus, from, ours))
    }

    fn ask(&self, ask: &Ask) -> Result<Answer, String> {
        let mut ends = self.ends.lock().unwrap_or_else(PoisonError::into_inner);
        line::send(&mut ends.to, ask).expect("the owner takes questions");
        match line::receive(&mut ends.from).expect("the owner's answer") {
            Some(Answer::Refused(why)) => Err(why),
            Some(answer) => Ok(answer),
            None => panic!("the owner has gone at {ask:?}"),
        }
    }

    fn done(&self, ask: &Ask) {
        let answer = self.ask(ask);
        assert!(matches!(answer, Ok(Answer::Done)), "{ask:?}: {answer:?}");
    }

    fn flag(&self, ask: &Ask) -> bool {
        match self.ask(ask) {
            Ok(Answer::Flag(flag)) => flag,
            other => panic!("{ask:?}: {other:?}"),
        }
    }

    fn number(&self, ask: &Ask) -> u64 {
        match self.ask(ask) {
            Ok(Answer::Number(number)) => number,
            other => panic!("{ask:?}: {other:?}"),
        }
    }
}

/// A simulated card; its methods are those of the one in process.
pub(crate) struct SimCard {
    line: Arc<Line>,
    number: u32,
}

impl SimCard {
    pub(crate) fn new(options: SimCardOptions) -> Result<Arc<Self>, String> {
        let new = NewCard::from_options(&options)?;
        let line = Line::get();
        match line.ask(&Ask::New(new))? {
            Answer::Number(number) => Ok(Arc::new(Self {
                line,
                number: u32::try_from(number).expect("a card's number"),
            })),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn advance(&self, cycles: u64) {
        let card = self.number;
        self.line.done(&Ask::Advance { card, cycles });
    }

    pub(crate) fn inject(&self, fault: Fault) -> Result<(), String> {
        let (card, fault) = (self.number, fault.to_string());
        self.line.ask(&Ask::Inject { card, fault }).map(drop)
    }

    #[allow(dead_code, reason = "the suite on verilated hardware ends no fault")]
    pub(crate) fn end(&self, fault: Fault) {
        let (card, fault) = (self.number, fault.to_string());
        self.line.done(&Ask::End { card, fault });
    }

    pub(crate) fn inject_selftest_fault(&self, mask: u32) {
        let card = self.number;
        self.line.done(&Ask::InjectSelftest { card, mask });
    }

    pub(crate) fn clear_faults(&self) {
        self.line.done(&Ask::ClearFaults { card: self.number });
    }

    pub(crate) fn bus_stats(&self) -> BusStats {
        match self.line.ask(&Ask::BusStats { card: self.number }) {
            Ok(Answer::Stats(stats)) => stats,
            other => panic!("{other:?}"),
        }
    }
}

impl Drop for SimCard {
    fn drop(&mut self) {
        // A test that fails has said why; the line may be what broke.
        if !std::thread::panicking() {
            self.line.done(&Ask::Drop { card: self.number });
        }
    }
}

/// Accesses that don't go over the bus: what others than the driver do to the card.
impl Device for SimCard {
    fn read32(&self, offset: u32) -> u32 {
        let card = self.number;
        // The owner read 32 bits.
        self.line.number(&Ask::Read { card, offset }) as u32
    }

    fn write32(&self, offset: u32, value: u32) {
        let card = self.number;
        self.line.done(&Ask::Write {
            card,
            offset,
            value,
        });
    }

    /// The host is the one that the slot is in.
    fn attach(&self, _host: Arc<dyn HostBus>) {
        panic!("this host's memory isn't where the card is; plug it");
    }

    fn bus_master_enable(&self, on: bool) {
        let card = self.number;
        self.line.done(&Ask::BusMaster { card, on });
    }

    fn function_level_reset(&self) {
        self.line.done(&Ask::Reset { card: self.number });
    }

    fn describe(&self) -> String {
        format!("card {} of an owner elsewhere", self.number)
    }
}

/// What the way to a card takes.
pub(crate) trait Remote: Send + Sync {
    /// The card itself.
    fn card(&self) -> &SimCard;
}

/// What the way to a card takes.
pub(crate) type AnyCard = dyn Remote;

impl Remote for SimCard {
    fn card(&self) -> &SimCard {
        self
    }
}

/// Whether opening or closing a card resets it before the driver does: a kernel does so.
pub(crate) fn opening_resets() -> bool {
    std::env::var_os(CARD).is_some() || local::opening_resets()
}

/// A card whose owner forges some registers, and loses writes to chosen ones.
pub(crate) struct Forged {
    inner: Arc<SimCard>,
}

impl Forged {
    pub(crate) fn new(inner: Arc<SimCard>) -> Arc<Self> {
        Arc::new(Self { inner })
    }

    pub(crate) fn forge(&self, offset: u32, value: u32) {
        let card = self.inner.number;
        self.inner.line.done(&Ask::Forge {
            card,
            offset,
            value,
        });
    }

    pub(crate) fn honest(&self) {
        let card = self.inner.number;
        self.inner.line.done(&Ask::Honest { card });
    }

    pub(crate) fn lose_writes(&self, offset: u32) {
        let card = self.inner.number;
        self.inner.line.done(&Ask::LoseWrites { card, offset });
    }
}

impl Remote for Forged {
    fn card(&self) -> &SimCard {
        &self.inner
    }
}

impl Device for Forged {
    fn read32(&self, offset: u32) -> u32 {
        self.inner.read32(offset)
    }

    fn write32(&self, offset: u32, value: u32) {
        self.inner.write32(offset, value);
    }

    fn attach(&self, host: Arc<dyn HostBus>) {
        self.inner.attach(host);
    }

    fn bus_master_enable(&self, on: bool) {
        self.inner.bus_master_enable(on);
    }

    fn function_level_reset(&self) {
        self.inner.function_level_reset();
    }

    fn describe(&self) -> String {
        self.inner.describe()
    }
}

/// The way to a card in the slot; gone once another took it.
type Way = RwLock<Option<Box<dyn Transport>>>;

/// Plugs the card, and opens the way to it.
pub(crate) fn connect(card: Arc<AnyCard>) -> Result<Box<dyn Transport>, Error> {
    let (line, number) = (&card.card().line, card.card().number);
    let plug = Ask::Plug { card: number };
    let transport: Box<dyn Transport> = match &line.bus {
        Bus::InProcess(slot) => {
            line.flag(&plug);
            Box::new(InProcess::new(Arc::clone(slot) as _))
        }
        Bus::Pci(bdf) => {
            close_forgotten();
            let answers = line.flag(&plug);
            if !answers {
                // A kernel waits a minute for a function to answer before it lets anybody have it. So this card dies
                // just after.
                line.done(&Ask::Unplug);
            }
            let opened = Vfio::open(bdf)?;
            if !answers {
                line.flag(&plug);
            }
            Box::new(opened)
        }
    };
    let way = Arc::new(Way::new(Some(transport)));
    if matches!(line.bus, Bus::Pci(_)) {
        *IN_USE.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(&way);
    }
    Ok(Box::new(Plugged { way, card }))
}

/// The function has one user at a time.
static IN_USE: Mutex<Weak<Way>> = Mutex::new(Weak::new());

/// Closes what a test has forgotten, as the kernel does after a crash.
fn close_forgotten() {
    let forgotten = IN_USE
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .upgrade();
    if let Some(way) = forgotten {
        way.write().unwrap_or_else(PoisonError::into_inner).take();
    }
}

/// The way to a card, which is kept for as long.
struct Plugged {
    way: Arc<Way>,
    card: Arc<AnyCard>,
}

impl Plugged {
    fn with<T>(&self, call: impl FnOnce(&dyn Transport) -> Result<T, Error>) -> Result<T, Error> {
        let way = self.way.read().unwrap_or_else(PoisonError::into_inner);
        call(way.as_deref().ok_or(Error::DeadCard)?)
    }
}

impl Drop for Plugged {
    fn drop(&mut self) {
        // A kernel waits a minute for the end of the reset that comes with closing; a card that is gone has left the slot.
        let card = self.card.card();
        let gone = || card.read32(photonbox_regmap::global::MAGIC) == u32::MAX;
        if !std::thread::panicking() && gone() {
            card.line.done(&Ask::Unplug);
        }
        self.way
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
    }
}

impl Transport for Plugged {
    fn read32(&self, offset: u32) -> Result<u32, Error> {
        self.with(|way| way.read32(offset))
    }

    fn write32(&self, offset: u32, value: u32) -> Result<(), Error> {
        self.with(|way| way.write32(offset, value))
    }

    fn alloc_dma(&self, bytes: usize) -> Result<DmaBuffer, Error> {
        self.with(|way| way.alloc_dma(bytes))
    }

    fn interrupt(&self, vector: u16) -> Result<Arc<Interrupt>, Error> {
        self.with(|way| way.interrupt(vector))
    }

    fn bus_master(&self, on: bool) -> Result<(), Error> {
        self.with(|way| way.bus_master(on))
    }

    fn reset(&self) -> Result<(), Error> {
        self.with(|way| way.reset())
    }

    fn describe(&self) -> String {
        let way = self.way.read().unwrap_or_else(PoisonError::into_inner);
        way.as_ref()
            .map_or_else(|| "closed".to_owned(), |way| way.describe())
    }
}
