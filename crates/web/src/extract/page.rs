//! Which page of a list is wanted.

use std::fmt::Display;
use std::str::FromStr;

use keywright_domain::limits;
use utoipa::openapi::path::{OperationBuilder, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::Type;
use utoipa::openapi::{ObjectBuilder, Required};

use super::fields;
use crate::hub::parts::Pager;
use crate::problem::{FieldError, Problem};
use crate::routes::call::Call;
use crate::routes::endpoint::{Input, Schemas};

/// Rows of a page that nobody asked another size of.
const ROWS: usize = 50;

/// `?limit=50&cursor=…`: the rows after the one that the cursor names, newest first.
pub(crate) struct Page {
    limit: usize,
    cursor: Option<String>,
    path: String,
    others: Vec<(String, String)>,
}

impl Page {
    /// Rows that the page may have.
    pub(crate) const fn limit(&self) -> usize {
        self.limit
    }

    /// Rows to ask the store for: one more, which tells whether there is a next page.
    pub(crate) fn ask(&self) -> u32 {
        self.limit as u32 + 1
    }

    /// The id before which the page begins; none: the first page.
    ///
    /// # Errors
    /// 400 when the cursor is none of this list.
    pub(crate) fn before<I: FromStr>(&self) -> Result<Option<I>, Problem> {
        let read = |cursor: &String| cursor.parse().map_err(|_| bad("cursor", "is none of this list: take it from the Link header of the page before"));
        self.cursor.as_ref().map(read).transpose()
    }

    /// What stands below the list on a page of the hub. `rows` are one more than the page's limit where there are more; that one is taken off.
    pub(crate) fn pager<R, D: Display>(&self, rows: &mut Vec<R>, id: impl Fn(&R) -> D) -> Pager {
        let more = rows.len() > self.limit;
        rows.truncate(self.limit);
        let mut first = form_urlencoded::Serializer::new(String::new());
        first.extend_pairs(&self.others);
        let first = first.finish();
        Pager {
            shown: rows.len(),
            first: self.cursor.is_some().then(|| if first.is_empty() { self.path.clone() } else { format!("{}?{first}", self.path) }),
            next: rows.last().filter(|_| more).map(|row| self.next(&id(row).to_string())),
        }
    }

    /// Path and query of the page after the row with this id.
    pub(crate) fn next(&self, id: &str) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(&self.others);
        query.append_pair("limit", &self.limit.to_string()).append_pair("cursor", id);
        format!("{}?{}", self.path, query.finish())
    }
}

fn bad(field: &str, message: &str) -> Problem {
    Problem::invalid(vec![FieldError { field: field.to_owned(), message: message.to_owned() }])
}

impl Input for Page {
    fn take(call: &Call) -> Result<Self, Problem> {
        let uri = &call.parts().uri;
        let mut page = Self { limit: ROWS, cursor: None, path: uri.path().to_owned(), others: Vec::new() };
        for (name, value) in fields::pairs(uri.query().unwrap_or_default().as_bytes())? {
            match name.as_str() {
                "limit" => {
                    let limit = value.parse().ok().filter(|limit| (1..=limits::PAGE_ROWS_MAX).contains(limit));
                    page.limit = limit.ok_or_else(|| bad("limit", &format!("is not a number from 1 to {}", limits::PAGE_ROWS_MAX)))?;
                }
                "cursor" => page.cursor = Some(value),
                _ => page.others.push((name, value)),
            }
        }
        Ok(page)
    }

    fn describe(operation: OperationBuilder, _: &mut Schemas) -> OperationBuilder {
        let query = |name: &str| ParameterBuilder::new().name(name).parameter_in(ParameterIn::Query).required(Required::False);
        let number = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1)).maximum(Some(limits::PAGE_ROWS_MAX));
        let limit = query("limit").description(Some(format!("Rows of the page; {ROWS} unless it is said."))).schema(Some(number));
        let cursor =
            query("cursor").description(Some("From the `Link` header of the page before.")).schema(Some(ObjectBuilder::new().schema_type(Type::String)));
        operation.parameter(limit).parameter(cursor)
    }
}
