//! Opening the card that the options name, and setting it up as they say.

use std::sync::Arc;

use photonbox_driver::transport::inprocess::InProcess;
use photonbox_driver::{
    Card, CardAddress, CardSettings, Cutoffs, Device, LaneSettings, OpenOptions,
};
use photonbox_entropy::{credit, cutoff};
use photonbox_secret::SecretBytes;
use photonbox_simcard::{Build, CoreKind, Pace, ScheduledFault, SimCard, SimCardOptions, Source};

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
    /// What it is, for people.
    pub description: String,
    /// Name of the source in the ledger.
    pub source: String,
    /// It plays a recording that was played before.
    pub replayed: bool,
    /// Its photons come from a given seed: whoever knows that has them too, so they are labelled test.
    pub reproducible: bool,
}

/// A driver's error as ours: an unhealthy card has its own exit code.
pub(crate) fn card_failed(error: &photonbox_driver::Error) -> Error {
    // The driver's messages end with what to do.
    let text = error.to_string();
    let (what, help) = match text.rsplit_once("; ") {
        Some((what, help)) => (what.to_owned(), help.to_owned()),
        None => (text, "look at `photonbox card status`".to_owned()),
    };
    match error {
        photonbox_driver::Error::HealthAlarm { .. } => Error::unhealthy(what, help),
        photonbox_driver::Error::UnknownCard { .. } => Error::usage(what, help),
        _ => Error::failed(what, help),
    }
}

fn simulation_refused(error: &photonbox_simcard::Error) -> Error {
    let text = error.to_string();
    let (what, help) = match text.rsplit_once("; ") {
        Some((what, help)) => (what.to_owned(), help.to_owned()),
        None => (text, "correct the options of the simulated card".to_owned()),
    };
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

/// The settings of a card with `lanes` lanes: a capture drives lane 0 alone.
fn settings(options: &CardOptions, lanes: u32) -> Result<CardSettings> {
    credit::check_claim(options.claimed_h)
        .map_err(|error| Error::usage(error.to_string(), "set claimed_h between 0 and 1"))?;
    let used = if options.capture.is_some() { 1 } else { lanes };
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
    settings.extractor.blocks_per_seed =
        u32::try_from(options.seed_refresh_blocks).unwrap_or(u32::MAX);
    Ok(settings)
}

/// Opens the card and sets it up. Nothing runs yet.
///
/// # Errors
/// Wrong options (exit code 2); a card that cannot be reached or is not one (1).
pub fn open_card(options: &CardOptions) -> Result<OpenedCard> {
    let simulated = simulate(options)?;
    let device: Arc<dyn Device> = simulated.clone();
    bring_up(options, simulated, device)
}

/// Whether the photons are drawn from a seed that was given.
fn is_seeded(options: &CardOptions, core: CoreKind) -> Result<bool> {
    Ok(match photon_source(options, core)? {
        Source::Stochastic(params) => options.seed.or(params.seed).is_some(),
        Source::Capture { .. } | Source::Pattern(_) => false,
    })
}

/// The core of the card that the options name, if this program has it.
fn core(options: &CardOptions) -> Result<CoreKind> {
    let address: CardAddress = options.card.parse().map_err(|e| card_failed(&e))?;
    match address {
        CardAddress::Rtl if CoreKind::Rtl.available() => Ok(CoreKind::Rtl),
        other => other
            .supported()
            .map(|()| CoreKind::Model)
            .map_err(|e| card_failed(&e)),
    }
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
    let mut settings = settings(options, card.identity().lanes)?;
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
        source: "card0".into(),
        replayed: options.capture.is_some() && options.played_before,
        reproducible,
    })
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
    fn what_is_not_in_this_build_says_so() {
        let rtl = (!CoreKind::Rtl.available()).then_some("rtl");
        for card in rtl.into_iter().chain([
            "vfio:0000:01:00.0",
            "vfio-user:/s",
            "serial:/dev/ttyUSB0@115200",
        ]) {
            let error = open(|o| o.card = card.into()).err().expect(card);
            assert!(
                error.to_string().contains("not supported by this build"),
                "{error}"
            );
            assert_eq!(error.exit_code(), 1);
        }
        assert_eq!(code(open(|o| o.card = "usb".into())), 2);
        assert_eq!(code(open(|o| o.build = "huge".into())), 2);
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
