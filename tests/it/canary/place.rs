//! A place where every secret there is can be found again: NinjaOne, a control plane and a gRPC door, each with its secrets, and
//! folders for all that the program leaves behind.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use baton_ninja_one::{config, simulator};
use secrecy::ExposeSecret as _;
use tempfile::TempDir;

use super::search::{Caught, Secrets};
use crate::support::{
    World,
    binary::Binary,
    certificates::{Ca, Pair},
    collector::Collector,
    control_plane::{CLIENT_ID, ControlPlane, Door, HOST_ID, Key},
    small_tenant,
};

/// With every character that some form has to write in another way.
const NINJA_ONE: &str = r#"ninja-one canary "q"\/+&=%é<1>"#;
pub const READER: &str = r#"reader-canary-"q"\/+&=%<2>"#;
pub const WRITER: &str = r#"writer-canary-"q"\/+&=%<3>"#;

/// Goes through a header as it is.
const COLLECTOR: &str = "collector-canary-4";

/// How the program is given its secrets.
#[derive(Debug, Clone, Copy)]
pub enum Given {
    InEnvironment,
    InFiles,
}

impl Given {
    pub const BOTH: [Self; 2] = [Self::InEnvironment, Self::InFiles];
}

pub struct Place {
    pub world: World,
    pub plane: ControlPlane,
    pub ca: Ca,
    /// What gets traces and log records.
    pub collector: Collector,
    door: Door,
    /// What the program reads: it holds secrets, and is not searched.
    given: TempDir,
    /// What the program writes.
    left: TempDir,
    pub secrets: Secrets,
}

impl Place {
    pub async fn new() -> Self {
        let mut options = simulator::Options::with(small_tenant());
        options.client_secret = NINJA_ONE.into();
        let (world, plane) = (World::of(options).await, ControlPlane::in_real_time());
        let door = plane.over_tls().await;
        let (given, left) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for folder in ["work", "temp", "logs"] {
            fs::create_dir(left.path().join(folder)).unwrap();
        }
        let (ca, collector) = (Ca::new("the door's authority"), Collector::start().await);
        let mut place = Self { world, plane, ca, collector, door, given, left, secrets: Secrets::default() };
        place.plant();
        place
    }

    fn plant(&mut self) {
        let own = self.ca.server();
        self.give("ca.pem", &self.door.ca);
        self.give("tls.crt", &own.certificate);
        self.give("tls.key", &own.key);
        self.give("tokens", &format!("reviewer:read:{READER}\nplatform:provision:{WRITER}\n"));
        for (name, secret) in inline() {
            self.give(name, &secret);
            self.secrets.plant(name, secret);
        }
        self.secrets.plant("the reader's token", READER);
        self.secrets.plant("the writer's token", WRITER);
        self.secrets.plant("the collector's token", COLLECTOR);
        plant_key(&mut self.secrets, "the door's key", &own);

        let secret = Key::first().secret;
        let packed = secret.rsplit(':').next().unwrap();
        let jwk = URL_SAFE_NO_PAD.decode(packed).unwrap();
        let parsed: serde_json::Value = serde_json::from_slice(&jwk).unwrap();
        let d = parsed["d"].as_str().unwrap();
        self.secrets.plant("the control plane's key, packed", packed);
        self.secrets.plant("the control plane's key in JSON", &jwk);
        self.secrets.plant("d of the control plane's key", d);
        self.secrets.plant("d of the control plane's key, unpacked", URL_SAFE_NO_PAD.decode(d).unwrap());
    }

    /// A file for the program to read.
    pub fn give(&self, name: &str, text: &str) -> String {
        let path = self.given(name);
        fs::write(&path, text).unwrap();
        path
    }

    /// Where such a file is.
    pub fn given(&self, name: &str) -> String {
        self.given.path().join(name).display().to_string()
    }

    /// A folder that is searched.
    pub fn left(&self, name: &str) -> PathBuf {
        self.left.path().join(name)
    }

    /// The binary with everything that it can be told, loud, in a folder that is searched.
    pub fn binary(&self, args: &[&str], given: Given) -> Binary {
        let left = |name: &str| self.left(name).display().to_string();
        let mut binary = Binary::new(args)
            .within(&self.left("work"))
            .env("TMPDIR", &left("temp"))
            .env("BATON_TMPDIR", &left("temp"))
            .env("BATON_LOG_LEVEL", "trace")
            .env("BATON_LOG_FORMAT", "json")
            .env("BATON_LOG_PATH", &format!("stderr,{}", left("logs/all.log")))
            .env("BATON_OTEL_COLLECTOR_ENDPOINT", &format!("http://{}", self.collector.authority))
            .env("OTEL_EXPORTER_OTLP_HEADERS", &format!("authorization=Bearer%20{COLLECTOR}"))
            .env("BATON_NINJA_ONE_BASE_URL", &self.world.ninja_one.url())
            .env("BATON_NINJA_ONE_CLIENT_ID", self.world.ninja_one.client_id());
        for (name, secret) in inline() {
            if name != "BATON_CLIENT_SECRET" {
                binary = self.secret(binary, name, &secret, given);
            }
        }
        binary
    }

    /// The same with the control plane's credentials, which for the bare command mean service mode.
    pub fn controlled(&self, args: &[&str], given: Given) -> Binary {
        let binary = self.binary(args, given);
        self.secret(binary, "BATON_CLIENT_SECRET", &Key::first().secret, given)
            .env("BATON_CLIENT_ID", CLIENT_ID)
            .env("BATON_HOST_ID", HOST_ID)
            .env("BATON_C1_API_HOST", &self.door.authority)
            .env("SSL_CERT_FILE", &self.given("ca.pem"))
    }

    fn secret(&self, binary: Binary, name: &str, secret: &str, given: Given) -> Binary {
        match given {
            Given::InEnvironment => binary.env(name, secret),
            Given::InFiles => binary.env(&format!("{name}_FILE"), &self.given(name)),
        }
    }

    /// Searches the streams, what NinjaOne was sent beside its token requests, and the folders, for all secrets and for what was
    /// given out on the way. A folder's `holds` are names of files and something that they must hold.
    pub fn nothing_leaked(mut self, mut caught: Caught, holds: &[(&str, &str)]) -> Caught {
        for (number, token) in self.world.ninja_one.given_out().iter().enumerate() {
            self.secrets.plant(format!("NinjaOne's token {number}"), token.expose_secret());
        }
        for (number, credential) in self.plane.credentials().iter().enumerate() {
            self.secrets.plant(format!("the control plane's token or assertion {number}"), credential);
            if let Some((_, signature)) = credential.rsplit_once('.') {
                self.secrets.plant(format!("the signature {number}"), signature);
            }
        }
        caught.add("the requests to NinjaOne", format!("{:?}", self.world.ninja_one.requests()), "[");
        caught.add("the collector", self.collector.everything(), "");
        caught.add_folder("left behind", self.left.path(), holds);
        caught.hold_none_of(&self.secrets);
        caught
    }
}

/// The secrets among the settings, by their variable.
pub fn inline() -> BTreeMap<&'static str, String> {
    BTreeMap::from([
        ("BATON_CLIENT_SECRET", Key::first().secret),
        ("BATON_NINJA_ONE_CLIENT_SECRET", NINJA_ONE.to_owned()),
    ])
}

/// The variables of all secrets that the table of settings knows.
pub fn secret_variables() -> Vec<String> {
    let page = config::reference_markdown();
    let rows = page.lines().filter(|line| line.starts_with("| ")).map(|line| line.split('|'));
    let secret = |mut row: std::str::Split<'_, char>| {
        let variable = row.nth(2)?.trim().trim_matches('`').to_owned();
        (row.next()?.trim() == "secret").then_some(variable)
    };
    rows.filter_map(secret).collect()
}

/// A private key as a file holds it, line by line, unpacked, and the number within.
fn plant_key(secrets: &mut Secrets, name: &str, pair: &Pair) {
    let lines: Vec<_> = pair.key.lines().filter(|line| !line.starts_with('-')).map(str::trim).collect();
    secrets.plant(format!("{name} in PEM"), &pair.key);
    for (number, line) in lines.iter().enumerate().filter(|(_, line)| line.len() > 30) {
        secrets.plant(format!("line {number} of {name}"), line);
    }
    let der = base64::engine::general_purpose::STANDARD.decode(lines.concat()).unwrap();
    // An octet string of 32 bytes, as RFC 5915 has it.
    let at = memchr::memmem::find(&der, &[0x04, 0x20]).expect("a key on P-256") + 2;
    secrets.plant(format!("the number of {name}"), &der[at..at + 32]);
    secrets.plant(format!("{name} unpacked"), der);
}

/// What the process shows of itself to others on the machine.
pub fn arguments(pid: u32) -> Vec<u8> {
    fs::read(Path::new("/proc").join(pid.to_string()).join("cmdline")).unwrap()
}
