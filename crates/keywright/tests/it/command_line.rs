//! The command line: its commands and flags, its JSON, its problem documents and exit codes, its settings.

use clap::{Command, CommandFactory};
use keywright_store::testing::shared;
use serde_json::{Value, json};

use crate::oauth::keyed;
use crate::support::{Ran, stories};

/// Every command with the flags of its own: `=` where a value follows. Arguments stand in capitals.
const COMMANDS: &str = "\
serve --listen= --public-url= --role= --lease= --trusted-proxy= --share-url= --verification-key-file= --smtp-url= --operator= --catalog= --demo
org create NAME --owner=
org list --before=
org suspend ORG
org resume ORG
org show ORG
org verify ORG
org hand-back ORG --remark=
org allow ORG SERVICE --permissions=
org disallow ORG SERVICE
app create --organisation= --name= --service= --domain=
app list --organisation= --before=
app activate APP
app deactivate APP
app delete APP --confirm=
app registration-token create --application= --name= --service= --environment= --clients-max= --expires-at=
app registration-token list --application=
app registration-token revoke --application= TOKEN
key create --application= --service= --kind= --environment= --name= --permissions= --expires-at= --network= --origin= --rate-limit= --token-form= --key-type= --pem= --public-key= --challenge= --proof= --csr= --out=
key challenge --application=
key list --application= --before=
key show KEY
key change KEY --name= --permissions= --expires-at= --no-expiry --network= --no-network --origin= --no-origin --rate-limit= --no-rate-limit --token-form= --no-token-form
key suspend KEY
key resume KEY
key rotate KEY --policy= --overlap= --replace --key-type= --pem= --public-key= --challenge= --proof= --csr= --out=
key secret add KEY --description= --expires-at= --out=
key secret revoke KEY
key revoke KEY --wait=
key find --end-token
keygen --key-type= --pem= --out=
resource-server create NAME --services= --environments=
resource-server list
resource-server rotate ID --overlap=
resource-server revoke ID
token create --organisation= --name= --grants= --expires-at=
token list --organisation=
token revoke TOKEN
operator add EMAIL
operator list
operator remove EMAIL
sign-in-link EMAIL --public-url=
verify --url= --service= --environment= --permissions= --source-ip= --origin=
sign --credential= METHOD URL --body= --header= --scheme= --algorithm= --base-path=
explain-signature KEY --request= --signed= --scheme= --at=
catalog check FILE
catalog apply FILE
catalog show
verifiers
proof verify FILE --key=
verification-key
migrate
restore --accept-rewind";

/// What every command takes.
const COMMON: &str = "--data= --database-url= --master-key-file= --master-key-command= --config= --json";

fn flags(command: &Command, common: bool) -> String {
    let arguments = command.get_arguments().filter(|a| a.is_global_set() == common && !["help", "version"].contains(&a.get_id().as_str()));
    let named = arguments.map(|a| match a.get_long() {
        Some(long) => format!(" --{long}{}", if a.get_action().takes_values() { "=" } else { "" }),
        None => format!(" {}", a.get_id().as_str().to_uppercase()),
    });
    named.collect()
}

fn walk(command: &Command, path: &str, found: &mut Vec<String>) {
    for sub in command.get_subcommands() {
        let path = format!("{path} {}", sub.get_name());
        if sub.has_subcommands() {
            walk(sub, &path, found);
        } else {
            found.push(format!("{}{}", path.trim(), flags(sub, false)));
        }
    }
}

/// A secret would stand in the shell's history and in the list of processes: what is given here names files, commands and things.
#[test]
fn these_are_the_commands_and_no_flag_takes_a_secret() {
    let program = keywright::cli::Cli::command();
    let mut found = Vec::new();
    walk(&program, "", &mut found);
    assert_eq!(found.join("\n"), COMMANDS);
    assert_eq!(flags(&program, true).trim(), COMMON);
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_else(|| panic!("{name} in {value}"))
}

fn members(value: &Value) -> Vec<&str> {
    value.as_object().unwrap_or_else(|| panic!("not an object: {value}")).keys().map(String::as_str).collect()
}

stories! {
    /// `done` refuses anything beside the one value, on either stream.
    async fn each_command_prints_one_json_value_of_its_own_shape(kw: Server) {
        let org = kw.done(&["org", "create", "Acme Ltd", "--owner", "Ann@Example.com"]).await;
        assert_eq!(members(&org), ["id", "own_application_id"]);
        let organisation = text(&org, "id");
        assert_eq!(text(&kw.done(&["org", "list"]).await[0], "id"), organisation);
        assert_eq!(kw.done(&["org", "suspend", organisation]).await["suspended"], true);
        assert_eq!(kw.done(&["org", "resume", organisation]).await["suspended"], false);

        let app = kw.done(&["app", "create", "--organisation", organisation, "--name", "Shop", "--service", "business-api,payments", "--domain", "Shop.Example.com"]).await;
        assert_eq!((text(&app, "state"), text(&app, "domain"), &app["services"]), ("inactive", "shop.example.com", &json!(["business-api", "payments"])));
        let app = text(&app, "id");
        let listed = kw.done(&["app", "list", "--organisation", organisation]).await;
        let own: Vec<(bool, &str)> = listed.as_array().unwrap().iter().map(|a| (a["own"] == true, text(a, "id"))).collect();
        assert_eq!(own, [(false, app), (true, text(&org, "own_application_id"))]);
        let older = kw.done(&["app", "list", "--organisation", organisation, "--before", app]).await;
        assert_eq!(older.as_array().unwrap().len(), 1);
        assert_eq!(kw.done(&["app", "activate", app]).await["missing"], json!([]));
        assert_eq!(text(&kw.done(&["app", "deactivate", app]).await, "state"), "deactivated");
        kw.done(&["app", "activate", app]).await;

        let create = ["key", "create", "--application", app, "--service", "business-api", "--environment", "production", "--name", "Back end"];
        let key = kw.done(&create).await;
        assert_eq!((members(&key), &key["version"], &key["works"]), (vec!["id", "key", "version", "works"], &json!(1), &json!(true)));
        let id = text(&key, "id");
        let shown = kw.done(&["key", "show", id]).await;
        assert_eq!(shown["key"], json!(format!("kw_live_…{}", &text(&key, "key")[text(&key, "key").len() - 4..])));
        assert_eq!(kw.done(&["key", "list", "--application", app]).await, json!([shown]));
        assert_eq!(text(&kw.done(&["key", "change", id, "--name", "Other"]).await, "name"), "Other");
        assert_eq!(text(&kw.done(&["key", "suspend", id]).await, "state"), "suspended");
        assert_eq!(text(&kw.done(&["key", "resume", id]).await, "state"), "active");
        let rotated = kw.done(&["key", "rotate", id]).await;
        assert_eq!(members(&rotated), ["id", "key", "previous_until", "version"]);
        let found = kw.cli_with_stdin(&["key", "find", "--json"], text(&rotated, "key")).await.exits(0).json();
        assert_eq!((text(&found, "id"), &found["version"]), (id, &json!(2)));

        let other = ["--organisation", organisation, "--name", "Kinds", "--service", "business-api,payments,rest-apis,age-scan"];
        let other = kw.done(&[&["app", "create"], &other[..]].concat()).await;
        let create = |service, environment| ["key", "create", "--application", text(&other, "id"), "--service", service, "--environment", environment, "--name", "N"];
        let pair = keyed(kw.place(), &create("payments", "production")).await;
        assert_eq!((members(&pair), &pair["works"]), (vec!["api_key", "id", "secret_key", "version", "works"], &json!(false)), "the application is not active");
        let client = keyed(kw.place(), &create("rest-apis", "sandbox")).await;
        assert_eq!((members(&client), &client["works"]), (vec!["client_id", "client_secret", "id", "version", "works"], &json!(true)));
        let out = kw.directory().join("second.secret");
        let add = ["key", "secret", "add", text(&client, "id"), "--out", out.to_str().unwrap()];
        assert_eq!(members(&keyed(kw.place(), &add).await), ["client_id", "id", "secret_file", "version"]);
        assert!(std::fs::read_to_string(&out).unwrap().starts_with("kw_sk_test_"));
        let signer = keyed(kw.place(), &[&create("age-scan", "sandbox")[..], &["--key-type", "ed25519"]].concat()).await;
        assert_eq!(members(&signer), ["id", "private_key_pem", "sdk_id", "version", "works"]);
        let said = kw.cli(&create("business-api", "production")).await.exits(0).stderr;
        assert_eq!(said, format!("note: it does not work yet: its application is not active, and production credentials are accepted once it is; keywright app activate {}\n", text(&other, "id")));

        let server = kw.done(&["resource-server", "create", "Our API", "--services", "business-api"]).await;
        assert_eq!(members(&server), ["id", "token"]);
        let again = kw.done(&["resource-server", "rotate", text(&server, "id")]).await;
        assert_eq!(members(&again), ["id", "previous_until", "token"]);
        kw.settled().await;
        let verify = async |token: &str, credential: &str| {
            let asked = kw.bare_command(&["verify", "--url", &kw.address, "--service", "business-api", "--permissions", "payouts:write,customers:read", "--json"]);
            kw.run(asked, credential.as_bytes(), &[("KEYWRIGHT_TOKEN", token)]).await
        };
        assert_eq!(text(&verify(text(&again, "token"), text(&rotated, "key")).await.exits(0).json(), "code"), "valid");
        let ran = verify(text(&again, "token"), &format!("{}\n", text(&rotated, "key").replace("live", "test"))).await.exits(4);
        assert_eq!((text(&ran.json(), "code"), ran.stderr.as_str()), ("malformed", ""), "a verdict is an answer, not a failure");

        let verifiers = kw.done(&["verifiers"]).await;
        assert_eq!(members(&verifiers[0]), ["id", "node", "position", "registered_at", "reported_at", "role", "software"]);
        let shown = kw.done(&["catalog", "show"]).await;
        let file = kw.directory().join("shown.toml");
        std::fs::write(&file, text(&shown, "toml")).unwrap();
        let file = file.to_str().unwrap();
        assert_eq!(members(&kw.done(&["catalog", "check", file]).await), ["brand", "services", "warnings"]);
        let applied = kw.done(&["catalog", "apply", file]).await;
        assert_eq!((members(&applied), &applied["changed"]), (vec!["changed", "position", "services", "warnings"], &json!(false)));

        let revoked = kw.done(&["key", "revoke", id, "--wait", "all"]).await;
        assert_eq!(members(&revoked), ["effective_at", "id", "position", "proof", "verifiers"]);
        let proof = kw.directory().join("proof.json");
        std::fs::write(&proof, revoked.to_string()).unwrap();
        assert_eq!(text(&kw.done(&["proof", "verify", proof.to_str().unwrap()]).await, "credential"), id);
        assert!(kw.done(&["resource-server", "revoke", text(&server, "id")]).await["revoked_at"].is_string());
        assert_eq!(kw.done(&["app", "delete", app, "--confirm", "Shop"]).await, json!({"id": app, "deleted": true, "credentials": 1}));

        assert!(kw.terminate().await.success());
        let restored = kw.done(&["restore", "--accept-rewind"]).await;
        assert_eq!(members(&restored), ["epoch", "position"]);
        assert!(kw.done(&["migrate"]).await["schema_version"].as_u64() > Some(0));
    }

    /// 1 is told apart further down; each of these is a problem document with a code and a sentence, and nothing on standard output.
    async fn each_exit_code_has_a_meaning(kw: Server) {
        let app = kw.application().await;
        let key = kw.key(&app, &[]).await;
        kw.done(&["key", "revoke", &key.id]).await;
        let nobody = "key_01HX9KZMB3F7VNQP8R2WDGT4E5";
        let cases: [(&[&str], i32, &str, &str); 15] = [
            (&["key"], 2, "usage", "Usage"),
            (&["key", "forget", nobody], 2, "usage", "forget"),
            (&["key", "show", nobody, "--secret", "x"], 2, "usage", "--secret"),
            (&["key", "show", "org_01HX9KZMB3F7VNQP8R2WDGT4E5"], 2, "usage", "key_"),
            (&["key", "revoke", nobody, "--wait", "some"], 2, "usage", "all"),
            (&["catalog", "check", "nowhere.toml"], 2, "usage", "nowhere.toml"),
            (&["restore"], 2, "usage", "--accept-rewind"),
            (&["org", "suspend", "org_01HX9KZMB3F7VNQP8R2WDGT4E5"], 3, "not_found", "there is no organisation org_"),
            (&["app", "activate", "app_01HX9KZMB3F7VNQP8R2WDGT4E5"], 3, "not_found", "there is no application app_"),
            (&["key", "revoke", nobody], 3, "not_found", nobody),
            (&["key", "list", "--application", "app_01HX9KZMB3F7VNQP8R2WDGT4E5"], 3, "not_found", "application"),
            (&["key", "rotate", &key.id], 4, "credential_ended", "revoked"),
            (&["app", "delete", &app.id, "--confirm", "shop"], 4, "confirm_name", "\"Shop\""),
            (&["key", "create", "--application", &app.id, "--service", "payments", "--environment", "sandbox", "--name", "N"], 4, "service_not_used", "business-api"),
            (&["serve", "--listen", "localhost"], 2, "usage", "--listen"),
        ];
        for (arguments, exit, code, says) in cases {
            let problem = kw.refused(arguments, exit).await;
            assert_eq!(text(&problem, "code"), code, "{arguments:?}: {problem}");
            assert!(text(&problem, "detail").contains(says), "{arguments:?}: {problem}");
            assert_eq!(text(&problem, "type"), format!("urn:keywright:problem:{code}"));
        }
        let own = kw.done(&["app", "list", "--organisation", &app.organisation]).await;
        let own = text(own.as_array().unwrap().iter().find(|a| a["own"] == true).unwrap(), "id").to_owned();
        for command in [vec!["deactivate", &own], vec!["delete", &own, "--confirm", "Acme Ltd"]] {
            assert_eq!(text(&kw.refused(&[&["app"], &command[..]].concat(), 4).await, "code"), "own_application");
        }

        let elsewhere = kw.run(kw.bare_command(&["org", "list", "--data", "elsewhere", "--json"]), b"", &[]).await.exits(5).problem();
        assert!(text(&elsewhere, "detail").contains("keywright serve"), "{elsewhere}");
        let verify = async |url: &str, stdin: &str, token: &[(&str, &str)]| -> Ran {
            kw.run(kw.bare_command(&["verify", "--url", url, "--service", "business-api", "--json"]), stdin.as_bytes(), token).await
        };
        let token = kw.token().await.to_owned();
        kw.settled().await;
        let token = [("KEYWRIGHT_TOKEN", token.as_str())];
        assert_eq!(text(&verify(&kw.address, &key.key, &token).await.exits(4).json(), "code"), "revoked");
        let bad = verify(&kw.address, &key.key, &[("KEYWRIGHT_TOKEN", &key.key)]).await.exits(2).problem();
        assert_eq!((text(&bad, "code"), &bad["status"]), ("invalid_token", &json!(401)));
        assert!(text(&verify(&kw.address, &key.key, &[]).await.exits(2).problem(), "detail").contains("KEYWRIGHT_TOKEN"));
        assert!(text(&verify(&kw.address, "", &token).await.exits(2).problem(), "detail").contains("standard input"));
        // Nobody listens there: the port was free a moment ago.
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let away = verify(&format!("http://{free}"), &key.key, &token).await.exits(6).problem();
        assert!(text(&away, "detail").contains(&free.to_string()), "{away}");
        // A server's log stands on standard error too; the document is its last line.
        let taken = kw.bare_command(&["serve", "--data", "other", "--listen", kw.address.strip_prefix("http://").unwrap(), "--json"]);
        let taken = kw.run(taken, b"", &[]).await.exits(6);
        let problem: Value = serde_json::from_str(taken.stderr.lines().last().unwrap()).unwrap();
        assert_eq!(text(&problem, "code"), "address_not_available");

        // For people: one line on standard error that begins with "error: ".
        let ran = kw.cli(&["key", "show", nobody]).await.exits(3);
        assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", format!("error: there is no credential {nobody}\n").as_str()));
        let ran = kw.cli(&["key", "show", &key.id]).await.exits(0);
        assert!(ran.stdout.contains(&key.id) && ran.stdout.contains("revoked") && !ran.stdout.contains(&key.key), "{ran:?}");
        for help in [&["--help"][..], &["key", "--help"], &["--version"]] {
            let ran = kw.run(kw.bare_command(help), b"", &[]).await.exits(0);
            assert!(!ran.stdout.is_empty() && ran.stderr.is_empty(), "{ran:?}");
        }
        if let keywright_store::Location::Postgres(url) = kw.store().location() {
            shared().sql(url.rsplit('/').next().unwrap(), "ALTER TABLE credential RENAME TO elsewhere");
            assert_eq!(text(&kw.refused(&["key", "show", &key.id], 1).await, "code"), "internal");
        }
    }
}

#[tokio::test]
async fn a_flag_goes_before_its_variable_and_that_before_the_settings_file() {
    let kw = crate::support::Place::given(keywright_store::testing::TestPlace::sqlite()).await;
    let run = async |arguments: &[&str], variables: &[(&str, &str)]| kw.run(kw.bare_command(arguments), b"", variables).await;
    std::fs::write(kw.directory().join("keywright.toml"), "data = \"from-file\"\n").unwrap();
    run(&["migrate"], &[]).await.exits(0);
    run(&["migrate"], &[("KEYWRIGHT_DATA", "from-variable")]).await.exits(0);
    run(&["migrate", "--data", "from-flag"], &[("KEYWRIGHT_DATA", "from-variable")]).await.exits(0);
    for made in ["from-file", "from-variable", "from-flag"] {
        assert!(kw.directory().join(made).join("keywright.db").exists(), "{made}");
    }
    assert!(!kw.directory().join("keywright-data").exists());
    for (settings, says) in [("dta = \"x\"", "dta"), ("lease = 2", "lease"), ("data = ", "line 1")] {
        std::fs::write(kw.directory().join("other.toml"), settings).unwrap();
        let ran = run(&["migrate", "--config", "other.toml"], &[]).await.exits(2);
        assert!(ran.stderr.starts_with("error: other.toml: ") && ran.stderr.contains(says), "{ran:?}");
    }
    let ran = run(&["serve", "--listen", "0.0.0.0:0"], &[]).await.exits(2);
    assert!(ran.stderr.contains("--public-url"), "{ran:?}");
    let ran = run(&["serve", "--listen", "127.0.0.1:0", "--public-url", "https:///"], &[]).await.exits(2);
    assert!(ran.stderr.contains("--public-url"), "{ran:?}");
    for (lease, says) in [("500ms", "1000 to 10000"), ("soon", "--lease")] {
        let ran = run(&["serve", "--listen", "127.0.0.1:0", "--lease", lease], &[]).await.exits(2);
        assert!(ran.stderr.contains(says), "{ran:?}");
    }
    let given = [("KEYWRIGHT_MASTER_KEY", "00"), ("KEYWRIGHT_MASTER_KEY_COMMAND", "true")];
    let ran = run(&["serve", "--listen", "127.0.0.1:0", "--data", "from-flag"], &given).await.exits(2);
    assert!(ran.stderr.contains("more than once"), "{ran:?}");
    let ran = run(&["serve", "--listen", "127.0.0.1:0", "--data", "from-flag"], &given[..1]).await.exits(2);
    assert!(ran.stderr.contains("KEYWRIGHT_MASTER_KEY") && !ran.stderr.contains("00"), "{ran:?}");
}
