//! Values that go into statements, the same for both engines.

use keywright_domain::ids::{
    ApplicationId, CredentialId, InvitationId, MailId, ManagementTokenId, MemberId, OrganisationId, PersonId, RegistrationTokenId, ResourceServerId, SessionId,
    SignInId, VerifierId,
};
use keywright_domain::time::Timestamp;

/// One argument of a statement. None is SQL's NULL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Val {
    /// BIGINT
    Int(Option<i64>),
    /// TEXT
    Text(Option<String>),
    /// BYTEA, BLOB
    Blob(Option<Vec<u8>>),
    /// BOOLEAN
    Bool(Option<bool>),
}

/// The arguments of a statement: `args![id, name, None::<i64>]` are `$1`, `$2`, `$3`.
#[macro_export]
macro_rules! args {
    ($($value:expr),* $(,)?) => { ::std::vec![$($crate::engine::Val::from($value)),*] };
}

macro_rules! values {
    ($($given:ty => $variant:ident ($value:ident: $how:expr)),+ $(,)?) => { $(
        impl From<$given> for Val {
            fn from($value: $given) -> Self {
                Self::$variant(Some($how))
            }
        }
        impl From<Option<$given>> for Val {
            fn from(value: Option<$given>) -> Self {
                Self::$variant(value.map(|$value| $how))
            }
        }
    )+ };
}

values! {
    i64 => Int(v: v),
    i32 => Int(v: i64::from(v)),
    u32 => Int(v: i64::from(v)),
    bool => Bool(v: v),
    String => Text(v: v),
    &str => Text(v: v.to_owned()),
    Vec<u8> => Blob(v: v),
    &[u8] => Blob(v: v.to_vec()),
    [u8; 32] => Blob(v: v.to_vec()),
    [u8; 16] => Blob(v: v.to_vec()),
    Timestamp => Int(v: v.us()),
    PersonId => Text(v: v.to_string()),
    OrganisationId => Text(v: v.to_string()),
    MemberId => Text(v: v.to_string()),
    ApplicationId => Text(v: v.to_string()),
    CredentialId => Text(v: v.to_string()),
    VerifierId => Text(v: v.to_string()),
    ResourceServerId => Text(v: v.to_string()),
    SignInId => Text(v: v.to_string()),
    SessionId => Text(v: v.to_string()),
    InvitationId => Text(v: v.to_string()),
    ManagementTokenId => Text(v: v.to_string()),
    RegistrationTokenId => Text(v: v.to_string()),
    MailId => Text(v: v.to_string()),
}

impl rusqlite::ToSql for Val {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        use rusqlite::types::{ToSqlOutput, ValueRef};
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Int(Some(v)) => ValueRef::Integer(*v),
            Self::Bool(Some(v)) => ValueRef::Integer(i64::from(*v)),
            Self::Text(Some(v)) => ValueRef::Text(v.as_bytes()),
            Self::Blob(Some(v)) => ValueRef::Blob(v),
            Self::Int(None) | Self::Text(None) | Self::Blob(None) | Self::Bool(None) => ValueRef::Null,
        }))
    }
}

impl tokio_postgres::types::ToSql for Val {
    fn to_sql(
        &self,
        ty: &tokio_postgres::types::Type,
        out: &mut bytes::BytesMut,
    ) -> Result<tokio_postgres::types::IsNull, Box<dyn std::error::Error + Sync + Send>> {
        use tokio_postgres::types::{IsNull, Type};
        match self {
            Self::Int(Some(v)) => match *ty {
                // PostgreSQL infers these for arguments beside small literals.
                Type::INT4 => i32::try_from(*v)?.to_sql(ty, out),
                Type::INT2 => i16::try_from(*v)?.to_sql(ty, out),
                _ => v.to_sql(ty, out),
            },
            Self::Bool(Some(v)) => v.to_sql(ty, out),
            Self::Text(Some(v)) => v.to_sql(ty, out),
            Self::Blob(Some(v)) => v.to_sql(ty, out),
            Self::Int(None) | Self::Text(None) | Self::Blob(None) | Self::Bool(None) => Ok(IsNull::Yes),
        }
    }

    fn accepts(_: &tokio_postgres::types::Type) -> bool {
        true
    }

    fn to_sql_checked(
        &self,
        ty: &tokio_postgres::types::Type,
        out: &mut bytes::BytesMut,
    ) -> Result<tokio_postgres::types::IsNull, Box<dyn std::error::Error + Sync + Send>> {
        use tokio_postgres::types::Type;
        let fits = match self {
            Self::Int(v) => v.is_none() || matches!(*ty, Type::INT8 | Type::INT4 | Type::INT2),
            Self::Text(v) => v.is_none() || matches!(*ty, Type::TEXT | Type::VARCHAR | Type::UNKNOWN),
            Self::Blob(v) => v.is_none() || *ty == Type::BYTEA,
            Self::Bool(v) => v.is_none() || *ty == Type::BOOL,
        };
        if fits { tokio_postgres::types::ToSql::to_sql(self, ty, out) } else { Err(format!("an argument does not fit the type {ty}").into()) }
    }
}
