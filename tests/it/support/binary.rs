//! The real binary, started as an operator starts it.

use std::{
    collections::BTreeMap,
    process::{Output, Stdio},
};

use secrecy::ExposeSecret as _;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader},
    process::{Child, Command},
    time::timeout,
};

use super::{PATIENCE, World};

/// The binary with an empty environment, in an empty folder.
pub struct Binary {
    command: Command,
    _folder: tempfile::TempDir,
}

impl Binary {
    pub fn new(args: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_baton-ninja-one"));
        command.args(args).env_clear().current_dir(folder.path()).kill_on_drop(true);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Self { command, _folder: folder }
    }

    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// The environment of a deployment in front of this NinjaOne.
    pub fn against(self, world: &World) -> Self {
        deployment(world).iter().fold(self, |binary, (name, value)| binary.env(name, value))
    }

    /// Starts it, and leaves it to the caller. Its output is thrown away.
    pub fn spawn(mut self) -> Child {
        self.command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    /// Starts it as it is, and leaves it to the caller.
    pub fn start(mut self) -> Child {
        self.command.spawn().unwrap()
    }

    /// Nobody reads what it prints: the other end of its stdout is closed.
    pub fn without_reader(mut self) -> Self {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        self.command.stdout(writer);
        self
    }

    /// Runs it to its end.
    pub async fn output(mut self) -> Output {
        timeout(PATIENCE, self.command.output()).await.expect("the binary ends").unwrap()
    }

    /// Starts it and waits for the line that says where it listens.
    pub async fn listening(mut self) -> Running {
        let mut child = self.command.spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut said = Vec::new();
        let address = loop {
            let line =
                timeout(PATIENCE, stdout.next_line()).await.expect("it says where it listens").unwrap();
            match line.as_deref().and_then(|line| line.split_once(" on ")) {
                Some(("listening", address)) => break address.to_owned(),
                Some((what, address)) => said.push((what.to_owned(), address.to_owned())),
                None => {
                    let mut told = String::new();
                    child.stderr.take().unwrap().read_to_string(&mut told).await.unwrap();
                    panic!("instead of an address: {line:?} {told}");
                }
            }
        };
        Running { address, said, child, _binary: self }
    }
}

/// Output as text.
pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// What a deployment sets for this NinjaOne.
pub fn deployment(world: &World) -> BTreeMap<&'static str, String> {
    BTreeMap::from([
        ("BATON_NINJA_ONE_BASE_URL", world.ninja_one.url()),
        ("BATON_NINJA_ONE_CLIENT_ID", world.ninja_one.client_id().to_owned()),
        ("BATON_NINJA_ONE_CLIENT_SECRET", world.ninja_one.client_secret().expose_secret().to_owned()),
    ])
}

/// A running daemon.
pub struct Running {
    pub address: String,
    said: Vec<(String, String)>,
    pub child: Child,
    _binary: Binary,
}

impl Running {
    /// Where else it said that it listens.
    pub fn said(&self, what: &str) -> &str {
        let said = self.said.iter().find(|(known, _)| known == what);
        said.map_or_else(|| panic!("it says nothing of {what}: {:?}", self.said), |(_, address)| address)
    }

    /// Asks it to stop as Kubernetes does.
    pub fn terminate(&self) {
        let pid = self.child.id().expect("it still runs").to_string();
        let sent = std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap();
        assert!(sent.success());
    }

    /// Its exit code and what it wrote to stderr.
    pub async fn end(mut self) -> (Option<i32>, String) {
        let mut stderr = String::new();
        let mut pipe = self.child.stderr.take().unwrap();
        let read = async { pipe.read_to_string(&mut stderr).await.unwrap() };
        timeout(PATIENCE, read).await.expect("it ends");
        let status = timeout(PATIENCE, self.child.wait()).await.expect("it ends").unwrap();
        (status.code(), stderr)
    }
}
