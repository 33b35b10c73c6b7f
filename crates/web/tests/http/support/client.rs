use std::net::SocketAddr;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// One connection.
pub(crate) struct Client {
    stream: TcpStream,
    read: Vec<u8>,
}

/// An answer, whole.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Client {
    pub(crate) async fn to(address: SocketAddr) -> Self {
        Self { stream: TcpStream::connect(address).await.unwrap(), read: Vec::new() }
    }

    /// Sends bytes as they are.
    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    /// Sends a request with a body of this length.
    pub(crate) async fn request(&mut self, line: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        let mut text = format!("{line} HTTP/1.1\r\nhost: 127.0.0.1\r\n");
        for (name, value) in headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str(&format!("content-length: {}\r\n\r\n", body.len()));
        self.send(text.as_bytes()).await;
        self.send(body).await;
        self.reply().await
    }

    /// The next answer.
    pub(crate) async fn reply(&mut self) -> Reply {
        self.try_reply().await.expect("an answer before the connection ends")
    }

    /// The next answer, to a request with HEAD: it has no body, whatever its length says.
    pub(crate) async fn head(&mut self) -> Reply {
        self.next(true).await.expect("an answer before the connection ends")
    }

    /// The next answer; none when the connection ends before one begins.
    pub(crate) async fn try_reply(&mut self) -> Option<Reply> {
        self.next(false).await
    }

    async fn next(&mut self, of_head: bool) -> Option<Reply> {
        let end = loop {
            if let Some(end) = self.read.windows(4).position(|w| w == b"\r\n\r\n") {
                break end;
            }
            if !self.more().await {
                assert!(self.read.is_empty(), "half an answer: {:?}", String::from_utf8_lossy(&self.read));
                return None;
            }
        };
        let head = String::from_utf8(self.read.drain(..end + 4).collect()).unwrap();
        let mut lines = head.trim_end().split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers: Vec<(String, String)> =
            lines.map(|l| l.split_once(": ").unwrap_or((l.trim_end_matches(':'), ""))).map(|(n, v)| (n.to_ascii_lowercase(), v.to_owned())).collect();
        let mut reply = Reply { status, headers, body: String::new() };
        let length: usize = reply.header("content-length").filter(|_| !of_head).map_or(0, |l| l.parse().unwrap());
        while self.read.len() < length {
            assert!(self.more().await, "the body ends early");
        }
        reply.body = String::from_utf8(self.read.drain(..length).collect()).unwrap();
        Some(reply)
    }

    /// Whether the other side has ended the connection, once everything that it sent was read.
    pub(crate) async fn ended(&mut self) -> bool {
        !self.more().await
    }

    async fn more(&mut self) -> bool {
        let mut piece = [0; 4096];
        match self.stream.read(&mut piece).await {
            Ok(0) | Err(_) => false,
            Ok(n) => {
                self.read.extend_from_slice(&piece[..n]);
                true
            }
        }
    }
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {:?}", self.body))
    }

    pub(crate) fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    /// Asserts that it is a problem document with this status and code, and gives it.
    pub(crate) fn problem(&self, status: u16, code: &str) -> Value {
        assert_eq!((self.status, self.header("content-type")), (status, Some("application/problem+json")), "{}", self.body);
        let document = self.json();
        assert_eq!((document["status"].as_u64(), document["code"].as_str()), (Some(u64::from(status)), Some(code)), "{document}");
        assert_eq!(document["type"], format!("urn:keywright:problem:{code}"));
        assert!(!document["detail"].as_str().unwrap().is_empty() && !document["title"].as_str().unwrap().is_empty());
        assert_eq!(document["trace_id"].as_str().unwrap().len(), 32);
        document
    }

    /// The bad fields of a 400.
    pub(crate) fn fields(&self) -> Vec<String> {
        let document = self.problem(400, "invalid_request");
        document["errors"].as_array().unwrap().iter().map(|e| e["field"].as_str().unwrap().to_owned()).collect()
    }
}
