//! Opening the card that the options name, and setting it up as they say.

use std::sync::Arc;
use std::time::Duration;

use photonbox_driver::transport::About;
use photonbox_driver::transport::inprocess::InProcess;
use photonbox_driver::transport::serial::{Serial, SerialKey};
use photonbox_driver::transport::{vfio::Vfio, vfio_user::VfioUser};
use photonbox_driver::{
    Card, CardAddress, CardSettings, Coalescing, Cutoffs, Device, Geometry, LaneSettings,
    OpenOptions, Transport,
};
use photonbox_entropy::{credit, cutoff};
use photonbox_regmap::global;
use photonbox_secret::SecretBytes;
use photonbox_simcard::{Build, CoreKind, Pace, ScheduledFault, SimCard, SimCardOptions, Source};

use crate::failure::split;
use crate::feeder::WAIT;
use crate::options::CardOptions;
use crate::{Error, Result, os};

/// Cycles after which a slot that isn't full leaves verilated hardware, where the driver's 2.5 M are seconds.
const RTL_FLUSH: u32 = 50_000;

/// A card that is set up, but not yet started (its extractor still waits for a seed).
pub struct OpenedCard {
    /// The driver's handle.
    pub card: Arc<Card>,
    /// The simulated card behind it, to inject faults into, where it is one.
    pub simulated: Option<Arc<SimCard>>,
    /// The settings that it has.
    pub settings: CardSettings,
    /// When its entropy ring gives slots.
    pub gathering: Coalescing,
    /// What it is, for people.
    pub description: String,
    /// Name of the source in the ledger.
    pub source: String,
    /// What names the card from one start to the next: its lanes in alarm are remembered under it.
    pub name: String,
    /// It plays a recording that was played before.
    pub replayed: bool,
    /// Its photons come from a given seed: whoever knows that has them too, so they are labelled test.
    pub reproducible: bool,
}

/// A driver's error as ours: an unhealthy card has its own exit code.
#[must_use]
pub fn card_failed(error: &photonbox_driver::Error) -> Error {
    // The driver's messages end with what to do.
    let (what, help) = split(&error.to_string(), "look at `photonbox card status`");
    match error {
        photonbox_driver::Error::HealthAlarm { .. } => Error::unhealthy(what, help),
        photonbox_driver::Error::UnknownCard { .. } => Error::usage(what, help),
        _ => Error::failed(what, help),
    }
}

fn simulation_refused(error: &photonbox_simcard::Error) -> Error {
    let help = "correct the options of the simulated card";
    let (what, help) = split(&error.to_string(), help);
    match error {
        photonbox_simcard::Error::Capture { .. }
        | photonbox_simcard::Error::Entropy(_)
        | photonbox_simcard::Error::Thread(_) => Error::failed(what, help),
        _ => Error::usage(what, help),
    }
}

/// The photon source that the options name.
fn photon_source(options: &CardOptions, core: CoreKind) -> Result<Source> {
    match (&options.capture, &options.stochastic, &options.pattern) {
        (Some(path), None, None) => Ok(Source::Capture { path: path.clone() }),
        (None, Some(parameters), None) => core
            .default_light()
            .with(parameters)
            .map(Source::Stochastic)
            .map_err(|e| simulation_refused(&e.into())),
        (None, None, Some(name)) => Source::pattern(name).map_err(|e| simulation_refused(&e)),
        (None, None, None) => Ok(Source::Stochastic(core.default_light())),
        _ => Err(Error::usage(
            "a simulated card has one photon source, and several were given",
            "give one of --capture, --stochastic and --pattern",
        )),
    }
}

/// How many lanes get light, where not all do: a capture drives lane 0 alone.
fn lit_lanes(options: &CardOptions) -> Option<u32> {
    options.capture.is_some().then_some(1)
}

/// The settings of a card with `lanes` lanes, of which the first `lit` are in use.
fn settings(options: &CardOptions, lanes: u32, lit: Option<u32>) -> Result<CardSettings> {
    credit::check_claim(options.claimed_h)
        .map_err(|error| Error::usage(error.to_string(), "set claimed_h between 0 and 1"))?;
    let used = lit.unwrap_or(lanes).min(lanes);
    let alpha = cutoff::default_alpha_log2(used);
    let h = options.claimed_h;
    let cutoffs = Cutoffs {
        claimed_h: h,
        false_positive_exponent: alpha,
        rct: cutoff::repetition_count(h, alpha),
        apt: cutoff::adaptive_proportion(h, alpha, cutoff::APT_WINDOW),
        balance: cutoff::balance_limit(h, cutoff::BALANCE_WINDOW),
    };
    let mut settings = CardSettings::new(lanes, cutoffs);
    for (number, lane) in settings.lanes.iter_mut().enumerate() {
        let base = if (number as u32) < used {
            LaneSettings::extract()
        } else {
            LaneSettings::off()
        };
        *lane = LaneSettings {
            window: options.window,
            holdoff: options.holdoff,
            ..base
        };
    }
    if let Some(bytes) = options.ring_memory {
        settings.entropy_ring = Geometry::within(bytes);
    }
    settings.extractor.blocks_per_seed =
        u32::try_from(options.seed_refresh_blocks).unwrap_or(u32::MAX);
    Ok(settings)
}

/// When the entropy ring gives slots, as the options say.
fn gathering(options: &CardOptions) -> Result<Coalescing> {
    let within = Duration::from_millis(options.gather_ms);
    if within > WAIT {
        return Err(Error::usage(
            format!(
                "a slot may not wait {} ms for others: the hub looks at its card more often than that",
                options.gather_ms
            ),
            format!("set gather_ms in [card] to {} or less", WAIT.as_millis()),
        ));
    }
    Ok(Coalescing {
        slots: options.gather_slots,
        within,
    })
}

/// Opens the card and sets it up. Nothing runs yet.
///
/// # Errors
/// Wrong options (exit code 2); a card that cannot be reached or is not one (1).
pub fn open_card(options: &CardOptions) -> Result<OpenedCard> {
    // Before anything is touched.
    gathering(options)?;
    let failed = |error: photonbox_driver::Error| card_failed(&error);
    match address(options)? {
        CardAddress::Model | CardAddress::Rtl => {
            let simulated = simulate(options)?;
            let device: Arc<dyn Device> = simulated.clone();
            bring_up(options, simulated, device)
        }
        CardAddress::VfioUser(path) => {
            let transport = VfioUser::connect(&path).map_err(failed)?;
            open_there(options, Box::new(transport))
        }
        CardAddress::Vfio(bdf) => {
            let transport = Vfio::open(&bdf).map_err(failed)?;
            open_there(options, Box::new(transport))
        }
        CardAddress::Serial(line) => {
            let key = options.serial_key.as_deref().map(SerialKey::from_file);
            let key = key.transpose().map_err(failed)?;
            let transport = Serial::open(&line, key).map_err(failed)?;
            open_there(options, Box::new(transport))
        }
    }
}

/// The seed that the photons are drawn from, if one was given.
fn seed(options: &CardOptions, core: CoreKind) -> Result<Option<u64>> {
    Ok(match photon_source(options, core)? {
        Source::Stochastic(params) => options.seed.or(params.seed),
        Source::Capture { .. } | Source::Pattern(_) => None,
    })
}

fn is_seeded(options: &CardOptions, core: CoreKind) -> Result<bool> {
    Ok(seed(options, core)?.is_some())
}

fn address(options: &CardOptions) -> Result<CardAddress> {
    options.card.parse().map_err(|e| card_failed(&e))
}

/// See [`OpenedCard::name`]. The builds of a simulated card are cards of their own.
fn card_name(options: &CardOptions) -> Result<String> {
    let address = address(options)?;
    let name = address.name().map_err(|e| card_failed(&e))?;
    Ok(match address {
        CardAddress::Model | CardAddress::Rtl => format!("{name}:{}", options.build),
        _ => name,
    })
}

/// The core of the card that the options name, if this program has it.
fn core(options: &CardOptions) -> Result<CoreKind> {
    match address(options)? {
        CardAddress::VfioUser(_) | CardAddress::Vfio(_) | CardAddress::Serial(_) => {
            Err(Error::usage(
                format!("`{}` is a card elsewhere", options.card),
                "use --card model or --card rtl here",
            ))
        }
        CardAddress::Rtl if CoreKind::Rtl.available() => Ok(CoreKind::Rtl),
        other => other
            .supported()
            .map(|()| CoreKind::Model)
            .map_err(|e| card_failed(&e)),
    }
}

/// A simulated card, and what its registers don't say.
pub struct SimulatedCard {
    /// The card.
    pub card: Arc<SimCard>,
    /// What to tell whoever takes it.
    pub about: About,
}

/// The simulated card that the options describe, for others than a driver in this process; the one with this number of
/// several, which would all make the same bits if they had one seed.
///
/// # Errors
/// Wrong options (exit code 2); a capture that can't be played (1).
pub fn simulated_card(options: &CardOptions, number: u64) -> Result<SimulatedCard> {
    let options = &numbered(options, number)?;
    let card = simulate(options)?;
    Ok(SimulatedCard {
        about: About {
            reproducible: is_seeded(options, card.core())?,
            lit_lanes: lit_lanes(options),
        },
        card,
    })
}

fn numbered(options: &CardOptions, number: u64) -> Result<CardOptions> {
    let seed = seed(options, core(options)?)?.or(options.seed);
    Ok(CardOptions {
        seed: seed.map(|seed| seed.wrapping_add(number)),
        ..options.clone()
    })
}

/// The simulated card that the options describe.
pub(crate) fn simulate(options: &CardOptions) -> Result<Arc<SimCard>> {
    let core = core(options)?;
    let build = match options.build.as_str() {
        "small" => Build::Small,
        "wide" => Build::Wide,
        other => {
            return Err(Error::usage(
                format!("there is no build `{other}` of the card"),
                "use --build small or --build wide",
            ));
        }
    };
    let faults = options
        .faults
        .iter()
        .map(|text| text.parse::<ScheduledFault>())
        .collect::<std::result::Result<Vec<_>, _>>()
        .map_err(|e| simulation_refused(&e.into()))?;
    SimCard::new(SimCardOptions {
        core,
        build,
        source: photon_source(options, core)?,
        seed: options.seed,
        pace: if options.fast {
            Pace::AsFastAsPossible
        } else {
            Pace::RealTime
        },
        faults,
        played_before: options.played_before,
    })
    .map_err(|e| simulation_refused(&e))
}

/// Opens the card behind `device` and sets it up.
pub(crate) fn bring_up(
    options: &CardOptions,
    simulated: Arc<SimCard>,
    device: Arc<dyn Device>,
) -> Result<OpenedCard> {
    let reproducible = is_seeded(options, simulated.core())?;
    let open = OpenOptions {
        expected_build: simulated.build_hash(),
        accept_any_build: options.allow_build_mismatch,
        ..Default::default()
    };
    let card =
        Card::open(Box::new(InProcess::new(device)), open).map_err(|error| card_failed(&error))?;
    let mut settings = settings(options, card.identity().lanes, lit_lanes(options))?;
    if simulated.core() == CoreKind::Rtl {
        settings.flush_cycles = RTL_FLUSH;
    }
    card.configure(&settings)
        .map_err(|error| card_failed(&error))?;
    Ok(OpenedCard {
        description: card.identity().describe.clone(),
        card: Arc::new(card),
        simulated: Some(simulated),
        settings,
        gathering: gathering(options)?,
        source: "card0".into(),
        name: card_name(options)?,
        replayed: options.capture.is_some() && options.played_before,
        reproducible,
    })
}

/// Opens a card that is not in this process, and sets it up. What drives its photons was said elsewhere, and whoever
/// serves it tells of that.
fn open_there(options: &CardOptions, transport: Box<dyn Transport>) -> Result<OpenedCard> {
    let failed = |error: photonbox_driver::Error| card_failed(&error);
    let About {
        reproducible,
        lit_lanes,
    } = transport.about().map_err(failed)?;
    let open = OpenOptions {
        expected_build: expected_build(&*transport).map_err(failed)?,
        accept_any_build: options.allow_build_mismatch,
        ..Default::default()
    };
    let card = Card::open(transport, open).map_err(failed)?;
    let identity = card.identity();
    let mut settings = settings(options, identity.lanes, lit_lanes)?;
    let is_model = identity.build_hash == photonbox_regmap::MODEL_BUILD_HASH;
    if !identity.is_real() && !is_model {
        settings.flush_cycles = RTL_FLUSH;
    }
    card.configure(&settings).map_err(failed)?;
    Ok(OpenedCard {
        description: card.identity().describe.clone(),
        card: Arc::new(card),
        simulated: None,
        settings,
        gathering: gathering(options)?,
        source: "card0".into(),
        name: card_name(options)?,
        replayed: false,
        reproducible,
    })
}

/// Of the builds that this program knows, that which the card says it is; else the model's, for the message.
fn expected_build(
    transport: &dyn Transport,
) -> std::result::Result<[u8; 32], photonbox_driver::Error> {
    let mut found = [0; 32];
    for (word, bytes) in (0..8).zip(found.chunks_exact_mut(4)) {
        bytes.copy_from_slice(&transport.read32(global::build_hash(word))?.to_le_bytes());
    }
    let rtl = [Build::Small, Build::Wide]
        .into_iter()
        .filter(|build| CoreKind::Rtl.comes_in(*build))
        .map(|build| CoreKind::Rtl.build_hash(build))
        .find(|hash| *hash == found);
    Ok(rtl.unwrap_or(photonbox_regmap::MODEL_BUILD_HASH))
}

/// A fresh extractor seed from the operating system: the first one, before the pool has any entropy.
///
/// # Errors
/// The OS generator failed.
pub(crate) fn first_seed(settings: &CardSettings) -> Result<SecretBytes> {
    let mut seed = SecretBytes::new_zeroed(settings.extractor.seed_bytes());
    os::random(seed.as_mut_slice()).map_err(|error| {
        Error::failed(
            format!("the system's generator failed: {error}"),
            "check the kernel's log",
        )
    })?;
    Ok(seed)
}

/// Seeds the extractor from the operating system and starts the lanes: for commands that look at a
/// card without a hub.
///
/// # Errors
/// The card refuses.
pub fn start_card(opened: &OpenedCard) -> Result<()> {
    let seed = first_seed(&opened.settings)?;
    opened
        .card
        .load_seed(seed.as_slice())
        .map_err(|e| card_failed(&e))?;
    opened.card.start().map_err(|e| card_failed(&e))
}

#[cfg(test)]
mod tests {
    use super::*;
    use photonbox_simcard::vfio_user::Server;

    fn open(change: impl FnOnce(&mut CardOptions)) -> Result<OpenedCard> {
        let mut options = CardOptions::default();
        change(&mut options);
        open_card(&options)
    }

    fn code(result: Result<OpenedCard>) -> u8 {
        let error = result.err().expect("refused");
        assert!(!error.to_string().contains('\n') && !error.help().is_empty());
        error.exit_code()
    }

    #[test]
    fn the_wide_card_opens_with_all_its_lanes() {
        let opened = open(|options| options.build = "wide".into()).expect("model");
        assert_eq!(opened.settings.lanes.len(), 64);
    }

    #[test]
    fn the_default_card_opens_and_is_simulated() {
        let opened = open(|_| ()).expect("model");
        assert_eq!(opened.settings.lanes.len(), 4);
        assert_eq!(opened.settings.cutoffs.false_positive_exponent, 40);
        assert!(!opened.card.identity().is_real());
    }

    #[test]
    fn slots_gather_as_the_options_say_and_not_at_all_without() {
        let gathering = |slots, ms| {
            let opened = open(|options| (options.gather_slots, options.gather_ms) = (slots, ms));
            opened.map(|opened| opened.gathering)
        };
        let found = gathering(8, 20).expect("as long as may be");
        assert_eq!((found.slots, found.within), (8, WAIT));
        let default = open(|_| ()).expect("model").gathering;
        assert_eq!(default.slots, 1, "each at once");
        let error = gathering(8, 21).expect_err("too long");
        assert_eq!(error.exit_code(), 2);
        assert!(error.help().contains("gather_ms"), "{}", error.help());
    }

    #[test]
    fn what_is_not_in_this_build_says_so() {
        if !CoreKind::Rtl.available() {
            let error = open(|o| o.card = "rtl".into()).err().expect("not there");
            let said = error.to_string();
            assert!(said.contains("not supported by this build"), "{said}");
            assert_eq!(error.exit_code(), 1);
        }
        assert_eq!(code(open(|o| o.card = "usb".into())), 2);
        assert_eq!(code(open(|o| o.card = "vfio:3.0".into())), 2);
        assert_eq!(code(open(|o| o.card = "vfio:ffff:ff:1f.7".into())), 1);
        assert_eq!(code(open(|o| o.card = "serial:/dev/none@0".into())), 2);
        assert_eq!(code(open(|o| o.card = "serial:/dev/none".into())), 1);
        let no_key = open(|o| {
            o.card = "serial:/dev/none".into();
            o.serial_key = Some("/no/such/key".into());
        });
        assert!(
            no_key
                .as_ref()
                .err()
                .is_some_and(|e| e.to_string().contains("/no/such/key"))
        );
        assert_eq!(code(no_key), 1);
        let nobody = open(|o| o.card = "vfio-user:/nonexistent/card".into());
        assert!(
            nobody
                .as_ref()
                .err()
                .is_some_and(|e| e.help().contains("simcard --socket"))
        );
        assert_eq!(code(nobody), 1);
        assert_eq!(code(open(|o| o.build = "huge".into())), 2);
    }

    #[test]
    fn cards_of_one_seed_get_a_light_each() {
        for (seed, own) in [(Some(7), ""), (None, "seed=7")] {
            let seeds: Vec<_> = (0..3)
                .map(|number| {
                    let options = CardOptions {
                        seed,
                        stochastic: Some(own.into()).filter(|own: &String| !own.is_empty()),
                        ..CardOptions::default()
                    };
                    let card = simulated_card(&options, number).expect("model");
                    assert!(card.about.reproducible);
                    numbered(&options, number).expect("model").seed
                })
                .collect();
            assert_eq!(seeds, [Some(7), Some(8), Some(9)]);
        }
        let unseeded = numbered(&CardOptions::default(), 1).expect("model");
        assert_eq!(unseeded.seed, None);
    }

    #[test]
    fn a_served_card_opens_with_what_its_server_knows() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("card");
        let options = CardOptions {
            pattern: Some("alternate".into()),
            seed: Some(3),
            ..CardOptions::default()
        };
        let simulated = simulated_card(&options, 0).expect("model");
        assert_eq!(simulated.about, About::default());
        let about = About {
            reproducible: true,
            lit_lanes: Some(2),
        };
        let _server = Server::new(simulated.card, &path, about).expect("server");
        let name = format!("vfio-user:{}", path.display());
        let opened = open(|o| o.card.clone_from(&name)).expect("served");
        assert!(opened.reproducible && opened.simulated.is_none());
        assert_eq!(opened.settings.cutoffs.false_positive_exponent, 40);
        assert!(opened.description.contains("pattern alternate, served at"));
        drop(opened);
        let nested = CardOptions {
            card: name,
            ..CardOptions::default()
        };
        assert_eq!(
            simulated_card(&nested, 0).err().expect("usage").exit_code(),
            2
        );
    }

    #[test]
    fn wrong_sources_are_refused() {
        assert_eq!(code(open(|o| o.capture = Some("no/such.ptu".into()))), 1);
        assert_eq!(code(open(|o| o.pattern = Some("zigzag".into()))), 2);
        assert_eq!(code(open(|o| o.stochastic = Some("colour=red".into()))), 2);
        assert_eq!(code(open(|o| o.faults = vec!["fire".into()])), 2);
        assert_eq!(code(open(|o| o.claimed_h = 0.0)), 2);
        let two = open(|o| {
            o.pattern = Some("alternate".into());
            o.stochastic = Some(String::new());
        });
        assert_eq!(code(two), 2);
    }
}
