//! Names and values, as queries and forms send them, read as a type.

use std::collections::BTreeMap;
use std::fmt::Display;

use keywright_domain::limits;
use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{DeserializeOwned, Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

use crate::problem::{FieldError, Problem};

/// Names and values as they were sent.
///
/// # Errors
/// 400 for more than [`limits::FORM_FIELDS_MAX`].
pub(crate) fn pairs(sent: &[u8]) -> Result<Vec<(String, String)>, Problem> {
    let pairs: Vec<_> = form_urlencoded::parse(sent).into_owned().take(limits::FORM_FIELDS_MAX + 1).collect();
    if pairs.len() > limits::FORM_FIELDS_MAX { Err(too_many(limits::FORM_FIELDS_MAX)) } else { Ok(pairs) }
}

/// 400 for more fields than are read.
pub(super) fn too_many(max: usize) -> Problem {
    Problem::invalid(vec![FieldError { field: String::new(), message: format!("more than {max} fields were sent: send fewer") }])
}

/// Reads a type from fields, of which one may come several times.
///
/// # Errors
/// 400 naming the bad field.
pub(super) fn read<T: DeserializeOwned>(pairs: Vec<(String, String)>) -> Result<T, Problem> {
    let mut fields = BTreeMap::<String, Values>::new();
    for (name, value) in pairs {
        fields.entry(name).or_insert_with(|| Values(Vec::new())).0.push(value);
    }
    serde_path_to_error::deserialize(MapDeserializer::new(fields.into_iter())).map_err(|error: serde_path_to_error::Error<Bad>| {
        let field = error.path().to_string();
        Problem::invalid(vec![FieldError { field: if field == "." { String::new() } else { field }, message: error.inner().0.clone() }])
    })
}

/// The values of one field.
struct Values(Vec<String>);

/// What is wrong with one.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Bad(String);

impl serde::de::Error for Bad {
    fn custom<T: Display>(message: T) -> Self {
        Self(keywright_domain::text::without_secrets(&message.to_string()))
    }
}

impl IntoDeserializer<'_, Bad> for Values {
    type Deserializer = Self;
    fn into_deserializer(self) -> Self {
        self
    }
}

impl Values {
    /// The last one counts, as for a box that stands behind a hidden field.
    fn last(mut self) -> String {
        self.0.pop().unwrap_or_default()
    }
}

macro_rules! numbers {
    ($($method:ident $visit:ident $number:ty),+) => { $(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Bad> {
            let number: $number = self.last().trim().parse().map_err(|_| Bad("is not a number, or too large".into()))?;
            visitor.$visit(number)
        }
    )+ };
}

impl<'de> Deserializer<'de> for Values {
    type Error = Bad;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Bad> {
        visitor.visit_string(self.last())
    }

    /// A field that was left empty was not filled in.
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Bad> {
        if self.0.iter().all(String::is_empty) { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Bad> {
        match self.last().as_str() {
            "true" | "on" | "1" | "yes" => visitor.visit_bool(true),
            "false" | "off" | "0" | "no" | "" => visitor.visit_bool(false),
            _ => Err(Bad("is neither true nor false".into())),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Bad> {
        visitor.visit_seq(SeqDeserializer::new(self.0.into_iter().map(|value| Self(vec![value]))))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Bad> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(self, name: &'static str, variants: &'static [&'static str], visitor: V) -> Result<V::Value, Bad> {
        self.last().into_deserializer().deserialize_enum(name, variants, visitor)
    }

    numbers!(deserialize_u16 visit_u16 u16, deserialize_u32 visit_u32 u32, deserialize_u64 visit_u64 u64, deserialize_i64 visit_i64 i64);

    forward_to_deserialize_any! {
        i8 i16 i32 i128 u8 u128 f32 f64 char str string bytes byte_buf unit unit_struct tuple tuple_struct map struct identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize, PartialEq)]
    struct Wanted {
        name: String,
        expires_at: Option<String>,
        #[serde(default)]
        networks: Vec<String>,
        #[serde(default)]
        wait: bool,
        limit: Option<u32>,
    }

    #[test]
    fn repeated_fields_are_lists_and_empty_ones_are_not_filled_in() {
        let read: Wanted = read(pairs("name=a&expires_at=&networks=10.0.0.0/8&networks=::1&limit=3&wait=on&other=x".as_bytes()).unwrap()).unwrap();
        let networks = vec!["10.0.0.0/8".to_owned(), "::1".to_owned()];
        assert_eq!(read, Wanted { name: "a".into(), expires_at: None, networks, wait: true, limit: Some(3) });
    }

    #[test]
    fn a_bad_field_is_named_and_not_repeated() {
        for (text, field) in [("name=a&limit=kw_live_0123456789", "limit"), ("name=a&wait=perhaps", "wait"), ("limit=1", "")] {
            let problem = read::<Wanted>(pairs(text.as_bytes()).unwrap()).unwrap_err();
            assert_eq!(problem.errors()[0].field, field, "{text}");
            assert!(!problem.errors()[0].message.contains("kw_live"));
        }
    }

    #[test]
    fn there_is_an_end_to_the_fields() {
        let sent = |count: usize| (0..count).map(|i| format!("f{i}=1")).collect::<Vec<_>>().join("&");
        assert_eq!(pairs(sent(limits::FORM_FIELDS_MAX).as_bytes()).unwrap().len(), limits::FORM_FIELDS_MAX);
        let refused = pairs(sent(limits::FORM_FIELDS_MAX + 1).as_bytes()).unwrap_err();
        assert_eq!((refused.code(), refused.detail()), ("invalid_request", "more than 2000 fields were sent: send fewer"));
    }
}
