//! What it takes to remember the nonces of signed requests.

use anyhow::{Context, Result};

use crate::cores;
use crate::nonces::{FEW, REMEMBER, Remembered};
use crate::options::Options;
use crate::report::{Report, Target};

/// What remembering many may add to a request, in microseconds: a twentieth of one that is signed by HMAC.
const ADDED_US: f64 = 0.5;

/// Runs the part `nonces`.
///
/// # Errors
/// The process that remembers them broke off.
pub(crate) fn run(options: &Options, report: &mut Report) -> Result<()> {
    let count: u64 = if options.quick { 1_000_000 } else { 10_000_000 };
    let (core, _) = cores::server_and_load()?;
    let mut command = cores::command(core, &std::env::current_exe()?)?;
    let output = command.args([REMEMBER, &count.to_string()]).output().context("the process that remembers nonces does not start")?;
    let found = Remembered::read(&String::from_utf8_lossy(&output.stdout)).with_context(|| String::from_utf8_lossy(&output.stderr).into_owned())?;
    report.row(&format!("memory of a remembered nonce, {count} of them"), found.bytes, " B", &Target::AtMost(64.0));
    let added = found.many_us - found.few_us;
    report.row(&format!("what {count} remembered nonces add to a signed request, against {FEW}"), added, " µs", &Target::AtMost(ADDED_US));
    report.note(format!(
        "Using up a nonce takes {:.3} µs with {FEW} remembered and {:.3} µs with {count}. While the memory grows to that, one in 100,000 takes {:.0} µs \
         and the longest {:.0} µs.",
        found.few_us, found.many_us, found.rare_us, found.longest_us
    ));
    Ok(())
}
