//! The real binary, started as an operator starts it.

use std::{
    collections::BTreeMap,
    path::Path,
    process::{Output, Stdio},
    sync::{Arc, Mutex},
};

use secrecy::ExposeSecret as _;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _},
    process::{Child, Command},
    sync::watch,
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

    /// Started in this folder instead.
    pub fn within(mut self, folder: &Path) -> Self {
        self.command.current_dir(folder);
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

    /// Nobody reads what it prints: the other end of its stdout is closed.
    pub fn without_reader(mut self) -> Self {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        self.command.stdout(writer);
        self
    }

    /// Runs it to its end.
    pub async fn output(mut self) -> Output {
        // `Command::output` would put a reader in place of the one that is told to be missing.
        let child = self.command.spawn().unwrap();
        timeout(PATIENCE, child.wait_with_output()).await.expect("the binary ends").unwrap()
    }

    /// Starts it and waits for the line that says where it listens.
    pub async fn listening(self) -> Running {
        self.telling("listening").await
    }

    /// Starts it and waits for the line that says where this is.
    pub async fn telling(self, what: &str) -> Running {
        let mut running = self.start();
        let is_whole = |line: &str| line.ends_with('\n') && line.starts_with(&format!("{what} on "));
        let told = running.until(|told| told.split_inclusive('\n').any(is_whole)).await;
        let said = told.lines().filter_map(|line| line.split_once(" on "));
        running.said = said.map(|(what, address)| (what.to_owned(), address.to_owned())).collect();
        running.address = running.said(what).to_owned();
        running
    }

    /// Starts it, and hears what it says.
    pub fn start(mut self) -> Running {
        let mut child = self.command.spawn().unwrap();
        let stdout = match child.stdout.take() {
            Some(stdout) => Pipe::of(stdout),
            None => Pipe::of(tokio::io::empty()),
        };
        let stderr = Pipe::of(child.stderr.take().unwrap());
        Running { address: String::new(), said: Vec::new(), child, stdout, stderr, _binary: self }
    }
}

/// An end of a pipe that is read as it fills, so that the process never waits for a reader.
struct Pipe {
    read: Arc<Mutex<Vec<u8>>>,
    grown: watch::Receiver<()>,
}

impl Pipe {
    fn of(mut from: impl AsyncRead + Unpin + Send + 'static) -> Self {
        let read = Arc::<Mutex<Vec<u8>>>::default();
        let (grow, grown) = watch::channel(());
        let kept = Arc::clone(&read);
        tokio::spawn(async move {
            let mut piece = vec![0; 64 * 1024];
            while let Ok(length @ 1..) = from.read(&mut piece).await {
                kept.lock().unwrap().extend_from_slice(&piece[..length]);
                grow.send_replace(());
            }
        });
        Self { read, grown }
    }

    fn so_far(&self) -> Vec<u8> {
        self.read.lock().unwrap().clone()
    }

    /// Waits until more has come; false at the end.
    async fn grew(&mut self) -> bool {
        self.grown.changed().await.is_ok()
    }

    /// Everything, once the process has closed it.
    async fn end(&mut self) -> Vec<u8> {
        while self.grew().await {}
        self.so_far()
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
    child: Child,
    stdout: Pipe,
    stderr: Pipe,
    _binary: Binary,
}

impl Running {
    /// Where else it said that it listens.
    pub fn said(&self, what: &str) -> &str {
        let said = self.said.iter().find(|(known, _)| known == what);
        said.map_or_else(|| panic!("it says nothing of {what}: {:?}", self.said), |(_, address)| address)
    }

    /// Waits until what it wrote to stdout is so; all of that.
    pub async fn until(&mut self, so: impl Fn(&str) -> bool) -> String {
        loop {
            let told = text(&self.stdout.so_far());
            if so(&told) {
                return told;
            }
            let goes_on = timeout(PATIENCE, self.stdout.grew()).await.expect("it comes to say so");
            assert!(goes_on, "it ended before: {told} {}", text(&self.stderr.end().await));
        }
    }

    /// Waits until it has logged this to stderr.
    pub async fn logs(&mut self, what: &str) {
        while !text(&self.stderr.so_far()).contains(what) {
            let goes_on = timeout(PATIENCE, self.stderr.grew()).await.expect("it comes to log that");
            assert!(goes_on, "it ended before: {}", text(&self.stderr.so_far()));
        }
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id().expect("it still runs")
    }

    /// Asks it to stop as Kubernetes does.
    pub fn terminate(&self) {
        let sent = std::process::Command::new("kill").args(["-TERM", &self.pid().to_string()]).status();
        assert!(sent.unwrap().success());
    }

    /// Its exit code and what it wrote to stderr.
    pub async fn end(self) -> (Option<i32>, String) {
        let output = self.output().await;
        (output.status.code(), text(&output.stderr))
    }

    /// All that came of it, once it has ended.
    pub async fn output(mut self) -> Output {
        let all = async {
            let (stdout, stderr) = (self.stdout.end().await, self.stderr.end().await);
            Output { status: self.child.wait().await.unwrap(), stdout, stderr }
        };
        timeout(PATIENCE, all).await.expect("it ends")
    }
}
