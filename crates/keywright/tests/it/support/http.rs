//! Questions to a server over HTTP.

use serde_json::{Value, json};

use super::{Server, wait_until};

/// An answer, whole.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    headers: reqwest::header::HeaderMap,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) async fn of(request: reqwest::RequestBuilder) -> Self {
        Self::try_of(request).await.unwrap()
    }

    /// The error where no whole answer comes.
    pub(crate) async fn try_of(request: reqwest::RequestBuilder) -> reqwest::Result<Self> {
        let answer = request.send().await?;
        Ok(Self { status: answer.status().as_u16(), headers: answer.headers().clone(), body: answer.text().await? })
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("not JSON ({e}): {self:?}"))
    }

    /// The `code` of a verdict or problem document.
    #[track_caller]
    pub(crate) fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_else(|| panic!("no code: {self:?}")).to_owned()
    }

    /// A header, if it is there.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|v| v.to_str().unwrap())
    }

    /// A problem document with this status, and its code.
    #[track_caller]
    pub(crate) fn problem(&self, status: u16) -> String {
        assert_eq!((self.status, self.header("content-type")), (status, Some("application/problem+json")), "{self:?}");
        assert_eq!(self.json()["status"], status, "{self:?}");
        self.code()
    }
}

impl Server {
    /// Asks under the place's own token; the answer must be a verdict.
    pub(crate) async fn verify(&self, question: Value) -> Value {
        let reply = self.ask(question).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        reply.json()
    }

    /// The code for a key, asked for without anything else.
    pub(crate) async fn code(&self, key: &str) -> String {
        let verdict = self.verify(json!({"credential": key})).await;
        assert_eq!(verdict["valid"], verdict["code"] == "valid");
        verdict["code"].as_str().unwrap().to_owned()
    }

    /// Asks under the place's own token.
    pub(crate) async fn ask(&self, question: Value) -> Reply {
        let token = self.token().await.to_owned();
        self.ask_as(&token, question).await
    }

    /// Asks under this token.
    pub(crate) async fn ask_as(&self, token: &str, question: Value) -> Reply {
        Reply::of(self.http.post(self.url("/verify")).bearer_auth(token).json(&question)).await
    }

    /// Asks as a gateway does, under the place's own token, with these headers of the request in question.
    pub(crate) async fn forward(&self, query: &str, headers: &[(&str, &str)]) -> Reply {
        let request = self.http.get(self.url(&format!("/verify/forward?{query}"))).header("Keywright-Token", self.token().await);
        Reply::of(headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))).await
    }

    /// The same about a key, sent as a bearer.
    pub(crate) async fn forward_key(&self, query: &str, key: &str) -> Reply {
        self.forward(query, &[("Authorization", &format!("Bearer {key}"))]).await
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        Reply::of(self.http.get(self.url(path))).await
    }

    /// Until the server answers from everything that is in the store now.
    pub(crate) async fn settled(&self) {
        // What is asked with it is made first.
        self.token().await;
        let head = self.head().await;
        wait_until("the server catches up with the store", async || self.position().await >= head).await;
    }

    /// The position from which the server answers.
    pub(crate) async fn position(&self) -> u64 {
        let ready = self.get("/readyz").await.json();
        // A node with the role hub alone answers about tokens only.
        ready["verifier"]["position"].as_u64().or_else(|| ready["oauth2"]["position"].as_u64()).unwrap()
    }
}
