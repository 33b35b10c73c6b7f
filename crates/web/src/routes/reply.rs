//! Answers that went well: what handlers give back.

use std::fmt::Display;

use bytes::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LINK, LOCATION};
use hyper::{Response, StatusCode};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema};

use super::call::Call;
use super::endpoint::{Answer, Schemas};
use crate::answer::AnswerBody;
use crate::extract::page::Page;

/// What a handler comes to.
pub(crate) type Result<T> = std::result::Result<T, crate::problem::Problem>;

/// An answer before it is sent.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// Where it holds a secret that is shown once.
    pub(crate) shown_once: Option<ShownOnce>,
}

/// What becomes of an answer with a secret when its call is repeated too late to show it again.
#[derive(Debug)]
pub(crate) struct ShownOnce {
    /// Whose secret it is: `key_…`.
    pub(crate) subject: String,
    /// Which version's; none where there are none.
    pub(crate) version: Option<u32>,
    /// The answer without it.
    pub(crate) without: Without,
}

/// An answer without its secret.
#[derive(Debug)]
pub(crate) enum Without {
    /// The same with another body.
    Body(Bytes),
    /// The page that shows the thing.
    Page(String),
}

/// What an answer without its secret says.
const REMEDY: &str = "The secret is shown once, and this is a later repeat of the call: rotate to get another one.";

impl Reply {
    pub(crate) fn new(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        Self { status, headers, body: body.into(), shown_once: None }
    }

    /// JSON as it is.
    pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Self {
        Self::new(status, "application/json", serde_json::to_vec(body).expect("texts and numbers become JSON"))
    }

    /// `{"status": "success", "data": …}`
    fn data(status: StatusCode, data: &impl Serialize) -> Self {
        Self::json(status, &json!({ "status": "success", "data": data }))
    }

    /// Sends the browser to another page, which it fetches with GET.
    pub(crate) fn see(location: &str) -> Self {
        Self { status: StatusCode::SEE_OTHER, headers: HeaderMap::new(), body: Bytes::new(), shown_once: None }.with(LOCATION, location)
    }

    /// With one more header; a value that no header can have is left out.
    pub(crate) fn with(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.append(name, value);
        }
        self
    }

    /// What was made as it is sent.
    pub(crate) fn made(answer: crate::answer::Answer) -> Self {
        let (parts, body) = answer.into_parts();
        Self { status: parts.status, headers: parts.headers, body: body.into_bytes(), shown_once: None }
    }

    /// As it is sent.
    pub(crate) fn send(self) -> crate::answer::Answer {
        let mut answer = Response::new(AnswerBody::bytes(self.body));
        *answer.status_mut() = self.status;
        *answer.headers_mut() = self.headers;
        answer
    }
}

/// Health, metrics and the like make their answer themselves.
impl Answer for Reply {
    const STATUS: StatusCode = StatusCode::OK;
    fn give(self, _: &Call) -> Reply {
        self
    }
    fn schema(_: &mut Schemas) -> Option<RefOr<Schema>> {
        None
    }
}

/// 200 with data.
#[derive(Debug)]
pub(crate) struct Done<T>(pub(crate) T);

/// 202 with data: it goes on.
#[derive(Debug)]
pub(crate) struct Accepted<T>(pub(crate) T);

/// 201 with data and where it is.
#[derive(Debug)]
pub(crate) struct Created<T> {
    at: String,
    data: T,
    secret: Option<(&'static str, String, Option<u32>)>,
}

impl<T> Created<T> {
    /// `at` is the path of what was made.
    pub(crate) fn at(at: impl Into<String>, data: T) -> Self {
        Self { at: at.into(), data, secret: None }
    }

    /// `field` of the data is a secret of this subject and version: a repeat of the call shows it within ten minutes and before its first use,
    /// and leaves it out afterwards.
    pub(crate) fn shown_once(mut self, field: &'static str, subject: impl Display, version: Option<u32>) -> Self {
        self.secret = Some((field, subject.to_string(), version));
        self
    }
}

/// 200 with data that holds a secret.
#[derive(Debug)]
pub(crate) struct Shown<T> {
    data: T,
    secret: (&'static str, String, Option<u32>),
}

impl<T> Shown<T> {
    /// `field` of the data is a secret of this subject and version: a later repeat of the call leaves it out.
    pub(crate) fn once(data: T, field: &'static str, subject: impl Display, version: Option<u32>) -> Self {
        Self { data, secret: (field, subject.to_string(), version) }
    }
}

/// 200 with one page of a list, and where the next one is.
#[derive(Debug)]
pub(crate) struct Listed<T> {
    rows: Vec<T>,
    next: Option<String>,
}

impl<T> Listed<T> {
    /// `rows` are one more than the page's limit where there are more: ask the store for [`Page::ask`]. `id` names a row.
    pub(crate) fn new<R, I: Display>(page: &Page, mut rows: Vec<R>, id: impl Fn(&R) -> I, shape: impl Fn(&R) -> T) -> Self {
        let more = rows.len() > page.limit();
        rows.truncate(page.limit());
        let next = rows.last().filter(|_| more).map(|row| page.next(&id(row).to_string()));
        Self { rows: rows.iter().map(shape).collect(), next }
    }

    /// A list that is never paged.
    pub(crate) fn whole(rows: Vec<T>) -> Self {
        Self { rows, next: None }
    }
}

fn enveloped<T: ToSchema>(schemas: &mut Schemas, many: bool) -> Option<RefOr<Schema>> {
    let one = named::<T>(schemas);
    let data = match one {
        one if many => {
            let mut list = utoipa::openapi::schema::Array::new(one);
            list.description = Some("The entries, in the order that the operation says.".to_owned());
            RefOr::T(Schema::Array(list))
        }
        RefOr::Ref(mut one) => {
            one.description = "What was asked for.".to_owned();
            RefOr::Ref(one)
        }
        one @ RefOr::T(_) => one,
    };
    let status = ObjectBuilder::new()
        .schema_type(utoipa::openapi::schema::Type::String)
        .enum_values(Some(["success"]))
        .description(Some("Tells an answer from a problem."));
    let object = ObjectBuilder::new().property("status", status).property("data", data).required("status").required("data");
    Some(RefOr::T(Schema::Object(object.build())))
}

/// A reference to the schema of a type, which is put among `schemas`.
pub(crate) fn named<T: ToSchema>(schemas: &mut Schemas) -> RefOr<Schema> {
    let name = T::name().into_owned();
    if !schemas.iter().any(|(n, _)| *n == name) {
        schemas.push((name.clone(), T::schema()));
        T::schemas(schemas);
    }
    RefOr::Ref(utoipa::openapi::Ref::from_schema_name(name))
}

impl<T: Serialize + ToSchema + Send> Answer for Done<T> {
    const STATUS: StatusCode = StatusCode::OK;
    fn give(self, _: &Call) -> Reply {
        Reply::data(Self::STATUS, &self.0)
    }
    fn schema(schemas: &mut Schemas) -> Option<RefOr<Schema>> {
        enveloped::<T>(schemas, false)
    }
}

impl<T: Serialize + ToSchema + Send> Answer for Accepted<T> {
    const STATUS: StatusCode = StatusCode::ACCEPTED;
    fn give(self, _: &Call) -> Reply {
        Reply::data(Self::STATUS, &self.0)
    }
    fn schema(schemas: &mut Schemas) -> Option<RefOr<Schema>> {
        enveloped::<T>(schemas, false)
    }
}

/// What is left of such an answer when it can no longer be shown.
fn shown_once(status: StatusCode, data: &impl Serialize, (field, subject, version): (&'static str, String, Option<u32>)) -> ShownOnce {
    let mut data = serde_json::to_value(data).expect("texts and numbers become JSON");
    if let Value::Object(members) = &mut data {
        members.remove(field);
        members.insert("remedy".into(), REMEDY.into());
    }
    ShownOnce { subject, version, without: Without::Body(Reply::data(status, &data).body) }
}

impl<T: Serialize + ToSchema + Send> Answer for Shown<T> {
    const STATUS: StatusCode = StatusCode::OK;
    fn give(self, _: &Call) -> Reply {
        let mut reply = Reply::data(Self::STATUS, &self.data);
        reply.shown_once = Some(shown_once(Self::STATUS, &self.data, self.secret));
        reply
    }
    fn schema(schemas: &mut Schemas) -> Option<RefOr<Schema>> {
        enveloped::<T>(schemas, false)
    }
}

impl<T: Serialize + ToSchema + Send> Answer for Created<T> {
    const STATUS: StatusCode = StatusCode::CREATED;
    fn give(self, _: &Call) -> Reply {
        let mut reply = Reply::data(Self::STATUS, &self.data).with(LOCATION, &self.at);
        reply.shown_once = self.secret.map(|secret| shown_once(Self::STATUS, &self.data, secret));
        reply
    }
    fn schema(schemas: &mut Schemas) -> Option<RefOr<Schema>> {
        enveloped::<T>(schemas, false)
    }
}

impl<T: Serialize + ToSchema + Send> Answer for Listed<T> {
    const STATUS: StatusCode = StatusCode::OK;
    fn give(self, call: &Call) -> Reply {
        let reply = Reply::data(Self::STATUS, &self.rows);
        match (self.next, call.app().hub()) {
            (Some(next), Some(hub)) => reply.with(LINK, &format!("<{}{next}>; rel=\"next\"", hub.base_url.trim_end_matches('/'))),
            _ => reply,
        }
    }
    fn schema(schemas: &mut Schemas) -> Option<RefOr<Schema>> {
        enveloped::<T>(schemas, true)
    }
}
