//! The colours of `tokens.css`, measured as WCAG 2.2 does (success criteria 1.4.3 and 1.4.11).

use std::collections::BTreeMap;

const TOKENS: &str = include_str!("../../static/tokens.css");

/// Text on what it stands on: 4.5:1.
const TEXT: [(&str, &[&str]); 9] = [
    ("ink", &["paper", "paper-raised", "paper-sunk", "accent-paper", "danger-paper", "warn-paper", "ok-paper", "production-paper", "sandbox-paper"]),
    ("ink-soft", &["paper", "paper-raised", "paper-sunk", "accent-paper"]),
    ("accent", &["paper", "paper-raised", "paper-sunk", "accent-paper", "danger-paper", "warn-paper", "ok-paper", "accent-ink"]),
    ("accent-strong", &["paper", "paper-raised", "paper-sunk", "accent-paper", "accent-ink"]),
    ("danger", &["paper", "paper-raised", "paper-sunk", "danger-paper", "danger-ink"]),
    ("warn", &["paper-raised", "warn-paper"]),
    ("ok", &["paper-raised", "ok-paper"]),
    ("production", &["paper-raised", "production-paper"]),
    ("sandbox", &["paper-raised", "sandbox-paper"]),
];

/// Edges of controls and the ring of the focus: 3:1.
const SHAPES: [(&str, &[&str]); 2] = [("edge", &["paper", "paper-raised", "paper-sunk"]), ("focus", &["paper", "paper-raised", "paper-sunk"])];

type Colours = BTreeMap<&'static str, [u8; 3]>;

/// The colours of one block, from its first line to its closing bracket.
fn colours(block: &'static str) -> Colours {
    let start = TOKENS.find(block).unwrap() + block.len();
    let body = TOKENS[start..].split('}').next().unwrap();
    let hex = |digits: &str| match digits.len() {
        3 => digits.chars().map(|c| u8::from_str_radix(&format!("{c}{c}"), 16).unwrap()).collect::<Vec<_>>(),
        _ => (0..3).map(|i| u8::from_str_radix(&digits[2 * i..2 * i + 2], 16).unwrap()).collect(),
    };
    let pairs = body.split(';').filter_map(|line| line.trim().strip_prefix("--")?.split_once(":#"));
    pairs.map(|(name, digits)| (name, hex(digits).try_into().unwrap())).collect()
}

fn luminance(colour: [u8; 3]) -> f64 {
    let linear = |part: u8| {
        let part = f64::from(part) / 255.0;
        if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * linear(colour[0]) + 0.7152 * linear(colour[1]) + 0.0722 * linear(colour[2])
}

fn contrast(a: [u8; 3], b: [u8; 3]) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[test]
fn colours_can_be_told_apart_in_both_themes() {
    for block in [":root{", "@media (prefers-color-scheme:dark){:root:not([data-theme=light]){", ":root[data-theme=dark]{"] {
        let colours = colours(block);
        for (list, least) in [(&TEXT[..], 4.5), (&SHAPES[..], 3.0)] {
            for (above, below) in list.iter().flat_map(|(above, all)| all.iter().map(move |below| (above, below))) {
                let ratio = contrast(colours[above], colours[below]);
                assert!(ratio >= least, "{block} --{above} on --{below}: {ratio:.2}, and at least {least} is needed");
            }
        }
    }
}

#[test]
fn the_dark_theme_is_the_same_by_choice_and_by_the_system() {
    assert_eq!(colours("@media (prefers-color-scheme:dark){:root:not([data-theme=light]){"), colours(":root[data-theme=dark]{"));
}

#[test]
fn black_on_white_is_21_to_1() {
    assert!((contrast([0; 3], [255; 3]) - 21.0).abs() < 1e-9);
}
