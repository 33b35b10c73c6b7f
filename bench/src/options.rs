//! What the benchmark is told on its command line.

use std::time::Duration;

use anyhow::{Context, Result, bail};

/// Shown with `--help` and after a mistake.
pub(crate) const USAGE: &str = "\
cargo xtask bench [--quick] [--seconds N] [--rounds N] [--only NAME]…

  --quick        small data and short turns: shows that everything runs, not how fast
  --seconds N    length of one measured turn (default 3)
  --rounds N     turns of each server (default 5)
  --only NAME    one part; may be given several times: verify, batch, memory, start-up, creations, revocations, changes, pages, signed, tokens,
                 oauth, nonces, key-making, kinds";

/// Parts of the benchmark.
pub(crate) const PARTS: [&str; 14] =
    ["verify", "batch", "memory", "start-up", "creations", "revocations", "changes", "pages", "signed", "tokens", "oauth", "nonces", "key-making", "kinds"];

/// How much to measure.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    /// Small data, short turns.
    pub(crate) quick: bool,
    /// One measured turn.
    pub(crate) turn: Duration,
    /// What comes before it and is not counted.
    pub(crate) warm_up: Duration,
    /// Turns of each server.
    pub(crate) rounds: usize,
    /// Parts to run.
    only: Vec<String>,
}

impl Options {
    /// Reads the arguments. None: help was asked for.
    ///
    /// # Errors
    /// An argument that is none.
    pub(crate) fn read(mut arguments: impl Iterator<Item = String>) -> Result<Option<Self>> {
        let (mut quick, mut seconds, mut rounds, mut only) = (false, None, None, Vec::new());
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().with_context(|| format!("{argument} needs a value\n\n{USAGE}"));
            match argument.as_str() {
                "--quick" => quick = true,
                "--seconds" => seconds = Some(value()?.parse::<f64>().context("--seconds: write a number")?),
                "--rounds" => rounds = Some(value()?.parse::<usize>().context("--rounds: write a whole number")?),
                "--only" => only.push(value()?),
                "--help" | "-h" => return Ok(None),
                other => bail!("{other} is not an option\n\n{USAGE}"),
            }
        }
        if let Some(unknown) = only.iter().find(|name| !PARTS.contains(&name.as_str())) {
            bail!("{unknown} is not a part: choose among {}", PARTS.join(", "));
        }
        let seconds = seconds.unwrap_or(if quick { 0.7 } else { 3.0 });
        if !(0.1..=60.0).contains(&seconds) {
            bail!("--seconds: between 0.1 and 60");
        }
        let warm_up = Duration::from_millis(if quick { 400 } else { 2_000 });
        let rounds = rounds.unwrap_or(if quick { 2 } else { 5 }).clamp(1, 50);
        Ok(Some(Self { quick, turn: Duration::from_secs_f64(seconds), warm_up, rounds, only }))
    }

    /// Whether a part is wanted.
    #[must_use]
    pub(crate) fn wants(&self, part: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|name| name == part)
    }
}
