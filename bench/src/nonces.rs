//! A memory of nonces by itself, in a process of its own: what is resident in it is the nonces and nothing else.

use std::time::Instant;

use anyhow::{Context, Result, bail};
use keywright_domain::time::Timestamp;
use keywright_verifier::{NonceAnswer, NonceClaim, NonceMemory};

use crate::keys::mixed;
use crate::process::resident_bytes;
use crate::report::{median, quantile};

/// The word that makes this program remember nonces.
pub(crate) const REMEMBER: &str = "remember-nonces";
/// Nonces in the small memory.
pub(crate) const FEW: u64 = 10_000;
/// Claims that are timed together: so few that hardly a part of the small memory grows meanwhile.
const AT_ONCE: u64 = 1_000;
const TURNS: u64 = 25;

/// What it found out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Remembered {
    /// Resident bytes for each nonce.
    pub(crate) bytes: f64,
    /// A claim where few are remembered, in microseconds: the median of turns.
    pub(crate) few_us: f64,
    /// The same where all are.
    pub(crate) many_us: f64,
    /// The one claim in a hundred thousand that took longest while the memory grew, in microseconds.
    pub(crate) rare_us: f64,
    /// The longest of all.
    pub(crate) longest_us: f64,
}

impl Remembered {
    fn write(self) -> String {
        [self.bytes, self.few_us, self.many_us, self.rare_us, self.longest_us].map(|figure| figure.to_string()).join(" ")
    }

    /// Reads what the other process has printed.
    ///
    /// # Errors
    /// It is something else.
    pub(crate) fn read(text: &str) -> Result<Self> {
        let figures: Vec<f64> = text.split_ascii_whitespace().map(str::parse).collect::<Result<_, _>>()?;
        let [bytes, few_us, many_us, rare_us, longest_us] = figures[..] else { bail!("not five figures") };
        Ok(Self { bytes, few_us, many_us, rare_us, longest_us })
    }
}

/// Remembers so many nonces, and prints what that took: `remember-nonces COUNT`.
///
/// # Errors
/// The memory is full.
#[allow(clippy::print_stdout)] // The process that started this one reads it.
pub(crate) fn remember(mut arguments: impl Iterator<Item = String>) -> Result<()> {
    let count: u64 = arguments.next().context("how many?")?.parse()?;
    let few: Vec<f64> = (0..TURNS)
        .map(|turn| {
            let memory = filled(FEW, turn + 1)?;
            claims(&memory, turn + 1, FEW)
        })
        .collect::<Result<_>>()?;
    let before = resident_bytes("self")?;
    let memory = filled(count, 0)?;
    let bytes = (resident_bytes("self")? - before) / count as f64;
    let many: Vec<f64> = (0..TURNS).map(|turn| claims(&memory, 0, count + turn * AT_ONCE)).collect::<Result<_>>()?;
    drop(memory);
    // Once more with a look at the clock around each claim.
    let memory = filled(0, 0)?;
    let mut each = Vec::with_capacity(usize::try_from(count)?);
    for n in 0..count {
        let began = Instant::now();
        claim(&memory, 0, n)?;
        each.push(began.elapsed().as_secs_f64() * 1e6);
    }
    let found = Remembered { bytes, few_us: median(&few), many_us: median(&many), rare_us: quantile(&each, 0.99999), longest_us: quantile(&each, 1.0) };
    println!("{}", found.write());
    Ok(())
}

fn at(s: i64) -> Timestamp {
    Timestamp::from_us(s * 1_000_000)
}

fn filled(count: u64, which: u64) -> Result<NonceMemory> {
    let memory = NonceMemory::default();
    memory.born(at(0));
    for n in 0..count {
        claim(&memory, which, n)?;
    }
    Ok(memory)
}

/// Uses up the nonce with this number. Keys are parts of a SHA-256 in the product, and as good as random here.
fn claim(memory: &NonceMemory, which: u64, n: u64) -> Result<()> {
    let (a, b) = (mixed(n | which << 40), mixed(!(n | which << 40)));
    let claim = NonceClaim { key: (u128::from(a) << 64 | u128::from(b)).to_be_bytes(), created: at(10), until: at(310) };
    match memory.claim(&claim, at(10)) {
        NonceAnswer::Fresh => Ok(()),
        other => bail!("a nonce is {other:?}"),
    }
}

/// Microseconds for each of some claims, from this number on.
fn claims(memory: &NonceMemory, which: u64, from: u64) -> Result<f64> {
    let began = Instant::now();
    for n in from..from + AT_ONCE {
        claim(memory, which, n)?;
    }
    Ok(began.elapsed().as_secs_f64() * 1e6 / AT_ONCE as f64)
}
