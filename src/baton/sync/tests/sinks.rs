//! Sinks that fail, and sinks that are left alone.

use std::sync::mpsc;

use tokio::sync::oneshot;

use super::*;
use crate::baton::c1z::{NewSync, Stats};

/// A group with a member.
fn world() -> Scripted {
    let mut world = Scripted::new();
    world.users(&["1"]);
    world.group("0", &[rid("user", "1")]);
    world
}

/// Keeps nothing.
#[derive(Default)]
struct Stub {
    /// Why resources cannot be stored.
    full: Option<&'static str>,
    finish: Option<Box<Finish>>,
}

/// What is done at the end, with the question whether to stop.
type Finish = dyn FnOnce(&dyn Fn() -> bool) + Send;

impl Target for Stub {
    type Sink = Self;

    fn latest_full(&self) -> Option<String> {
        None
    }

    fn begin(self, _: NewSync) -> Result<Self, SinkError> {
        Ok(self)
    }
}

impl Sink for Stub {
    type Done = ();

    fn put_resource_types(&mut self, _: &[v2::ResourceType]) -> Result<(), SinkError> {
        Ok(())
    }
    fn put_resources(&mut self, _: &[v2::Resource]) -> Result<(), SinkError> {
        self.full.map_or(Ok(()), |why| Err(SinkError::Failed(why.into())))
    }
    fn put_missing_resources(&mut self, _: &[v2::Resource]) -> Result<(), SinkError> {
        Ok(())
    }
    fn put_entitlements(&mut self, _: &[v2::Entitlement]) -> Result<(), SinkError> {
        Ok(())
    }
    fn put_grants(&mut self, _: &[v2::Grant]) -> Result<(), SinkError> {
        Ok(())
    }
    fn resources_after(
        &mut self,
        _: &str,
        mark: i64,
        _: usize,
    ) -> Result<(Vec<v2::Resource>, i64), SinkError> {
        Ok((Vec::new(), mark))
    }
    fn entitlement(&mut self, _: &str) -> Result<Option<v2::Entitlement>, SinkError> {
        Ok(None)
    }
    fn grants_after(&mut self, _: &str, mark: i64, _: usize) -> Result<(Vec<v2::Grant>, i64), SinkError> {
        Ok((Vec::new(), mark))
    }
    fn finish(self, _: bool, stop: &dyn Fn() -> bool) -> Result<(Stats, ()), SinkError> {
        if let Some(finish) = self.finish {
            finish(stop);
        }
        Ok(<_>::default())
    }
}

#[tokio::test]
async fn a_sink_that_fails_says_why() {
    let world = Arc::new(world());
    let full = Stub { full: Some("no space left"), ..Stub::default() };
    let error = syncer(&world).run(full, &CancellationToken::new()).await.unwrap_err();
    assert_eq!(error.to_string(), "no space left");
    assert_eq!(world.asked().last().unwrap(), "cleanup");
}

/// Ends in a panic.
struct Broken;

impl Target for Broken {
    type Sink = Stub;

    fn latest_full(&self) -> Option<String> {
        None
    }

    fn begin(self, _: NewSync) -> Result<Stub, SinkError> {
        panic!("a bug")
    }
}

#[tokio::test]
async fn a_sink_that_panics_fails_the_sync_and_no_more() {
    let error = syncer(&Arc::new(world())).run(Broken, &CancellationToken::new()).await.unwrap_err();
    assert!(error.to_string().contains("ended unexpectedly"), "{error}");
}

#[tokio::test]
async fn a_sync_that_is_dropped_while_it_is_saved_replaces_nothing() {
    let (saving, begun) = oneshot::channel();
    let (go_on, gate) = mpsc::channel();
    let (told, stopped) = oneshot::channel();
    let finish = move |stop: &dyn Fn() -> bool| {
        saving.send(()).unwrap();
        gate.recv().unwrap();
        told.send(stop()).unwrap();
    };
    let sink = Stub { finish: Some(Box::new(finish)), ..Stub::default() };
    let (syncer, cancel) = (syncer(&Arc::new(world())), CancellationToken::new());
    tokio::select! {
        result = syncer.run(sink, &cancel) => panic!("it has ended: {result:?}"),
        begun = begun => begun.unwrap(),
    }
    go_on.send(()).unwrap();
    assert!(stopped.await.unwrap(), "the sink was not told that nobody waits any more");
    assert!(!cancel.is_cancelled(), "what others are cancelled by is not ours to cancel");
}
