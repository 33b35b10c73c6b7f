//! Stories that a person sees: a real server, and Chromium led by the scripts in `tests/browser/`.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use keywright_store::testing::TestPlace;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::nginx::{Nginx, api, nginx};
use crate::oauth::hub::signed_in_a_while_ago;
use crate::support::{Place, Server, wait_for};

/// Longer than a story takes on a busy machine with one core.
const TOLD_WITHIN: Duration = Duration::from_secs(400);

/// Who runs this installation.
const OPERATOR: &str = "olga@provider.example";

/// The directory of the scripts and of the packages that they import.
pub(crate) fn scripts() -> PathBuf {
    let place = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/browser");
    assert!(place.join("node_modules/.package-lock.json").is_file(), "the packages of tests/browser are not installed: `cargo xtask test` does it");
    place
}

/// What this program prints for one of the scripts, which is told about its `client`: requests as the member `request` of a question has them.
pub(crate) async fn requests(kw: &Place, program: &Path, script: &str, client: &Value) -> Vec<Value> {
    let mut command = Command::new(program);
    command.arg(scripts().join(script)).env("CLIENT", client.to_string()).env("PYTHONIOENCODING", "utf-8").stdin(Stdio::null()).kill_on_drop(true);
    kw.run(command, b"", &[]).await.exits(0).json().as_array().unwrap().clone()
}

/// Where screenshots stay.
fn screenshots() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("screenshots")
}

/// A server that has nobody yet, and the link for its first operator.
async fn first_start() -> (Server, String) {
    let place = Place::given(TestPlace::sqlite()).await;
    let kw = place.serve(&["--operator", OPERATOR]).await;
    // Into a terminal it is printed; otherwise it would stand in a log.
    let file = kw.directory().join("data/first-operator-link");
    // It is made once the server listens.
    let link = wait_for("the link of the first operator", async || std::fs::read_to_string(&file).ok().filter(|text| text.ends_with('\n'))).await;
    let link = link.trim().to_owned();
    (kw, link)
}

/// Runs `tests/browser/NAME.mjs` against the server, with `more` besides what every story is given.
async fn tell(name: &str, kw: &Server, more: Value) {
    let mut given = json!({
        "base": kw.address,
        "token": kw.token().await,
        "outbox": kw.directory().join("data/outbox"),
        "screenshots": screenshots(),
        "operator": OPERATOR,
    });
    given.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let mut command = Command::new("node");
    command.arg(scripts().join(format!("{name}.mjs"))).env("STORY", given.to_string()).current_dir(kw.directory());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let child = command.spawn().expect("node is not installed: `cargo xtask test` installs it (on Debian the package nodejs)");
    let told = tokio::time::timeout(TOLD_WITHIN, child.wait_with_output()).await.unwrap_or_else(|_| panic!("{name} does not end")).unwrap();
    let [said, complained] = [told.stdout, told.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    assert!(told.status.success(), "{name}:\n{said}{complained}");
    // What was measured is worth reading when it is asked for (`--nocapture`).
    eprintln!("{said}");
}

/// An API behind nginx that asks this server, declared in the catalogue as the place where keys of the Business API are used.
async fn with_an_api(kw: &Server) -> Nginx {
    let gateway = kw.done(&["resource-server", "create", "gateway", "--services", "business-api"]).await;
    kw.settled().await;
    let front = nginx(kw.place(), kw.address.strip_prefix("http://").unwrap(), api().await, gateway["token"].as_str().unwrap()).await;
    let shown = kw.done(&["catalog", "show"]).await["toml"].as_str().unwrap().to_owned();
    let host = front.url.strip_prefix("http://").unwrap();
    let declared = format!("[service.business-api]\nauthorities = {{ production = [\"{host}\"], sandbox = [\"{host}\"] }}\n");
    assert_eq!(shown.matches("[service.business-api]\n").count(), 1);
    let file = kw.directory().join("catalog.toml");
    std::fs::write(&file, shown.replace("[service.business-api]\n", &declared)).unwrap();
    kw.done(&["catalog", "apply", file.to_str().unwrap()]).await;
    kw.settled().await;
    front
}

async fn a_customer(scripts: bool) {
    let place = Place::given(TestPlace::sqlite()).await;
    let kw = place.serve(&["--trusted-proxy", "127.0.0.1/32"]).await;
    let _front = with_an_api(&kw).await;
    tell("customer", &kw, json!({ "scripts": scripts })).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_customer_makes_rotates_and_revokes_a_key_by_clicking() {
    a_customer(true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_customer_does_the_same_in_a_browser_without_scripts() {
    a_customer(false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_people_share_an_organisation_by_clicking() {
    let place = Place::given(TestPlace::sqlite()).await;
    let kw = place.serve(&[]).await;
    tell("members", &kw, json!({})).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_reviews_suspends_and_ends_a_leaked_key_by_clicking() {
    let (kw, link) = first_start().await;
    let application = kw.application().await;
    let key = kw.key(&application, &[]).await;
    kw.settled().await;
    tell("provider", &kw, json!({ "operator_link": link, "key": key.key })).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_customer_makes_a_key_and_secret_by_clicking_and_asks_why_a_request_was_refused() {
    for scripts in [true, false] {
        let place = Place::given(TestPlace::sqlite()).await;
        let kw = place.serve(&[]).await;
        let old_session = signed_in_a_while_ago(kw.place()).await;
        tell("pair", &kw, json!({ "scripts": scripts, "old_session": old_session })).await;
    }
}

/// The private key that Chromium downloads signs requests that are accepted.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_pair_that_is_made_in_the_browser_signs() {
    let place = Place::given(TestPlace::sqlite()).await;
    let kw = place.serve(&[]).await;
    let gateway = kw.done(&["resource-server", "create", "gateway", "--services", "doc-scan", "--environments", "sandbox"]).await;
    tell("key-pair", &kw, json!({ "gateway": gateway["token"] })).await;
}

/// From the first page to the first verified key, and the picture of the README on the way.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn picture() {
    let place = Place::given(TestPlace::sqlite()).await;
    let kw = place.serve(&["--trusted-proxy", "127.0.0.1/32"]).await;
    let _front = with_an_api(&kw).await;
    tell("picture", &kw, json!({})).await;
}
