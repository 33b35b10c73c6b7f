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

const WIDTH: u64 = 720;
const LEFT: u64 = 56;
const TOP: u64 = 12;
const HEIGHT: u64 = 148;
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
        let most = chart.bars.iter().map(|bar| bar.values.iter().sum::<u64>()).max().unwrap_or(0);
        let top = ceiling(most);
        let y = |value: u64| TOP + HEIGHT - scaled(value, top, HEIGHT);
        write!(f, r#"<svg viewBox="0 0 {WIDTH} {}" role="img" aria-label="{}">"#, TOP + HEIGHT + 28, chart.title)?;
        f.write_str(r#"<defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path class="hatch" d="M0 0v6"/></pattern></defs>"#)?;
        for value in [top / 2, top] {
            let at = y(value);
            write!(f, r#"<path class="grid" d="M{LEFT} {at}H{WIDTH}"/><text x="{}" y="{}" text-anchor="end">{}</text>"#, LEFT - 8, at + 5, Number(value))?;
        }
        write!(f, r#"<text x="{}" y="{}" text-anchor="end">0</text>"#, LEFT - 8, y(0) + 5)?;
        let count = chart.bars.len().max(1) as u64;
        let room = (WIDTH - LEFT) / count;
        let width = (room * 7 / 10).clamp(2, 48);
        // As many labels as fit beside each other, the first and further ones at an even distance.
        let every = (64 / room.max(1) + 1).max(1);
        for (i, bar) in chart.bars.iter().enumerate() {
            let i = i as u64;
            let x = LEFT + (WIDTH - LEFT) * i / count + (room - width) / 2;
            let mut below = 0;
            for (value, class) in bar.values.iter().zip(CLASSES) {
                let (from, to) = (y(below), y(below + value));
                // What was counted is seen, however little it is.
                let height = (from - to).max(u64::from(*value > 0) * 2);
                if height > 0 {
                    write!(
                        f,
                        r#"<rect class="{class}" x="{x}" y="{}" width="{width}" height="{height}"><title>{}: {}</title></rect>"#,
                        from - height,
                        Plain(&bar.label),
                        Number(*value)
                    )?;
                }
                below += value;
            }
            if i.is_multiple_of(every) {
                write!(f, r#"<text x="{}" y="{}" text-anchor="middle">{}</text>"#, x + width / 2, TOP + HEIGHT + 20, Plain(&bar.label))?;
            }
        }
        write!(f, r#"<path class="axis" d="M{LEFT} {0}H{WIDTH}"/></svg>"#, y(0))
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
