//! Every part in every state on one page, for whoever works on the look: a test writes it to `target/gallery/`.

use std::fs;
use std::path::Path;

use askama::Template;
use keywright_domain::application::State;
use keywright_domain::credential::{Environment, Standing, VersionState};
use keywright_domain::organisation::Review;
use keywright_domain::time::{Span, Timestamp};

use super::chart::{Bar, BarChart};
use super::forms::{Choice, Field, PermissionChoice, PermissionGroup, PermissionList, Wrong};
use super::frame::{Frame, FrameOrganisation, FramePerson, Section, Theme};
use super::icons::{self, Drawing};
use super::parts::{Badge, Crumb, EnvironmentLabel, EnvironmentTabs, Pager, Sample, Step, Tab};
use super::static_files::{asset, content};
use super::words::{Exact, Number, When};

#[derive(Template)]
#[template(path = "gallery.html")]
struct Gallery {
    frame: Frame,
    crumbs: Vec<Crumb>,
    tabs: Vec<Tab>,
    environments: EnvironmentTabs,
    badges: Vec<Badge>,
    production: EnvironmentLabel,
    sandbox: EnvironmentLabel,
    id: String,
    earlier: When,
    later: When,
    exact: Exact,
    number: Number,
    rows: Vec<(&'static str, &'static str, Badge)>,
    pager: Pager,
    steps: Vec<Step>,
    chart: BarChart,
    samples: Vec<Sample>,
    wrong: Vec<Wrong>,
    name: Field,
    domain: Field,
    code: Field,
    networks: Field,
    policy: Field,
    policies: Vec<Choice>,
    permissions: PermissionList,
    grant: Field,
    grants: Vec<Choice>,
    expiry: Field,
    logo: Field,
    agreed: Field,
    icons: &'static [(&'static str, Drawing)],
}

#[derive(Template)]
#[template(path = "gallery-plain.html")]
struct GalleryPlain {
    frame: Frame,
    mail: Field,
}

fn now() -> Timestamp {
    "2026-03-26T12:00:00Z".parse().unwrap()
}

fn frame(theme: Theme) -> Frame {
    let organisation = |id: &str, name: &str| FrameOrganisation { id: id.into(), name: name.into() };
    let acme = organisation("org_01HX9KZMB3F7VNQP8R2WDGT4E5", "Acme Payments Ltd");
    Frame {
        section: Section::Applications,
        organisation: Some(acme.clone()),
        organisations: vec![acme, organisation("org_01HX9KZMB3F7VNQP8R2WDGT4E6", "A customer with a name that is rather long")],
        person: Some(FramePerson { mail: "ada.lovelace@example.com".into(), name: None }),
        operator: true,
        csrf: "00".into(),
        ..Frame::plain("Payments backend", theme, "/gallery")
    }
}

fn gallery(theme: Theme) -> Gallery {
    let wrong = vec![Wrong::new("domain", "shop.test is reserved for tests: write the domain under which your users reach you, such as shop.example.com.")];
    let permission =
        |name: &str, explanation: &str, chosen, disabled| PermissionChoice { name: name.into(), explanation: explanation.into(), chosen, disabled };
    let step = |title, done, now| Step { title, sentence: "What it is for, in one sentence.", done, now, link: (!done).then(|| ("#".into(), title)) };
    let badge = |state| Badge::of_version(state, now());
    Gallery {
        frame: frame(theme),
        crumbs: vec![Crumb::new("/o", "Acme Payments Ltd"), Crumb::new("/o/applications", "Applications")],
        tabs: ["Details", "Scenarios", "Keys", "Usage", "Receipts", "Activity"].map(|words| Tab { href: "#".into(), words, current: words == "Keys" }).into(),
        environments: EnvironmentTabs::new(Environment::Production, EnvironmentLabel::of, |environment| format!("?environment={environment}")),
        badges: [
            Standing::ALL.map(Badge::from).to_vec(),
            State::ALL.map(Badge::from).to_vec(),
            Review::ALL.map(Badge::from).to_vec(),
            vec![
                badge(VersionState::Pending { until: now().plus(Span::from_d(1)) }),
                badge(VersionState::Pending { until: now() }),
                badge(VersionState::Retiring { until: now().plus(Span::from_d(1)) }),
                badge(VersionState::Retired { since: now() }),
            ],
        ]
        .concat(),
        production: EnvironmentLabel::labelled(Environment::Production, Some("Live")),
        sandbox: Environment::Sandbox.into(),
        id: "key_01HX9KZMB3F7VNQP8R2WDGT4E5".into(),
        earlier: When::new("2026-03-26T11:56:00Z".parse().unwrap(), now()),
        later: When::new("2026-06-24T12:00:00Z".parse().unwrap(), now()),
        exact: Exact(now()),
        number: Number(1_284_093),
        rows: vec![("Production backend", "T4E5", Badge::ACTIVE), ("Payout worker", "9aQx", Badge::EXPIRED), ("Old importer", "mM2k", Badge::REVOKED)],
        pager: Pager { shown: 50, first: Some("#".into()), next: Some("#".into()) },
        steps: vec![
            step("Create an application", true, false),
            step("Add a key", false, true),
            step("Call the API", false, false),
            step("Activate", false, false),
        ],
        chart: BarChart {
            title: "Verdicts, last 24 hours",
            over: "Hour (UTC)",
            series: vec!["Valid", "Refused"],
            bars: (0..24).map(|hour: u64| Bar { label: format!("{hour:02}:00"), values: vec![1_000 + hour * hour * 37 % 900, hour % 5 * 40] }).collect(),
        },
        samples: vec![
            Sample { language: "curl", code: "curl https://api.example.com/v1/payouts \\\n  -H \"Authorization: Bearer $KEYWRIGHT_KEY\"".into() },
            Sample {
                language: "Node.js",
                code: "const answer = await fetch(\"https://api.example.com/v1/payouts\", {\n  headers: { Authorization: `Bearer ${process.env.KEY}` },\n});"
                    .into(),
            },
            Sample { language: "Python", code: "requests.get(url, headers={\"Authorization\": f\"Bearer {key}\"})".into() },
        ],
        name: Field::new("name", "Production backend"),
        domain: Field::new("domain", "shop.test").checked(&wrong),
        code: Field::new("code", ""),
        networks: Field::new("networks", "192.0.2.0/24\n2001:db8::/32"),
        policy: Field::new("policy", "overlap"),
        policies: vec![
            Choice::new("overlap", "Keep it for 24 hours")
                .line("Both keys work until 27 March 2026, 12:00 UTC. Nothing breaks while you deploy.")
                .tag("Recommended"),
            Choice::new("on_first_use", "Keep it until the new one is used").line("The overlap of 24 hours starts with the first call that uses the new key."),
            Choice { disabled: true, ..Choice::new("immediate", "End it now").line("3 servers that use it are refused at once.") },
        ],
        permissions: PermissionList {
            field: Field::new("permissions", ""),
            all: false,
            groups: vec![
                PermissionGroup {
                    title: "Payouts".into(),
                    permissions: vec![
                        permission("payouts:read", "See payouts and their state.", true, false),
                        permission("payouts:write", "Initiate payouts.", false, false),
                    ],
                },
                PermissionGroup { title: "Customers".into(), permissions: vec![permission("customers:write", "Create and update customers.", false, true)] },
            ],
        },
        wrong,
        grant: Field::new("grant", "edit"),
        grants: vec![Choice::new("view", "View"), Choice::new("edit", "Edit")],
        expiry: Field::new("expires_on", "2026-06-24"),
        logo: Field::new("logo", ""),
        agreed: Field::new("agreed", "yes"),
        icons: icons::ALL,
    }
}

/// As a file that a browser opens without a server.
pub(crate) fn keep(name: &str, page: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/gallery");
    fs::create_dir_all(&folder).unwrap();
    for file in ["hub.css", "hub.js", "favicon.svg"] {
        fs::write(folder.join(file), content(file)).unwrap();
    }
    let page = ["hub.css", "hub.js", "favicon.svg"].iter().fold(page.to_owned(), |page, file| page.replace(asset(file), file));
    fs::write(folder.join(name).with_extension("html"), page).unwrap();
}

#[test]
fn every_part_is_drawn_in_every_state() {
    for theme in [Theme::Light, Theme::Dark] {
        let page = gallery(theme).render().unwrap();
        assert!(!page.contains("style=") && !page.contains("onclick") && !page.contains("<script>"), "the policy forbids what is inline");
        let ids: Vec<&str> = page.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        for (i, id) in ids.iter().enumerate() {
            assert!(!ids[..i].contains(id), "two elements have the id {id}");
        }
        keep(&format!("parts-{}", theme.as_str()), &page);
        let plain = GalleryPlain { frame: Frame::plain("Sign in", theme, "/sign-in"), mail: Field::new("mail", "") };
        keep(&format!("plain-{}", theme.as_str()), &plain.render().unwrap());
    }
}
