//! What a handler is: a function whose first argument says who may call it, and whose other arguments and answer describe themselves.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;

use hyper::StatusCode;
use utoipa::openapi::path::OperationBuilder;
use utoipa::openapi::{RefOr, Schema};

use super::access::{Access, Way};
use super::call::Call;
use super::reply::Reply;
use crate::problem::Problem;

/// The schemas that a description refers to, by name.
pub(crate) type Schemas = Vec<(String, RefOr<Schema>)>;

/// The inputs of an operation, the status of its success, and the schema of its JSON where it has some.
pub(crate) type Description = (OperationBuilder, StatusCode, Option<RefOr<Schema>>);

/// The first argument of every handler: who is calling, as far as it matters to it.
pub(crate) trait Caller: Sized + Send {
    /// Who may call.
    const WHO: Access;
    /// What the route is to its callers: API, page, or plain.
    const WAY: Way;

    /// After [`Call::arrive`] has found out who is calling.
    ///
    /// # Errors
    /// An id in the path that is none: the same 404 as for an unknown one.
    fn take(call: &Call) -> Result<Self, Problem>;
}

/// A further argument: body, query, page of a list.
pub(crate) trait Input: Sized + Send {
    /// # Errors
    /// What is wrong with it, by field.
    fn take(call: &Call) -> Result<Self, Problem>;

    /// Its part of the OpenAPI description.
    fn describe(operation: OperationBuilder, schemas: &mut Schemas) -> OperationBuilder;
}

/// What a handler answers when it went well.
pub(crate) trait Answer: Send {
    /// The status.
    const STATUS: StatusCode;

    /// The answer itself.
    fn give(self, call: &Call) -> Reply;

    /// The schema of its JSON; none where it has none.
    fn schema(schemas: &mut Schemas) -> Option<RefOr<Schema>>;
}

/// A handler.
pub(crate) trait Endpoint<Args>: Send + Sync + 'static {
    /// Who may call.
    const WHO: Access;
    /// What the route is to its callers.
    const WAY: Way;

    /// One call that has arrived: from its arguments to its answer.
    fn call(&self, call: &Call) -> impl Future<Output = Result<Reply, Problem>> + Send;

    /// What it takes and gives.
    fn describe(operation: OperationBuilder, schemas: &mut Schemas) -> Description;
}

macro_rules! endpoint {
    ($($input:ident),*) => {
        impl<F, Fut, C, $($input,)* A> Endpoint<(C, $($input,)*)> for F
        where
            F: Fn(C, $($input),*) -> Fut + Send + Sync + 'static,
            Fut: Future<Output = Result<A, Problem>> + Send,
            C: Caller,
            $($input: Input,)*
            A: Answer,
        {
            const WHO: Access = C::WHO;
            const WAY: Way = C::WAY;

            async fn call(&self, call: &Call) -> Result<Reply, Problem> {
                let answer = self(C::take(call)?, $($input::take(call)?),*).await?;
                Ok(answer.give(call))
            }

            fn describe(operation: OperationBuilder, schemas: &mut Schemas) -> Description {
                $(let operation = $input::describe(operation, schemas);)*
                (operation, A::STATUS, A::schema(schemas))
            }
        }
    };
}

endpoint!();
endpoint!(I1);
endpoint!(I1, I2);

/// A boxed future, as the table holds handlers of all types.
pub(crate) type Handling<'a> = Pin<Box<dyn Future<Output = Result<Reply, Problem>> + Send + 'a>>;

/// An endpoint whose types are forgotten.
pub(crate) trait Run: Send + Sync {
    fn run<'a>(&'a self, call: &'a Call) -> Handling<'a>;
}

/// An endpoint with its types.
pub(crate) struct Typed<E, Args>(pub(crate) E, pub(crate) PhantomData<fn(Args)>);

impl<E: Endpoint<Args>, Args: 'static> Run for Typed<E, Args> {
    fn run<'a>(&'a self, call: &'a Call) -> Handling<'a> {
        Box::pin(self.0.call(call))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::rights::{Edit, Operate, Register, See};
    use crate::extract::{AsOperator, Form, InApplication, InOrganisation, InOwnApplication, Of, OfCredential, OnPage, Public, Query, SignedIn};
    use crate::routes::{Done, Html};
    use keywright_domain::caller::Right;
    use keywright_domain::ids::{InvitationId, OrganisationId};

    fn way<Args, E: Endpoint<Args>>(_: E) -> (Access, Way) {
        (E::WHO, E::WAY)
    }

    async fn page(page: OnPage<InApplication<Edit>>, Form(()): Form<()>) -> Result<Html, Problem> {
        Ok(Html::see(page.id.to_string()))
    }

    async fn api<C: Caller>(_: C, Query(()): Query<()>) -> Result<Done<()>, Problem> {
        Ok(Done(()))
    }

    #[test]
    fn the_first_argument_says_who_may_call() {
        assert_eq!(way(page), (Access::Application(Right::Edit), Way::Page));
        assert_eq!(way(api::<InOrganisation<See>>), (Access::Organisation(Right::See), Way::Api));
        assert_eq!(way(api::<OfCredential<Edit>>), (Access::Application(Right::Edit), Way::Api));
        assert_eq!(way(api::<InOwnApplication<Edit>>), (Access::Application(Right::Edit), Way::Api));
        assert_eq!(way(api::<Of<OrganisationId, Operate>>), (Access::Operator, Way::Api));
        assert_eq!(way(api::<Of<InvitationId, Register>>), (Access::SignedIn, Way::Api));
        assert_eq!(way(api::<AsOperator>), (Access::Operator, Way::Api));
        assert_eq!(way(api::<SignedIn>), (Access::SignedIn, Way::Api));
        assert_eq!(way(api::<Public>), (Access::Public, Way::Api));
    }
}
