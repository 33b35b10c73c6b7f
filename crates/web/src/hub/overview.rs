//! `/organisations/{organisation}`: what to do next, what was used, and what needs somebody.

use askama::Template;
use keywright_domain::application::State;
use keywright_domain::grants::OrganisationGrant;
use keywright_domain::ids::{ApplicationId, CredentialId, OrganisationId};
use keywright_domain::organisation::Review;
use keywright_domain::time::Timestamp;
use keywright_operations::organisations::overview::Overview;

use crate::extract::rights::See;
use crate::extract::{InOrganisation, OnPage};
use crate::hub::chart::{Bar, BarChart};
use crate::hub::frame::{Frame, Section};
use crate::hub::parts::{Badge, Step};
use crate::hub::words::{Number, When};
use crate::routes::{Html, Result};

/// Hours of the chart.
const HOURS: u32 = 24;

#[derive(Template)]
#[template(path = "overview.html")]
struct Page {
    frame: Frame,
    organisation: OrganisationId,
    name: String,
    badges: Vec<Badge>,
    /// Whether the person may make applications here.
    may_create: bool,
    /// Until the first application is active.
    steps: Vec<Step>,
    done: usize,
    chart: Option<BarChart>,
    most_used: Vec<MostUsed>,
    needs: Vec<Need>,
    review: Option<ReviewNeed>,
}

struct MostUsed {
    application: ApplicationId,
    name: String,
    accepted: Number,
    refused: Number,
}

/// A key that somebody should look at.
struct Need {
    credential: CredentialId,
    name: String,
    what: What,
}

enum What {
    Expires(When),
    OldVersionUsed { version: u32, last: When, until: When },
}

/// What the review waits for, where somebody here can do something about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ReviewNeed {
    /// Nothing was handed in, and services ask for a verified organisation.
    NotHandedIn,
    /// The provider looks at it.
    InReview,
    /// An operator has suspended the organisation.
    Suspended,
}

/// The steps to a first active application.
fn steps(overview: &Overview, organisation: OrganisationId, may_create: bool) -> Vec<Step> {
    let newest = overview.newest.as_ref();
    let at = |tail: &str| newest.map(|newest| format!("/applications/{}{tail}", newest.id));
    let step = |title, sentence, done, link| Step { title, sentence, done, now: false, link };
    let create = may_create.then(|| (format!("/organisations/{organisation}/applications/new"), "Create application"));
    let mut steps = vec![step("Create an application", "It stands for one back end or product of yours, and owns keys.", newest.is_some(), create)];
    if overview.has_scenarios {
        steps.push(step("Create a scenario", "It says which attributes are asked of a user, and where they come back to.", false, None));
    }
    let key = at("/keys/new").map(|href| (href, "Create key"));
    steps.push(step("Create a key", "Your back end calls the API with it. It is shown once.", newest.is_some_and(|newest| newest.has_key), key));
    let active = newest.is_some_and(|newest| newest.state == State::Active);
    let activate = at("/activate").map(|href| (href, "Activate application"));
    steps.push(step("Activate the application", "Production keys work from then on. Sandbox keys work at once.", active, activate));
    // The next one is the first that is not done and can be done here; only it has its button.
    let next = steps.iter().position(|step| !step.done && step.link.is_some());
    for (i, step) in steps.iter_mut().enumerate() {
        step.now = Some(i) == next;
        step.link = step.link.take().filter(|_| step.now);
    }
    steps
}

fn chart(overview: &Overview) -> Option<BarChart> {
    let used = overview.hours.iter().any(|hour| hour.accepted + hour.refused > 0);
    used.then(|| BarChart {
        title: "Verified requests, last 24 hours",
        over: "Hour (UTC)",
        series: vec!["Accepted", "Refused"],
        bars: overview.hours.iter().map(|hour| Bar { label: hour_label(hour.hour), values: vec![hour.accepted, hour.refused] }).collect(),
    })
}

/// `14:00`, as it stands in a time of RFC 3339.
fn hour_label(hour: Timestamp) -> String {
    hour.to_string().get(11..16).unwrap_or_default().to_owned()
}

/// The overview.
pub(crate) async fn show(visit: OnPage<InOrganisation<See>>) -> Result<Html> {
    let now = visit.operations().now();
    let overview = visit.operations().organisation_overview(visit.caller(), visit.id, HOURS).await?;
    let held = visit.visit().member_of(visit.id).map(|member| member.grants).unwrap_or_default();
    let organisation = &overview.organisation;
    let may_create = held.holds(OrganisationGrant::CreateApplications);
    let expiring =
        overview.attention.expiring.iter().map(|key| Need { credential: key.credential, name: key.name.clone(), what: What::Expires(When::end(key.at, now)) });
    let old = overview.attention.old_versions.iter().map(|key| {
        let what = What::OldVersionUsed { version: key.version, last: When::new(key.last_at, now), until: When::new(key.until, now) };
        Need { credential: key.credential, name: key.name.clone(), what }
    });
    let needs = old.chain(expiring).collect();
    let review = match organisation.review {
        _ if organisation.suspended => Some(ReviewNeed::Suspended),
        Review::InReview => Some(ReviewNeed::InReview),
        Review::Draft if overview.asks_for_review => Some(ReviewNeed::NotHandedIn),
        Review::Draft | Review::Verified => None,
    };
    let mut badges = vec![Badge::from(organisation.review)];
    if organisation.suspended {
        badges.push(Badge::SUSPENDED);
    }
    let steps = if overview.newest.as_ref().is_some_and(|newest| newest.any_active) { Vec::new() } else { steps(&overview, visit.id, may_create) };
    let most_used = overview.most_used.iter().map(|used| MostUsed {
        application: used.application,
        name: used.name.clone(),
        accepted: Number(used.accepted),
        refused: Number(used.refused),
    });
    Html::page(&Page {
        frame: visit.frame("Overview", Section::Overview, Some(visit.id)),
        organisation: visit.id,
        name: organisation.name.clone(),
        badges,
        may_create,
        done: steps.iter().filter(|step| step.done).count(),
        steps,
        chart: chart(&overview),
        most_used: most_used.collect(),
        needs,
        review,
    })
}
