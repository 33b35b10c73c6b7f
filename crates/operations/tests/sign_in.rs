//! Signing in: once, in the browser that asked, within its time; and mails that leave once.
#![allow(clippy::unwrap_used)]

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::LazyLock;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use keywright_crypto::seal::MasterKey;
use keywright_crypto::secret::Secret;
use keywright_domain::caller::{Caller, Person};
use keywright_domain::ids::SignInId;
use keywright_domain::time::{Boot, Timestamp};
use keywright_operations::sessions::Bearer;
use keywright_operations::sign_in::{Client, LinkState, Progress, SignInError};
use keywright_operations::{Clocks, Error, Keys, Operations, Rule};
use keywright_store::{Store, on_both_engines};

const ANN: &str = "ann@example.com";
const MINUTE: i64 = 60_000_000;

fn boot() -> Boot {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    Boot::default().plus_ms(1_000 + u64::try_from(START.elapsed().as_millis()).unwrap())
}

fn now() -> Timestamp {
    Timestamp::from_us(i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros()).unwrap())
}

fn in_minutes(minutes: i64) -> Timestamp {
    Timestamp::from_us(now().us() + minutes * MINUTE)
}

/// The same installation, asked at several times.
struct World {
    store: Store,
    keys: Arc<Keys>,
    now: Operations,
}

impl World {
    async fn on(store: Store) -> Self {
        let keys = Arc::new(Keys::open(&store, &MasterKey::generate().unwrap(), true).await.unwrap());
        let now = Operations::new(store.clone(), Clocks { wall: now, boot }, Arc::clone(&keys), None).reached_at("https://keys.example.com/");
        Self { store, keys, now }
    }

    fn at(&self, wall: fn() -> Timestamp) -> Operations {
        Operations::new(self.store.clone(), Clocks { wall, boot }, Arc::clone(&self.keys), None).reached_at("https://keys.example.com")
    }

    /// Asks in a browser, and gives its secret, the link's token and the code of the mail.
    async fn asked(&self, mail: &str) -> (Secret, Secret, String) {
        let browser = self.now.sign_in_browser().unwrap();
        self.now.sign_in_ask(mail, Some(&browser), None, None).await.unwrap();
        let (to, text) = self.mail().await;
        assert_eq!(to, mail);
        (browser, token_in(&text), code_in(&text))
    }

    /// The only mail that waits.
    async fn mail(&self) -> (String, String) {
        let taken = self.now.mails_take().await.unwrap();
        assert_eq!((taken.outgoing.len(), taken.over.len(), taken.unreadable.len()), (1, 0, 0));
        let mail = &taken.outgoing[0];
        self.now.mail_left(mail.id).await.unwrap();
        (mail.letter.to.clone(), mail.letter.text.expose().to_owned())
    }

    async fn signed_in(&self, mail: &str) -> (Caller, Secret) {
        let (browser, token, _) = self.asked(mail).await;
        let made = self.now.sign_in_by_link(&token, Some(&browser), None, Client::default()).await.unwrap();
        (self.now.session_of(&made.secret).await.unwrap().unwrap().caller, made.secret)
    }
}

fn token_in(text: &str) -> Secret {
    let line = text.lines().find(|l| l.starts_with("https://")).unwrap();
    Secret::new(line.strip_prefix("https://keys.example.com/sign-in/link?token=").unwrap().to_owned())
}

fn code_in(text: &str) -> String {
    text.lines().find_map(|l| l.strip_prefix("    ")).unwrap().to_owned()
}

/// A code that is well-formed and not this one.
fn another(code: &str) -> String {
    let first = if code.starts_with('A') { 'B' } else { 'A' };
    format!("{first}{}", &code[1..])
}

fn machine() -> Caller {
    Caller::Machine { user: "test".into() }
}

on_both_engines! {
    async fn a_link_signs_in_once_and_only_where_it_was_asked_for(place: TestPlace) {
        let world = World::on(place.open().await).await;
        let kw = &world.now;
        let (browser, token, _) = world.asked(ANN).await;
        let stranger = kw.sign_in_browser().unwrap();
        for _ in 0..2 {
            assert_eq!(kw.sign_in_look(&token, Some(&stranger)).await.unwrap(), LinkState::OtherBrowser);
            assert_eq!(kw.sign_in_look(&token, None).await.unwrap(), LinkState::OtherBrowser);
            assert_eq!(kw.sign_in_look(&token, Some(&browser)).await.unwrap(), LinkState::Ready { mail: ANN.into() });
        }
        let elsewhere = kw.sign_in_by_link(&token, Some(&stranger), None, Client::default()).await;
        assert!(matches!(elsewhere, Err(SignInError::OtherBrowser)));
        let made = kw.sign_in_by_link(&token, Some(&browser), Some("eve@example.com"), Client::default()).await.unwrap();
        assert_ne!(made.secret.expose(), browser.expose(), "the session's secret is a new one");
        let session = kw.session_of(&made.secret).await.unwrap().unwrap();
        assert_eq!(session.session.mail, ANN, "an address that the page did not ask for counts for nothing");
        assert_eq!(kw.sign_in_look(&token, Some(&browser)).await.unwrap(), LinkState::Used);
        assert!(matches!(kw.sign_in_by_link(&token, Some(&browser), None, Client::default()).await, Err(SignInError::Used)));
        assert_eq!(kw.sign_in_look(&stranger, None).await.unwrap(), LinkState::Unknown);
        assert!(kw.session_of(&browser).await.unwrap().is_none() && kw.session_of(&token).await.unwrap().is_none());
    }

    async fn a_code_has_five_tries_in_the_browser_that_asked(place: TestPlace) {
        let world = World::on(place.open().await).await;
        let kw = &world.now;
        let (browser, token, code) = world.asked(ANN).await;
        let stranger = kw.sign_in_browser().unwrap();
        assert!(matches!(kw.sign_in_by_code(&stranger, &code, Client::default()).await, Err(SignInError::Unknown)));
        for slip in ["", "abc", "not a code"] {
            assert!(matches!(kw.sign_in_by_code(&browser, slip, Client::default()).await, Err(SignInError::WrongCode)), "no guess");
        }
        for _ in 0..5 {
            assert!(matches!(kw.sign_in_by_code(&browser, &another(&code), Client::default()).await, Err(SignInError::WrongCode)));
        }
        for tried in [another(&code), code.clone()] {
            assert!(matches!(kw.sign_in_by_code(&browser, &tried, Client::default()).await, Err(SignInError::TooManyTries)));
        }
        assert!(matches!(kw.sign_in_by_link(&token, Some(&browser), None, Client::default()).await, Err(SignInError::TooManyTries)));

        let (browser, _, code) = world.asked(ANN).await;
        let typed = format!(" {} ", code.to_lowercase().replace('-', " "));
        let made = kw.sign_in_by_code(&browser, &typed, Client { agent: "Test\n1", source: Some(IpAddr::from([198, 51, 100, 7])) }).await.unwrap();
        assert!(matches!(kw.sign_in_by_code(&browser, &code, Client::default()).await, Err(SignInError::Used)));
        let caller = kw.session_of(&made.secret).await.unwrap().unwrap().caller;
        let listed = kw.session_list(&caller).await.unwrap();
        assert_eq!((listed[0].agent.as_str(), listed[0].source.as_deref()), ("Test1", Some("198.51.100.7")));
    }

    async fn the_code_of_an_earlier_mail_works_too(place: TestPlace) {
        let world = World::on(place.open().await).await;
        let kw = &world.now;
        let browser = kw.sign_in_browser().unwrap();
        let mut codes = Vec::new();
        for _ in 0..3 {
            kw.sign_in_ask(ANN, Some(&browser), Some("/person"), None).await.unwrap();
            codes.push(code_in(&world.mail().await.1));
        }
        let made = kw.sign_in_by_code(&browser, &codes[0], Client::default()).await.unwrap();
        assert_eq!(made.return_to.as_deref(), Some("/person"));
    }

    async fn after_a_quarter_of_an_hour_nothing_works(place: TestPlace) {
        let world = World::on(place.open().await).await;
        let (browser, token, code) = world.asked(ANN).await;
        let later = world.at(|| in_minutes(15));
        assert_eq!(later.sign_in_look(&token, Some(&browser)).await.unwrap(), LinkState::Expired);
        assert!(matches!(later.sign_in_by_link(&token, Some(&browser), None, Client::default()).await, Err(SignInError::Expired)));
        assert!(matches!(later.sign_in_by_code(&browser, &code, Client::default()).await, Err(SignInError::Expired)));
        assert_eq!(later.sign_in_progress(&browser).await.unwrap(), Progress::Expired);
        let early = world.at(|| in_minutes(14));
        assert!(early.sign_in_by_code(&browser, &code, Client::default()).await.is_ok());
    }

    async fn of_many_at_once_one_signs_in(place: TestPlace) {
        let world = World::on(place.open().await).await;
        let (browser, token, code) = world.asked(ANN).await;
        let (browser, token) = (Arc::new(browser), Arc::new(token));
        let tasks = (0..16).map(|i| {
            let (kw, browser, token, code) = (world.now.clone(), Arc::clone(&browser), Arc::clone(&token), code.clone());
            tokio::spawn(async move {
                match i % 2 {
                    0 => kw.sign_in_by_link(&token, Some(&browser), None, Client::default()).await.map(|made| made.person),
                    _ => kw.sign_in_by_code(&browser, &code, Client::default()).await.map(|made| made.person),
                }
            })
        });
        let mut signed_in = 0;
        for task in tasks.collect::<Vec<_>>() {
            match task.await.unwrap() {
                Ok(_) => signed_in += 1,
                Err(SignInError::Used) => {}
                Err(other) => panic!("{other}"),
            }
        }
        assert_eq!(signed_in, 1);
    }

    async fn wrong_codes_at_once_are_five_tries_and_no_more(place: TestPlace) {
        let world = World::on(place.open().await).await;
        let (browser, _, code) = world.asked(ANN).await;
        let browser = Arc::new(browser);
        let tasks: Vec<_> = (0..16)
            .map(|_| {
                let (kw, browser, wrong) = (world.now.clone(), Arc::clone(&browser), another(&code));
                tokio::spawn(async move { matches!(kw.sign_in_by_code(&browser, &wrong, Client::default()).await, Err(SignInError::WrongCode)) })
            })
            .collect();
        let mut tries = 0;
        for task in tasks {
            tries += u32::from(task.await.unwrap());
        }
        assert_eq!(tries, 5);
    }

    async fn mails_to_one_address_and_asking_from_one_source_have_limits(place: TestPlace) {
        let world = World::on(place.open().await).await;
        let kw = &world.now;
        let source = |last| Some(IpAddr::from([203, 0, 113, last]));
        for _ in 0..7 {
            let browser = kw.sign_in_browser().unwrap();
            kw.sign_in_ask("Ann@Example.com", Some(&browser), None, source(1)).await.unwrap();
        }
        assert_eq!(kw.mails_take().await.unwrap().outgoing.len(), 5);
        let browser = kw.sign_in_browser().unwrap();
        kw.sign_in_ask(ANN, Some(&browser), None, source(1)).await.unwrap();
        assert_eq!(kw.sign_in_progress(&browser).await.unwrap(), Progress::Sent, "it looks as if");
        assert!(matches!(kw.sign_in_by_code(&browser, "ABCD-2345", Client::default()).await, Err(SignInError::WrongCode)));
        for i in 8..60 {
            kw.sign_in_ask(&format!("p{i}@example.com"), Some(&browser), None, source(1)).await.unwrap();
        }
        let refused = kw.sign_in_ask("q@example.com", Some(&browser), None, source(1)).await;
        assert!(matches!(refused, Err(Error::Rule(Rule::TooManySignIns { again_in_s: 900 }))));
        assert!(kw.sign_in_ask("q@example.com", Some(&browser), None, source(2)).await.is_ok());
        let later = world.at(|| in_minutes(16));
        assert!(later.sign_in_ask(ANN, Some(&browser), None, source(1)).await.is_ok());
        assert_eq!(later.mails_take().await.unwrap().outgoing.len(), 1, "what waits longer than it is of use is dropped");
    }

    async fn who_asks_for_somebodys_address_elsewhere_locks_nobody_out(place: TestPlace) {
        let world = World::on(place.open().await).await;
        let kw = &world.now;
        let source = |last| Some(IpAddr::from([203, 0, 113, last]));
        for _ in 0..7 {
            kw.sign_in_ask(ANN, Some(&kw.sign_in_browser().unwrap()), None, source(1)).await.unwrap();
        }
        for mail in kw.mails_take().await.unwrap().outgoing {
            kw.mail_left(mail.id).await.unwrap();
        }
        let browser = kw.sign_in_browser().unwrap();
        kw.sign_in_ask(ANN, Some(&browser), None, source(2)).await.unwrap();
        let code = code_in(&world.mail().await.1);
        assert!(kw.sign_in_by_code(&browser, &code, Client::default()).await.is_ok());
        // A mailbox is not filled from many sources either: 5 and 1 so far.
        let mut mails = 6;
        for last in 3..12 {
            for _ in 0..3 {
                kw.sign_in_ask(ANN, Some(&browser), None, source(last)).await.unwrap();
            }
            mails += kw.mails_take().await.unwrap().outgoing.len();
        }
        assert_eq!(mails, 20);
    }

    async fn a_program_gets_a_token_for_one_organisation(place: TestPlace) {
        let world = World::on(place.open().await).await;
        let kw = &world.now;
        async fn ask(world: &World) -> (SignInId, String) {
            let asked = world.now.sign_in_ask(ANN, None, None, None).await.unwrap();
            let (_, text) = world.mail().await;
            assert!(!text.contains("token="), "a link is for browsers");
            (asked.id, code_in(&text))
        }
        async fn only(kw: &Operations, token: &str) -> Option<keywright_domain::ids::OrganisationId> {
            match kw.bearer(&Secret::new(token.to_owned())).await.unwrap() {
                Bearer::Accepted(Caller::Person(Person { only, .. })) => only,
                other => panic!("{other:?}"),
            }
        }
        let (id, code) = ask(&world).await;
        let token = kw.sign_in_for_token(id, &code, None, Client::default()).await.unwrap();
        assert_eq!((token.expires_in_s, token.organisation), (3_600, None));
        assert_eq!(only(kw, token.token.reveal()).await, None);
        assert!(matches!(kw.sign_in_for_token(id, &code, None, Client::default()).await, Err(SignInError::Used)));
        let one = kw.organisation_create(&machine(), "One", ANN).await.unwrap().id;
        let (id, code) = ask(&world).await;
        let token = kw.sign_in_for_token(id, &code, None, Client::default()).await.unwrap();
        assert_eq!(only(kw, token.token.reveal()).await, Some(one));
        let two = kw.organisation_create(&machine(), "Two", ANN).await.unwrap().id;
        let foreign = kw.organisation_create(&machine(), "Foreign", "bob@example.com").await.unwrap().id;
        let (id, code) = ask(&world).await;
        for _ in 0..7 {
            let Err(SignInError::WhichOrganisation(choices)) = kw.sign_in_for_token(id, &code, None, Client::default()).await else { panic!() };
            assert_eq!(choices.iter().map(|c| (c.id, c.name.as_str())).collect::<Vec<_>>(), [(one, "One"), (two, "Two")]);
            assert!(matches!(kw.sign_in_for_token(id, &code, Some(foreign), Client::default()).await, Err(SignInError::NotInOrganisation(_))));
        }
        let wrong = kw.sign_in_for_token(id, &another(&code), None, Client::default()).await;
        assert!(matches!(wrong, Err(SignInError::WrongCode)), "a wrong code is told nothing of organisations");
        let token = kw.sign_in_for_token(id, &code, Some(two), Client::default()).await.unwrap();
        assert_eq!(only(kw, token.token.reveal()).await, Some(two));
        let secret = Secret::new(token.token.reveal().to_owned());
        assert!(kw.session_of(&secret).await.unwrap().is_none(), "an access token is no session");
        assert!(matches!(world.at(|| in_minutes(60)).bearer(&secret).await.unwrap(), Bearer::Refused));
        let (browser, _, code) = world.asked(ANN).await;
        let asked = kw.sign_in_ask(ANN, Some(&browser), None, None).await.unwrap();
        let crossed = kw.sign_in_for_token(asked.id, &code, Some(two), Client::default()).await;
        assert!(matches!(crossed, Err(SignInError::Unknown)), "what a browser asked for is not for the API");
    }

    async fn the_first_operator_is_one(place: TestPlace) {
        let world = World::on(place.open().await).await;
        let kw = &world.now;
        assert!(!kw.has_operators().await.unwrap());
        let mut tokens = Vec::new();
        for _ in 0..2 {
            let made = kw.first_operator_link(&machine(), None).await.unwrap();
            tokens.push(Secret::new(made.link.reveal().rsplit_once('=').unwrap().1.to_owned()));
        }
        assert_eq!(kw.sign_in_look(&tokens[0], None).await.unwrap(), LinkState::ReadyAskAddress);
        for bad in [None, Some(""), Some("ann")] {
            assert!(matches!(kw.sign_in_by_link(&tokens[0], None, bad, Client::default()).await, Err(SignInError::Mail(_))));
        }
        let first = kw.sign_in_by_link(&tokens[0], None, Some(ANN), Client::default());
        let second = kw.sign_in_by_link(&tokens[1], None, Some("eve@example.com"), Client::default());
        let (first, second) = tokio::join!(first, second);
        let (made, late) = match (first, second) {
            (Ok(made), Err(late)) | (Err(late), Ok(made)) => (made, late),
            _ => panic!("one of the two is the first"),
        };
        assert!(matches!(late, SignInError::NotTheFirst), "{late}");
        let caller = kw.session_of(&made.secret).await.unwrap().unwrap().caller;
        assert_eq!(kw.operator_list(&caller).await.unwrap().len(), 1);
        let refused = kw.sign_in_link(&caller, "bob@example.com").await;
        assert!(matches!(refused, Err(Error::Right(_))), "an operator does not sign in as somebody else");
        let (bob, added) = kw.operator_add(&machine(), "bob@example.com").await.unwrap();
        assert!(added && !kw.operator_add(&caller, "BOB@example.com").await.unwrap().1);
        assert_eq!(kw.operator_remove(&machine(), "bob@example.com").await.unwrap(), bob);
        assert!(matches!(kw.operator_remove(&machine(), "bob@example.com").await, Err(Error::NotFound { .. })));
    }

    async fn a_link_made_at_the_machine_is_bound_to_no_browser(place: TestPlace) {
        let world = World::on(place.open().await).await;
        let kw = &world.now;
        let made = kw.sign_in_link(&machine(), ANN).await.unwrap();
        let token = Secret::new(made.link.reveal().strip_prefix("https://keys.example.com/sign-in/link?token=").unwrap().to_owned());
        assert_eq!(kw.sign_in_look(&token, None).await.unwrap(), LinkState::Ready { mail: ANN.into() });
        assert!(kw.sign_in_by_link(&token, None, None, Client::default()).await.is_ok());
        assert!(matches!(kw.sign_in_by_link(&token, None, None, Client::default()).await, Err(SignInError::Used)));
    }

    async fn sessions_end_by_themselves_one_by_one_and_all(place: TestPlace) {
        let world = World::on(place.open().await).await;
        let kw = &world.now;
        let (ann, first) = world.signed_in(ANN).await;
        let (_, second) = world.signed_in(ANN).await;
        let (bob, _) = world.signed_in("bob@example.com").await;
        let listed = kw.session_list(&ann).await.unwrap();
        assert_eq!(listed.len(), 2);
        assert!(matches!(kw.session_end(&bob, listed[0].id).await, Err(Error::NotFound { .. })), "somebody else's");
        kw.session_end(&ann, listed[0].id).await.unwrap();
        assert!(kw.session_of(&second).await.unwrap().is_none() && kw.session_of(&first).await.unwrap().is_some());
        assert_eq!(kw.sessions_end_all(&ann).await.unwrap(), 1);
        assert!(kw.session_of(&first).await.unwrap().is_none());
        let (ann, third) = world.signed_in(ANN).await;
        assert!(world.at(|| in_minutes(719)).session_of(&third).await.unwrap().is_some());
        // That it was used is put down beside the answer.
        let deadline = Instant::now() + std::time::Duration::from_secs(20);
        while kw.session_list(&ann).await.unwrap()[0].seen_at < in_minutes(700) {
            assert!(Instant::now() < deadline, "the use of a session is put down");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        assert!(world.at(|| in_minutes(721)).session_of(&third).await.unwrap().is_some(), "used 2 minutes before");
        let (_, idle) = world.signed_in("cora@example.com").await;
        assert!(world.at(|| in_minutes(720)).session_of(&idle).await.unwrap().is_none(), "12 hours without use");
    }

    async fn a_mail_is_sent_by_one_node_and_again_when_that_fails(place: TestPlace) {
        let world = World::on(place.open().await).await;
        let (kw, other) = (&world.now, world.at(now));
        let browser = kw.sign_in_browser().unwrap();
        kw.sign_in_ask(ANN, Some(&browser), None, None).await.unwrap();
        assert_eq!(kw.sign_in_progress(&browser).await.unwrap(), Progress::Leaving);
        let (a, b) = tokio::join!(kw.mails_take(), other.mails_take());
        let mut taken = a.unwrap().outgoing;
        taken.extend(b.unwrap().outgoing);
        assert_eq!(taken.len(), 1);
        kw.mail_stays(&taken[0], "the mail server does not answer").await.unwrap();
        assert_eq!(kw.sign_in_progress(&browser).await.unwrap(), Progress::Delayed);
        assert!(kw.mails_take().await.unwrap().outgoing.is_empty(), "not at once");
        let again = world.at(|| Timestamp::from_us(now().us() + 6_000_000)).mails_take().await.unwrap().outgoing;
        assert_eq!((again.len(), again[0].tries), (1, 1));
        // Its sender has died with it: after the lease somebody else has it.
        let again = world.at(|| in_minutes(3)).mails_take().await.unwrap().outgoing;
        assert_eq!(again.len(), 1);
        kw.mail_left(again[0].id).await.unwrap();
        assert_eq!(kw.sign_in_progress(&browser).await.unwrap(), Progress::Sent);
        kw.sign_in_ask(ANN, Some(&browser), None, None).await.unwrap();
        let over = world.at(|| in_minutes(16)).mails_take().await.unwrap();
        assert_eq!((over.outgoing.len(), over.over.len()), (0, 1));
    }

    async fn without_the_master_key_no_mail_is_made(place: TestPlace) {
        let store = place.open().await;
        let keys = Arc::new(Keys::without_master(&store).await.unwrap());
        let kw = Operations::new(store, Clocks { wall: now, boot }, keys, None);
        assert!(matches!(kw.sign_in_ask(ANN, None, None, None).await, Err(Error::Keys(keywright_operations::KeysError::Missing))));
        assert!(matches!(kw.sign_in_ask("ann", None, None, None).await, Err(Error::Invalid(_))));
    }
}
