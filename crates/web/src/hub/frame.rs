//! What stands around every page: the rail, the switcher, the theme, the person.

use std::fmt;

use askama::filters::HtmlSafe;
use hyper::header::{COOKIE, HeaderMap};

use crate::hub::words;

/// What stands around a page. Every page's struct has one as `frame`.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    /// What the page is; also its `<title>`.
    pub(crate) title: String,
    /// Which link of the rail is the current one.
    pub(crate) section: Section,
    /// The provider's name.
    pub(crate) brand: String,
    /// The organisation that the page is about.
    pub(crate) organisation: Option<FrameOrganisation>,
    /// All organisations of the person, for the switcher.
    pub(crate) organisations: Vec<FrameOrganisation>,
    /// Who is signed in.
    pub(crate) person: Option<FramePerson>,
    /// Whether the second rail is shown.
    pub(crate) operator: bool,
    /// Light, dark, or as the system says.
    pub(crate) theme: Theme,
    /// The masked token of this page's forms; empty where nobody is signed in.
    pub(crate) csrf: String,
    /// The page's own path, where switching the theme leads back to.
    pub(crate) path: String,
}

impl Frame {
    /// For a page of somebody who is not signed in, or whose organisations do not matter.
    pub(crate) fn plain(title: impl Into<String>, theme: Theme, path: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            section: Section::None,
            brand: words::BRAND.to_owned(),
            organisation: None,
            organisations: Vec::new(),
            person: None,
            operator: false,
            theme,
            csrf: String::new(),
            path: path.into(),
        }
    }

    /// The attribute of the current link of the rail.
    pub(crate) fn current(&self, section: Section) -> Current {
        Current(self.section == section)
    }
}

/// ` aria-current="page"`, or nothing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Current(bool);

impl fmt::Display for Current {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0 { " aria-current=\"page\"" } else { "" })
    }
}

/// One of two constants.
impl HtmlSafe for Current {}

/// An organisation in the switcher.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FrameOrganisation {
    /// `org_…`
    pub(crate) id: String,
    /// As its members know it.
    pub(crate) name: String,
}

impl FrameOrganisation {
    /// Two letters.
    pub(crate) fn initials(&self) -> String {
        words::initials(&self.name)
    }
}

/// Who is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FramePerson {
    /// The address they sign in with.
    pub(crate) mail: String,
    /// How they call themselves, where they have said so.
    pub(crate) name: Option<String>,
}

impl FramePerson {
    /// Name, or else address.
    pub(crate) fn shown(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.mail)
    }

    /// Two letters.
    pub(crate) fn initials(&self) -> String {
        words::initials(self.name.as_deref().unwrap_or_else(|| self.mail.split('@').next().unwrap_or_default()))
    }
}

/// The links of the rails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Section {
    /// None of them.
    None,
    /// The organisation's overview.
    Overview,
    /// Its applications, and all that belongs to one.
    Applications,
    /// Settings → API keys: the keys of the own application.
    ApiKeys,
    /// Settings → General.
    General,
    /// Settings → Members.
    Members,
    /// Settings → Management tokens.
    Tokens,
    /// Settings → Billing.
    Billing,
    /// Settings → Verification.
    Verification,
    /// Settings → Activity.
    Activity,
    /// Register an organisation.
    NewOrganisation,
    /// Provider → Organisations.
    ProviderOrganisations,
    /// Provider → Catalogue.
    Catalogue,
    /// Provider → Resource servers.
    ResourceServers,
    /// Provider → Verifiers.
    Verifiers,
    /// Provider → Leaks.
    Leaks,
    /// Provider → Audit.
    Audit,
    /// The documentation.
    Documentation,
    /// The person's own page.
    Person,
}

/// Light, dark, or as the system says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Theme {
    /// As the system says.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// The cookie that keeps the choice. The script sets it too, so it is not `HttpOnly`; nothing depends on it but colours.
    pub(crate) const COOKIE: &'static str = "keywright-theme";

    /// All, in the order of the switch.
    pub(crate) const ALL: &'static [Self] = &[Self::System, Self::Light, Self::Dark];

    /// As in cookie, form and `data-theme`.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// As on the switch.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::System => "Auto",
            Self::Light => "Light",
            Self::Dark => "Dark",
        }
    }

    /// The value of `data-theme`, where there is one.
    pub(crate) fn attribute(self) -> Option<&'static str> {
        (self != Self::System).then_some(self.as_str())
    }

    /// The theme of this word; any other word is as the system says.
    pub(crate) fn of_word(word: &str) -> Self {
        Self::ALL.iter().copied().find(|theme| theme.as_str() == word).unwrap_or_default()
    }

    /// From the request's cookie.
    pub(crate) fn of(request: &HeaderMap) -> Self {
        let lines = request.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
        let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.find(|(name, _)| *name == Self::COOKIE).map_or(Self::System, |(_, value)| Self::of_word(value))
    }

    /// The `Set-Cookie` that keeps it for a year. `secure`: the hub is served over https.
    pub(crate) fn set_cookie(self, secure: bool) -> String {
        format!("{}={}; Path=/; Max-Age=31536000; SameSite=Lax{}", Self::COOKIE, self.as_str(), if secure { "; Secure" } else { "" })
    }
}

/// A path of this hub that a form may lead back to; anything that a browser could take for another host leads to `/`.
pub(crate) fn own_path(given: &str) -> &str {
    let ours = given.starts_with('/') && !given.starts_with("//") && given.len() <= 2_048;
    if ours && given.bytes().all(|b| b.is_ascii_graphic() && b != b'\\') { given } else { "/" }
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    #[test]
    fn the_theme_comes_from_its_cookie_and_nothing_else() {
        let theme = |cookie: &'static str| Theme::of(&HeaderMap::from_iter([(COOKIE, HeaderValue::from_static(cookie))]));
        assert_eq!(theme("a=b; keywright-theme=dark"), Theme::Dark);
        assert_eq!(theme("keywright-theme=\"><script>"), Theme::System);
        assert_eq!(Theme::of(&HeaderMap::new()), Theme::System);
        assert_eq!(Theme::Dark.set_cookie(true), "keywright-theme=dark; Path=/; Max-Age=31536000; SameSite=Lax; Secure");
    }

    #[test]
    fn only_paths_of_this_hub_are_led_back_to() {
        assert_eq!(own_path("/organisations/org_1?tab=a"), "/organisations/org_1?tab=a");
        for elsewhere in ["//evil.example", "/\\evil.example", "https://evil.example", "", "evil", "/a\r\nSet-Cookie: x", "/\tevil"] {
            assert_eq!(own_path(elsewhere), "/", "{elsewhere:?}");
        }
    }

    #[test]
    fn initials_of_a_person_come_from_the_name_or_the_address() {
        let person = |name: Option<&str>| FramePerson { mail: "jo.doe@example.com".into(), name: name.map(str::to_owned) };
        assert_eq!(person(None).initials(), "JD");
        assert_eq!(person(Some("Ada Lovelace")).initials(), "AL");
    }
}
