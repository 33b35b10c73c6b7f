//! `/applications/{application}/usage`: how much it is used, by the hour or day.

use askama::Template;
use keywright_store::usage::hours::HourCount;
use serde::Deserialize;
use utoipa::ToSchema;

use super::around;
use super::{Around, Place, framed};
use crate::extract::rights::View;
use crate::extract::{InApplication, OnPage, Query};
use crate::hub::chart::{Bar, BarChart};
use crate::hub::frame::Frame;
use crate::hub::words::Number;
use crate::routes::{Html, Result};

#[derive(Template)]
#[template(path = "applications/usage.html")]
struct Page {
    frame: Frame,
    top: Around,
    spans: Vec<SpanLink>,
    accepted: Number,
    refused: Number,
    share: String,
    chart: BarChart,
}

struct SpanLink {
    href: String,
    words: &'static str,
    current: bool,
}

/// How far back.
#[derive(Deserialize, ToSchema)]
pub(crate) struct Wanted {
    hours: Option<u32>,
}

/// Hours, what the link says, the chart's title, and the hours of one bar.
const SPANS: [(u32, &str, &str, usize); 3] = [
    (24, "24 hours", "Verdicts of the last 24 hours", 1),
    (7 * 24, "7 days", "Verdicts of the last 7 days", 24),
    (30 * 24, "30 days", "Verdicts of the last 30 days", 24),
];

/// The figures.
pub(crate) async fn show(visit: OnPage<InApplication<View>>, Query(wanted): Query<Wanted>) -> Result<Html> {
    let operations = visit.operations();
    let shown = operations.application_show(visit.caller(), visit.id).await?;
    let (hours, _, title, bar) = SPANS.into_iter().find(|(hours, ..)| Some(*hours) == wanted.hours).unwrap_or(SPANS[0]);
    let counts = operations.usage_hours_of_application(visit.caller(), visit.id, hours).await?;
    let (catalogue, _) = operations.catalogue().await?;
    let application = &shown.application;
    let frame = framed(&visit, format!("Usage of {}", application.name), around::section(application), application.organisation).await?;
    let sum = |of: fn(&HourCount) -> u64| counts.iter().map(of).fold(0_u64, u64::saturating_add);
    let (accepted, refused) = (sum(|c| c.accepted), sum(|c| c.refused));
    Html::page(&Page {
        top: Around::new(&shown, &frame, &catalogue, Place::Usage, around::logo(&visit, application)),
        spans: SPANS
            .iter()
            .map(|(of, words, ..)| SpanLink { href: format!("/applications/{}/usage?hours={of}", visit.id), words, current: *of == hours })
            .collect(),
        accepted: Number(accepted),
        refused: Number(refused),
        share: share(refused, accepted),
        chart: BarChart { title, over: if bar == 1 { "Hour (UTC)" } else { "Day (UTC)" }, series: vec!["Accepted", "Refused"], bars: bars(&counts, bar) },
        frame,
    })
}

/// One bar for each `size` hours, oldest first.
fn bars(counts: &[HourCount], size: usize) -> Vec<Bar> {
    let sum = |chunk: &[HourCount], of: fn(&HourCount) -> u64| chunk.iter().map(of).fold(0_u64, u64::saturating_add);
    counts
        .chunks(size)
        .map(|chunk| {
            let exact = chunk.first().map_or_else(String::new, |c| c.hour.to_string());
            let (from, to) = if size == 1 { (11, 16) } else { (5, 10) };
            Bar { label: exact.get(from..to).unwrap_or_default().to_owned(), values: vec![sum(chunk, |c| c.accepted), sum(chunk, |c| c.refused)] }
        })
        .collect()
}

/// `0.2 %`
fn share(refused: u64, accepted: u64) -> String {
    let all = u128::from(refused) + u128::from(accepted);
    if all == 0 {
        return "–".into();
    }
    let tenths = (u128::from(refused) * 1_000).div_ceil(all);
    format!("{}.{} %", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use keywright_domain::time::{Span, Timestamp};

    use super::*;

    #[test]
    fn a_share_is_never_hidden_by_rounding_it_down() {
        assert_eq!((share(0, 0), share(0, 9), share(1, 99_999), share(1, 1)), ("–".into(), "0.0 %".into(), "0.1 %".into(), "50.0 %".into()));
    }

    #[test]
    fn hours_are_put_together_into_days() {
        let begin: Timestamp = "2026-03-26T00:00:00Z".parse().unwrap();
        let hours: Vec<HourCount> = (0..48).map(|h| HourCount { hour: begin.plus(Span::from_h(h)), accepted: 2, refused: 1 }).collect();
        let days = bars(&hours, 24);
        assert_eq!(days.iter().map(|b| (b.label.as_str(), b.values[0], b.values[1])).collect::<Vec<_>>(), [("03-26", 48, 24), ("03-27", 48, 24)]);
        assert_eq!(bars(&hours[..1], 1)[0].label, "00:00");
    }
}
