//! The recipes of `docs/operations.md` for backup and restore, as they stand there.

use std::path::Path;
use std::process::Stdio;

use keywright_store::testing::shared;
use tokio::process::Command;

use super::kit::{does_not_serve, says};
use crate::support::{Place, stories};

/// The lines of the block that contains `word`, for this place.
fn recipe(kw: &Place, word: &str) -> String {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/operations.md")).unwrap();
    let blocks: Vec<&str> = page.split("```sh\n").skip(1).map(|rest| rest.split_once("```").unwrap().0).filter(|block| block.contains(word)).collect();
    let [block] = blocks[..] else { panic!("{} blocks with {word}", blocks.len()) };
    let here = |name: &str| kw.directory().join(name).display().to_string();
    block.replace("/var/lib/keywright", &here("data")).replace("/backup", &here("backup"))
}

async fn follow(kw: &Place, word: &str) {
    let mut command = Command::new("sh");
    command.args(["-ec", &recipe(kw, word)]).env_clear().current_dir(kw.directory()).stdin(Stdio::null()).kill_on_drop(true);
    for name in ["PATH", "HOME"] {
        command.envs(std::env::var_os(name).map(|value| (name, value)));
    }
    command.envs(url(kw).map(|url| ("KEYWRIGHT_DATABASE_URL", url)));
    kw.run(command, b"", &[]).await.exits(0);
}

/// The address of the place's database, on PostgreSQL.
fn url(kw: &Place) -> Option<String> {
    kw.store().flags().into_iter().find(|flag| flag.starts_with("postgres:"))
}

stories! {
    async fn a_backup_made_while_serving_is_put_back_and_counts_only_once_that_is_said(kw: Place) {
        let (backup, put_back) = if kw.store().is_postgres() { ("pg_dump", "pg_restore") } else { ("VACUUM INTO", "install") };
        std::fs::create_dir(kw.directory().join("backup")).unwrap();
        let mut server = kw.serve(&[]).await;
        let app = kw.application().await;
        let key = kw.key(&app, &[]).await;
        // The token that asks is in the copy too.
        server.settled().await;
        assert_eq!(server.code(&key.key).await, "valid");
        follow(&kw, backup).await;
        kw.done(&["key", "revoke", &key.id]).await;
        server.settled().await;
        assert_eq!(server.code(&key.key).await, "revoked");
        server.terminate().await;

        if let Some(url) = url(&kw) {
            let database = url.rsplit('/').next().unwrap();
            shared().sql("postgres", &format!("DROP DATABASE {database}"));
            shared().sql("postgres", &format!("CREATE DATABASE {database}"));
        }
        follow(&kw, put_back).await;
        says(&does_not_serve(&kw, &[], &[], 5).await, &["gone back in time", "keywright restore --accept-rewind"]);
        kw.done(&["restore", "--accept-rewind"]).await;
        server.restart().await;
        // What the page warns of: the copy knows nothing of the revocation.
        assert_eq!(server.code(&key.key).await, "valid");
        kw.done(&["key", "revoke", &key.id]).await;
        server.settled().await;
        assert_eq!(server.code(&key.key).await, "revoked");
    }
}
