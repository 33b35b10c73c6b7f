//! What the hub's pages cost, and whether they cost more where there is much to list.

use std::net::SocketAddr;

use anyhow::{Result, bail};
use keywright_crypto::secret::Secret;
use keywright_domain::application::State;
use keywright_domain::caller::{Facts, Right, allow};
use keywright_domain::ids::{ApplicationId, MemberId, OrganisationId, PersonId, SessionId};
use keywright_domain::time::Span;
use keywright_store::applications::Application;
use keywright_store::sessions::NewSession;
use keywright_store::{Done, Location, OpenOptions, Purpose, Store, StoreError};
use tokio::runtime::Runtime;

use crate::dataset::{DataSet, SERVICE, Shape, application, credential, machine, organisation};
use crate::load::ask;
use crate::materials::Made;
use crate::options::Options;
use crate::process::Server;
use crate::report::{Report, Target};

/// The secret of the session that fetches the pages.
const SESSION: &str = "benchmark-session-of-nobody-else";

/// A page's name, and its path.
type Visit = (&'static str, fn() -> String);

/// A page, and what it costs with few and with many.
struct Cost {
    page: &'static str,
    few_us: f64,
    many_us: f64,
}

fn of_application(rest: &str) -> String {
    format!("/applications/{}{rest}", application(0))
}

fn of_key(rest: &str) -> String {
    format!("/keys/{}{rest}", credential(0))
}

fn of_organisation(rest: &str) -> String {
    format!("/organisations/{}{rest}", organisation(0))
}

/// Runs the part `pages`.
///
/// # Errors
/// A page is not answered.
pub(crate) fn run(runtime: &Runtime, options: &Options, report: &mut Report) -> Result<()> {
    let (keys, applications) = if options.quick { (1_000, 1_000) } else { (100_000, 10_000) };
    let in_one = |live| Shape { organisations: 1, applications: 1, live, revoked: 0, made: Made::ApiKeys };
    let spread = |applications| Shape { organisations: 1, applications, live: applications, revoked: 0, made: Made::ApiKeys };
    let of_keys: &[Visit] = &[
        ("an application", || of_application("")),
        ("its details to edit", || of_application("/edit")),
        ("its keys", || of_application("/keys")),
        ("a new key", || of_application("/keys/new")),
        ("its usage", || of_application("/usage")),
        ("its activity", || of_application("/activity")),
        ("deleting it", || of_application("/delete")),
        ("a key", || of_key("")),
        ("changing it", || of_key("/change")),
        ("rotating it", || of_key("/rotate")),
        ("revoking it", || of_key("/revoke")),
    ];
    let of_applications: &[Visit] = &[
        ("the overview", || of_organisation("")),
        ("the applications", || of_organisation("/applications")),
        ("a new application", || of_organisation("/applications/new")),
        ("the own keys", || of_organisation("/settings/api-keys")),
        ("the members", || of_organisation("/settings/members")),
        ("an invitation", || of_organisation("/settings/invitations")),
        ("the general settings", || of_organisation("/settings/general")),
        ("the billing profile", || of_organisation("/settings/billing")),
        ("the verification", || of_organisation("/settings/verification")),
        ("the tokens", || of_organisation("/settings/tokens")),
        ("the activity", || of_organisation("/settings/activity")),
        ("the person", || "/person".to_owned()),
        ("the organisations", || "/provider/organisations".to_owned()),
        ("an organisation", || format!("/provider/organisations/{}", organisation(0))),
        ("the catalogue", || "/provider/catalogue".to_owned()),
        ("the resource servers", || "/provider/resource-servers".to_owned()),
        ("the verifiers", || "/provider/verifiers".to_owned()),
        ("the leaks", || "/provider/leaks".to_owned()),
        ("the audit trail", || "/provider/audit".to_owned()),
        ("the description of the API", || "/api/docs".to_owned()),
    ];
    let mut costs = compare(runtime, options, in_one(100), in_one(keys), of_keys)?;
    costs.extend(compare(runtime, options, spread(100), spread(applications), of_applications)?);
    let dearest = costs.iter().max_by(|a, b| a.many_us.total_cmp(&b.many_us));
    let steepest = costs.iter().max_by(|a, b| (a.many_us / a.few_us).total_cmp(&(b.many_us / b.few_us)));
    let (Some(dearest), Some(steepest)) = (dearest, steepest) else { bail!("no page was measured") };
    report.row(&format!("CPU of the dearest page ({})", dearest.page), dearest.many_us / 1_000.0, " ms", &Target::AtMost(3.0));
    let ratio = steepest.many_us / steepest.few_us;
    report.row(&format!("a page with {keys} keys or {applications} applications against 100 ({})", steepest.page), ratio, " ×", &Target::AtMost(2.0));
    let told: Vec<String> = costs.iter().map(|c| format!("{} {:.2} and {:.2}", c.page, c.few_us / 1_000.0, c.many_us / 1_000.0)).collect();
    report.note(format!("CPU of pages in ms, with 100 and with many: {}.", told.join("; ")));
    Ok(())
}

fn compare(runtime: &Runtime, options: &Options, few: Shape, many: Shape, pages: &[Visit]) -> Result<Vec<Cost>> {
    let (few, many) = (costs(runtime, options, few, pages)?, costs(runtime, options, many, pages)?);
    Ok(few.into_iter().zip(many).zip(pages).map(|((few_us, many_us), (page, _))| Cost { page, few_us, many_us }).collect())
}

/// CPU of the server for each page, in microseconds.
fn costs(runtime: &Runtime, options: &Options, shape: Shape, pages: &[Visit]) -> Result<Vec<f64>> {
    let data = runtime.block_on(DataSet::copy(shape))?;
    runtime.block_on(somebody_signs_in(&data, shape))?;
    let server = Server::keywright(&data.data(), None)?;
    server.listens()?;
    let times = if options.quick { 20 } else { 300 };
    let mut costs = Vec::new();
    for (_, path) in pages {
        let path = path();
        fetch(server.address, &path, times / 10)?;
        let before = server.cpu_us()?;
        fetch(server.address, &path, times)?;
        costs.push((server.cpu_us()? - before) / f64::from(times));
    }
    Ok(costs)
}

fn fetch(address: SocketAddr, path: &str, times: u32) -> Result<()> {
    let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\ncookie: keywright={SESSION}\r\naccept-encoding: gzip\r\nconnection: close\r\n\r\n");
    for _ in 0..times {
        let (status, body) = ask(address, request.as_bytes())?;
        if status != 200 {
            bail!("{path} answered {status}: {}", String::from_utf8_lossy(&body));
        }
    }
    Ok(())
}

/// Puts an admin of the first organisation, who is an operator too, with a session, into the store.
async fn somebody_signs_in(data: &DataSet, shape: Shape) -> Result<()> {
    let store = Store::open(OpenOptions::new(Location::Directory(data.data()), Purpose::Serve)).await?;
    let now = keywright::clocks::wall();
    let id = organisation(0);
    let own = Application {
        id: ApplicationId::from_parts(now.ms(), shape.applications.into()),
        organisation: id,
        name: "Own".into(),
        internal_name: None,
        description: None,
        domain: None,
        privacy_url: None,
        logo: None,
        own: true,
        state: State::Active,
        created_at: now,
        services: vec![SERVICE.to_owned()],
    };
    let person = PersonId::from_bits(1);
    let session = NewSession {
        id: SessionId::from_bits(1),
        digest: Secret::new(SESSION.to_owned()).digest(),
        person,
        access_token: false,
        organisation: None,
        agent: "benchmark".into(),
        source: None,
        now,
        until: now.plus(Span::from_h(24)),
    };
    let allowed = allow(&machine(), Right::ManageMembers, &Facts::of(id))?;
    store
        .write(allowed, async move |tx| {
            tx.application_insert(&own).await?;
            let person = tx.person_of_mail("ann@example.com", person, now).await?;
            tx.operator_insert(person, now).await?;
            tx.member_insert(MemberId::from_bits(1), OrganisationId::from_bits(id.bits()), person, "admin", now).await?;
            tx.session_insert(&session).await?;
            Ok::<_, StoreError>(Done::new(()))
        })
        .await?;
    Ok(())
}
