//! TLS: who does not speak it, who does not trust it, and certificates that change.

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::*;

#[tokio::test]
async fn only_who_speaks_tls_and_trusts_the_authority_gets_through() {
    let (ca, other, files) = (Ca::new("ours"), Ca::new("another"), Files::new());
    let tls = Some(files.tls(&ca.server(), None));
    let house = House::behind(DoorOptions { tls, patience: patient(), ..Default::default() }).await;

    let channel = house.tls(&ca, None).await.unwrap();
    call(&channel, METADATA, None).await.unwrap();
    assert_eq!(house.denials(), []);

    assert!(house.tls(&other, None).await.is_err(), "a client that trusts another authority hangs up");
    house.denies(Denial::Handshake).await;
    let plain = house.endpoint("http").connect().await;
    let refused = match plain {
        Err(_) => true,
        Ok(channel) => call(&channel, METADATA, None).await.is_err(),
    };
    assert!(refused, "plaintext must not get through");
}

#[tokio::test]
async fn a_connection_speaks_http2_or_nothing() {
    let (ca, files) = (Ca::new("ours"), Files::new());
    let tls = Some(files.tls(&ca.server(), None));
    let house = House::behind(DoorOptions { tls, patience: patient(), ..Default::default() }).await;
    let mut roots = rustls::RootCertStore::empty();
    let der = <rustls::pki_types::CertificateDer<'_> as rustls::pki_types::pem::PemObject>::from_pem_slice(
        ca.pem.as_bytes(),
    );
    roots.add(der.unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let handshake = async |versions: &[&'static rustls::SupportedProtocolVersion], protocol: &[u8]| {
        let mut config = rustls::ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(versions)
            .unwrap()
            .with_root_certificates(roots.clone())
            .with_no_client_auth();
        config.alpn_protocols = vec![protocol.to_vec()];
        let io = TcpStream::connect(house.address).await.unwrap();
        let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
        connector
            .connect("localhost".try_into().unwrap(), io)
            .await
            .map(|io| io.get_ref().1.alpn_protocol().map(<[u8]>::to_vec))
    };
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        assert_eq!(handshake(&[version], b"h2").await.unwrap().as_deref(), Some(&b"h2"[..]), "{version:?}");
        assert!(handshake(&[version], b"http/1.1").await.is_err(), "{version:?}");
    }
    house.denies(Denial::Handshake).await;
}

#[tokio::test]
async fn a_new_certificate_serves_new_connections_and_cuts_none() {
    let (old_ca, new_ca, files) = (Ca::new("old"), Ca::new("new"), Files::new());
    let tls = Some(files.tls(&old_ca.server(), None));
    let house = House::behind(DoorOptions { tls, patience: patient(), ..Default::default() }).await;
    let before = house.tls(&old_ca, None).await.unwrap();
    call(&before, METADATA, None).await.unwrap();

    files.tls(&new_ca.server(), None);
    let reached = async {
        while house.tls(&new_ca, None).await.is_err() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, reached).await.expect("the new certificate is served");
    assert!(house.tls(&old_ca, None).await.is_err(), "the old one no longer is");
    call(&before, METADATA, None).await.expect("the old connection lives on");
    assert_eq!(
        *house.seen.open.lock().unwrap(),
        1 + i64::from(false),
        "only connections that are in use are open"
    );
}

#[tokio::test]
async fn a_certificate_without_its_key_leaves_the_old_pair_in_force() {
    let (ca, files) = (Ca::new("ours"), Files::new());
    let tls = files.tls(&ca.server(), None);
    let options = DoorOptions { tls: Some(tls), patience: patient(), ..Default::default() };
    let house = House::behind(options.clone()).await;
    let next = ca.server();
    files.write("cert.pem", &next.certificate); // the key comes later
    for (complaints, broken) in [(1, None), (2, Some("no PEM at all"))] {
        if let Some(text) = broken {
            files.write("key.pem", text);
        }
        // Only once the daemon has looked at the files does a connection prove anything.
        eventually(|| house.log().matches("keeping the credentials").count() == complaints).await;
        let error = Door::open(options.clone()).unwrap_err().to_string();
        assert!(error.contains("key.pem"), "{error}");
        let channel = house.tls(&ca, None).await.expect("the old pair is in force");
        call(&channel, METADATA, None).await.unwrap();
    }
    assert!(house.seen.expires.lock().unwrap().is_some_and(|at| at > SystemTime::now()));
}

#[tokio::test]
async fn a_silent_handshake_is_not_waited_for() {
    let (ca, files) = (Ca::new("ours"), Files::new());
    let tls = Some(files.tls(&ca.server(), None));
    let patience = Patience { opening: Duration::from_millis(50), ..patient() };
    let house = House::behind(DoorOptions { tls, patience, ..Default::default() }).await;
    let mut silent = TcpStream::connect(house.address).await.unwrap();
    silent.write_all(b"\x16\x03\x01").await.unwrap(); // the beginning of a handshake that never goes on
    let mut rest = Vec::new();
    timeout(PATIENCE, silent.read_to_end(&mut rest)).await.expect("the connection is closed").ok();
    house.denies(Denial::SlowOpening).await;
    assert_eq!(*house.seen.open.lock().unwrap(), 0);
}
