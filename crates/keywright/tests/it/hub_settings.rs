//! Settings of an organisation, through its pages: people, grants, tokens, profile, review and activity.

use reqwest::Method;

use crate::support::{Browser, Page, Server, stories};

const ANN: &str = "ann@example.com";
const BEN: &str = "ben@example.com";

/// An organisation whose admin Ann has signed in.
async fn ann(kw: &Server) -> (Browser, String) {
    let made = kw.done(&["org", "create", "Acme Ltd", "--owner", ANN]).await;
    let browser = Browser::at(kw);
    browser.sign_in(kw, ANN).await;
    (browser, made["id"].as_str().unwrap().to_owned())
}

fn settings(organisation: &str, page: &str) -> String {
    format!("/organisations/{organisation}/settings/{page}")
}

/// Invites somebody with these grants, and gives the path of the mail's link.
async fn invites(kw: &Server, by: &Browser, organisation: &str, mail: &str, grants: &[&str], on: &[String]) -> String {
    let path = settings(organisation, "invitations");
    let mut form = by.get(&path).await.form(&path).with("mail", mail);
    for grant in grants {
        form = form.and("grants", grant);
    }
    for grant in on {
        form = form.and("on", grant);
    }
    by.submit(&form).await.is(200).says("Invited").says(mail);
    kw.mail(mail).await.link()
}

/// Ben, who is a member with these grants.
async fn ben(kw: &Server, ann: &Browser, organisation: &str, grants: &[&str], on: &[String]) -> Browser {
    let link = invites(kw, ann, organisation, BEN, grants, on).await;
    let browser = Browser::at(kw);
    browser.sign_in(kw, BEN).await;
    let accepted = browser.submit(&browser.get(&link).await.form(&link)).await;
    assert_eq!(accepted.status, 200, "{}", accepted.text());
    browser
}

/// The page of a member, found by their address in the list.
async fn member_of(browser: &Browser, organisation: &str, mail: &str) -> String {
    let page = browser.get(&settings(organisation, "members")).await;
    let row = page.body.split("<tr>").skip(1).find(|row| row.contains(mail)).unwrap_or_else(|| panic!("{mail} is no member: {}", page.text()));
    let from = row.find("/members/").unwrap();
    row[from..from + row[from..].find('"').unwrap()].to_owned()
}

fn tokens_in(page: &Page) -> Vec<String> {
    page.body.split("kw_mgmt_").skip(1).map(|rest| rest.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap()).map(|t| format!("kw_mgmt_{t}")).collect()
}

stories! {
    async fn an_invitation_is_accepted_once_by_the_address_that_it_names(kw: Server) {
        let (ann, org) = ann(&kw).await;
        let link = invites(&kw, &ann, &org, BEN, &["edit_settings"], &[]).await;
        let cid = Browser::at(&kw);
        cid.sign_in(&kw, "cid@example.com").await;
        let seen = cid.get(&link).await;
        assert!(seen.forms().iter().all(|form| form.action != link), "somebody else may accept: {}", seen.text());
        let token = cid.get("/person").await.forms().iter().find_map(|form| form.value("csrf").map(str::to_owned)).unwrap();
        let forged = cid.post(&link, &[("csrf", &token)]).await;
        assert!(forged.status >= 400, "{forged:?}");
        cid.get(&settings(&org, "general")).await.is(404);

        let ben = Browser::at(&kw);
        ben.sign_in(&kw, BEN).await;
        let form = ben.get(&link).await.form(&link);
        ben.submit(&form).await.is(200);
        ben.get(&settings(&org, "general")).await.is(200).says("Acme Ltd");
        let again = ben.send_form(&form).await;
        assert!(again.status >= 400 || again.status == 303, "{again:?}");
        let members = ann.get(&settings(&org, "members")).await.is(200);
        assert_eq!(members.body.matches("href=\"/members/").count(), 2, "{}", members.text());
        members.says("No invitation is open");
    }

    async fn an_invitation_that_was_withdrawn_lets_nobody_in(kw: Server) {
        let (ann, org) = ann(&kw).await;
        let link = invites(&kw, &ann, &org, BEN, &[], &[]).await;
        let members = ann.get(&settings(&org, "members")).await;
        let withdraw = members.forms().into_iter().find(|form| form.action.ends_with("/withdraw")).unwrap();
        ann.submit(&withdraw).await.is(200).says("Withdrawn").says("No invitation is open");
        assert!(ann.send_form(&withdraw).await.status < 500, "withdrawn twice");
        let ben = Browser::at(&kw);
        ben.sign_in(&kw, BEN).await;
        let token = ben.get("/person").await.forms().iter().find_map(|form| form.value("csrf").map(str::to_owned)).unwrap();
        assert!(ben.post(&link, &[("csrf", &token)]).await.status >= 400);
        ben.get(&settings(&org, "members")).await.is(404);
    }

    async fn a_removed_member_with_an_open_page_does_nothing_any_more(kw: Server) {
        let (ann, org) = ann(&kw).await;
        let ben = ben(&kw, &ann, &org, &["edit_settings", "admin"], &[]).await;
        let open = ben.get(&settings(&org, "general")).await.form(&settings(&org, "general")).with("name", "Ben was here");
        let path = settings(&org, "tokens");
        let made = ben.submit(&ben.get(&format!("{path}/new")).await.form(&path).with("name", "CI").and("grants", "admin")).await.is(200);
        let token = tokens_in(&made).remove(0);

        let member = member_of(&ann, &org, BEN).await;
        let ask = ann.get(&format!("{member}/remove")).await.is(200);
        ask.says("loses every page of this organisation at once").says("management tokens").says_not(&format!("{BEN} ({BEN})"));
        let left = ann.submit(&ask.form(&format!("{member}/remove"))).await.is(200);
        left.says("The member is removed");

        ben.send_form(&open).await.is(404);
        ben.get(&settings(&org, "general")).await.is(404);
        let refused = kw.http.get(kw.url(&format!("/api/v1/organisations/{org}"))).bearer_auth(&token).send().await.unwrap();
        assert!(matches!(refused.status().as_u16(), 401 | 404), "{}", refused.status());
        ann.get(&settings(&org, "general")).await.says("Acme Ltd").says_not("Ben was here");
        ann.get(&settings(&org, "activity")).await.says("removed");
    }

    async fn keys_whose_secrets_somebody_saw_are_listed_when_they_go(kw: Server) {
        let (ann, org) = ann(&kw).await;
        let app = kw.done(&["app", "create", "--organisation", &org, "--name", "Shop", "--service", "business-api"]).await;
        let app = app["id"].as_str().unwrap();
        let ben = ben(&kw, &ann, &org, &[], &[format!("{app}:edit")]).await;
        let key = ben
            .request(Method::POST, &format!("/api/v1/applications/{app}/credentials"))
            .header("Origin", &ben.origin)
            .json(&serde_json::json!({ "service": "business-api", "environment": "production", "name": "Seen by Ben" }))
            .send()
            .await
            .unwrap();
        assert_eq!(key.status().as_u16(), 201, "{}", key.text().await.unwrap());
        let member = member_of(&ann, &org, BEN).await;
        let ask = ann.get(&format!("{member}/remove")).await.is(200);
        ask.says("1 live key").says("Seen by Ben");
        ann.submit(&ask.form(&format!("{member}/remove"))).await.is(200).says("Seen by Ben").says("Rotate key");
    }

    async fn the_last_admin_stays(kw: Server) {
        let (ann, org) = ann(&kw).await;
        let path = format!("/organisations/{org}/leave");
        let ask = ann.get(&path).await.is(200);
        let refused = ann.submit(&ask.form(&path)).await.is(409);
        refused.says("last admin");
        let member = member_of(&ann, &org, ANN).await;
        let form = ann.get(&member).await.form(&member).without("grants");
        assert!(ann.submit(&form).await.status >= 400, "the last admin takes admin from herself");
        ann.get(&settings(&org, "tokens")).await.is(200);
        // With another admin she may go.
        let _ben = ben(&kw, &ann, &org, &["admin"], &[]).await;
        ann.submit(&ann.get(&path).await.form(&path)).await;
        ann.get(&settings(&org, "general")).await.is(404);
    }

    async fn nobody_gives_more_than_they_hold_also_by_a_forged_form(kw: Server) {
        let (ann, org) = ann(&kw).await;
        let app = kw.done(&["app", "create", "--organisation", &org, "--name", "Shop", "--service", "business-api"]).await;
        let app = app["id"].as_str().unwrap();
        let ben = ben(&kw, &ann, &org, &["manage_members"], &[format!("{app}:view")]).await;

        let invite = settings(&org, "invitations");
        let form = ben.get(&invite).await.is(200).form(&invite);
        let offered: Vec<&str> = form.choices.iter().map(|(_, value)| value.as_str()).collect();
        assert!(offered.contains(&"manage_members") && !offered.contains(&"admin") && !offered.contains(&"edit_settings"), "{offered:?}");
        for (field, value) in [("grants", "admin".to_owned()), ("grants", "edit_settings".to_owned()), ("on", format!("{app}:edit"))] {
            let forged = ben.submit(&form.clone().with("mail", "dan@example.com").and(field, &value)).await;
            assert!(matches!(forged.status, 400 | 409), "{field}={value}: {} {}", forged.status, forged.text());
            assert_eq!(forged.form(&invite).value("mail"), Some("dan@example.com"), "what was typed stays");
        }
        assert!(kw.mails("dan@example.com").is_empty());

        // Nor do they give it to themselves, nor touch an admin.
        let own = member_of(&ben, &org, BEN).await;
        let form = ben.get(&own).await.is(200).form(&own);
        let forged = ben.submit(&form.and("grants", "admin")).await;
        assert!(matches!(forged.status, 400 | 409), "{}", forged.text());
        let admin = member_of(&ben, &org, ANN).await;
        let page = ben.get(&admin).await.is(200);
        page.says("An admin is changed and removed by admins only");
        let token = page.forms().iter().find_map(|form| form.value("csrf").map(str::to_owned)).unwrap();
        for path in [admin.clone(), format!("{admin}/remove")] {
            let forged = ben.post(&path, &[("csrf", token.as_str()), ("grants", "manage_members")]).await;
            assert!(matches!(forged.status, 400 | 403 | 409), "{path}: {}", forged.text());
        }
        ann.get(&settings(&org, "tokens")).await.is(200);
        ben.get(&settings(&org, "tokens")).await.is(403);
        ben.get(&settings(&org, "activity")).await.is(403);
    }

    async fn grants_are_changed_and_what_cannot_be_ticked_stays(kw: Server) {
        let (ann, org) = ann(&kw).await;
        let made = |name: &'static str| ["app", "create", "--organisation", &org, "--name", name, "--service", "business-api"].map(str::to_owned);
        let mut apps = Vec::new();
        for name in ["Shop", "Till"] {
            let arguments = made(name);
            let made = kw.done(&arguments.iter().map(String::as_str).collect::<Vec<_>>()).await;
            apps.push(made["id"].as_str().unwrap().to_owned());
        }
        let on = [format!("{}:edit", apps[0]), format!("{}:admin", apps[1])];
        let ben = ben(&kw, &ann, &org, &["create_applications"], &on).await;
        ben.get(&format!("/applications/{}", apps[1])).await.is(200);
        let member = member_of(&ann, &org, BEN).await;
        let form = ann.get(&member).await.form(&member);
        let ticked: Vec<&str> = form.fields.iter().filter(|(n, _)| n == "grants" || n == "on").map(|(_, v)| v.as_str()).collect();
        assert_eq!(ticked.len(), 3, "{ticked:?}");
        let mut form = form.without("on").and("on", &format!("{}:view", apps[0])).and("grants", "edit_settings");
        form.fields.retain(|(name, value)| !(name == "about" && *value == apps[1]));
        ann.submit(&form).await.is(200).says("Saved");
        // What the form was not about stays as it was.
        let again = ann.get(&member).await.form(&member);
        let mut ticked: Vec<&str> = again.fields.iter().filter(|(n, _)| n == "grants" || n == "on").map(|(_, v)| v.as_str()).collect();
        ticked.sort_unstable();
        let mut wanted = vec!["create_applications".to_owned(), "edit_settings".to_owned(), format!("{}:view", apps[0]), format!("{}:admin", apps[1])];
        wanted.sort_unstable();
        assert_eq!(ticked, wanted);
        ben.get(&settings(&org, "general")).await.form(&settings(&org, "general"));
    }

    async fn a_management_token_is_shown_once_works_and_ends(kw: Server) {
        let (ann, org) = ann(&kw).await;
        let path = settings(&org, "tokens");
        let form = ann.get(&format!("{path}/new")).await.is(200).form(&path);
        let empty = ann.submit(&form).await.is(400);
        empty.says("Name is empty").says("Tick at least one grant");
        let form = form.with("name", "Deployment").and("grants", "edit_settings");
        let made = ann.send_form(&form).await.is(200);
        assert_eq!(made.header("cache-control"), Some("no-store"));
        let token = tokens_in(&made).remove(0);
        made.says("curl -s");
        assert_eq!(tokens_in(&ann.send_form(&form).await).first(), Some(&token), "the same form, sent twice, made one");
        let shows = |token: String, org: String| {
            let request = kw.http.get(kw.url(&format!("/api/v1/organisations/{org}"))).bearer_auth(token);
            async move { request.send().await.unwrap().status().as_u16() }
        };
        let list = ann.get(&path).await.is(200);
        assert!(!list.body.contains(&token), "the list has the whole token");
        assert_eq!(list.body.matches("Deployment</").count() + list.body.matches("Deployment<br>").count(), 2, "{}", list.text());
        assert_eq!(shows(token.clone(), org.clone()).await, 200);
        let revoke = list.links().into_iter().find(|link| link.contains("/revoke")).unwrap();
        let ask = ann.get(&revoke).await.is(200);
        ask.says("refused at once");
        ann.submit(&ask.form(&format!("{path}/revoke"))).await.is(200).says("Revoked");
        assert_eq!(shows(token, org).await, 401);
    }

    async fn billing_and_review_go_their_way(kw: Server) {
        let (ann, org) = ann(&kw).await;
        let (billing, verification) = (settings(&org, "billing"), settings(&org, "verification"));
        let early = ann.submit(&ann.get(&verification).await.form(&format!("{verification}/hand-in"))).await.is(409);
        early.says("What is asked for").says("these are to be filled in: legal name, address").says_not("legal_name");
        let form = ann.get(&billing).await.form(&billing).with("legal_name", "Acme Limited").with("billing_mail", "nonsense");
        let wrong = ann.submit(&form).await.is(400);
        wrong.says("Mail address for bills has no @");
        assert_eq!(wrong.form(&billing).value("legal_name"), Some("Acme Limited"), "what was typed stays");
        let form = wrong.form(&billing).with("billing_mail", "bills@example.com").with("address", "1 Road\nTown").with("country", "GB");
        ann.submit(&form).await.is(200).says("Saved");
        let about = ann.get(&verification).await.form(&verification).with("website", "https://www.example.com").with("purpose", "Pay out.");
        ann.submit(&about).await.is(200).says("Everything that is asked for is there");
        let hand_in = ann.get(&verification).await.form(&format!("{verification}/hand-in"));
        ann.submit(&hand_in).await.is(200).says("In review");
        assert_eq!(ann.send_form(&hand_in).await.status, 409, "handed in twice");

        kw.done(&["operator", "add", "olga@example.org"]).await;
        let olga = Browser::at(&kw);
        olga.sign_in(&kw, "olga@example.org").await;
        let here = format!("/provider/organisations/{org}");
        let page = olga.get(&here).await.is(200);
        page.says("Acme Limited").says("United Kingdom").says("Pay out.");
        let empty = olga.submit(&page.form(&format!("{here}/hand-back"))).await.is(400);
        empty.says("The remark is empty");
        olga.submit(&page.form(&format!("{here}/hand-back")).with("remark", "Which company <b>is</b> it?")).await.is(200).says("Handed back");
        ann.get(&verification).await.says("Which company <b>is</b> it?").says("handed it back");
        ann.submit(&ann.get(&verification).await.form(&format!("{verification}/hand-in"))).await.is(200);
        olga.submit(&olga.get(&here).await.form(&format!("{here}/verify"))).await.is(200).says("Verified");
        ann.get(&verification).await.says("The provider knows who this organisation is");
        let activity = ann.get(&settings(&org, "activity")).await.is(200);
        activity.says("The provider verified the organisation").says_not("olga@example.org");
        ann.get(&format!("{}?action=invitation.", settings(&org, "activity"))).await.says("Nothing of this kind has happened");
    }

    async fn whatever_is_typed_is_refused_or_kept_and_never_markup(kw: Server) {
        let (ann, org) = ann(&kw).await;
        let long = "x".repeat(10_000);
        let typed = ["<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "\u{202E}evil\u{202C}", "a\u{0}b", "tab\tand\u{7}bell", "👩🏽‍🚀 émigré 💥", "{{ 7*7 }}", &long];
        let forms = [
            ("general", "general", vec!["name"]),
            ("billing", "billing", vec!["legal_name", "address", "tax_id", "billing_mail"]),
            ("verification", "verification", vec!["website", "purpose"]),
            ("invitations", "invitations", vec!["mail"]),
            ("tokens/new", "tokens", vec!["name", "expires_on"]),
        ];
        for (page, action, fields) in forms {
            let (page, action) = (settings(&org, page), settings(&org, action));
            for field in fields {
                for text in typed {
                    let form = ann.get(&page).await.form(&action).with(field, text).put("grants", "edit_settings");
                    let answer = ann.send_form(&form).await;
                    assert!(matches!(answer.status, 200 | 303 | 400), "{page} {field} {:?}: {} {}", &text[..text.len().min(20)], answer.status, answer.text());
                    assert!(!answer.body.contains("<script>alert") && !answer.body.contains("<img src=x"), "{page} {field}: markup of the typist");
                    if answer.status == 400 && !text.contains('\u{0}') {
                        let kept = answer.form(&action);
                        assert_eq!(kept.value(field), Some(text), "{page} {field}: what was typed is lost");
                    }
                    for path in ["general", "members", "activity"] {
                        let shown = ann.get(&settings(&org, path)).await.is(200);
                        assert!(!shown.body.contains("<script>alert") && !shown.body.contains("<img src=x"), "{path} shows markup of {field}");
                    }
                }
            }
        }
        assert!(!kw.stderr().contains("panicked"), "{}", kw.stderr());
    }

    async fn an_invitation_form_sent_twice_sends_one_mail(kw: Server) {
        let (ann, org) = ann(&kw).await;
        let path = settings(&org, "invitations");
        let form = ann.get(&path).await.form(&path).with("mail", BEN);
        let (a, b) = tokio::join!(ann.send_form(&form), ann.send_form(&form));
        assert!(matches!((a.status, b.status), (303, 303 | 409) | (409, 303)), "{} {}", a.status, b.status);
        assert_eq!(ann.send_form(&form).await.status, 303);
        let members = ann.get(&settings(&org, "members")).await;
        assert_eq!(members.body.matches("/withdraw\"").count(), 1, "{}", members.text());
    }
}
