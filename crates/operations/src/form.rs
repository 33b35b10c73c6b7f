//! Checking what was given, every bad field at once.

use std::fmt::Display;

use crate::error::{Error, Field};

/// Collects bad fields while the good ones are read.
#[derive(Default)]
pub(crate) struct Form(Vec<Field>);

impl Form {
    /// The value of a field, or a note that it is bad.
    pub(crate) fn take<T, E: Display>(&mut self, name: &str, value: Result<T, E>) -> Option<T> {
        value.map_err(|error| self.bad(name, error)).ok()
    }

    /// The value of a field that may be left out.
    pub(crate) fn take_some<T, E: Display>(&mut self, name: &str, value: Option<Result<T, E>>) -> Option<T> {
        value.and_then(|v| self.take(name, v))
    }

    /// Notes that a field is bad.
    pub(crate) fn bad(&mut self, name: &str, message: impl Display) {
        self.0.push(Field { name: name.to_owned(), message: message.to_string() });
    }

    /// # Errors
    /// [`Error::Invalid`] when any field was bad.
    pub(crate) fn done(self) -> Result<(), Error> {
        if self.0.is_empty() { Ok(()) } else { Err(Error::Invalid(self.0)) }
    }
}

/// A value that [`Form::take`] gave, after [`Form::done`] has passed: every bad field has ended the operation by then.
pub(crate) const CHECKED: &str = "a form without bad fields has every value";
