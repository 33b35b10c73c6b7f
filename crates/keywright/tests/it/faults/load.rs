//! Revocation under load: no question that is sent after the answer is accepted, whoever else is busy, stops or leaves.

use super::askers::{Asked, Askers};
use crate::support::{Place, stories};

stories! {
    async fn a_server_that_stops_accepts_nothing_that_is_revoked_while_it_drains(kw: Place) {
        let mut server = kw.serve(&[]).await;
        let app = kw.application().await;
        let token = kw.token().await.to_owned();
        for _ in 0..3 {
            let key = kw.key(&app, &[]).await;
            server.settled().await;
            let asked = Asked::new(&key.key);
            let askers = Askers::start(&server.address, &token, std::slice::from_ref(&asked), 8);
            askers.until_accepted(50).await;
            server.signal(rustix::process::Signal::TERM);
            kw.done(&["key", "revoke", &key.id, "--wait", "all"]).await;
            asked.is_dead();
            assert!(server.ends().await.success());
            askers.finish().await;
            server.restart().await;
        }
    }
}
