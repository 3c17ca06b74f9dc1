//! The search: every form in which a secret may be written, looked for in everything that was caught.

use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path};

use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use memchr::memmem;
use tonic::Status;

/// A shorter text could stand somewhere by chance.
const SHORTEST: usize = 12;

/// What must not be found, by what it is.
#[derive(Default)]
pub struct Secrets(Vec<(String, Vec<u8>)>);

impl Secrets {
    pub fn plant(&mut self, name: impl Into<String>, secret: impl AsRef<[u8]>) {
        let (name, secret) = (name.into(), secret.as_ref());
        assert!(secret.len() >= SHORTEST, "{name} is too short to be told from chance");
        self.0.push((name, secret.to_vec()));
    }

    pub fn iter(&self) -> impl Iterator<Item = &(String, Vec<u8>)> {
        self.0.iter()
    }

    /// The secrets that stand in there, each with its form.
    pub fn found_in(&self, bytes: &[u8]) -> Vec<String> {
        let mut found = Vec::new();
        for (name, secret) in &self.0 {
            let there = forms(secret).into_iter().filter(|(_, form)| memmem::find(bytes, form).is_some());
            found.extend(there.map(|(form, _)| format!("{name}, {form}")));
        }
        found
    }
}

/// Byte streams that the program left behind, by what they are.
#[derive(Default)]
pub struct Caught(Vec<(String, Vec<u8>)>);

impl Caught {
    /// Keeps a stream. `holds` is something that must be in it, as proof that it is the one that was meant and not empty.
    pub fn add(&mut self, what: impl Into<String>, bytes: impl Into<Vec<u8>>, holds: &str) {
        let (what, bytes) = (what.into(), bytes.into());
        let holds_it = memmem::find(&bytes, holds.as_bytes()).is_some();
        assert!(holds_it, "{what} does not hold {holds:?}: {}", String::from_utf8_lossy(&bytes));
        self.0.push((what, bytes));
    }

    /// Keeps what a caller of the gRPC door was told: message, details and metadata.
    pub fn add_status(&mut self, what: &str, status: &Status, holds: &str) {
        let told = format!("{status:?} {:?}", status.metadata());
        self.add(what, [status.message().as_bytes(), status.details(), told.as_bytes()].concat(), holds);
    }

    /// Keeps every file of a folder, its name too; what is packed is unpacked as well. `holds` is a name and something that the
    /// file of that name must hold.
    pub fn add_folder(&mut self, what: &str, folder: &Path, holds: &[(&str, &str)]) {
        let files = files(folder);
        for (name, held) in holds {
            let (_, content) = files
                .iter()
                .find(|(path, _)| path.ends_with(name))
                .unwrap_or_else(|| panic!("{what} has no {name}: {:?}", files.keys()));
            assert!(
                memmem::find(content, held.as_bytes()).is_some(),
                "{what}: {name} does not hold {held:?}"
            );
        }
        for (path, content) in files {
            self.0.push((format!("{what}: the name of {path}"), path.clone().into_bytes()));
            self.0.push((format!("{what}: {path}"), content));
        }
    }

    /// Fails where a secret had to be cut out of a log line: the line should not have had it in the first place.
    pub fn needed_no_redaction(&self) {
        let redacted = |bytes: &[u8]| memmem::find(bytes, b"[redacted]").is_some();
        let streams: Vec<_> = self.0.iter().filter(|(_, b)| redacted(b)).map(|(what, _)| what).collect();
        assert!(streams.is_empty(), "something was cut out of {streams:?}");
    }

    /// Fails with every secret that stands somewhere.
    pub fn hold_none_of(&self, secrets: &Secrets) {
        let mut leaks = BTreeMap::new();
        for (what, bytes) in &self.0 {
            let found = secrets.found_in(bytes);
            if !found.is_empty() {
                leaks.insert(what, found);
            }
        }
        assert!(leaks.is_empty(), "secrets were left behind: {leaks:#?}");
    }
}

/// Every file of a folder by its path within, what is packed also as what it unpacks to.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let name = path.strip_prefix(folder).unwrap().display().to_string();
            let content = fs::read(&path).unwrap();
            if let Some(unpacked) = unpacked(&content) {
                found.insert(format!("{name}.unpacked"), unpacked);
            }
            found.insert(name, content);
        }
    }
    found
}

/// The database within a `.c1z` file.
pub fn unpacked(file: &[u8]) -> Option<Vec<u8>> {
    let packed = file.strip_prefix(b"C1ZF\0")?;
    Some(zstd::stream::decode_all(packed).expect("a whole file"))
}

/// The ways in which a secret may be written.
pub fn forms(secret: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut forms = vec![("plain".to_owned(), secret.to_vec())];
    let mut add = |name: &str, form: String| {
        if forms.iter().all(|(_, known)| *known != form.as_bytes()) {
            forms.push((name.to_owned(), form.into_bytes()));
        }
    };
    if let Ok(text) = std::str::from_utf8(secret) {
        let debug = text.escape_debug().to_string();
        add("in JSON", json(text));
        add("in JSON in JSON", json(&json(text)));
        add("in a debug text in JSON", json(&debug));
        add("in a debug text", debug);
        add("in ASCII", text.escape_default().to_string());
    }
    let form: String = url::form_urlencoded::byte_serialize(secret).collect();
    add("URL-encoded, with %20", form.replace('+', "%20"));
    add("URL-encoded", form);
    add("URL-encoded in small letters", encoded(secret, |byte| format!("%{byte:02x}")));
    add("URL-encoded in capitals", encoded(secret, |byte| format!("%{byte:02X}")));
    add("in hexadecimal", hex(secret));
    add("in hexadecimal capitals", hex(secret).to_uppercase());
    for shift in 0..3 {
        add(&format!("in base64 behind {shift} bytes"), based(&STANDARD_NO_PAD, secret, shift));
        add(&format!("in base64url behind {shift} bytes"), based(&URL_SAFE_NO_PAD, secret, shift));
    }
    forms
}

fn json(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

/// As RFC 3986 has it: everything but letters, digits and four marks.
fn encoded(secret: &[u8], escape: impl Fn(u8) -> String) -> String {
    let one = |byte: &u8| match byte {
        b'-' | b'.' | b'_' | b'~' => char::from(*byte).to_string(),
        byte if byte.is_ascii_alphanumeric() => char::from(*byte).to_string(),
        byte => escape(*byte),
    };
    secret.iter().map(one).collect()
}

fn hex(secret: &[u8]) -> String {
    secret.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

/// What is the same in base64 whatever stands before and behind the secret, when `shift` bytes of a group stand before it.
fn based(engine: &impl base64::Engine, secret: &[u8], shift: usize) -> String {
    let mut bytes = vec![0; shift];
    bytes.extend_from_slice(secret);
    bytes.truncate(bytes.len() / 3 * 3);
    let text = engine.encode(bytes);
    text[[0, 2, 3][shift]..].to_owned()
}
