//! What the parts of pages show: plain data, made by pages, drawn by the macros of `templates/parts.html`.

use std::fmt;

use askama::filters::HtmlSafe;
use keywright_domain::credential::{Environment, Standing, VersionState};
use keywright_domain::organisation::Review;
use keywright_domain::{application, time::Timestamp};

/// The colour of a badge; its word and shape say the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// Works.
    Good,
    /// Waits, or ends soon.
    Wait,
    /// Has ended, or is refused.
    Bad,
    /// Is not on.
    Off,
}

impl Tone {
    /// Its class.
    pub(crate) const fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Wait => "wait",
            Self::Bad => "bad",
            Self::Off => "off",
        }
    }
}

/// The shape of a badge, so that colour is never the only difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// A filled disc.
    Disc,
    /// A ring.
    Ring,
    /// A half-filled ring.
    Half,
    /// Two bars.
    Pause,
    /// A cross.
    Cross,
    /// A clock.
    Clock,
    /// A tick.
    Tick,
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let drawing = match self {
            Self::Disc => r#"<circle cx="6" cy="6" r="4" fill="currentColor"/>"#,
            Self::Ring => r#"<circle cx="6" cy="6" r="4"/>"#,
            Self::Half => r#"<circle cx="6" cy="6" r="4"/><path d="M6 2a4 4 0 0 1 0 8z" fill="currentColor"/>"#,
            Self::Pause => r#"<path d="M4 2v8M8 2v8"/>"#,
            Self::Cross => r#"<path d="m2.5 2.5 7 7M9.5 2.5l-7 7"/>"#,
            Self::Clock => r#"<circle cx="6" cy="6" r="4.5"/><path d="M6 3.5V6l1.5 1"/>"#,
            Self::Tick => r#"<path d="m2 6.5 3 3 5-7"/>"#,
        };
        write!(f, r#"<svg viewBox="0 0 12 12" aria-hidden="true">{drawing}</svg>"#)
    }
}

/// One of seven constants.
impl HtmlSafe for Shape {}

/// A state as word, shape and colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Badge {
    /// The word.
    pub(crate) word: &'static str,
    /// The colour.
    pub(crate) tone: Tone,
    shape: Shape,
}

impl Badge {
    /// A state that none of the `From`s below knows.
    pub(crate) const fn new(word: &'static str, tone: Tone, shape: Shape) -> Self {
        Self { word, tone, shape }
    }

    /// The drawing before the word.
    pub(crate) const fn shape(&self) -> Shape {
        self.shape
    }

    /// An organisation that an operator has stopped.
    pub(crate) const SUSPENDED: Self = Self::new("Suspended", Tone::Bad, Shape::Pause);
    /// Waits for something.
    pub(crate) const PENDING: Self = Self::new("Pending", Tone::Wait, Shape::Half);
    /// Has ended by its time.
    pub(crate) const EXPIRED: Self = Self::new("Expired", Tone::Bad, Shape::Clock);
    /// Ended by somebody.
    pub(crate) const REVOKED: Self = Self::new("Revoked", Tone::Bad, Shape::Cross);
    /// Works.
    pub(crate) const ACTIVE: Self = Self::new("Active", Tone::Good, Shape::Disc);
}

impl From<Standing> for Badge {
    fn from(standing: Standing) -> Self {
        match standing {
            Standing::Active => Self::ACTIVE,
            Standing::Suspended => Self::new("Suspended", Tone::Wait, Shape::Pause),
            Standing::Expired => Self::EXPIRED,
            Standing::Revoked => Self::REVOKED,
        }
    }
}

impl Badge {
    /// A version's state at `now`; what is kept as retiring may have ended since.
    pub(crate) fn of_version(state: VersionState, now: Timestamp) -> Self {
        match state {
            VersionState::Active => Self::ACTIVE,
            VersionState::Pending { until } if now < until => Self::PENDING,
            VersionState::Pending { .. } => Self::new("Lapsed", Tone::Off, Shape::Clock),
            VersionState::Retiring { until } if now < until => Self::new("Retiring", Tone::Wait, Shape::Half),
            VersionState::Retiring { .. } | VersionState::Retired { .. } => Self::new("Retired", Tone::Off, Shape::Cross),
        }
    }
}

impl From<application::State> for Badge {
    fn from(state: application::State) -> Self {
        match state {
            application::State::Inactive => Self::new("Inactive", Tone::Off, Shape::Ring),
            application::State::Active => Self::ACTIVE,
            application::State::Deactivated => Self::new("Deactivated", Tone::Bad, Shape::Pause),
        }
    }
}

impl From<Review> for Badge {
    fn from(review: Review) -> Self {
        match review {
            Review::Draft => Self::new("Draft", Tone::Off, Shape::Ring),
            Review::InReview => Self::new("In review", Tone::Wait, Shape::Half),
            Review::Verified => Self::new("Verified", Tone::Good, Shape::Tick),
        }
    }
}

/// An environment as label, edge or tab.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EnvironmentLabel {
    environment: Environment,
    /// "Production" or "Sandbox", and the catalogue's label where it has another.
    pub(crate) word: String,
}

impl EnvironmentLabel {
    /// Without a label of the catalogue.
    pub(crate) fn of(environment: Environment) -> Self {
        let word = match environment {
            Environment::Production => "Production",
            Environment::Sandbox => "Sandbox",
        };
        Self { environment, word: word.to_owned() }
    }

    /// With the catalogue's label, such as `Live`.
    pub(crate) fn labelled(environment: Environment, label: Option<&str>) -> Self {
        let own = Self::of(environment);
        match label.filter(|label| !label.is_empty() && !label.eq_ignore_ascii_case(&own.word)) {
            Some(label) => Self { environment, word: format!("{} ({label})", own.word) },
            None => own,
        }
    }

    /// Its class.
    pub(crate) const fn class(&self) -> &'static str {
        self.environment.as_str()
    }
}

impl From<Environment> for EnvironmentLabel {
    fn from(environment: Environment) -> Self {
        Self::of(environment)
    }
}

/// One of the two environment tabs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EnvironmentTab {
    /// Word and class.
    pub(crate) label: EnvironmentLabel,
    /// Where it leads.
    pub(crate) href: String,
    /// Whether it is the one that is shown.
    pub(crate) current: bool,
}

/// Production and sandbox, in this order on every page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EnvironmentTabs([EnvironmentTab; 2]);

impl EnvironmentTabs {
    /// `label` is the catalogue's where there is one; `href` says where each one leads.
    pub(crate) fn new(current: Environment, label: impl Fn(Environment) -> EnvironmentLabel, href: impl Fn(Environment) -> String) -> Self {
        let tab = |environment| EnvironmentTab { label: label(environment), href: href(environment), current: environment == current };
        Self([tab(Environment::Production), tab(Environment::Sandbox)])
    }

    /// Production first.
    pub(crate) const fn both(&self) -> &[EnvironmentTab; 2] {
        &self.0
    }
}

/// A tab, which is a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tab {
    /// Where it leads.
    pub(crate) href: String,
    /// What it says.
    pub(crate) words: &'static str,
    /// Whether it is the page that is shown.
    pub(crate) current: bool,
}

/// A link of the breadcrumb.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Crumb {
    /// Where it leads.
    pub(crate) href: String,
    /// What it says.
    pub(crate) words: String,
}

impl Crumb {
    /// A link.
    pub(crate) fn new(href: impl Into<String>, words: impl Into<String>) -> Self {
        Self { href: href.into(), words: words.into() }
    }
}

/// What stands below a list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Pager {
    /// Rows on this page.
    pub(crate) shown: usize,
    /// The first page, where this is not it.
    pub(crate) first: Option<String>,
    /// The next page, where there is one.
    pub(crate) next: Option<String>,
}

impl Pager {
    /// Whether there is more than one page.
    pub(crate) const fn is_shown(&self) -> bool {
        self.first.is_some() || self.next.is_some()
    }
}

/// An id, shortened in the middle; whole in `title`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ShortId(String);

impl ShortId {
    /// Of any id.
    pub(crate) fn of(id: &impl fmt::Display) -> Self {
        Self(id.to_string())
    }
}

impl fmt::Display for ShortId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Ids are ASCII; whatever else is given loses what HTML would read.
        let id: String = self.0.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')).collect();
        let short = if id.len() > 16 { format!("{}…{}", &id[..8], &id[id.len() - 4..]) } else { id.clone() };
        write!(f, r#"<code title="{id}">{short}</code>"#)
    }
}

/// Made of letters, digits, `_`, `-` and `.`.
impl HtmlSafe for ShortId {}

/// Code in one language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sample {
    /// As on the tab.
    pub(crate) language: &'static str,
    /// The code.
    pub(crate) code: String,
}

/// One of several steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Step {
    /// A verb and its object.
    pub(crate) title: &'static str,
    /// What it is for.
    pub(crate) sentence: &'static str,
    /// Whether it has been done.
    pub(crate) done: bool,
    /// Whether it is the one to do now.
    pub(crate) now: bool,
    /// Where it is done, and what the link says.
    pub(crate) link: Option<(String, &'static str)>,
}

impl Step {
    /// Whether it is the one to do now.
    pub(crate) const fn is_now(&self) -> bool {
        self.now && !self.done
    }

    /// Its class.
    pub(crate) const fn class(&self) -> &'static str {
        match (self.done, self.now) {
            (true, _) => "done",
            (false, true) => "now",
            (false, false) => "later",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_shortened_in_the_middle_and_whole_in_its_title() {
        let shown = ShortId::of(&"key_01HX9KZMB3F7VNQP8R2WDGT4E5").to_string();
        assert_eq!(shown, r#"<code title="key_01HX9KZMB3F7VNQP8R2WDGT4E5">key_01HX…T4E5</code>"#);
        assert_eq!(ShortId::of(&"\"><script>é").to_string(), r#"<code title="script">script</code>"#);
    }

    #[test]
    fn the_catalogue_s_label_stands_beside_the_word_and_never_alone() {
        assert_eq!(EnvironmentLabel::labelled(Environment::Production, Some("Live")).word, "Production (Live)");
        assert_eq!(EnvironmentLabel::labelled(Environment::Production, Some("production")).word, "Production");
    }

    #[test]
    fn what_is_kept_as_retiring_may_have_ended() {
        let at = |s: i64| Timestamp::from_us(s * 1_000_000);
        assert_eq!(Badge::of_version(VersionState::Retiring { until: at(5) }, at(4)).word, "Retiring");
        assert_eq!(Badge::of_version(VersionState::Retiring { until: at(5) }, at(5)).word, "Retired");
    }
}
