//! Bar charts, drawn by the server: zero-based, labelled, a pattern beside the colour, with a table of the same numbers.

use std::fmt::{self, Write as _};

use askama::filters::HtmlSafe;

use crate::hub::words::Number;

/// Bars over time or over names, of one or two series that stand on each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BarChart {
    /// What is counted.
    pub(crate) title: &'static str,
    /// The heading of the labels in the table, such as `Hour (UTC)`.
    pub(crate) over: &'static str,
    /// What each series is, at most two: the first plain, the second hatched.
    pub(crate) series: Vec<&'static str>,
    /// The bars, left to right.
    pub(crate) bars: Vec<Bar>,
}

/// One bar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bar {
    /// Below it, and in the table.
    pub(crate) label: String,
    /// One for each series.
    pub(crate) values: Vec<u64>,
}

/// What a colour stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SeriesKey {
    /// Class of its bars.
    pub(crate) class: &'static str,
    /// What it is.
    pub(crate) words: &'static str,
    /// The sum of its bars.
    pub(crate) total: Number,
}

/// The drawing is stretched to the width that there is; labels stand beside it as text, which is not.
const WIDTH: u64 = 1_000;
const HEIGHT: u64 = 160;
/// Labels below the bars; half of them at small widths.
const LABELS_MAX: usize = 8;
const HATCH: &str = r#"<defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path class="hatch" d="M0 0v6"/></pattern></defs>"#;
const CLASSES: [&str; 2] = ["one", "two"];

impl BarChart {
    /// What the colours stand for, with totals.
    pub(crate) fn keys(&self) -> Vec<SeriesKey> {
        let total = |i: usize| Number(self.bars.iter().filter_map(|bar| bar.values.get(i)).sum());
        self.series.iter().zip(CLASSES).enumerate().map(|(i, (words, class))| SeriesKey { class, words, total: total(i) }).collect()
    }

    /// The drawing.
    pub(crate) const fn drawing(&self) -> Drawn<'_> {
        Drawn(self)
    }
}

/// A chart as SVG.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Drawn<'a>(&'a BarChart);

impl fmt::Display for Drawn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(chart) = self;
        let most = chart.bars.iter().map(|bar| bar.values.iter().fold(0, |sum: u64, value| sum.saturating_add(*value))).max().unwrap_or(0);
        let top = ceiling(most);
        write!(f, r#"<div class="plot" aria-hidden="true"><div class="up"><span>{}</span><span>{}</span><span>0</span></div>"#, Number(top), Number(top / 2))?;
        write!(f, r#"<svg viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none">{HATCH}<path class="grid" d="M0 0H{WIDTH}M0 {}H{WIDTH}"/>"#, HEIGHT / 2)?;
        let count = chart.bars.len().max(1) as u64;
        let room = WIDTH / count;
        let width = (room * 7 / 10).max(1);
        for (i, bar) in (0..).zip(&chart.bars) {
            let x = WIDTH * i / count + (room - width) / 2;
            let mut below: u64 = 0;
            for (value, class) in bar.values.iter().zip(CLASSES) {
                let above = below.saturating_add(*value);
                let (from, to) = (HEIGHT - scaled(below, top, HEIGHT), HEIGHT - scaled(above, top, HEIGHT));
                // What was counted is seen, however little it is.
                let height = (from - to).max(u64::from(*value > 0) * 2);
                if height > 0 {
                    let y = from.saturating_sub(height);
                    write!(
                        f,
                        r#"<rect class="{class}" x="{x}" y="{y}" width="{width}" height="{height}"><title>{}: {}</title></rect>"#,
                        Plain(&bar.label),
                        Number(*value)
                    )?;
                }
                below = above;
            }
        }
        write!(f, r#"<path class="axis" d="M0 {HEIGHT}H{WIDTH}"/></svg><div class="along">"#)?;
        let every = chart.bars.len().div_ceil(LABELS_MAX).max(1);
        for (i, bar) in chart.bars.iter().enumerate() {
            match i {
                _ if i % every != 0 => f.write_str("<span></span>")?,
                _ if i / every % 2 == 1 => write!(f, r#"<span class="often">{}</span>"#, Plain(&bar.label))?,
                _ => write!(f, "<span>{}</span>", Plain(&bar.label))?,
            }
        }
        f.write_str("</div></div>")
    }
}

/// Numbers, constants, and labels without what HTML would read.
impl HtmlSafe for Drawn<'_> {}

/// A text without `<`, `>`, `&` and quotes.
struct Plain<'a>(&'a str);

impl fmt::Display for Plain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().filter(|c| !matches!(c, '<' | '>' | '&' | '"' | '\'')).try_for_each(|c| f.write_char(c))
    }
}

/// The next number of the form 2, 4 or 10 times a power of ten, so that its half is round too; at least 2.
fn ceiling(most: u64) -> u64 {
    let mut power: u64 = 1;
    loop {
        for step in [2, 4, 10] {
            let top = power.saturating_mul(step);
            if top >= most {
                return top;
            }
        }
        power = power.saturating_mul(10);
    }
}

fn scaled(value: u64, top: u64, height: u64) -> u64 {
    u64::try_from(u128::from(value) * u128::from(height) / u128::from(top.max(1))).unwrap_or(height).min(height)
}

/// How much of `whole` is `part`, 0 to 100.
pub(crate) fn percent(part: &u64, whole: &u64) -> u64 {
    scaled(*part, *whole, 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chart_starts_at_zero_and_ends_above_its_highest_bar() {
        for (most, top) in [(0, 2), (1, 2), (3, 4), (5, 10), (11, 20), (399, 400), (401, 1_000), (u64::MAX, u64::MAX)] {
            assert_eq!(ceiling(most), top, "{most}");
        }
    }

    #[test]
    fn what_is_typed_does_not_get_into_the_drawing_as_markup() {
        let bars = vec![Bar { label: "</svg><script>".into(), values: vec![0] }, Bar { label: "b".into(), values: vec![7, u64::MAX / 2] }];
        let chart = BarChart { title: "Verdicts", over: "Hour", series: vec!["Valid", "Refused"], bars };
        let drawn = chart.drawing().to_string();
        assert!(!drawn.contains("<script"), "{drawn}");
        assert_eq!(chart.keys()[1].total, Number(u64::MAX / 2));
    }

    #[test]
    fn parts_of_nothing_are_none() {
        assert_eq!((percent(&1, &4), percent(&0, &0), percent(&9, &3)), (25, 0, 100));
    }
}
