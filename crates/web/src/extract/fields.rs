//! Names and values, as queries and forms send them, read as a type.

use std::fmt::Display;

use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{DeserializeOwned, Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

use crate::problem::{FieldError, Problem};

/// Reads a type from fields, of which one may come several times.
///
/// # Errors
/// 400 naming the bad field.
pub(super) fn read<T: DeserializeOwned>(pairs: Vec<(String, String)>) -> Result<T, Problem> {
    let mut fields: Vec<(String, Values)> = Vec::new();
    for (name, value) in pairs {
        match fields.iter_mut().find(|(n, _)| *n == name) {
            Some((_, values)) => values.0.push(value),
            None => fields.push((name, Values(vec![value]))),
        }
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

    fn pairs(text: &str) -> Vec<(String, String)> {
        form_urlencoded::parse(text.as_bytes()).into_owned().collect()
    }

    #[test]
    fn repeated_fields_are_lists_and_empty_ones_are_not_filled_in() {
        let read: Wanted = read(pairs("name=a&expires_at=&networks=10.0.0.0/8&networks=::1&limit=3&wait=on&other=x")).unwrap();
        let networks = vec!["10.0.0.0/8".to_owned(), "::1".to_owned()];
        assert_eq!(read, Wanted { name: "a".into(), expires_at: None, networks, wait: true, limit: Some(3) });
    }

    #[test]
    fn a_bad_field_is_named_and_not_repeated() {
        for (text, field) in [("name=a&limit=kw_live_0123456789", "limit"), ("name=a&wait=perhaps", "wait"), ("limit=1", "")] {
            let problem = read::<Wanted>(pairs(text)).unwrap_err();
            assert_eq!(problem.errors()[0].field, field, "{text}");
            assert!(!problem.errors()[0].message.contains("kw_live"));
        }
    }
}
