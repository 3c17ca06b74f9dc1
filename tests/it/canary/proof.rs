//! That the search finds what there is to be found: in every form, in every kind of stream, and for every secret there is.

use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
};

use baton_ninja_one::wire::v2;
use tonic::transport::Channel;

use super::{
    place::{arguments, inline, secret_variables},
    search::{Secrets, forms, unpacked},
    *,
};
use crate::support::binary::Running;

/// Stands for a secret that got everywhere.
const LOOSE: &str = "loose-canary-<0>";

#[test]
fn every_secret_among_the_settings_is_planted() {
    let planted: Vec<_> = inline().into_keys().collect();
    let mut known = secret_variables();
    known.sort_unstable();
    assert_eq!(planted, known, "a new secret has to be planted in `place`");
}

#[tokio::test]
async fn every_planted_secret_is_found_in_every_form() {
    let place = Place::new().await;
    let mut seen = 0;
    for (name, secret) in place.secrets.iter() {
        for (form, bytes) in forms(secret) {
            let around = [b"some text ".as_slice(), &bytes, b" and more"].concat();
            let found = place.secrets.found_in(&around);
            assert!(found.iter().any(|told| told.starts_with(name.as_str())), "{name} {form}: {found:?}");
            seen += 1;
        }
        // Whatever stands around it shifts the letters of base64.
        for before in ["", "a", "ab", "user:"] {
            let around = [before.as_bytes(), secret, b"z"].concat();
            let packed = base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE, around);
            assert!(!place.secrets.found_in(packed.as_bytes()).is_empty(), "{name} behind {before:?}");
        }
    }
    assert!(seen > 100, "{seen} forms");
    assert!(place.secrets.found_in(b"nothing of the kind").is_empty());
}

/// The same word as no secret at all: a role, a file, an argument, a type in a request. It has to turn up everywhere.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_secret_turns_up_in_every_kind_of_stream() {
    let place = Place::new().await;
    place.world.ninja_one.with_tenant(|tenant| tenant.roles[0].name = LOOSE.into());
    let mut secrets = Secrets::default();
    secrets.plant("loose", LOOSE);
    let stray = |what: &str, bytes: &[u8]| {
        assert!(!secrets.found_in(bytes).is_empty(), "{what}: {}", String::from_utf8_lossy(bytes));
    };
    let args = ["serve", "--listen", "127.0.0.1:0", "--protected-accounts", LOOSE];
    let running = place.binary(&args, Given::InFiles).listening().await;
    stray("arguments", &arguments(running.pid()));
    stray("a gRPC error", refusal(&running).await.message().as_bytes());

    let file = format!("{LOOSE}.c1z");
    let output = place.binary(&["-f", &file], Given::InFiles).output().await;
    assert_eq!(output.status.code(), Some(0));
    stray("stderr", &output.stderr);
    stray("a log file", &fs::read(place.left("logs/all.log")).unwrap());
    stray("a packed file", &unpacked(&fs::read(place.left("work").join(&file)).unwrap()).unwrap());
    stray("stdout", &place.binary(&["show", "grants", "-f", &file], Given::InFiles).output().await.stdout);

    let mut caught = Caught::default();
    caught.add_folder("left behind", &place.left("work"), &[]);
    let told = catch_unwind(AssertUnwindSafe(|| caught.hold_none_of(&secrets))).unwrap_err();
    let told = *told.downcast::<String>().unwrap();
    assert!(
        told.contains(".c1z.unpacked") && told.contains("the name of") && told.contains("loose, plain"),
        "{told}"
    );
}

async fn refusal(running: &Running) -> tonic::Status {
    let channel =
        Channel::from_shared(format!("http://{}", running.address)).unwrap().connect().await.unwrap();
    let request =
        v2::ResourcesServiceListResourcesRequest { resource_type_id: LOOSE.into(), ..Default::default() };
    let mut client = v2::resources_service_client::ResourcesServiceClient::new(channel);
    client.list_resources(request).await.unwrap_err()
}

#[test]
fn a_panic_that_quotes_a_secret_does_not_log_it() {
    const CHILD: &str = "PANIC_WITH";
    const NAME: &str = "canary::proof::a_panic_that_quotes_a_secret_does_not_log_it";
    if let Some(secret) = std::env::var_os(CHILD) {
        use baton_ninja_one::telemetry;
        let secret = secret.into_string().unwrap();
        telemetry::redact::register_secret(&secret.as_str().into());
        let options = telemetry::Options {
            level: telemetry::Level::Trace,
            format: telemetry::Format::Json,
            paths: Vec::new(),
        };
        telemetry::Logs::init(&options, None).unwrap();
        panic!("the header was {:?}", format!("Bearer {secret}"));
    }
    let mut child = std::process::Command::new(std::env::current_exe().unwrap());
    let secret = inline().remove("BATON_NINJA_ONE_CLIENT_SECRET").unwrap();
    let output = child.args(["--exact", NAME, "--nocapture"]).env(CHILD, &secret).output().unwrap();
    assert_eq!(output.status.code(), Some(101), "it panics");
    let mut secrets = Secrets::default();
    secrets.plant("quoted in a panic", &secret);
    let mut caught = Caught::default();
    caught.add("stderr", output.stderr, r#""msg":"panicked""#);
    caught.add("stdout", output.stdout, "FAILED");
    caught.hold_none_of(&secrets);
}
