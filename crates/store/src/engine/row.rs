//! Rows that come out of statements, the same for both engines.

use std::fmt::Display;
use std::str::FromStr;

use rusqlite::types::ValueRef;
use tokio_postgres::types::{FromSql, Type};

use crate::error::StoreError;

/// A row as the engine hands it over; columns count from 0.
pub enum RowRef<'a> {
    /// Of SQLite.
    Sqlite(&'a rusqlite::Row<'a>),
    /// Of PostgreSQL.
    Postgres(&'a tokio_postgres::Row),
}

/// A value that is made from a row.
pub trait FromRow: Sized + Send {
    /// # Errors
    /// [`StoreError::Corrupt`] when a column does not hold what it should.
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError>;
}

fn unreadable(column: usize, why: impl Display) -> StoreError {
    StoreError::corrupt(format!("column {column}: {why}"))
}

fn null(column: usize) -> StoreError {
    unreadable(column, "it is empty")
}

fn postgres<'a, T: FromSql<'a>>(row: &'a tokio_postgres::Row, column: usize) -> Result<T, StoreError> {
    row.try_get(column).map_err(|e| unreadable(column, e))
}

impl<'a> RowRef<'a> {
    fn sqlite(row: &'a rusqlite::Row<'a>, column: usize) -> Result<ValueRef<'a>, StoreError> {
        row.get_ref(column).map_err(|e| unreadable(column, e))
    }

    /// An integer, if there is one.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`]
    pub fn opt_int(&self, column: usize) -> Result<Option<i64>, StoreError> {
        match self {
            Self::Sqlite(row) => match Self::sqlite(row, column)? {
                ValueRef::Null => Ok(None),
                ValueRef::Integer(v) => Ok(Some(v)),
                other => Err(unreadable(column, format!("{} instead of an integer", other.data_type()))),
            },
            Self::Postgres(row) => match row.columns().get(column).map(|c| c.type_()) {
                Some(&Type::INT4) => Ok(postgres::<Option<i32>>(row, column)?.map(i64::from)),
                Some(&Type::INT2) => Ok(postgres::<Option<i16>>(row, column)?.map(i64::from)),
                _ => postgres(row, column),
            },
        }
    }

    /// An integer.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`]
    pub fn int(&self, column: usize) -> Result<i64, StoreError> {
        self.opt_int(column)?.ok_or_else(|| null(column))
    }

    /// A text, borrowed, if there is one.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`]
    pub fn opt_text_ref(&self, column: usize) -> Result<Option<&str>, StoreError> {
        match self {
            Self::Sqlite(row) => match Self::sqlite(row, column)? {
                ValueRef::Null => Ok(None),
                ValueRef::Text(v) => std::str::from_utf8(v).map(Some).map_err(|e| unreadable(column, e)),
                other => Err(unreadable(column, format!("{} instead of a text", other.data_type()))),
            },
            Self::Postgres(row) => postgres(row, column),
        }
    }

    /// A text, borrowed.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`]
    pub fn text_ref(&self, column: usize) -> Result<&str, StoreError> {
        self.opt_text_ref(column)?.ok_or_else(|| null(column))
    }

    /// A text.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`]
    pub fn text(&self, column: usize) -> Result<String, StoreError> {
        self.text_ref(column).map(str::to_owned)
    }

    /// A text, if there is one.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`]
    pub fn opt_text(&self, column: usize) -> Result<Option<String>, StoreError> {
        Ok(self.opt_text_ref(column)?.map(str::to_owned))
    }

    /// Bytes, borrowed, if there are any.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`]
    pub fn opt_blob_ref(&self, column: usize) -> Result<Option<&[u8]>, StoreError> {
        match self {
            Self::Sqlite(row) => match Self::sqlite(row, column)? {
                ValueRef::Null => Ok(None),
                ValueRef::Blob(v) => Ok(Some(v)),
                other => Err(unreadable(column, format!("{} instead of bytes", other.data_type()))),
            },
            Self::Postgres(row) => postgres(row, column),
        }
    }

    /// Bytes, borrowed.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`]
    pub fn blob_ref(&self, column: usize) -> Result<&[u8], StoreError> {
        self.opt_blob_ref(column)?.ok_or_else(|| null(column))
    }

    /// Bytes.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`]
    pub fn blob(&self, column: usize) -> Result<Vec<u8>, StoreError> {
        self.blob_ref(column).map(<[u8]>::to_vec)
    }

    /// Bytes, if there are any.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`]
    pub fn opt_blob(&self, column: usize) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.opt_blob_ref(column)?.map(<[u8]>::to_vec))
    }

    /// Thirty-two bytes, as SHA-256 makes them.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`]
    pub fn digest(&self, column: usize) -> Result<[u8; 32], StoreError> {
        self.blob_ref(column)?.try_into().map_err(|_| unreadable(column, "not 32 bytes"))
    }

    /// 128 bits, as tags and epochs are kept: sixteen bytes, most significant first.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`]
    pub fn bits(&self, column: usize) -> Result<u128, StoreError> {
        let bytes: [u8; 16] = self.blob_ref(column)?.try_into().map_err(|_| unreadable(column, "not 16 bytes"))?;
        Ok(u128::from_be_bytes(bytes))
    }

    /// Yes or no, if there is either.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`]
    pub fn opt_bool(&self, column: usize) -> Result<Option<bool>, StoreError> {
        match self {
            Self::Sqlite(_) => match self.opt_int(column)? {
                None => Ok(None),
                Some(0) => Ok(Some(false)),
                Some(1) => Ok(Some(true)),
                Some(other) => Err(unreadable(column, format!("{other} instead of 0 or 1"))),
            },
            Self::Postgres(row) => postgres(row, column),
        }
    }

    /// Yes or no.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`]
    pub fn bool(&self, column: usize) -> Result<bool, StoreError> {
        self.opt_bool(column)?.ok_or_else(|| null(column))
    }

    /// A text read as something: an id, a state, a kind.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`]
    pub fn parse<T: FromStr<Err: Display>>(&self, column: usize) -> Result<T, StoreError> {
        self.text_ref(column)?.parse().map_err(|e| unreadable(column, e))
    }
}

/// A whole number.
impl FromRow for i64 {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        row.int(0)
    }
}

/// A text.
impl FromRow for String {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        row.text(0)
    }
}

/// A row of which only its being there matters.
impl FromRow for () {
    fn from_row(_: &RowRef<'_>) -> Result<Self, StoreError> {
        Ok(())
    }
}
