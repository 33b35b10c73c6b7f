//! The origin of uploaded images: the host that `--share-url` names, or by default a port of its own.

use std::net::SocketAddr;

use tokio::net::TcpListener;

use crate::cli::Serve;

/// Where images come from, and the listener that is for them alone.
#[derive(Default)]
pub(super) struct Origin {
    pub(super) url: Option<String>,
    pub(super) listener: Option<TcpListener>,
}

/// The origin for a server that listens on `address`.
pub(super) async fn origin(serve: &Serve, address: SocketAddr) -> Origin {
    if let Some(url) = &serve.share_url {
        // What comes under that name comes to this server's only listener.
        return Origin { url: Some(url.trim_end_matches('/').to_owned()), listener: None };
    }
    let host = match &serve.public_url {
        None => address.ip().to_string(),
        // Nobody but the provider knows under which name a second port could be had with a certificate.
        Some(url) => match url.strip_prefix("http://").map(|rest| rest.split([':', '/']).next().unwrap_or_default()) {
            Some(host) => host.to_owned(),
            None => {
                tracing::warn!(
                    "uploaded images are not shown: say with --share-url under which other name this server is reached, such as https://images.example.com"
                );
                return Origin::default();
            }
        },
    };
    let host = if address.is_ipv6() && serve.public_url.is_none() { format!("[{host}]") } else { host };
    let beside = address.port().checked_add(1).map(|port| SocketAddr::new(address.ip(), port));
    let mut listener = None;
    for place in beside.into_iter().chain([SocketAddr::new(address.ip(), 0)]) {
        if let Ok(bound) = TcpListener::bind(place).await {
            listener = Some(bound);
            break;
        }
    }
    match listener.as_ref().map(TcpListener::local_addr) {
        Some(Ok(bound)) => Origin { url: Some(format!("http://{host}:{}", bound.port())), listener },
        Some(Err(_)) | None => {
            tracing::warn!("uploaded images are not shown: no second port can be listened on, and --share-url names no other origin");
            Origin::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn serve(public_url: Option<&str>, share_url: Option<&str>) -> Serve {
        Serve { public_url: public_url.map(str::to_owned), share_url: share_url.map(str::to_owned), ..Serve::default() }
    }

    async fn urls(public_url: Option<&str>, share_url: Option<&str>) -> (Option<String>, Option<u16>) {
        let origin = origin(&serve(public_url, share_url), "127.0.0.1:65535".parse().unwrap()).await;
        (origin.url, origin.listener.map(|l| l.local_addr().unwrap().port()))
    }

    #[tokio::test]
    async fn images_have_an_origin_of_their_own() {
        let (url, port) = urls(None, None).await;
        assert_eq!(url, Some(format!("http://127.0.0.1:{}", port.unwrap())));
        let (url, port) = urls(Some("http://keys.acme.example:8080/"), None).await;
        assert_eq!(url, Some(format!("http://keys.acme.example:{}", port.unwrap())));
        assert_eq!(urls(Some("https://keys.acme.example"), None).await, (None, None));
        assert_eq!(urls(Some("https://keys.acme.example"), Some("https://images.acme.example/")).await, (Some("https://images.acme.example".into()), None));
    }
}
