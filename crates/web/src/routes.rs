//! Everything that is not asked on every request of the provider's API.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use hyper::Request;
use hyper::body::Incoming;
use tower_service::Service;

use crate::answer::{Answer, AnswerBody};
use crate::app::App;
use crate::problem::{Kind, Problem};
use crate::{health, metrics, well_known};

type Shared = State<Arc<App>>;

/// Answered whatever the `Host`: machines call these by address.
const BY_ADDRESS: [&str; 3] = ["/livez", "/readyz", "/metrics"];

/// The router.
pub(crate) struct Routes(Router);

impl Routes {
    pub(crate) fn new(app: Arc<App>) -> Self {
        let router = Router::new()
            .route("/livez", only_get(get(|| async { health::live() })))
            .route("/readyz", only_get(get(|State(app): Shared| async move { health::ready(&app) })))
            .route("/metrics", only_get(get(|State(app): Shared| async move { metrics::metrics(&app) })))
            .route("/.well-known/keywright.json", only_get(get(|State(app): Shared| async move { well_known::keywright(&app) })))
            .fallback(|State(app): Shared| async move { routed(app.render(Problem::new(Kind::NotFound, "See the documentation for what there is."))) });
        Self(router.with_state(app))
    }

    pub(crate) async fn answer(&self, app: &App, request: Request<Incoming>) -> Answer {
        if let Some(host) = app.public_host()
            && !BY_ADDRESS.contains(&request.uri().path())
            && !host.is_of(&request)
        {
            return app.render(Problem::new(Kind::MisdirectedRequest, format!("This installation answers as {}.", host.as_str())));
        }
        match self.0.clone().call(request.map(axum::body::Body::new)).await {
            Ok(answer) => answer.map(AnswerBody::Routed),
            Err(never) => match never {},
        }
    }
}

fn only_get(route: MethodRouter<Arc<App>>) -> MethodRouter<Arc<App>> {
    route.fallback(|State(app): Shared| async move { routed(app.render(Problem::method("GET, HEAD"))) })
}

/// As the router wants it.
pub(crate) fn routed(answer: Answer) -> Response {
    answer.map(axum::body::Body::new)
}
