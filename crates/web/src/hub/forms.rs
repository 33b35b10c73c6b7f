//! What the parts of forms show: plain data, made by pages, drawn by the macros of `templates/forms.html`.

use std::fmt;

use askama::filters::HtmlSafe;

use crate::problem::{Kind, Problem};

/// A field: its name, what stands in it, and what is wrong with that. What was typed stays.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Field {
    /// As in the form; also the element's id. A word of ours, never of the caller's.
    pub(crate) name: &'static str,
    /// What was typed, or what is there now.
    pub(crate) value: String,
    /// What is wrong, and what to write instead.
    pub(crate) error: Option<String>,
}

impl Field {
    /// With what is there now.
    pub(crate) fn new(name: &'static str, value: impl Into<String>) -> Self {
        Self { name, value: value.into(), error: None }
    }

    /// With its error among `wrong`, where there is one.
    pub(crate) fn checked(mut self, wrong: &[Wrong]) -> Self {
        self.error = wrong.iter().find(|w| w.field == self.name).map(|w| w.message.clone());
        self
    }

    /// What its class becomes when something is wrong.
    pub(crate) const fn class(&self) -> &'static str {
        if self.error.is_some() { " wrong" } else { "" }
    }

    /// The attributes that tie hint and error to it.
    pub(crate) const fn described(&self, hint: bool) -> Described {
        Described { name: self.name, hint, wrong: self.error.is_some() }
    }
}

/// `aria-describedby` and `aria-invalid`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Described {
    name: &'static str,
    hint: bool,
    wrong: bool,
}

impl fmt::Display for Described {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name;
        match (self.hint, self.wrong) {
            (false, false) => Ok(()),
            (true, false) => write!(f, r#" aria-describedby="{name}-hint""#),
            (false, true) => write!(f, r#" aria-describedby="{name}-error" aria-invalid="true""#),
            (true, true) => write!(f, r#" aria-describedby="{name}-hint {name}-error" aria-invalid="true""#),
        }
    }
}

/// Names of fields are words of ours.
impl HtmlSafe for Described {}

/// A field that is wrong, for the summary and beside the field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wrong {
    /// The field's name; empty: the form as a whole.
    pub(crate) field: String,
    /// What is wrong, and what to write instead.
    pub(crate) message: String,
}

impl Wrong {
    /// Of one field.
    pub(crate) fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }
}

/// A form whose button says everything.
#[derive(Debug, Clone, Copy, serde::Deserialize)]
pub(crate) struct Pressed {}

/// What whoever sent a form can mend; every other problem becomes a page of its own. `labels` are the names of the form's fields with what stands
/// above them: messages go on from there ("Name" + "is empty: write …"). A field that is not among them is said of the form as a whole.
///
/// # Errors
/// The problem, when it is no bad field and no rule of the product.
pub(crate) fn mendable(problem: Problem, labels: &[(&'static str, &'static str)]) -> Result<Vec<Wrong>, Problem> {
    let sentence = |text: &str| {
        let mut letters = text.chars();
        let end = if text.ends_with(['.', '?']) { "" } else { "." };
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect()) + end
    };
    match problem.kind() {
        Kind::InvalidRequest => Ok(problem
            .errors()
            .iter()
            .map(|error| {
                // `networks[1]` is said of `networks`.
                let name = error.field.split(['[', '.']).next().unwrap_or_default();
                match labels.iter().find(|(known, _)| *known == name) {
                    Some((name, "")) => Wrong::new(*name, sentence(&error.message)),
                    Some((name, label)) => Wrong::new(*name, sentence(&format!("{label} {}", error.message))),
                    None => Wrong::new("", sentence(&error.message)),
                }
            })
            .collect()),
        Kind::Refused | Kind::RateLimited => Ok(vec![Wrong::new("", sentence(problem.detail()))]),
        _ => Err(problem),
    }
}

/// An option of a list or of cards.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Choice {
    /// As it is sent.
    pub(crate) value: String,
    /// As it is shown.
    pub(crate) title: String,
    /// What will happen to whom and when; a line each. Cards only.
    pub(crate) lines: Vec<String>,
    /// A word in the corner, such as `Recommended`. Cards only.
    pub(crate) tag: &'static str,
    /// Shown and not to be had.
    pub(crate) disabled: bool,
}

impl Choice {
    /// An option.
    pub(crate) fn new(value: impl Into<String>, title: impl Into<String>) -> Self {
        Self { value: value.into(), title: title.into(), ..Self::default() }
    }

    /// With one more line.
    pub(crate) fn line(mut self, line: impl Into<String>) -> Self {
        self.lines.push(line.into());
        self
    }

    /// With a word in its corner.
    pub(crate) const fn tag(mut self, tag: &'static str) -> Self {
        self.tag = tag;
        self
    }
}

/// What a credential may do, as a form asks for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PermissionList {
    /// Name and error.
    pub(crate) field: Field,
    /// Whether "all that you hold now" is chosen.
    pub(crate) all: bool,
    /// A group for each service or area.
    pub(crate) groups: Vec<PermissionGroup>,
}

impl PermissionList {
    /// How many there are to hold.
    pub(crate) fn count(&self) -> usize {
        self.groups.iter().flat_map(|group| &group.permissions).filter(|permission| !permission.disabled).count()
    }
}

/// Permissions under one heading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PermissionGroup {
    /// The heading.
    pub(crate) title: String,
    /// Its permissions.
    pub(crate) permissions: Vec<PermissionChoice>,
}

/// A permission to tick.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PermissionChoice {
    /// `payouts:write`
    pub(crate) name: String,
    /// From the catalogue.
    pub(crate) explanation: String,
    /// Whether it is ticked.
    pub(crate) chosen: bool,
    /// Whether whoever asks does not hold it.
    pub(crate) disabled: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_tied_to_its_field() {
        let wrong = [Wrong::new("name", "Write a name.")];
        let field = Field::new("name", "").checked(&wrong);
        assert_eq!(field.error.as_deref(), Some("Write a name."));
        assert_eq!(field.described(true).to_string(), r#" aria-describedby="name-hint name-error" aria-invalid="true""#);
        assert_eq!(Field::new("other", "").checked(&wrong).error, None);
    }

    #[test]
    fn what_can_be_mended_is_said_beside_its_field() {
        let bad = |field: &str, message: &str| crate::problem::FieldError { field: field.into(), message: message.into() };
        let problem = Problem::invalid(vec![bad("name", "is empty: write a name"), bad("on[3]", "is unknown"), bad("else", "is wrong")]);
        let wrong = mendable(problem, &[("name", "Name"), ("on", "An application")]).unwrap();
        let said = [("name", "Name is empty: write a name."), ("on", "An application is unknown."), ("", "Is wrong.")];
        assert_eq!(wrong, said.map(|(field, message)| Wrong::new(field, message)));
        assert_eq!(mendable(Problem::not_found(), &[]).unwrap_err().kind(), Kind::NotFound);
    }
}
