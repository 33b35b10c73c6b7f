//! The mark and a handful of icons, drawn for this hub. Each stands beside a word and is hidden from screen readers.

use std::fmt;

use askama::filters::HtmlSafe;

/// A drawing as it stands in a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Drawing {
    class: &'static str,
    view_box: &'static str,
    shapes: &'static str,
}

impl fmt::Display for Drawing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, r#"<svg class="{}" viewBox="{}" aria-hidden="true">{}</svg>"#, self.class, self.view_box, self.shapes)
    }
}

/// Drawings are constants of this file; nothing that anybody typed gets into them.
impl HtmlSafe for Drawing {}

const fn icon(shapes: &'static str) -> Drawing {
    Drawing { class: "icon", view_box: "0 0 16 16", shapes }
}

/// A key whose bit is a tick.
pub(crate) const MARK: Drawing =
    Drawing { class: "mark", view_box: "0 0 32 32", shapes: r#"<circle cx="9" cy="17" r="5.5"/><path d="M14.5 17H19l3.5 5L29 9.5"/>"# };

macro_rules! icons {
    ($($(#[$doc:meta])* $name:ident $shapes:literal),+ $(,)?) => {
        $($(#[$doc])* pub(crate) const $name: Drawing = icon($shapes);)+
        /// All icons with their names, for the gallery.
        #[cfg(test)]
        pub(crate) const ALL: &[(&str, Drawing)] = &[$((stringify!($name), $name)),+];
    };
}

icons! {
    /// Opens the rail at small widths.
    MENU r#"<path d="M2.5 4h11M2.5 8h11M2.5 12h11"/>"#,
    /// Another organisation.
    SWITCH r#"<path d="m5 6 3-3 3 3M5 10l3 3 3-3"/>"#,
    /// Make a new one.
    PLUS r#"<path d="M8 3v10M3 8h10"/>"#,
    /// The overview.
    OVERVIEW r#"<path d="M2.5 2.5h4.5v6H2.5zM9 2.5h4.5v3.5H9zM9 8.5h4.5v5H9zM2.5 11h4.5v2.5H2.5z"/>"#,
    /// Applications.
    APPLICATIONS r#"<path d="m8 2 6 3-6 3-6-3zM2 8l6 3 6-3M2 11l6 3 6-3"/>"#,
    /// A credential.
    KEY r#"<circle cx="5" cy="10.5" r="2.5"/><path d="M7 9l6-6M10.5 5.5l2 2"/>"#,
    /// Settings.
    SETTINGS r#"<path d="M2 5h6M12 5h2M2 11h2M8 11h6"/><circle cx="10" cy="5" r="2"/><circle cx="6" cy="11" r="2"/>"#,
    /// Members.
    MEMBERS r#"<circle cx="6" cy="5.5" r="2.5"/><path d="M1.5 13.5c0-2.5 2-4 4.5-4s4.5 1.5 4.5 4M10.5 3.5a2.5 2.5 0 0 1 0 4.5M12 9.8c1.6.6 2.5 1.9 2.5 3.7"/>"#,
    /// A management token.
    TOKEN r#"<path d="M5.5 4.5 2 8l3.5 3.5M10.5 4.5 14 8l-3.5 3.5M9 3 7 13"/>"#,
    /// Billing.
    BILLING r#"<path d="M1.5 3.5h13v9h-13zM1.5 6.5h13M4 10h3"/>"#,
    /// Verification of an organisation.
    VERIFICATION r#"<path d="M8 1.5 13.5 4v4c0 3-2.2 5.4-5.5 6.5C4.7 13.4 2.5 11 2.5 8V4zM5.5 8l2 2 3-4"/>"#,
    /// Who did what.
    ACTIVITY r#"<path d="M1.5 8h3l2-5 3 10 2-5h3"/>"#,
    /// A customer business.
    ORGANISATION r#"<path d="M3 14V2.5h7V14M10 6.5h3.5V14M1.5 14h13M5.5 5.5h2M5.5 8.5h2M5.5 11.5h2"/>"#,
    /// The catalogue.
    CATALOGUE r#"<path d="M8 4c-1.5-1-3.5-1.5-6-1.5v10c2.5 0 4.5.5 6 1.5 1.5-1 3.5-1.5 6-1.5v-10c-2.5 0-4.5.5-6 1.5zM8 4v10"/>"#,
    /// A resource server.
    SERVER r#"<path d="M2 2.5h12v4.5H2zM2 9h12v4.5H2zM4.5 4.8h.1M4.5 11.3h.1"/>"#,
    /// A verifier.
    VERIFIER r#"<circle cx="8" cy="8" r="6"/><path d="m5.5 8 2 2 3-4"/>"#,
    /// A leaked credential.
    LEAK r#"<path d="M8 2c2.5 3 4 5 4 7.5a4 4 0 0 1-8 0C4 7 5.5 5 8 2z"/>"#,
    /// The audit trail.
    AUDIT r#"<path d="M5.5 3.5h8.5M5.5 8h8.5M5.5 12.5h8.5M2 3.5h.1M2 8h.1M2 12.5h.1"/>"#,
    /// Documentation.
    DOCUMENTATION r#"<path d="M3.5 1.5h6l3 3v10h-9zM9.5 1.5v3h3M6 8h4M6 11h4"/>"#,
    /// Light or dark.
    THEME r#"<circle cx="8" cy="8" r="6"/><path d="M8 2v12M8 5h5.2M8 8h6M8 11h5.2"/>"#,
    /// A person.
    PERSON r#"<circle cx="8" cy="5.5" r="3"/><path d="M2.5 14c.5-3 2.7-4.5 5.5-4.5s5 1.5 5.5 4.5"/>"#,
    /// Sign out.
    LEAVE r#"<path d="M6.5 2.5h-4v11h4M6.5 8h8M11.5 5l3 3-3 3"/>"#,
    /// Copy.
    COPY r#"<path d="M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3"/>"#,
    /// Download.
    DOWNLOAD r#"<path d="M8 2v8M4.5 7 8 10.5 11.5 7M2.5 13.5h11"/>"#,
    /// Done.
    TICK r#"<path d="m3 8.5 3.5 3.5L13 4.5"/>"#,
    /// Something happened as it should.
    DONE r#"<circle cx="8" cy="8" r="6.5"/><path d="m5 8.2 2.2 2.3 3.8-5"/>"#,
    /// Worth knowing.
    INFO r#"<circle cx="8" cy="8" r="6.5"/><path d="M8 7.5v4M8 4.8v.1"/>"#,
    /// Something can be lost.
    WARNING r#"<path d="M8 1.8 15 14H1zM8 6.5V10M8 12v.1"/>"#,
    /// A new secret for the same credential.
    ROTATE r#"<path d="M13.5 8a5.5 5.5 0 1 1-1.6-3.9M13.5 2v3h-3"/>"#,
    /// When.
    CLOCK r#"<circle cx="8" cy="8" r="6"/><path d="M8 4.5V8l2.5 2"/>"#,
}
