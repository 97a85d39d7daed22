//! Checks that an untrusted certificate causes an error that is not retried and names the fix.

use funnelflux::transport::{TransportError, TransportErrorKind};
use funnelflux::types::DuplicateRequest;
use funnelflux::{Client, types::StatusFilter};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
use std::{
    io::Read as _,
    net::{SocketAddr, TcpListener},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

/// A TLS server with a self-signed certificate. It counts connections, and fails if it receives a request.
fn self_signed_server() -> (SocketAddr, Arc<AtomicUsize>) {
    let certificate = CertificateDer::from_pem_slice(include_bytes!("cert.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("key.pem")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let connections = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&connections);
    thread::spawn(move || {
        for stream in listener.incoming() {
            counter.fetch_add(1, Ordering::SeqCst);
            let connection = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = rustls::StreamOwned::new(connection, stream.unwrap());
            let received = stream.read(&mut [0; 1]);
            assert!(received.is_err(), "the client sent a request");
        }
    });
    (address, connections)
}

#[tokio::test]
async fn a_certificate_error_is_not_retried_and_names_the_cure() {
    let (address, connections) = self_signed_server();
    let client = Client::builder()
        .base_url(format!("https://{address}/v1"))
        .bearer_token("t")
        .build()
        .unwrap();
    let list = client.list_offer_sources(StatusFilter::All, None).await;
    let error = list.unwrap_err();
    assert_eq!(connections.load(Ordering::SeqCst), 1);
    assert_eq!(
        error.transport_error().map(TransportError::kind),
        Some(TransportErrorKind::Certificate)
    );
    assert_eq!((error.attempts(), error.error_type()), (1, "certificate"));
    assert!(!error.is_retryable() && !error.may_have_been_applied());
    let text = error.to_string();
    assert!(
        text.contains("the certificate of the service is not trusted") && text.contains("SSL_CERT_FILE"),
        "{text}"
    );
    let duplicate = client.duplicate_offer_source(&"a".into(), &DuplicateRequest::new("copy"));
    assert!(!duplicate.await.unwrap_err().may_have_been_applied());
}
