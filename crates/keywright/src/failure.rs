//! Why a command did not do what it was asked for: exit code, and a problem document (RFC 9457).

use std::borrow::Cow;

use keywright_crypto::random::NoRandom;
use keywright_operations::{Error, Field, KeysError};
use keywright_store::{OpenError, StoreError};
use serde_json::{Value, json};

/// A command that failed.
#[derive(Debug)]
pub struct Failure {
    exit: Exit,
    code: Cow<'static, str>,
    /// Of the problem document, where it is another's than the exit code's.
    status: Option<u16>,
    detail: String,
    errors: Vec<Field>,
}

/// The exit codes of the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// A fault in Keywright.
    Internal = 1,
    /// What was typed cannot be used.
    Usage = 2,
    /// There is no such thing.
    NotFound = 3,
    /// A rule of the product refuses it; `verify`: the credential is not valid.
    Refused = 4,
    /// The store did not do it.
    Store = 5,
    /// A server cannot be reached, or cannot answer now.
    Unreachable = 6,
}

impl Exit {
    /// The title of a problem document, and the status that fits.
    const fn title(self) -> (&'static str, u16) {
        match self {
            Self::Internal => ("Internal error", 500),
            Self::Usage => ("What was given cannot be used", 400),
            Self::NotFound => ("There is no such thing", 404),
            Self::Refused => ("A rule refuses this", 409),
            Self::Store => ("The store did not do it", 500),
            Self::Unreachable => ("Not reachable", 503),
        }
    }
}

impl Failure {
    /// A failure with a stable code and a sentence that says what was wrong, where, and what to do.
    #[must_use]
    pub fn new(exit: Exit, code: &'static str, detail: impl Into<String>) -> Self {
        Self { exit, code: Cow::Borrowed(code), status: None, detail: detail.into(), errors: Vec::new() }
    }

    /// What was typed cannot be used.
    #[must_use]
    pub fn usage(detail: impl Into<String>) -> Self {
        Self::new(Exit::Usage, "usage", detail)
    }

    /// The store did not do it.
    #[must_use]
    pub fn store(detail: impl Into<String>) -> Self {
        Self::new(Exit::Store, "store", detail)
    }

    /// A server cannot be reached, or cannot answer now.
    #[must_use]
    pub fn unreachable(detail: impl Into<String>) -> Self {
        Self::new(Exit::Unreachable, "unreachable", detail)
    }

    /// A server has answered with a problem, which is passed on. What was asked is at fault below 500, the server from there on.
    #[must_use]
    pub fn answered(url: &str, status: u16, problem: &Value) -> Self {
        let said = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
        let field = |e: &Value| Some(Field { name: said(e, "field")?, message: said(e, "message")? });
        Self {
            exit: if status < 500 { Exit::Usage } else { Exit::Unreachable },
            code: said(problem, "code").map_or(Cow::Borrowed("unexpected_answer"), Cow::Owned),
            status: Some(status),
            detail: format!("{url} answers {status}: {}", said(problem, "detail").unwrap_or_else(|| "no reason given".into())),
            errors: problem.get("errors").and_then(Value::as_array).map(|e| e.iter().filter_map(field).collect()).unwrap_or_default(),
        }
    }

    /// What the process ends with.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        self.exit as u8
    }

    /// The problem document.
    #[must_use]
    pub fn to_problem(&self) -> Value {
        let (title, status) = self.exit.title();
        let status = self.status.unwrap_or(status);
        let errors: Vec<Value> = self.errors.iter().map(|f| json!({ "field": f.name, "message": f.message })).collect();
        let mut problem =
            json!({ "type": format!("urn:keywright:problem:{}", self.code), "title": title, "status": status, "code": self.code, "detail": self.detail });
        if !errors.is_empty() {
            problem["errors"] = Value::Array(errors);
        }
        problem
    }

    /// The same for people.
    #[must_use]
    pub fn to_text(&self) -> String {
        if self.errors.len() < 2 {
            return format!("error: {}", self.detail);
        }
        let fields: Vec<String> = self.errors.iter().map(|f| format!("  {}: {}", f.name, f.message)).collect();
        format!("error: {} things to mend:\n{}", fields.len(), fields.join("\n"))
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let detail = error.to_string();
        match error {
            Error::NotFound { .. } => Self::new(Exit::NotFound, "not_found", detail),
            Error::Invalid(errors) => Self { errors, ..Self::new(Exit::Usage, "invalid", detail) },
            Error::Rule(rule) => Self::new(Exit::Refused, rule.code(), detail),
            Error::Right(_) => Self::new(Exit::Refused, "forbidden", detail),
            Error::Keys(error) => error.into(),
            Error::Store(error) => error.into(),
            Error::Random(error) => error.into(),
        }
    }
}

impl From<KeysError> for Failure {
    fn from(error: KeysError) -> Self {
        let detail = error.to_string();
        match error {
            KeysError::Missing => Self::new(Exit::Usage, "master_key_missing", detail),
            KeysError::Wrong => Self::new(Exit::Store, "master_key_wrong", detail),
            KeysError::Damaged => Self::new(Exit::Store, "signing_key_damaged", detail),
            KeysError::Store(error) => error.into(),
            KeysError::Random(error) => error.into(),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let code = match error {
            StoreError::Full { .. } => "disk_full",
            StoreError::Disk { .. } => "disk_failed",
            StoreError::Replaced { .. } => "store_replaced",
            StoreError::Busy { .. } => "store_busy",
            StoreError::Away { .. } => "database_away",
            StoreError::Unsure { .. } => "commit_unsure",
            StoreError::Corrupt { .. } => "store_corrupt",
            StoreError::Closed => "store_closed",
            StoreError::Taken { .. } | StoreError::Reference { .. } => "store_conflict",
            StoreError::Aborted | StoreError::Sql { .. } | StoreError::Panicked | StoreError::Door { .. } | StoreError::Random(_) => {
                return Self::new(Exit::Internal, "internal", error.to_string());
            }
        };
        Self::new(Exit::Store, code, error.to_string())
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        Self::new(Exit::Store, "store_not_opened", error.to_string())
    }
}

impl From<NoRandom> for Failure {
    fn from(error: NoRandom) -> Self {
        Self::new(Exit::Internal, "no_random", error.to_string())
    }
}
