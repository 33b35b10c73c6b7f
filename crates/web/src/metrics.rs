//! `/metrics`: figures for Prometheus, gathered when they are asked for.

use std::fmt;

use hyper::StatusCode;
use keywright_store::statements::Door;
use keywright_verifier::{Health, Latency, Totals};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric, NoLabelSet, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;

use crate::app::Figures;
use crate::extract::Machine;
use crate::problem::Problem;
use crate::routes::{Reply, Result};

/// All figures of one moment.
#[derive(Debug)]
struct Gathered {
    verifier: Option<(Health, Totals)>,
    figures: Figures,
    statements: Option<Vec<(&'static str, u64)>>,
    memory_bytes: Option<u64>,
}

/// 200 with OpenMetrics text.
pub(crate) async fn metrics(machine: Machine) -> Result<Reply> {
    let app = machine.app();
    let gathered = Gathered {
        verifier: app.replica().map(|v| (v.health(app.now()), v.totals())),
        figures: app.node().figures(),
        statements: app.hub().map(|hub| Door::ALL.map(|door| (door.as_str(), hub.operations.store().statements().of(door))).to_vec()),
        memory_bytes: memory_bytes(),
    };
    let mut registry = Registry::default();
    registry.register_collector(Box::new(gathered));
    let mut out = String::new();
    match text::encode(&mut out, &registry) {
        Ok(()) => Ok(Reply::new(StatusCode::OK, "application/openmetrics-text; version=1.0.0; charset=utf-8", out)),
        Err(error @ fmt::Error) => Err(Problem::internal(&error)),
    }
}

/// Resident memory of this process; none where the system does not say it this way.
fn memory_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kb| kb * 1_024)
}

impl Collector for Gathered {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> std::result::Result<(), fmt::Error> {
        let to = &mut encoder;
        let build = [("version", env!("CARGO_PKG_VERSION"))];
        let mut info = to.encode_descriptor("keywright_build", "The running release", None, MetricType::Info)?;
        info.encode_info(&build)?;
        optional(to, "process_resident_memory_bytes", "Memory of this process", self.memory_bytes)?;
        optional(to, "keywright_usage_backlog", "Uses counted and not yet in the store", self.figures.usage_backlog)?;
        optional(to, "keywright_writer_queue", "Writes that wait for the store's writer", self.figures.writer_queue)?;
        if let Some(statements) = &self.statements {
            let mut counters = to.encode_descriptor("keywright_store_statements", "Statements run in the store, by door", None, MetricType::Counter)?;
            for (door, count) in statements {
                counters.encode_family(&[("door", *door)])?.encode_counter::<NoLabelSet, _, u64>(count, None)?;
            }
        }
        match &self.verifier {
            None => Ok(()),
            Some((health, totals)) => {
                verdicts(to, totals)?;
                latency(to, &totals.latency)?;
                replica(to, health)
            }
        }
    }
}

fn verdicts(to: &mut DescriptorEncoder<'_>, totals: &Totals) -> std::result::Result<(), fmt::Error> {
    let mut counters =
        to.encode_descriptor("keywright_verdicts", "Verdicts given, by service (empty: none could be told) and code", None, MetricType::Counter)?;
    for (service, code, count) in &totals.verdicts {
        let labels = [("service", service.as_deref().unwrap_or_default()), ("code", code.as_str())];
        let mut counter = counters.encode_family(&labels)?;
        counter.encode_counter::<NoLabelSet, _, u64>(count, None)?;
    }
    let unattributed = ConstCounter::new(totals.unattributed);
    let help = "Verdicts that were given and are in no usage figure, because too many different credentials were used at once";
    unattributed.encode(to.encode_descriptor("keywright_uses_unattributed", help, None, MetricType::Counter)?)
}

fn latency(to: &mut DescriptorEncoder<'_>, latency: &Latency) -> std::result::Result<(), fmt::Error> {
    let bounds = Latency::BOUNDS_NS.iter().map(|ns| *ns as f64 / 1e9).chain([f64::INFINITY]);
    let buckets: Vec<(f64, u64)> = bounds.zip(latency.counts).collect();
    let mut histogram = to.encode_descriptor(
        "keywright_verdict_duration_seconds",
        "From the request being read to its verdict being handed over",
        None,
        MetricType::Histogram,
    )?;
    histogram.encode_histogram::<NoLabelSet>(latency.sum_ns as f64 / 1e9, latency.counts.iter().sum(), &buckets, None)
}

fn replica(to: &mut DescriptorEncoder<'_>, health: &Health) -> std::result::Result<(), fmt::Error> {
    let position = health.place.position.0;
    gauge(to, "keywright_position", "Last position of the change log that is applied", position)?;
    optional(to, "keywright_head", "Newest position that the store has shown", health.head.map(|h| h.0))?;
    optional(to, "keywright_lag", "Positions between the two", health.head.map(|h| h.0.saturating_sub(position)))?;
    optional(to, "keywright_lease_seconds", "The lease that stands in the store", health.lease_ms.map(|ms| ms as f64 / 1e3))?;
    gauge(to, "keywright_lease_left_seconds", "For how long verdicts may still be given", health.lease_left_ms as f64 / 1e3)?;
    gauge(to, "keywright_stale", "1 while no verdicts are given for want of proof that the replica is fresh", u64::from(health.stale.is_some()))?;
    gauge(to, "keywright_replica_versions", "Versions of credentials in the replica, ended ones included", health.versions)?;
    optional(to, "keywright_clock_offset_seconds", "This machine's clock minus the store's", health.clock_offset_us.map(|us| us as f64 / 1e6))?;
    gauge(
        to,
        "keywright_clock_alarm",
        "1 while that offset is too large, and for an hour after the store's clock went back",
        u64::from(health.clock_alarm || health.store_clock_back.is_some()),
    )
}

trait Value: prometheus_client::encoding::EncodeGaugeValue + Copy {}
impl Value for u64 {}
impl Value for f64 {}

fn gauge<V: Value>(to: &mut DescriptorEncoder<'_>, name: &str, help: &str, value: V) -> std::result::Result<(), fmt::Error>
where
    ConstGauge<V>: EncodeMetric,
{
    ConstGauge::new(value).encode(to.encode_descriptor(name, help, None, MetricType::Gauge)?)
}

fn optional<V: Value>(to: &mut DescriptorEncoder<'_>, name: &str, help: &str, value: Option<V>) -> std::result::Result<(), fmt::Error>
where
    ConstGauge<V>: EncodeMetric,
{
    value.map_or(Ok(()), |value| gauge(to, name, help, value))
}
