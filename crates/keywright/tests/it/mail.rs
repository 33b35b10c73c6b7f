//! Mails: as files where no mail server is set, and by a mail server, which may be away for a while.

use std::os::unix::fs::PermissionsExt;

use crate::support::{Browser, MailServer, Place, stories, wait_for, wait_until};

/// Asks for a mail in a browser, and gives the page that follows.
async fn ask(browser: &Browser, mail: &str) -> crate::support::Page {
    browser.submit(&browser.get("/sign-in").await.form("/sign-in").with("mail", mail)).await
}

stories! {
    async fn without_a_mail_server_mails_are_files_of_this_user(kw: Server) {
        let browser = Browser::at(&kw);
        ask(&browser, "cora@example.org").await;
        let file = wait_for("a mail", async || kw.mails("cora@example.org").pop().map(|(file, _)| file)).await;
        let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&file), mode(&kw.outbox())), (0o600, 0o700));
        let mail = kw.mail("cora@example.org").await;
        let (code, token) = (mail.code(), mail.link().rsplit_once('=').unwrap().1.to_owned());
        assert!(mail.link().starts_with("/sign-in/link?token="));
        let said = kw.stderr();
        assert!(!said.contains(&code) && !said.contains(&token) && !said.contains("cora@example.org"), "{said}");
    }

    async fn a_mail_server_that_is_away_gets_the_mail_when_it_is_back(place: Place) {
        let port = MailServer::free_port();
        let kw = place.serve(&["--smtp-url", &format!("smtp://127.0.0.1:{port}?from=Keys%20%3Ckeys@example.com%3E")]).await;
        let browser = Browser::at(&kw);
        ask(&browser, "ann@example.com").await;
        // Somebody else asks for a mail at the same time, and none of them waits for the other.
        ask(&Browser::at(&kw), "bob@example.com").await;
        wait_until("the log says that mails wait", async || kw.stderr().contains("the mail server cannot be reached")).await;
        assert!(!kw.stderr().contains("bob@") && !kw.stderr().contains("keys@"), "{}", kw.stderr());
        wait_until("the page says that the mail is late", async || browser.open("/sign-in/sent").await.text().contains("mail server")).await;
        let server = MailServer::start(&place, port).await;
        wait_until("both mails arrive", async || server.got().len() >= 2).await;
        let mails = server.got();
        assert_eq!(mails.len(), 2, "each once");
        let mail = mails.iter().find(|m| m.contains("To: ann@example.com")).unwrap();
        assert!(mail.contains("From: Keys <keys@example.com>") && mail.contains("Auto-Submitted: auto-generated"), "{mail}");
        let code = mail.lines().find_map(|l| l.strip_prefix("    ")).unwrap().trim().to_owned();
        let page = browser.get("/sign-in/sent").await;
        browser.submit(&page.form("/sign-in/code").with("code", &code)).await.is(200);
        assert!(browser.session().is_some());
        assert!(!place.outbox().exists());
    }

    async fn mails_that_wait_survive_a_crash(place: Place) {
        let port = MailServer::free_port();
        let flag = format!("smtp://127.0.0.1:{port}");
        let mut kw = place.serve(&["--smtp-url", &flag]).await;
        ask(&Browser::at(&kw), "ann@example.com").await;
        wait_until("it was tried", async || kw.stderr().contains("the mail server cannot be reached")).await;
        kw.kill_9().await;
        let kw = place.serve(&["--smtp-url", &flag]).await;
        let server = MailServer::start(&place, port).await;
        wait_until("the mail arrives", async || !server.got().is_empty()).await;
        drop(kw);
        assert_eq!(server.got().len(), 1);
    }
}

#[tokio::test]
async fn an_address_with_a_password_is_no_argument_and_never_repeated() {
    let place = Place::given(keywright_store::testing::TestPlace::sqlite()).await;
    let url = "smtp://keys:hunter2@mail.example.com?from=keys@example.com";
    let ran = place.cli(&["serve", "--listen", "127.0.0.1:0", "--smtp-url", url]).await.exits(2);
    assert!(ran.stderr.contains("KEYWRIGHT_SMTP_URL") && !ran.stderr.contains("hunter2"), "{ran:?}");
    for wrong in ["smtp://keys:hunter2@mail.example.com/path", "smtp://keys:hunter2@mail.example.com?tls=none", "keys:hunter2"] {
        let command = place.command(&["serve", "--listen", "127.0.0.1:0"]);
        let ran = place.run(command, b"", &[("KEYWRIGHT_SMTP_URL", wrong)]).await.exits(2);
        assert!(ran.stderr.contains("--smtp-url") && !ran.stderr.contains("hunter2"), "{ran:?}");
    }
    assert!(!place.directory().join("data").exists(), "what cannot be used leaves no trace");
}
