//! The one mapping from what operations answer to what the caller sees. No `_` arm: a new error does not compile until someone says it here.

use keywright_operations::sign_in::SignInError;
use keywright_operations::{Error, KeysError, Rule};
use keywright_store::StoreError;

use super::{FieldError, Kind, Problem};

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            // Neither the id nor its kind: what is another organisation's must look as if it never was.
            Error::NotFound { .. } => Self::not_found(),
            Error::Invalid(fields) => Self::invalid(fields.into_iter().map(|f| FieldError { field: f.name, message: f.message }).collect()),
            Error::Rule(rule) => rule.into(),
            Error::Right(refused) => Self::new(Kind::Forbidden, format!("{}.", capital(refused.right.lacking()))),
            Error::Keys(KeysError::Store(cause)) | Error::Store(cause) => cause.into(),
            Error::Keys(cause @ (KeysError::Wrong | KeysError::Missing | KeysError::Damaged | KeysError::Random(_))) => Self::internal(&cause),
            Error::Random(cause) => Self::internal(&cause),
        }
    }
}

impl From<Rule> for Problem {
    fn from(rule: Rule) -> Self {
        let (code, told) = (rule.code(), format!("{}.", capital(rule.to_string().trim_end_matches('.'))));
        if let Rule::TooManySignIns { again_in_s } | Rule::TooManyInvitations { again_in_s, .. } = rule {
            return Self::new(Kind::RateLimited, told).coded(code).retry_after(u64::try_from(again_in_s).unwrap_or(1));
        }
        Self::new(Kind::Refused, told).coded(code)
    }
}

impl From<SignInError> for Problem {
    fn from(error: SignInError) -> Self {
        let (field, code) = match &error {
            SignInError::Other(_) => ("", "internal"),
            SignInError::OtherBrowser => ("", "other_browser"),
            SignInError::Used => ("code", "sign_in_used"),
            SignInError::Expired => ("code", "sign_in_expired"),
            SignInError::Unknown => ("request_id", "sign_in_unknown"),
            SignInError::WrongCode => ("code", "wrong_code"),
            SignInError::TooManyTries => ("code", "too_many_tries"),
            SignInError::Mail(_) => ("mail", "invalid_request"),
            SignInError::NotTheFirst => ("", "not_the_first_operator"),
            SignInError::WhichOrganisation(_) => ("organisation", "organisation_needed"),
            SignInError::NotInOrganisation(_) => ("organisation", "not_a_member"),
        };
        match error {
            SignInError::Other(error) => error.into(),
            told => {
                let message = told.to_string();
                let message = message.strip_prefix(&format!("{field}: ")).unwrap_or(&message).to_owned();
                Self::invalid(vec![FieldError { field: field.to_owned(), message }]).coded(code)
            }
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Busy { .. } => Self::new(Kind::Busy, "Others are doing the same at this moment. Try again in a moment.").retry_after(1),
            StoreError::Full { .. } | StoreError::Disk { .. } | StoreError::Away { .. } | StoreError::Closed | StoreError::Replaced { .. } => {
                let problem = Self::new(Kind::Unavailable, "The store cannot be used right now. Nothing was changed; try again later.").retry_after(5);
                tracing::error!(trace_id = problem.trace().as_str(), cause = %error, "the store could not be used");
                problem
            }
            StoreError::Unsure { .. } => {
                let problem = Self::new(
                    Kind::Unavailable,
                    "The connection to the store broke off while this was being saved: look whether it is there before you repeat it.",
                );
                tracing::error!(trace_id = problem.trace().as_str(), cause = %error, "a write may or may not be saved");
                problem
            }
            StoreError::Taken { .. }
            | StoreError::Reference { .. }
            | StoreError::Corrupt { .. }
            | StoreError::Aborted
            | StoreError::Sql { .. }
            | StoreError::Panicked
            | StoreError::Door { .. }
            | StoreError::Random(_) => Self::internal(&error),
        }
    }
}

/// A message as a sentence.
fn capital(message: &str) -> String {
    let mut letters = message.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_id_is_answered_without_its_kind() {
        let a: Problem = Error::NotFound { what: "credential", id: "key_1".into() }.into();
        let b: Problem = Error::NotFound { what: "application", id: "app_1".into() }.into();
        assert_eq!((a.detail(), a.code()), (b.detail(), "not_found"));
    }

    #[test]
    fn a_rule_keeps_its_code() {
        let problem: Problem = Error::Rule(Rule::OwnApplication("deleted")).into();
        assert_eq!((problem.code(), problem.kind().parts().0.as_u16()), ("own_application", 409));
        assert!(problem.detail().starts_with("This is"));
    }

    #[test]
    fn what_was_done_too_often_says_when_to_try_again() {
        let invited = Rule::TooManyInvitations { told: "enough".into(), again_in_s: 86_400 };
        for (rule, code, again) in [(Rule::TooManySignIns { again_in_s: 900 }, "too_many_sign_ins", "900"), (invited, "too_many_invitations", "86400")] {
            let problem = Problem::from(Error::Rule(rule));
            assert_eq!((problem.kind().parts().0.as_u16(), problem.code()), (429, code));
            let answer = problem.render(None);
            assert_eq!(answer.headers()["retry-after"], again);
        }
    }
}
