//! What is printed.

use std::fs;
use std::process::Command;

/// One line of the table.
pub(crate) struct Row {
    what: String,
    measured: String,
    target: String,
    verdict: &'static str,
}

/// The table.
#[derive(Default)]
pub(crate) struct Report {
    rows: Vec<Row>,
    notes: Vec<String>,
}

/// How a figure is meant.
pub(crate) enum Target {
    /// No more than this.
    AtMost(f64),
    /// No less than this.
    AtLeast(f64),
}

impl Report {
    /// A figure with a target.
    pub(crate) fn row(&mut self, what: &str, figure: f64, unit: &str, target: &Target) {
        let number = |n: f64| if n.fract() == 0.0 && n.abs() >= 10.0 || n == 0.0 { format!("{n:.0}") } else { format!("{n:.2}") };
        let (target, holds) = match target {
            Target::AtMost(most) => (format!("≤ {}{unit}", number(*most)), figure <= *most),
            Target::AtLeast(least) => (format!("≥ {}{unit}", number(*least)), figure >= *least),
        };
        let verdict = if holds { "pass" } else { "miss" };
        let row = Row { what: what.to_owned(), measured: format!("{}{unit}", number(figure)), target, verdict };
        eprintln!("  {}: {} ({}, {verdict})", row.what, row.measured, row.target);
        self.rows.push(row);
    }

    /// Something to know beside the table.
    pub(crate) fn note(&mut self, note: String) {
        eprintln!("  {note}");
        self.notes.push(note);
    }

    /// Prints it all; false when a target was missed.
    pub(crate) fn print(&self) -> bool {
        println!("| measure | measured | target | |\n| --- | --- | --- | --- |");
        for row in &self.rows {
            println!("| {} | {} | {} | {} |", row.what, row.measured, row.target, row.verdict);
        }
        println!();
        for note in &self.notes {
            println!("- {note}");
        }
        self.rows.iter().all(|row| row.verdict == "pass")
    }
}

/// The one in the middle; of two, their mean.
#[must_use]
pub(crate) fn median(figures: &[f64]) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    match (sorted.len(), sorted.len() / 2) {
        (0, _) => f64::NAN,
        (len, half) if len % 2 == 1 => sorted[half],
        (_, half) => f64::midpoint(sorted[half - 1], sorted[half]),
    }
}

/// The smallest figure that so large a part is not above.
#[must_use]
pub(crate) fn quantile(figures: &[f64], part: f64) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = (sorted.len() as f64 * part).ceil() as usize;
    sorted.get(at.clamp(1, sorted.len().max(1)) - 1).copied().unwrap_or(f64::NAN)
}

/// Machine, system and compiler.
#[must_use]
pub(crate) fn machine() -> String {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|l| l.strip_prefix("model name")).map_or("unknown processor", |l| l.trim_start_matches([' ', '\t', ':']));
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let system = rustix::system::uname();
    let rustc = Command::new("rustc").arg("--version").output().map(|o| String::from_utf8_lossy(&o.stdout).trim().to_owned()).unwrap_or_default();
    format!(
        "{}, {model}, {cores} cores, {} {}, {rustc}",
        keywright::clocks::wall().to_string().split('.').next().unwrap_or_default().replace('T', " "),
        system.sysname().to_string_lossy(),
        system.release().to_string_lossy()
    )
}

/// How busy the machine is with other things, from 0: the load average of the last minute.
#[must_use]
pub(crate) fn busy() -> f64 {
    fs::read_to_string("/proc/loadavg").ok().and_then(|l| l.split(' ').next().and_then(|n| n.parse().ok())).unwrap_or(f64::NAN)
}
