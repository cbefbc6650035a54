//! What a run reached: Verilator's points, and the bench's own bins.

use crate::lockstep::run_on;
use crate::{Bench, Error, Library, Options, Result, Simulation};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};

/// Points reached, of all there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Reached at least once.
    pub hit: u64,
    /// There are.
    pub all: u64,
}

impl Count {
    fn add(&mut self, hit: bool) {
        self.hit += u64::from(hit);
        self.all += 1;
    }

    /// Share reached; 100 when there is nothing to reach.
    pub fn percent(&self) -> f64 {
        if self.all == 0 {
            return 100.0;
        }
        100.0 * self.hit as f64 / self.all as f64
    }
}

/// Coverage of a run. Instances of one module count together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Blocks of statements.
    pub lines: Count,
    /// Sides of conditions.
    pub branches: Count,
    /// Each bit of each signal, rising and falling.
    pub toggles: Count,
    /// Lines and branches that were not reached, as `module:line what`.
    pub missed: Vec<String>,
}

impl Coverage {
    /// Reads Verilator's coverage data: lines `C 'key' count`, the key made of fields `\1name\2value`.
    ///
    /// # Errors
    /// When the text is no such data.
    pub fn parse(text: &str) -> Result<Self> {
        let wrong = |line: &str| Error::Design {
            design: "coverage data".to_owned(),
            what: format!("not understood: {line}"),
        };
        let mut lines = text.lines();
        match lines.next() {
            Some(head) if head.starts_with("# SystemC::Coverage") => {}
            head => return Err(wrong(head.unwrap_or_default())),
        }
        // A point may be there once an instance.
        let mut points: BTreeMap<(&str, &str, &str, &str, &str), u64> = BTreeMap::new();
        for line in lines.filter(|line| line.starts_with("C ")) {
            let (key, count) = line[2..].rsplit_once(' ').ok_or_else(|| wrong(line))?;
            let count: u64 = count.parse().map_err(|_| wrong(line))?;
            let fields: BTreeMap<&str, &str> = key
                .trim_matches('\'')
                .split('\u{1}')
                .filter_map(|field| field.split_once('\u{2}'))
                .collect();
            let field = |name| fields.get(name).copied().unwrap_or_default();
            let (kind, module) = field("page")
                .split_once('/')
                .and_then(|(kind, module)| Some((kind.strip_prefix("v_")?, module)))
                .ok_or_else(|| wrong(line))?;
            let point = (kind, module, field("l"), field("n"), field("o"));
            *points.entry(point).or_insert(0) += count;
        }
        let mut coverage = Self::default();
        for ((kind, module, line, _, what), count) in points {
            let hit = count > 0;
            match kind {
                "line" => coverage.lines.add(hit),
                "branch" => coverage.branches.add(hit),
                _ => coverage.toggles.add(hit),
            }
            if !hit && matches!(kind, "line" | "branch") {
                coverage.missed.push(format!("{module}:{line} {what}"));
            }
        }
        Ok(coverage)
    }

    /// What a simulation reached so far.
    ///
    /// # Errors
    /// When coverage was not built in, or its file cannot be written or read.
    pub fn of(rtl: &Simulation) -> Result<Self> {
        static FILES: AtomicU32 = AtomicU32::new(0);
        let number = FILES.fetch_add(1, Ordering::Relaxed);
        let name = format!("photonbox-coverage-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let failed = |source| Error::File {
            path: path.clone(),
            source,
        };
        if !rtl.write_coverage(&path) {
            return Err(failed(std::io::Error::other("no coverage in this build")));
        }
        let text = std::fs::read_to_string(&path).map_err(failed);
        // It is in the folder for such files, if it stays.
        let _ = std::fs::remove_file(&path);
        Self::parse(&text?)
    }
}

/// What a bench's run reached.
#[derive(Clone, Debug)]
pub struct Covered {
    /// The block.
    pub block: &'static str,
    /// Verilator's points.
    pub coverage: Coverage,
    /// The bench's bins, each with its hits.
    pub bins: Vec<(&'static str, u64)>,
}

impl Covered {
    /// Bins that were not hit.
    pub fn missing(&self) -> Vec<&'static str> {
        missing(&self.bins)
    }
}

impl std::fmt::Display for Covered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Coverage {
            lines,
            branches,
            toggles,
            ..
        } = &self.coverage;
        let part = |name: &str, count: &Count| {
            format!("{name} {:5.1} % of {:<5}", count.percent(), count.all)
        };
        write!(
            f,
            "{:14} {} {} {} bins {} of {}",
            self.block,
            part("lines", lines),
            part("branches", branches),
            part("toggles", toggles),
            self.bins.len() - self.missing().len(),
            self.bins.len()
        )
    }
}

pub(crate) fn missing(bins: &[(&'static str, u64)]) -> Vec<&'static str> {
    let missed = bins.iter().filter(|(_, hits)| *hits == 0);
    missed.map(|(bin, _)| *bin).collect()
}

/// Runs a bench for its `CYCLES` with coverage built in.
///
/// # Errors
/// What failed: the build, or the lockstep.
pub fn cover<B: Bench>(seed: u64) -> Result<Covered, String> {
    let options = Options {
        coverage: true,
        ..Options::default()
    };
    let failed = |error: &dyn std::fmt::Display| format!("{}: seed {seed}: {error}", B::NAME);
    let library = B::design()
        .and_then(|design| Library::build(design, options))
        .map_err(|error| failed(&error))?;
    let mut rtl = library.simulation();
    let bins = run_on::<B>(&mut rtl, seed, B::CYCLES).map_err(|error| failed(&error))?;
    let coverage = Coverage::of(&rtl).map_err(|error| failed(&error))?;
    Ok(Covered {
        block: B::NAME,
        coverage,
        bins,
    })
}
