//! Reading questions: strings are borrowed from the body, and only a body that is wrong is looked at a second time, to say what is.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::net::IpAddr;

use keywright_crypto::scheme::Request;
use keywright_domain::change::Position;
use keywright_domain::credential::Environment;
use keywright_domain::limits;
use keywright_verifier::Question;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::explain;
use super::signed_request::{self, Sound};
use crate::problem::FieldError;

/// A question as it came in.
///
/// It has no `Debug`: it holds a secret.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked<'a> {
    #[serde(borrow, default)]
    credential: Option<Text<'a>>,
    #[serde(borrow, default)]
    request: Option<Object<signed_request::Asked<'a>>>,
    #[serde(borrow, default)]
    service: Option<Text<'a>>,
    #[serde(borrow, default)]
    environment: Option<Text<'a>>,
    #[serde(borrow, default)]
    permissions: Option<Names<'a>>,
    #[serde(borrow, default)]
    source_ip: Option<Text<'a>>,
    #[serde(borrow, default)]
    origin: Option<Text<'a>>,
    #[serde(default)]
    min_position: Option<u64>,
}

/// The members of a question, for messages.
pub(super) const MEMBERS: &str = "credential, request, service, environment, permissions, source_ip, origin, min_position";

/// A question whose every field is sound.
pub(crate) struct Checked<'a> {
    asked: Asked<'a>,
    request: Option<Sound<'a>>,
    environment: Option<Environment>,
    source_ip: Option<IpAddr>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Batch<'a> {
    #[serde(borrow)]
    questions: Questions<'a>,
}

/// One question.
///
/// # Errors
/// Every bad field, by name.
pub(crate) fn one(body: &[u8]) -> Result<Checked<'_>, Vec<FieldError>> {
    match serde_json::from_slice::<Object<Asked<'_>>>(body).ok().and_then(|asked| asked.0.check().ok()) {
        Some(checked) => Ok(checked),
        None => Err(explain::one(body)),
    }
}

/// The questions of a batch, in order.
///
/// # Errors
/// Every bad field, by name and index.
pub(crate) fn batch(body: &[u8]) -> Result<Vec<Checked<'_>>, Vec<FieldError>> {
    let questions = serde_json::from_slice::<Object<Batch<'_>>>(body).ok().map(|b| b.0.questions.0);
    match questions.and_then(|q| q.into_iter().map(|asked| asked.check().ok()).collect()) {
        Some(checked) => Ok(checked),
        None => Err(explain::batch(body)),
    }
}

/// A field that has the right type and a wrong value; [`explain`] finds out which and says so.
struct Wrong;

impl<'a> Asked<'a> {
    fn check(mut self) -> Result<Checked<'a>, Wrong> {
        let request = self.request.take().map(|request| request.0.check().ok_or(Wrong)).transpose()?;
        match (&self.credential, &request) {
            (Some(text), None) => credential(&text.0).map_err(|_| Wrong)?,
            (None, Some(_)) => {}
            (Some(_), Some(_)) | (None, None) => return Err(Wrong),
        }
        if let Some(service) = &self.service {
            service_slug(&service.0).map_err(|_| Wrong)?;
        }
        for name in self.permissions.iter().flat_map(|n| &n.0) {
            permission(name).map_err(|_| Wrong)?;
        }
        let environment = self.environment.as_ref().map(|e| environment(&e.0)).transpose().map_err(|_| Wrong)?;
        let source_ip = self.source_ip.as_ref().map(|a| source_ip(&a.0)).transpose().map_err(|_| Wrong)?;
        Ok(Checked { asked: self, request, environment, source_ip })
    }
}

impl Checked<'_> {
    /// Headers of the request that is asked about; none without one.
    pub(crate) fn headers(&self) -> Vec<(&str, &[u8])> {
        self.request.as_ref().map_or_else(Vec::new, Sound::headers)
    }

    /// The request that is asked about, with these headers of its.
    pub(crate) fn request<'c>(&'c self, headers: &'c [(&'c str, &'c [u8])]) -> Option<Request<'c>> {
        self.request.as_ref().map(|request| request.request(headers))
    }

    /// What the verifier is asked about this request of its.
    pub(crate) fn question<'c>(&'c self, request: Option<&'c Request<'c>>) -> Question<'c> {
        Question {
            credential: self.asked.credential.as_ref().map_or(&[], |c| c.0.as_bytes()),
            request,
            nonce: None,
            service: self.asked.service.as_ref().map(|s| &*s.0),
            environment: self.environment,
            permissions: self.asked.permissions.as_ref().map_or(&[], |p| &p.0),
            source_ip: self.source_ip,
            origin: self.asked.origin.as_ref().map(|o| &*o.0),
        }
    }

    /// The position that the replica must have reached.
    pub(crate) fn min_position(&self) -> Option<Position> {
        self.asked.min_position.map(Position)
    }
}

/// What is wrong with a credential's shape; how long one may be, and whether it is anybody's, is the verifier's question.
pub(super) fn credential(text: &str) -> Result<(), String> {
    if text.is_empty() { Err("is empty: write the credential as the caller presented it".into()) } else { Ok(()) }
}

pub(super) fn service_slug(text: &str) -> Result<(), String> {
    if text.is_empty() { Err("is empty: leave it out, or write the slug of a service".into()) } else { Ok(()) }
}

pub(super) fn permission(text: &str) -> Result<(), String> {
    if text.is_empty() { Err("is empty: write the name of a permission".into()) } else { Ok(()) }
}

pub(super) fn environment(text: &str) -> Result<Environment, String> {
    text.parse().map_err(|_| "is not an environment: write sandbox or production".into())
}

pub(super) fn source_ip(text: &str) -> Result<IpAddr, String> {
    text.parse().map_err(|_| "is not an address: write one without a port, such as 203.0.113.7 or 2001:db8::1".into())
}

/// A value that is written as an object. What serde derives also takes a list of the members' values, in an order that nobody was told.
pub(super) struct Object<T>(T);

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = Object<T>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }
    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Object<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(members)).map(Object)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        d.deserialize_map(ObjectVisitor(PhantomData))
    }
}

/// A string that is borrowed unless it has escapes.
pub(super) struct Text<'a>(pub(super) Cow<'a, str>);

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text<'de>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }
    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Borrowed(text)))
    }
    fn visit_str<E>(self, text: &str) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Owned(text.to_owned())))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        d.deserialize_str(TextVisitor)
    }
}

/// Names of permissions.
struct Names<'a>(Vec<Cow<'a, str>>);

struct NamesVisitor;

impl<'de> Visitor<'de> for NamesVisitor {
    type Value = Names<'de>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of strings")
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Names<'de>, A::Error> {
        let mut names = Vec::new();
        while let Some(Text(name)) = list.next_element()? {
            if names.len() == limits::PERMISSIONS_MAX {
                return Err(A::Error::custom("too many"));
            }
            names.push(name);
        }
        Ok(Names(names))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Names<'a> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        d.deserialize_seq(NamesVisitor)
    }
}

/// Questions of a batch; more than are allowed are not kept.
struct Questions<'a>(Vec<Asked<'a>>);

struct QuestionsVisitor;

impl<'de> Visitor<'de> for QuestionsVisitor {
    type Value = Questions<'de>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of questions")
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Questions<'de>, A::Error> {
        let mut questions = Vec::new();
        while questions.len() < limits::BATCH_QUESTIONS_MAX {
            match list.next_element()? {
                Some(Object(question)) => questions.push(question),
                None => return Ok(Questions(questions)),
            }
        }
        match list.next_element::<IgnoredAny>()? {
            None => Ok(Questions(questions)),
            Some(_) => Err(A::Error::custom("too many")),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Questions<'a> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        d.deserialize_seq(QuestionsVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    /// Values of all types, right and wrong ones.
    fn value() -> impl Strategy<Value = Value> {
        prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            Just(json!("")),
            Just(json!("sandbox")),
            Just(json!("10.0.0.1")),
            any::<String>().prop_map(Value::from),
            prop::collection::vec(any::<String>().prop_map(Value::from), 0..3).prop_map(Value::from),
            Just(json!([1])),
            Just(json!({"a": 1})),
        ]
    }

    fn object() -> impl Strategy<Value = Value> {
        let name = prop::sample::select(MEMBERS.split(", ").chain(["x"]).collect::<Vec<_>>());
        prop::collection::hash_map(name, value(), 0..7).prop_map(|m| json!(m))
    }

    /// An object, or the values of its members alone.
    fn asked() -> impl Strategy<Value = Value> {
        let values = (any::<bool>(), prop::collection::vec(value(), 0..8)).prop_map(|(sound, mut values)| {
            if let Some(first) = values.first_mut().filter(|_| sound) {
                *first = json!("kw_live_x");
            }
            json!(values)
        });
        let nulls = (1..8_usize).prop_map(|n| std::iter::once(json!("kw_live_x")).chain(vec![Value::Null; n - 1]).collect());
        prop_oneof![6 => object(), 1 => values, 1 => nulls, 1 => value()]
    }

    proptest! {
        #[test]
        fn no_bytes_panic_and_what_is_refused_is_explained(bytes in prop::collection::vec(any::<u8>(), 0..200), text in "[\\[\\]{}\":,a-z0-9\\\\. ]{0,80}") {
            for body in [bytes.as_slice(), text.as_bytes()] {
                prop_assert!(one(body).err().is_none_or(|e| !e.is_empty()));
                prop_assert!(batch(body).err().is_none_or(|e| !e.is_empty()));
            }
        }

        /// The two ways of reading agree: whatever the quick one refuses, the careful one finds a fault in, and in nothing else.
        #[test]
        fn the_quick_and_the_careful_reading_agree(asked in prop::collection::vec(asked(), 1..4), as_list in prop::bool::weighted(0.2)) {
            let body = asked[0].to_string();
            let faults = explain::one(body.as_bytes());
            let none_found = faults[0].message == "a member is there twice";
            prop_assert_eq!(one(body.as_bytes()).is_ok(), none_found, "{} {:?}", body, faults);
            let all = if as_list { json!([asked]) } else { json!({"questions": asked}) }.to_string();
            let faults = explain::batch(all.as_bytes());
            prop_assert_eq!(batch(all.as_bytes()).is_ok(), faults[0].message == "a member is there twice", "{} {:?}", all, faults);
        }
    }

    #[test]
    fn a_list_is_no_question_and_no_batch_even_if_its_values_would_do() {
        let faults = |read: Result<(), Vec<FieldError>>| read.err().unwrap().into_iter().map(|e| (e.field, e.message)).collect::<Vec<_>>();
        let told = |field: &str, message: &str| vec![(field.to_owned(), message.to_owned())];
        let list = br#"["kw_live_x",null,null,null,null,null,null]"#;
        assert_eq!(faults(one(list).map(drop)), told("", "the body must be a JSON object, not a list"));
        assert_eq!(faults(batch(br#"[[{"credential":"kw_live_x"}]]"#).map(drop)), told("", "the body must be a JSON object, not a list"));
        let item = br#"{"questions":[{"credential":"x"},["kw_live_x",null,null,null,null,null,null]]}"#;
        assert_eq!(faults(batch(item).map(drop)), told("questions[1]", "must be an object, not a list"));
    }

    #[test]
    fn strings_without_escapes_are_borrowed() {
        let asked: Asked<'_> = serde_json::from_str(r#"{"credential":"a","origin":"b","permissions":["c","\u0064"]}"#).unwrap();
        assert!(matches!(asked.credential, Some(Text(Cow::Borrowed("a")))) && matches!(asked.origin, Some(Text(Cow::Borrowed("b")))));
        let names = asked.permissions.unwrap().0;
        assert!(matches!(names[0], Cow::Borrowed("c")) && matches!(&names[1], Cow::Owned(d) if d == "d"));
    }

    #[test]
    fn the_page_about_verdicts_has_every_member_and_its_examples_are_questions() {
        let page = include_str!("../../../../docs/verify.md");
        let rows = |section: &str| -> Vec<&str> {
            let lines = page.split(section).nth(1).unwrap().lines().skip(1).take_while(|line| !line.starts_with("```"));
            lines.filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect()
        };
        assert_eq!(rows("## A question"), MEMBERS.split(", ").collect::<Vec<_>>());
        let mut members: Vec<&str> = signed_request::MEMBERS.split(", ").collect();
        let mut told = rows("### Signed requests");
        members.sort_unstable();
        told.sort_unstable();
        assert_eq!(told, members);
        let bodies: Vec<&str> = page.split("-d '").skip(1).map(|text| text.split("'\n```").next().unwrap()).collect();
        assert_eq!(bodies.len(), 2);
        for body in bodies {
            assert!(one(body.as_bytes()).is_ok(), "{body}");
        }
    }
}
