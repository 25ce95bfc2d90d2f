//! What the transport does when the other side misbehaves, against a socket of our own.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::exchange::pci::signature::test_envelope;

/// A server that reads one whole request and then does what the test says.
async fn server<F, R>(then: F) -> SocketAddr
where
    F: FnOnce(TcpStream, String) -> R + Send + 'static,
    R: Future<Output = ()> + Send,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let request = request_of(&mut stream).await;
        then(stream, request).await;
    });
    address
}

async fn request_of(stream: &mut TcpStream) -> String {
    let mut request = String::new();
    let mut buffer = [0; 4096];
    while !request.ends_with("</e>") {
        let count = stream.read(&mut buffer).await.unwrap();
        assert_ne!(count, 0, "the request ends with its envelope");
        request.push_str(std::str::from_utf8(&buffer[..count]).unwrap());
    }
    request
}

fn transport(address: SocketAddr) -> Transport {
    let profile = PlatformProfile {
        deadline_s: 1,
        connect_timeout_s: 1,
        largest_answer: 1000,
        ..PlatformProfile::aoc()
    };
    let endpoint = format!("http://{address}/siri-proxy/services/Sincron");
    Transport::new(
        endpoint.parse().unwrap(),
        &TlsSettings::default(),
        &profile,
        World::real(),
    )
    .unwrap()
}

/// The answer to one request, given the bytes the other side writes before it closes.
async fn answer_to(response: String) -> Result<RawAnswer, TransportError> {
    let address = server(async move |mut stream: TcpStream, _| {
        let _ = stream.write_all(response.as_bytes()).await;
    })
    .await;
    transport(address)
        .post_in_test(test_envelope("<e></e>"))
        .await
}

#[tokio::test]
async fn the_request_leaves_as_the_platform_wants_it() {
    let (sender, receiver) = tokio::sync::oneshot::channel();
    let address = server(async move |mut stream: TcpStream, request| {
        let _ = sender.send(request);
        let _ = stream
            .write_all(b"HTTP/1.1 500 X\r\nContent-Type: text/xml\r\nContent-Length: 4\r\n\r\n<a/>")
            .await;
    })
    .await;
    let answer = transport(address)
        .post_in_test(test_envelope("<e></e>"))
        .await
        .unwrap();
    assert_eq!(
        (answer.status, answer.bytes.as_slice()),
        (500, &b"<a/>"[..])
    );
    assert_eq!(answer.sha256, sha256(b"<a/>"));
    assert_eq!(answer.content_type.as_deref(), Some("text/xml"));
    let request = receiver.await.unwrap();
    let head = request.to_ascii_lowercase();
    assert!(head.starts_with("post /siri-proxy/services/sincron http/1.1\r\n"));
    assert!(head.contains("\r\ncontent-type: text/xml; charset=utf-8\r\n"));
    assert!(head.contains("\r\ncontent-length: 7\r\n") && !head.contains("transfer-encoding"));
    assert!(head.contains("\r\nsoapaction: \"http://www.openuri.org/procesa\"\r\n"));
    assert!(!head.contains("accept-encoding"));
    assert!(request.ends_with("\r\n\r\n<e></e>"));
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_not_followed() {
    let answer = answer_to(
        "HTTP/1.1 307 X\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n".into(),
    )
    .await;
    assert_eq!(answer.unwrap().status, 307);
}

#[tokio::test]
async fn an_answer_longer_than_announced_or_allowed_is_dropped() {
    let too_long = Err(TransportError::TooLong { limit: 1000 });
    let announced = "HTTP/1.1 200 X\r\nContent-Length: 1001\r\n\r\n".to_owned();
    assert_eq!(answer_to(announced).await, too_long);
    let streamed = format!("HTTP/1.1 200 X\r\n\r\n{}", "x".repeat(1001));
    assert_eq!(answer_to(streamed).await, too_long);
    let allowed = format!("HTTP/1.1 200 X\r\n\r\n{}", "x".repeat(1000));
    assert_eq!(answer_to(allowed).await.unwrap().bytes.len(), 1000);
}

#[tokio::test]
async fn a_compressed_answer_is_refused_unread() {
    let answer = answer_to(
        "HTTP/1.1 200 X\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n\u{1f}x".into(),
    )
    .await;
    assert_eq!(answer, Err(TransportError::Encoded));
}

#[tokio::test]
async fn a_broken_connection_may_have_carried_the_request() {
    for broken in ["", "HTTP/1.1 200 X\r\nContent-Length: 10\r\n\r\nhalf"] {
        let error = answer_to(broken.into()).await.unwrap_err();
        assert_eq!(error, TransportError::Interrupted);
        assert!(error.may_have_left());
    }
}

#[tokio::test]
async fn silence_ends_at_the_deadline() {
    let address = server(async |stream: TcpStream, _| {
        tokio::time::sleep(Duration::from_secs(30)).await;
        drop(stream);
    })
    .await;
    let error = transport(address)
        .post_in_test(test_envelope("<e></e>"))
        .await
        .unwrap_err();
    assert_eq!(error, TransportError::TimedOut);
    assert!(error.may_have_left() && error.is_transient());
}

#[tokio::test]
async fn an_authority_that_ends_while_connecting_lets_no_byte_of_the_request_leave() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let transport = transport(listener.local_addr().unwrap());
    let sent = transport.post(test_envelope("<e></e>"), || Err(NotAdmitted::Stale));
    let heard = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut heard = Vec::new();
        let _ = stream.read_to_end(&mut heard).await;
        String::from_utf8(heard).unwrap()
    };
    let (sent, heard) = tokio::join!(sent, heard);
    assert_eq!(sent, Err(TransportError::NotAdmitted(NotAdmitted::Stale)));
    assert!(!sent.unwrap_err().may_have_left());
    assert!(!heard.contains("<e>"), "{heard}");
}

#[tokio::test]
async fn nothing_leaves_where_nobody_listens() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = transport(address)
        .post_in_test(test_envelope("<e></e>"))
        .await
        .unwrap_err();
    assert_eq!(error, TransportError::Unreachable);
    assert!(!error.may_have_left());
}

#[test]
fn plain_http_is_for_this_machine_only() {
    let build = |url: &str| {
        Transport::new(
            url.parse().unwrap(),
            &TlsSettings::default(),
            &PlatformProfile::aoc(),
            World::real(),
        )
        .map(|_| ())
    };
    assert_eq!(
        build("http://serveis3.iop.example/"),
        Err(UnusableTransport::Endpoint)
    );
    assert_eq!(build("ftp://localhost/"), Err(UnusableTransport::Endpoint));
    assert_eq!(build("https://serveis3.iop.example/"), Ok(()));
    assert_eq!(build("http://[::1]:1/"), Ok(()));
}

#[test]
fn unreadable_tls_files_are_told_apart() {
    let build = |tls: &TlsSettings<'_>| {
        Transport::new(
            "https://localhost/".parse().unwrap(),
            tls,
            &PlatformProfile::aoc(),
            World::real(),
        )
        .map(|_| ())
    };
    let roots = TlsSettings {
        roots: Some(b"nothing"),
        client: None,
    };
    assert_eq!(build(&roots), Err(UnusableTransport::Roots));
    let client = TlsSettings {
        roots: None,
        client: Some(b"nothing"),
    };
    assert_eq!(build(&client), Err(UnusableTransport::ClientCertificate));
}
