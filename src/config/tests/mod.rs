//! What the command line promises, in the reference's exact words.

// A test that cannot go on says so by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod commands;
mod mistakes;
mod sources;
mod table;
mod values;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::ExposeSecret;
use tempfile::TempDir;

use super::command::Verb;
use super::resolve::Layers;
use super::setting::{Kind, Place, all};
use super::value::Value;
use super::*;

const NINJA_ONE: [(&str, &str); 3] = [
    ("BATON_NINJA_ONE_BASE_URL", "eu"),
    ("BATON_NINJA_ONE_CLIENT_ID", "an-id"),
    ("BATON_NINJA_ONE_CLIENT_SECRET", "a-secret"),
];

fn run_in(cwd: &Path, line: &str, env: &[(&str, &str)]) -> Result<Invocation, Failure> {
    let args = std::iter::once(NAME).chain(line.split_whitespace()).map(OsString::from);
    let env: BTreeMap<String, String> =
        env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    parse(args, &env, cwd)
}

/// Parses with the NinjaOne settings in the environment, in an empty directory.
fn run(line: &str) -> Result<Invocation, Failure> {
    run_with(line, &[])
}

fn run_with(line: &str, env: &[(&str, &str)]) -> Result<Invocation, Failure> {
    let empty = TempDir::new().unwrap();
    run_in(empty.path(), line, &[&NINJA_ONE, env].concat())
}

fn last_line(failure: &Failure) -> &str {
    failure.text.lines().last().unwrap()
}
