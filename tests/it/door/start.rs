//! The door's settings, as the binary takes them.

use super::*;
use crate::support::{World, binary::Binary};

const TOKEN: &str = "reader-token-0123456789";

async fn refused(world: &World, args: &[&str]) -> String {
    let args: Vec<_> = ["serve"].iter().chain(args).copied().collect();
    let output = Binary::new(&args).against(world).output().await;
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{args:?}: {told}");
    assert!(output.stdout.is_empty(), "nothing listened");
    told
}

#[tokio::test]
async fn an_open_address_without_protection_is_refused_by_the_flags_names() {
    let (world, ca, files) = (World::small().await, Ca::new("ours"), Files::new());
    files.tls(&ca.server(), None);
    files.write("tokens", &format!("a:read:{TOKEN}"));
    let path = |name: &str| files.path(name).display().to_string();
    let (cert, key, tokens) = (path("cert.pem"), path("key.pem"), path("tokens"));
    let tls = ["--listen-tls-cert", &cert, "--listen-tls-key", &key];
    for address in ["0.0.0.0:0", "[::]:0", ":0"] {
        let told = refused(&world, &["--listen", address]).await;
        for name in [
            "--listen-tls-cert",
            "--listen-tls-key",
            "--listen-client-ca",
            "--listen-token-file",
            "--listen-insecure",
        ] {
            assert!(told.contains(name), "{name} is not named: {told}");
        }
        let told = refused(&world, &[&["--listen", address], &tls[..]].concat()).await;
        assert!(told.contains("authentication") && !told.contains("TLS"), "{told}");
        let told = refused(&world, &["--listen", address, "--listen-token-file", &tokens]).await;
        assert!(
            told.contains("TLS") && !told.contains("authentication"),
            "a token in the clear is none: {told}"
        );
    }
    let whole = [&["serve", "--listen", "0.0.0.0:0", "--listen-token-file", &tokens], &tls[..]].concat();
    let running = Binary::new(&whole).against(&world).listening().await;
    running.terminate();
    assert_eq!(running.end().await.0, Some(0));
}

#[tokio::test]
async fn the_risk_can_be_taken_loudly() {
    let world = World::small().await;
    let args = ["serve", "--listen", "0.0.0.0:0", "--listen-insecure", "--log-format", "json"];
    let running = Binary::new(&args).against(&world).listening().await;
    running.terminate();
    let (code, log) = running.end().await;
    assert_eq!(code, Some(0));
    let loud = log.lines().find(|line| line.contains("--listen-insecure")).expect(&log);
    assert!(loud.contains("\"level\":\"warn\""), "{loud}");
}

#[tokio::test]
async fn a_file_that_cannot_be_used_is_named_with_its_flag() {
    let (world, ca, files) = (World::small().await, Ca::new("ours"), Files::new());
    let pair = ca.server();
    files.tls(&pair, Some(&ca));
    files.write("nothing", "");
    files.write("short", "a:read:secret-x");
    files.write("other", &ca.server().key);
    let path = |name: &str| files.folder().join(name).display().to_string();
    let tls = |cert: &str, key: &str| {
        ["--listen-tls-cert".to_owned(), path(cert), "--listen-tls-key".to_owned(), path(key)]
    };
    let good = || tls("cert.pem", "key.pem").to_vec();
    let with = |flag: &str, name: &str| [good(), vec![flag.to_owned(), path(name)]].concat();
    for (args, named) in [
        (tls("missing", "key.pem").to_vec(), ["listen-tls-cert", "missing"]),
        (tls("nothing", "key.pem").to_vec(), ["listen-tls-cert", "nothing"]),
        (tls("cert.pem", "missing").to_vec(), ["listen-tls-key", "missing"]),
        (tls("cert.pem", "other").to_vec(), ["listen-tls-key", "does not fit"]),
        (with("--listen-client-ca", "key.pem"), ["listen-client-ca", "key.pem"]),
        (with("--listen-token-file", "short"), ["listen-token-file", "line 1"]),
        (with("--listen-token-file", "nothing"), ["listen-token-file", "no token"]),
        (good()[..2].to_vec(), ["listen-tls-key", "missing"]),
        (vec!["--listen-client-ca".into(), path("ca.pem")], ["listen-client-ca", "needs TLS"]),
        (vec!["--listen-allowed-names".into(), "a".into()], ["listen-allowed-names", "listen-client-ca"]),
        (vec!["--listen-provisioners".into(), "a".into()], ["listen-provisioners", "listen-client-ca"]),
    ] {
        let args: Vec<_> = args.iter().map(String::as_str).collect();
        let told = refused(&world, &args).await;
        for name in named {
            assert!(told.contains(name), "{args:?} should name {name}: {told}");
        }
        assert!(!told.contains("secret-x"), "{told}");
    }
}
