//! THE table: every route, what it does, who answers it, and how large a body it takes. Who may call is in the handler's type.

use std::marker::PhantomData;

use hyper::Method;
use utoipa::openapi::path::OperationBuilder;

use super::access::{Access, MatrixRow, Way};
use super::endpoint::{Description, Endpoint, Run, Schemas, Typed};
use crate::{api, health, hub, metrics, oauth2, well_known};

const GET: Method = Method::GET;
const POST: Method = Method::POST;
const PUT: Method = Method::PUT;
const PATCH: Method = Method::PATCH;
const DELETE: Method = Method::DELETE;

/// Bytes that a body may have.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limit(pub(crate) usize);

/// Room for what some programs send where nothing is asked for, such as `{}`.
const NO_BODY: Limit = Limit(1_024);

/// A form with a picture: more than one may have, so that the form can say what is too much.
const WITH_LOGO: Limit = max_kb(1_024);

const fn max_kb(kb: usize) -> Limit {
    Limit(kb * 1_024)
}

/// A catalogue in JSON, whose quotes and newlines are escaped.
const CATALOGUE: Limit = Limit(2 * keywright_domain::limits::CATALOGUE_BYTES_MAX);

/// A catalogue in a form, where each other character may take three bytes.
const CATALOGUE_FORM: Limit = Limit(3 * keywright_domain::limits::CATALOGUE_BYTES_MAX);

/// A form of the OAuth 2 server.
const OAUTH: Limit = Limit(keywright_domain::limits::OAUTH_BODY_BYTES_MAX);

/// Every route.
#[rustfmt::skip]
pub(crate) fn table() -> Table {
    Table::default()
        .route(GET,  "/livez",                      "Whether the process runs",               health::live,          NO_BODY)
        .route(GET,  "/readyz",                     "Whether each role can do its work",      health::ready,         NO_BODY)
        .route(GET,  "/metrics",                    "Figures for Prometheus",                 metrics::metrics,      NO_BODY)
        .route(GET,  "/.well-known/keywright.json", "Keys that sign proofs",                  well_known::keywright, NO_BODY)

        .route(GET,  "/.well-known/oauth-authorization-server", "What the OAuth 2 server is like", oauth2::metadata::show, NO_BODY)
        .route(GET,  "/oauth2/jwks",                "Keys that sign access tokens",           oauth2::jwks::show,    NO_BODY)
        .route(POST, "/oauth2/token",               "Get an access token",                    oauth2::token::give,   OAUTH)
        .route(POST, "/oauth2/introspect",          "What an access token is good for",       oauth2::introspect::show, OAUTH)
        .route(POST, "/oauth2/revoke",              "End an access token before its time",    oauth2::revoke::end,   OAUTH)
        .route(POST, "/oauth2/register",            "Register a client",                      oauth2::register::create, OAUTH)
        .route(GET,  "/oauth2/register/{client_id}", "What is known of a registered client",  oauth2::register::show, NO_BODY)
        .route(PUT,  "/oauth2/register/{client_id}", "Change a registered client",            oauth2::register::change, OAUTH)
        .route(DELETE, "/oauth2/register/{client_id}", "End a registered client",             oauth2::register::end, NO_BODY)

        .route(GET,  "/api/v1/openapi.json",        "This description",                       api::docs::openapi,    NO_BODY)
        .route(GET,    "/api/v1/organisations", "List your organisations", api::organisations::list::list, NO_BODY)
        .route(POST,   "/api/v1/organisations", "Register an organisation", api::organisations::create::create, max_kb(4))
        .route(GET,    "/api/v1/organisations/{organisation}", "Show an organisation", api::organisations::show::show, NO_BODY)
        .route(PATCH,  "/api/v1/organisations/{organisation}", "Change an organisation", api::organisations::change::change, max_kb(16))
        .route(POST,   "/api/v1/organisations/{organisation}/review", "Hand an organisation in for review", api::organisations::review::hand_in, NO_BODY)

        .route(GET,    "/api/v1/organisations/{organisation}/members", "List members", api::members::list, NO_BODY)
        .route(GET,    "/api/v1/members/{member}", "Show a member", api::members::show, NO_BODY)
        .route(PATCH,  "/api/v1/members/{member}", "Change what a member holds", api::members::change, max_kb(64))
        .route(DELETE, "/api/v1/members/{member}", "Remove a member, or leave", api::members::remove, NO_BODY)
        .route(GET,    "/api/v1/organisations/{organisation}/invitations", "List invitations", api::members::invitations::list, NO_BODY)
        .route(POST,   "/api/v1/organisations/{organisation}/invitations", "Invite a member", api::members::invitations::create, max_kb(64))
        .route(DELETE, "/api/v1/invitations/{invitation}", "Take an invitation back", api::members::invitations::withdraw, NO_BODY)
        .route(POST,   "/api/v1/invitations/{invitation}/accept", "Accept an invitation", api::members::invitations::accept, NO_BODY)
        .route(GET,    "/api/v1/organisations/{organisation}/tokens", "List management tokens", api::tokens::list, NO_BODY)
        .route(POST,   "/api/v1/organisations/{organisation}/tokens", "Make a management token", api::tokens::create, max_kb(16))
        .route(DELETE, "/api/v1/tokens/{token}", "Revoke a management token", api::tokens::revoke, NO_BODY)
        .route(GET,    "/api/v1/organisations/{organisation}/activity", "What was done", api::activity::list, NO_BODY)
        .route(GET,    "/api/v1/provider/audit", "What was done anywhere", api::activity::audit, NO_BODY)

        .route(GET,    "/api/v1/applications/{application}", "Show an application", api::applications::show::show, NO_BODY)
        .route(PATCH,  "/api/v1/applications/{application}", "Change an application", api::applications::change::change, max_kb(16))
        .route(DELETE, "/api/v1/applications/{application}", "Delete an application", api::applications::life::delete, NO_BODY)
        .route(POST,   "/api/v1/applications/{application}/activate", "Activate an application", api::applications::life::activate, NO_BODY)
        .route(POST,   "/api/v1/applications/{application}/deactivate", "Deactivate an application", api::applications::life::deactivate, NO_BODY)
        .route(GET,  "/api/v1/organisations/{organisation}/applications", "List applications", api::applications::list::list, NO_BODY)
        .route(POST, "/api/v1/organisations/{organisation}/applications", "Make an application", api::applications::create::create, max_kb(16))

        .route(GET,    "/api/v1/applications/{application}/credentials", "List credentials", api::credentials::list::list, NO_BODY)
        .route(POST,   "/api/v1/applications/{application}/credentials", "Make a credential", api::credentials::create::create, max_kb(64))
        .route(POST,   "/api/v1/applications/{application}/key-challenges", "What to sign to prove that a key is yours", api::credentials::key_challenge::give, NO_BODY)
        .route(GET,    "/api/v1/applications/{application}/registration-tokens", "List initial access tokens", api::registration_tokens::list, NO_BODY)
        .route(POST,   "/api/v1/applications/{application}/registration-tokens", "Make an initial access token", api::registration_tokens::create, max_kb(4))
        .route(DELETE, "/api/v1/applications/{application}/registration-tokens/{registration_token}", "Revoke an initial access token", api::registration_tokens::revoke, NO_BODY)
        .route(GET,    "/api/v1/credentials/{credential}", "Show a credential", api::credentials::show::show, NO_BODY)
        .route(PATCH,  "/api/v1/credentials/{credential}", "Change a credential", api::credentials::change::change, max_kb(64))
        .route(DELETE, "/api/v1/credentials/{credential}", "Revoke a credential", api::credentials::revoke::revoke, NO_BODY)
        .route(POST,   "/api/v1/credentials/{credential}/revoke", "Revoke a credential, by POST", api::credentials::revoke::revoke, NO_BODY)
        .route(POST,   "/api/v1/credentials/{credential}/rotate", "Rotate a credential", api::credentials::rotate::rotate, max_kb(64))
        .route(POST,   "/api/v1/credentials/{credential}/secrets", "Add a secret beside the others", api::credentials::secrets::add, max_kb(4))
        .route(DELETE, "/api/v1/credentials/{credential}/secrets/{version}", "Revoke one of several secrets", api::credentials::secrets::revoke, NO_BODY)
        .route(POST,   "/api/v1/credentials/{credential}/reveal", "Show a secret again", api::credentials::secrets::reveal, max_kb(4))
        .route(POST,   "/api/v1/credentials/{credential}/suspend", "Suspend a credential", api::credentials::switch::suspend, NO_BODY)
        .route(POST,   "/api/v1/credentials/{credential}/resume", "Resume a credential", api::credentials::switch::resume, NO_BODY)
        .route(POST,   "/api/v1/credentials/{credential}/explain-signature", "Explain a signature", api::credentials::explain::explain, max_kb(1_024))
        .route(GET,    "/api/v1/credentials/{credential}/versions", "List the versions of a credential", api::credentials::show::versions, NO_BODY)
        .route(GET,    "/api/v1/credentials/{credential}/usage", "How a credential was used", api::credentials::show::usage, NO_BODY)

        .route(POST,   "/api/v1/auth/magic-link", "Ask for a code by mail", api::auth::magic_link::ask, max_kb(4))
        .route(POST,   "/api/v1/auth/token", "Get an access token", api::auth::token::give, max_kb(4))

        .route(GET,    "/api/v1/business/api-keys", "List API keys", api::business::list, NO_BODY)
        .route(POST,   "/api/v1/business/api-keys", "Make an API key", api::business::create, max_kb(64))
        .route(DELETE, "/api/v1/business/api-keys/{credential}", "Revoke an API key", api::business::revoke, NO_BODY)
        .route(POST,   "/api/v1/business/api-keys/{credential}/rotate", "Rotate an API key", api::business::rotate, max_kb(4))

        .route(GET,    "/api/v1/provider/organisations", "List all organisations", api::provider::organisations::list, NO_BODY)
        .route(POST,   "/api/v1/provider/organisations/{organisation}/verify", "Verify an organisation", api::provider::organisations::verify, NO_BODY)
        .route(POST,   "/api/v1/provider/organisations/{organisation}/hand-back", "Hand an organisation back", api::provider::organisations::hand_back, max_kb(16))
        .route(POST,   "/api/v1/provider/organisations/{organisation}/suspend", "Suspend an organisation", api::provider::organisations::suspend, NO_BODY)
        .route(POST,   "/api/v1/provider/organisations/{organisation}/resume", "Resume an organisation", api::provider::organisations::resume, NO_BODY)
        .route(GET,    "/api/v1/provider/catalogue", "Show the catalogue", api::provider::catalogue::show, NO_BODY)
        .route(PUT,    "/api/v1/provider/catalogue", "Apply a catalogue", api::provider::catalogue::apply, CATALOGUE)
        .route(POST,   "/api/v1/provider/catalogue/check", "Check a catalogue", api::provider::catalogue::check_only, CATALOGUE)
        .route(GET,    "/api/v1/provider/resource-servers", "List resource servers", api::provider::resource_servers::list, NO_BODY)
        .route(POST,   "/api/v1/provider/resource-servers", "Make a resource server", api::provider::resource_servers::create, max_kb(64))
        .route(POST,   "/api/v1/provider/resource-servers/{resource_server}/rotate", "Give a resource server another token", api::provider::resource_servers::rotate, max_kb(4))
        .route(DELETE, "/api/v1/provider/resource-servers/{resource_server}", "Revoke a resource server", api::provider::resource_servers::revoke, NO_BODY)
        .route(GET,    "/api/v1/provider/verifiers", "List verifiers", api::provider::verifiers::list, NO_BODY)
        .route(POST,   "/api/v1/provider/leaks", "Find the credential of a leaked key", api::provider::leaks::find, max_kb(1_024))

        .route(GET,  "/static/{file}",              "Style, script and mark",                hub::assets::serve,    NO_BODY)
        .route(GET,  "/favicon.ico",                "The mark, asked for unasked",            hub::assets::serve,    NO_BODY)
        .route(POST, "/theme",                      "Light or dark",                          hub::theme::choose,    NO_BODY)
        .route(GET,  "/",                           "To where the person works",              hub::home::show,       NO_BODY)
        .route(GET,  "/sign-in",                    "Sign in",                                hub::sign_in::show,    NO_BODY)
        .route(POST, "/sign-in",                    "Send a mail to sign in with",            hub::sign_in::ask,     max_kb(96))
        .route(GET,  "/sign-in/sent",               "How far the mail is",                    hub::sign_in::sent::show, NO_BODY)
        .route(POST, "/sign-in/sent",               "The same, with a form that is kept",     hub::sign_in::sent::again, max_kb(96))
        .route(POST, "/sign-in/code",               "Sign in by the code of the mail",        hub::sign_in::sent::code, max_kb(96))
        .route(GET,  "/sign-in/link",               "What a link is good for",                hub::sign_in::link::show, NO_BODY)
        .route(POST, "/sign-in/link",               "Sign in by the link of the mail",        hub::sign_in::link::enter_by_link, max_kb(4))
        .route(POST, "/sign-out",                   "Sign out here",                          hub::sign_out::here,   NO_BODY)
        .route(POST, "/sign-out/everywhere",        "Sign out everywhere",                    hub::sign_out::everywhere, NO_BODY)
        .route(GET,  "/person",                     "Name, sessions and organisations of the person", hub::person::show, NO_BODY)
        .route(POST, "/person",                     "Change one's name",                      hub::person::rename,   max_kb(16))
        .route(POST, "/person/sessions",            "End one session",                        hub::person::end_session, NO_BODY)
        .route(GET,  "/organisations/new",          "Register an organisation",               hub::new_organisation::show, NO_BODY)
        .route(POST, "/organisations/new",          "Make an organisation",                   hub::new_organisation::register, max_kb(16))
        .route(GET,  "/organisations/{organisation}", "An organisation at a glance",          hub::overview::show,   NO_BODY)
        .route(GET,  "/invitations/{invitation}",   "Who invites where",                      hub::invitation::show, NO_BODY)
        .route(POST, "/invitations/{invitation}",   "Accept an invitation",                   hub::invitation::accept, NO_BODY)
        .route(GET,  "/api/docs",                   "The management API, described",          hub::api_docs::show,   NO_BODY)
        .route(GET,  "/api/docs/{resource}",        "One resource of it",                     hub::api_docs::resource, NO_BODY)

        .route(GET,  "/provider/organisations", "Organisations", hub::provider::organisations::list, NO_BODY)
        .route(GET,  "/provider/organisations/{organisation}", "An organisation", hub::provider::organisation::show, NO_BODY)
        .route(POST, "/provider/organisations/{organisation}/verify", "Verify an organisation", hub::provider::review::verify, max_kb(4))
        .route(POST, "/provider/organisations/{organisation}/hand-back", "Hand a review back", hub::provider::review::hand_back, max_kb(64))
        .route(GET,  "/provider/organisations/{organisation}/suspend", "What suspending it means", hub::provider::review::ask, NO_BODY)
        .route(POST, "/provider/organisations/{organisation}/suspend", "Suspend an organisation", hub::provider::review::suspend, max_kb(4))
        .route(GET,  "/provider/organisations/{organisation}/resume", "What resuming it means", hub::provider::review::ask_resume, NO_BODY)
        .route(POST, "/provider/organisations/{organisation}/resume", "Resume an organisation", hub::provider::review::resume, max_kb(4))
        .route(POST, "/provider/organisations/{organisation}/services/allow", "Allow a service on request", hub::provider::review::allow, max_kb(4))
        .route(POST, "/provider/organisations/{organisation}/services/withdraw", "Withdraw a service on request", hub::provider::review::disallow, max_kb(4))
        .route(GET,  "/provider/catalogue", "The catalogue", hub::provider::catalogue::show, NO_BODY)
        .route(GET,  "/provider/catalogue/edit", "The text of the catalogue, to change it", hub::provider::catalogue::edit, NO_BODY)
        .route(POST, "/provider/catalogue/edit", "The same text once more", hub::provider::catalogue::edit_again, CATALOGUE_FORM)
        .route(POST, "/provider/catalogue/check", "What a new catalogue does", hub::provider::catalogue::check, CATALOGUE_FORM)
        .route(POST, "/provider/catalogue/apply", "Apply a catalogue", hub::provider::catalogue::apply, CATALOGUE_FORM)
        .route(GET,  "/provider/resource-servers", "Resource servers", hub::provider::resource_servers::list, NO_BODY)
        .route(POST, "/provider/resource-servers", "Make a resource server", hub::provider::resource_servers::create, max_kb(64))
        .route(GET,  "/provider/resource-servers/new", "Form for a resource server", hub::provider::resource_servers::new, NO_BODY)
        .route(GET,  "/provider/resource-servers/{resource_server}/rotate", "What becomes of its token", hub::provider::resource_servers::rotate, NO_BODY)
        .route(POST, "/provider/resource-servers/{resource_server}/rotate", "Give a resource server another token", hub::provider::resource_servers::rotated, max_kb(4))
        .route(GET,  "/provider/resource-servers/{resource_server}/revoke", "What revoking it means", hub::provider::resource_servers::revoke, NO_BODY)
        .route(POST, "/provider/resource-servers/{resource_server}/revoke", "Revoke a resource server", hub::provider::resource_servers::revoked, max_kb(4))
        .route(GET,  "/provider/verifiers", "Verifiers", hub::provider::verifiers::show, NO_BODY)
        .route(GET,  "/provider/leaks", "Box for a leaked key", hub::provider::leaks::show, NO_BODY)
        .route(POST, "/provider/leaks", "Find the credential of a leaked key", hub::provider::leaks::find, max_kb(1_024))
        .route(GET,  "/provider/audit", "The audit trail", hub::provider::audit::show, NO_BODY)

        .route(GET,  "/organisations/{organisation}/settings/general", "General settings", hub::settings::general::show, NO_BODY)
        .route(POST, "/organisations/{organisation}/settings/general", "Change the name", hub::settings::general::save, max_kb(64))
        .route(GET,  "/organisations/{organisation}/settings/billing", "The billing profile", hub::settings::billing::show, NO_BODY)
        .route(POST, "/organisations/{organisation}/settings/billing", "Change the billing profile", hub::settings::billing::save, max_kb(128))
        .route(GET,  "/organisations/{organisation}/settings/verification", "Where the review stands", hub::settings::verification::show, NO_BODY)
        .route(POST, "/organisations/{organisation}/settings/verification", "Change what the review asks for", hub::settings::verification::save, max_kb(128))
        .route(POST, "/organisations/{organisation}/settings/verification/hand-in", "Hand in for review", hub::settings::verification::hand_in, max_kb(4))
        .route(GET,  "/organisations/{organisation}/settings/members", "Members and invitations", hub::settings::members::list, NO_BODY)
        .route(GET,  "/organisations/{organisation}/settings/members/left", "Keys whose secrets somebody who has left could have seen", hub::settings::members::left, NO_BODY)
        .route(GET,  "/organisations/{organisation}/settings/invitations", "Form for an invitation", hub::settings::invitations::new, NO_BODY)
        .route(POST, "/organisations/{organisation}/settings/invitations", "Invite somebody", hub::settings::invitations::create, max_kb(64))
        .route(POST, "/invitations/{invitation}/withdraw", "Withdraw an invitation", hub::settings::invitations::withdraw, max_kb(4))
        .route(GET,  "/members/{member}", "A member", hub::settings::member::show, NO_BODY)
        .route(POST, "/members/{member}", "Change what a member may do", hub::settings::member::change, max_kb(128))
        .route(GET,  "/members/{member}/remove", "What removing a member means", hub::settings::remove::ask, NO_BODY)
        .route(POST, "/members/{member}/remove", "Remove a member", hub::settings::remove::remove, max_kb(4))
        .route(GET,  "/organisations/{organisation}/leave", "What leaving means", hub::settings::leave::ask, NO_BODY)
        .route(POST, "/organisations/{organisation}/leave", "Leave an organisation", hub::settings::leave::leave, max_kb(4))
        .route(GET,  "/organisations/{organisation}/settings/tokens", "Management tokens", hub::settings::tokens::list, NO_BODY)
        .route(POST, "/organisations/{organisation}/settings/tokens", "Make a management token", hub::settings::tokens::create, max_kb(64))
        .route(GET,  "/organisations/{organisation}/settings/tokens/new", "Form for a management token", hub::settings::tokens::new, NO_BODY)
        .route(GET,  "/organisations/{organisation}/settings/tokens/revoke", "What revoking a token means", hub::settings::tokens::ask, NO_BODY)
        .route(POST, "/organisations/{organisation}/settings/tokens/revoke", "Revoke a management token", hub::settings::tokens::revoke, max_kb(4))
        .route(GET,  "/organisations/{organisation}/settings/activity", "Who did what", hub::settings::activity::show, NO_BODY)

        .route(GET,  "/organisations/{organisation}/applications", "Applications", hub::applications::list::list, NO_BODY)
        .route(GET,  "/organisations/{organisation}/applications/new", "A new application", hub::applications::create::show, NO_BODY)
        .route(POST, "/organisations/{organisation}/applications/new", "Make an application", hub::applications::create::create, WITH_LOGO)
        .route(GET,  "/applications/{application}", "An application", hub::applications::details::show, NO_BODY)
        .route(GET,  "/applications/{application}/edit", "The details of an application", hub::applications::edit::show, NO_BODY)
        .route(POST, "/applications/{application}/edit", "Change an application", hub::applications::edit::save, WITH_LOGO)
        .route(GET,  "/applications/{application}/registration-tokens", "Initial access tokens of an application", hub::applications::registration_tokens::list, NO_BODY)
        .route(POST, "/applications/{application}/registration-tokens", "Make an initial access token", hub::applications::registration_tokens::create, max_kb(4))
        .route(GET,  "/applications/{application}/registration-tokens/new", "Form for an initial access token", hub::applications::registration_tokens::new, NO_BODY)
        .route(GET,  "/applications/{application}/registration-tokens/revoke", "What revoking an initial access token means", hub::applications::registration_tokens::ask, NO_BODY)
        .route(POST, "/applications/{application}/registration-tokens/revoke", "Revoke an initial access token", hub::applications::registration_tokens::revoke, max_kb(4))
        .route(GET,  "/applications/{application}/usage", "How much an application is used", hub::applications::usage::show, NO_BODY)
        .route(GET,  "/applications/{application}/activity", "What was done with an application", hub::applications::activity::show, NO_BODY)
        .route(GET,  "/applications/{application}/activate", "What is missing for production", hub::applications::state::ask_activate, NO_BODY)
        .route(POST, "/applications/{application}/activate", "Activate an application", hub::applications::state::activate, max_kb(4))
        .route(GET,  "/applications/{application}/deactivate", "What deactivating means", hub::applications::state::ask_deactivate, NO_BODY)
        .route(POST, "/applications/{application}/deactivate", "Deactivate an application", hub::applications::state::deactivate, max_kb(4))
        .route(GET,  "/applications/{application}/delete", "What deleting means", hub::applications::delete::ask, NO_BODY)
        .route(POST, "/applications/{application}/delete", "Delete an application", hub::applications::delete::delete, max_kb(16))
        .route(GET,  "/organisations/{organisation}/settings/api-keys", "The organisation's API keys", hub::keys::list::of_organisation, NO_BODY)
        .route(GET,  "/applications/{application}/keys", "The keys of an application", hub::keys::list::list, NO_BODY)
        .route(GET,  "/applications/{application}/keys/new", "A new API key", hub::keys::new::show, NO_BODY)
        .route(POST, "/applications/{application}/keys/new", "Make an API key", hub::keys::new::create, max_kb(128))
        .route(GET,  "/keys/{credential}", "A key", hub::keys::show::show, NO_BODY)
        .route(GET,  "/keys/{credential}/change", "What may be changed of a key", hub::keys::change::show, NO_BODY)
        .route(POST, "/keys/{credential}/change", "Change a key", hub::keys::change::save, max_kb(128))
        .route(GET,  "/keys/{credential}/rotate", "What rotating means", hub::keys::rotate::ask, NO_BODY)
        .route(POST, "/keys/{credential}/rotate", "Rotate a key", hub::keys::rotate::rotate, max_kb(64))
        .route(GET,  "/keys/{credential}/secrets/new", "Form for another secret", hub::keys::secrets::ask_add, NO_BODY)
        .route(POST, "/keys/{credential}/secrets/new", "Add a secret", hub::keys::secrets::add, max_kb(4))
        .route(GET,  "/keys/{credential}/secrets/{version}/reveal", "What showing a secret again takes", hub::keys::secrets::ask_reveal, NO_BODY)
        .route(POST, "/keys/{credential}/secrets/{version}/reveal", "Show a secret again", hub::keys::secrets::reveal, max_kb(4))
        .route(GET,  "/keys/{credential}/secrets/{version}/revoke", "What revoking a secret means", hub::keys::secrets::ask_revoke, NO_BODY)
        .route(POST, "/keys/{credential}/secrets/{version}/revoke", "Revoke a secret", hub::keys::secrets::revoke, max_kb(4))
        .route(GET,  "/keys/{credential}/token", "Form for an access token", hub::keys::token::ask, NO_BODY)
        .route(POST, "/keys/{credential}/token", "Make an access token", hub::keys::token::make, max_kb(16))
        .route(GET,  "/keys/{credential}/explain", "Box for a request that was refused", hub::keys::explain::ask, NO_BODY)
        .route(POST, "/keys/{credential}/explain", "Explain a signature", hub::keys::explain::explain, max_kb(2_048))
        .route(GET,  "/keys/{credential}/suspend", "What suspending means", hub::keys::switch::ask_suspend, NO_BODY)
        .route(POST, "/keys/{credential}/suspend", "Suspend a key", hub::keys::switch::suspend, max_kb(4))
        .route(GET,  "/keys/{credential}/resume", "What resuming means", hub::keys::switch::ask_resume, NO_BODY)
        .route(POST, "/keys/{credential}/resume", "Resume a key", hub::keys::switch::resume, max_kb(4))
        .route(GET,  "/keys/{credential}/revoke", "What revoking means", hub::keys::revoke::ask, NO_BODY)
        .route(POST, "/keys/{credential}/revoke", "Revoke a key", hub::keys::revoke::revoke, max_kb(4))
}

/// A row: a route, with its types forgotten.
pub(crate) struct Row {
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    pub(crate) summary: &'static str,
    /// `applications.list`
    pub(crate) name: String,
    pub(crate) access: Access,
    pub(crate) way: Way,
    pub(crate) limit: Limit,
    pub(crate) run: Box<dyn Run>,
    pub(crate) describe: fn(OperationBuilder, &mut Schemas) -> Description,
}

/// All rows, in the order of the table.
#[derive(Default)]
pub(crate) struct Table {
    pub(crate) rows: Vec<Row>,
}

impl Table {
    fn route<E: Endpoint<Args>, Args: 'static>(mut self, method: Method, path: &'static str, summary: &'static str, handler: E, limit: Limit) -> Self {
        let run = Box::new(Typed(handler, PhantomData::<fn(Args)>));
        let mut name = name_of(std::any::type_name::<E>());
        if self.rows.iter().any(|row| row.name == name) {
            // The same handler by another method.
            name = format!("{name}.{}", method.as_str().to_ascii_lowercase());
        }
        self.rows.push(Row { method, path, summary, name, access: E::WHO, way: E::WAY, limit, run, describe: E::describe });
        self
    }
}

/// `keywright_web::api::applications::list::list` is called `applications.list`.
fn name_of(handler: &str) -> String {
    let mut words: Vec<&str> = handler.split("::").skip(2).collect();
    words.dedup();
    words.join(".")
}

/// Who may call what: the API and the pages.
#[must_use]
pub fn matrix() -> Vec<MatrixRow> {
    let row = |row: Row| MatrixRow {
        // One of the methods that the table names.
        method: [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE].iter().position(|m| *m == row.method).map_or("", |i| METHODS[i]),
        path: row.path,
        way: row.way,
        access: row.access,
        summary: row.summary,
    };
    table().rows.into_iter().map(row).collect()
}

const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];
