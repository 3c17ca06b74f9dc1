//! Uploading an asset of a task, its sync or its log: read once for its checksum, then sent from the disk in pieces. It is
//! never in memory as a whole.

use std::{
    io::{self, Read as _},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures::{Stream, stream};
use sha2::{Digest as _, Sha256};
use tokio::{fs::File, io::AsyncReadExt as _};
use tokio_util::sync::CancellationToken;
use tonic::Status;

use super::ControlPlane;
use crate::wire::api::{
    BatonServiceUploadAssetRequest as Part,
    baton_service_upload_asset_request::{Msg, UploadData, UploadEof, UploadMetadata},
};

/// Bytes in a piece.
const PIECE: usize = 512 * 1024;
/// Before each attempt.
const WAITS: [Duration; 3] = [Duration::ZERO, Duration::ZERO, Duration::from_secs(1)];

/// What is being sent.
#[derive(Debug, Clone)]
struct Asset {
    host_id: String,
    task_id: String,
    path: PathBuf,
    length: u64,
    checksum: [u8; 32],
}

/// What a file is, for the log.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Sync,
    DebugLog,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Sync => "sync",
            Self::DebugLog => "debug log",
        }
    }
}

/// Uploads the file for the task, from the start again when an attempt fails.
///
/// # Errors
/// What the last attempt ended with; `Cancelled` when `cancel` was.
pub(super) async fn upload(
    plane: &ControlPlane,
    task_id: &str,
    path: &Path,
    kind: Kind,
    cancel: &CancellationToken,
) -> Result<(), Status> {
    let asset = Asset::open(plane.host_id(), task_id, path).await.map_err(|e| unreadable(&e))?;
    let kind = kind.name();
    let attempts = async {
        let mut last = Status::unavailable("nothing was sent");
        for (number, wait) in WAITS.into_iter().enumerate() {
            tokio::time::sleep(wait).await;
            match asset.send(plane).await {
                Ok(()) => {
                    tracing::info!(bytes = asset.length, attempt = number + 1, "uploaded the {kind}");
                    return Ok(());
                }
                Err(status) => {
                    let (code, error) = (status.code(), status.message());
                    tracing::warn!(?code, error, attempt = number + 1, "the upload of the {kind} failed");
                    last = status;
                }
            }
        }
        Err(last)
    };
    tokio::select! {
        biased;
        () = cancel.cancelled() => Err(Status::cancelled("the upload was cancelled")),
        outcome = attempts => outcome,
    }
}

impl Asset {
    /// Reads the file through once.
    async fn open(host_id: String, task_id: &str, path: &Path) -> io::Result<Self> {
        let (task_id, path) = (task_id.to_owned(), path.to_owned());
        let read = move || {
            let (mut file, mut hash) = (std::fs::File::open(&path)?, Sha256::new());
            let (mut buffer, mut length) = (vec![0; 64 * 1024], 0);
            loop {
                match file.read(&mut buffer) {
                    Ok(0) => break,
                    Ok(n) => {
                        hash.update(&buffer[..n]);
                        length += n as u64;
                    }
                    Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                    Err(e) => return Err(e),
                }
            }
            Ok(Self { host_id, task_id, path, length, checksum: hash.finalize().into() })
        };
        tokio::task::spawn_blocking(read).await?
    }

    async fn send(&self, plane: &ControlPlane) -> Result<(), Status> {
        let broken: Arc<Mutex<Option<io::Error>>> = Arc::default();
        let sent = plane.upload(|| self.parts(Arc::clone(&broken))).await;
        // Without its end the control plane cannot have taken it for whole; the reason is ours.
        let broken = broken.lock().unwrap_or_else(PoisonError::into_inner).take();
        broken.map_or(sent, |error| Err(unreadable(&error)))
    }

    /// The messages of one attempt. A file that cannot be read, or has changed, ends them early and says why in `broken`.
    fn parts(&self, broken: Arc<Mutex<Option<io::Error>>>) -> impl Stream<Item = Part> + Send + use<> {
        let asset = self.clone();
        stream::unfold(Next::Start(asset), move |next| {
            let broken = Arc::clone(&broken);
            async move {
                match next.step().await {
                    Ok(step) => step.map(|(msg, next)| (Part { msg: Some(msg) }, next)),
                    Err(error) => {
                        *broken.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                        None
                    }
                }
            }
        })
    }
}

/// What comes next in a stream.
enum Next {
    Start(Asset),
    Data { asset: Asset, file: File, left: u64 },
    End,
}

impl Next {
    async fn step(self) -> io::Result<Option<(Msg, Self)>> {
        match self {
            Self::Start(asset) => {
                let (file, left) = (File::open(&asset.path).await?, asset.length);
                let metadata = UploadMetadata {
                    host_id: asset.host_id.clone(),
                    task_id: asset.task_id.clone(),
                    ..Default::default()
                };
                Ok(Some((Msg::Metadata(metadata), Self::Data { asset, file, left })))
            }
            Self::Data { asset, left: 0, .. } => {
                let eof = UploadEof { sha256_checksum: asset.checksum.to_vec(), ..Default::default() };
                Ok(Some((Msg::Eof(eof), Self::End)))
            }
            Self::Data { asset, mut file, left } => {
                let wanted = usize::try_from(left).unwrap_or(PIECE).min(PIECE);
                let mut data = vec![0; wanted];
                file.read_exact(&mut data).await?;
                let left = left - wanted as u64;
                Ok(Some((Msg::Data(UploadData { data }), Self::Data { asset, file, left })))
            }
            Self::End => Ok(None),
        }
    }
}

fn unreadable(error: &io::Error) -> Status {
    Status::internal(format!("the file to upload cannot be read: {error}"))
}
