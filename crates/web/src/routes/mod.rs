//! Everything that is not asked on every request of the provider's API: from the table come the router, the matrix of rights and the OpenAPI
//! description.

pub(crate) mod access;
pub(crate) mod call;
pub(crate) mod endpoint;
pub(crate) mod html;
pub(crate) mod openapi;
pub(crate) mod reply;
mod send;
mod table;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, LazyLock};
use std::task::Poll;

use hyper::body::Incoming;
use hyper::{Method, Request};

pub use access::{Access, MatrixRow, Way};
pub(crate) use html::Html;
pub(crate) use reply::{Accepted, Created, Done, Listed, Reply, Result, Shown};
pub use table::matrix;

use crate::answer::Answer;
use crate::app::App;
use crate::idempotency::{self, Begun, Key};
use crate::problem::{Kind, Problem};
use crate::watch::Watch;
use call::Call;
use table::Row;

/// The rows by path, made once: calls may outlive the connection that they came on.
static PATHS: LazyLock<matchit::Router<Vec<Row>>> = LazyLock::new(|| {
    let mut by_path: BTreeMap<&'static str, Vec<Row>> = BTreeMap::new();
    for row in table::table().rows {
        by_path.entry(row.path).or_default().push(row);
    }
    let mut paths = matchit::Router::new();
    for (path, rows) in by_path {
        paths.insert(path, rows).expect("a test looks at the table: no two routes are in each other's way");
    }
    paths
});

/// Answers a request.
pub(crate) async fn answer(app: &Arc<App>, watch: &Arc<Watch>, peer: IpAddr, request: Request<Incoming>) -> Answer {
    let (parts, body) = request.into_parts();
    let head = parts.method == Method::HEAD;
    let path = parts.uri.path().to_owned();
    let found = PATHS.at(&path).ok();
    let rows = found.as_ref().map_or(&[][..], |found| found.value);
    let wanted = if head { &Method::GET } else { &parts.method };
    let row = rows.iter().find(|row| row.method == *wanted);
    // A path without a route is refused as a page would be: a browser asked, or nobody whose answer matters.
    let way = row.or(rows.first()).map_or_else(|| send::way_of(&path), |row| row.way);
    if let Err(problem) = app.hosts().check(way, &parts) {
        return send::problem(app, &parts.headers, Way::Open, problem);
    }
    let Some(row) = row else {
        let problem = if rows.is_empty() { Problem::not_found() } else { Problem::method(&allowed(rows)) };
        return send::problem(app, &parts.headers, way, problem);
    };
    let ids = found.iter().flat_map(|found| found.params.iter()).map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let mut call = Call::new(Arc::clone(app), parts, ids, peer, body, Arc::clone(watch), row.limit.0);
    let (mut call, answered) = match call.arrive(row.access, row.way).await {
        Ok(()) => handled(row, call).await,
        Err(problem) => (call, Err(problem)),
    };
    let mut answer = match answered {
        Ok(reply) => send::reply(app, row.way, reply),
        // To everybody but operators there is nothing at the provider's pages.
        Err(problem) if row.way == Way::Page && row.access == Access::Operator && problem.kind() == Kind::Forbidden => {
            send::refused(&mut call, row.way, Problem::not_found()).await
        }
        Err(problem) => send::refused(&mut call, row.way, problem).await,
    };
    send::compress(&call, &mut answer);
    if head {
        send::without_body(&mut answer);
    }
    answer
}

/// What the handler comes to. A call that carries a key against repeats goes on when its client goes away, so that the answer is there for the repeat.
async fn handled(row: &'static Row, call: Call) -> (Call, Result<Reply>) {
    let key = match if idempotency::asks_only(row.path) { Ok(None) } else { call.key(row.way) } {
        Ok(Some(key)) => key,
        Ok(None) => {
            let answered = unpanicked(row.run.run(&call)).await;
            return (call, answered);
        }
        Err(problem) => return (call, Err(problem)),
    };
    let (app, parts) = (Arc::clone(call.app()), call.parts().clone());
    let (peer, watch) = (call.peer(), call.watch());
    let going_on = tokio::spawn(once(row, call, key));
    going_on.await.unwrap_or_else(|error| (Call::over(app, parts, peer, watch), Err(Problem::internal(&error))))
}

async fn once(row: &'static Row, mut call: Call, key: Key) -> (Call, Result<Reply>) {
    let answered = match call.begin(row.access, key).await {
        Ok(Begun::First(once)) => once.end(unpanicked(row.run.run(&call)).await).await,
        Ok(Begun::Again(repeated)) => Ok(repeated),
        Err(problem) => Err(problem),
    };
    (call, answered)
}

fn allowed(rows: &[Row]) -> String {
    let mut names: Vec<&str> = rows.iter().map(|row| row.method.as_str()).collect();
    if names.contains(&"GET") {
        names.push("HEAD");
    }
    names.join(", ")
}

/// A handler that panics is a fault of ours; the connection and its other requests live on.
async fn unpanicked(mut handling: endpoint::Handling<'_>) -> Result<Reply> {
    std::future::poll_fn(move |cx| match std::panic::catch_unwind(AssertUnwindSafe(|| handling.as_mut().poll(cx))) {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(answered)) => Poll::Ready(answered),
        Err(_) => {
            let problem = Problem::new(Kind::Internal, "Keywright made a mistake. Its log says more under the trace id.");
            tracing::error!(trace_id = problem.trace().as_str(), "a handler panicked");
            Poll::Ready(Err(problem))
        }
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_routes_are_in_each_others_way() {
        let rows = table::table().rows;
        let mut seen: Vec<_> = rows.iter().map(|row| (row.path, row.method.clone())).collect();
        seen.sort_by_key(|(path, method)| (*path, method.to_string()));
        seen.dedup();
        assert_eq!(seen.len(), rows.len(), "a route is in the table twice");
        LazyLock::force(&PATHS);
        assert!(matrix().iter().all(|row| !row.method.is_empty()));
    }

    #[tokio::test]
    async fn a_handler_that_panics_is_a_500() {
        let hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(|_| {}));
        let answered = unpanicked(Box::pin(async { panic!("on purpose") })).await;
        std::panic::set_hook(hook);
        assert_eq!(answered.unwrap_err().kind(), Kind::Internal);
    }
}
