//! The config file: a flat YAML map from flag names to values.
//!
//! A file that is not there fails nothing, as in the reference. Unlike it we say what is wrong with a file that is there.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use config::{FileFormat, Source, ValueKind};

use super::environment::Environment;
use super::failure::{Problems, Stage};
use super::setting::{Kind, Place, Setting, all};

const VARIABLE: &str = "BATON_CONFIG_PATH";
const DEFAULT: &str = ".baton.yaml";
const MOST_BYTES: u64 = 1024 * 1024;

/// The values of the config file, as text, by setting name.
#[derive(Debug, Default)]
pub(super) struct ConfigFile {
    pub(super) path: PathBuf,
    values: BTreeMap<String, Entry>,
}

/// A value as the file has it. Not printable: it may be a secret.
pub(super) enum Entry {
    One(String),
    Many(Vec<String>),
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Entry([redacted])")
    }
}

impl ConfigFile {
    /// Finds and reads the file for a process that runs in `cwd`.
    pub(super) fn load(
        env: &dyn Environment,
        cwd: &Path,
        problems: &mut Problems,
        warnings: &mut Vec<String>,
    ) -> Self {
        let named = env.var(VARIABLE).filter(|path| !path.is_empty());
        let path = cwd.join(named.as_ref().map_or(Path::new(DEFAULT), Path::new));
        if !path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml") {
            problems.add(Stage::Source, "expected config file to have .yaml or .yml extension");
            return Self::default();
        }
        match read(&path) {
            Ok(text) => match parse(&text) {
                Ok(values) => Self::checked(path, values, warnings),
                Err(why) => {
                    problems.add(Stage::Source, format!("config file {}: {why}", path.display()));
                    Self::default()
                }
            },
            Err(error) => {
                if named.is_some() {
                    warnings.push(format!(
                        "{VARIABLE}: cannot read {}: {error}; going on without it",
                        path.display()
                    ));
                } else if error.kind() != ErrorKind::NotFound {
                    warnings.push(format!("config file {}: {error}; going on without it", path.display()));
                }
                Self::default()
            }
        }
    }

    fn checked(path: PathBuf, values: BTreeMap<String, Entry>, warnings: &mut Vec<String>) -> Self {
        for key in values.keys() {
            if !all().any(|setting| setting.name == key && setting.place == Place::Everywhere) {
                warnings.push(format!("config file {}: unknown key {key:?} is ignored", path.display()));
            }
        }
        Self { path, values }
    }

    pub(super) fn get(&self, setting: &Setting) -> Option<&Entry> {
        (setting.place == Place::Everywhere).then(|| self.values.get(setting.name)).flatten()
    }
}

fn read(path: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(MOST_BYTES + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MOST_BYTES {
        return Err(std::io::Error::new(ErrorKind::FileTooLarge, "it is larger than 1 MiB"));
    }
    Ok(text)
}

fn parse(text: &str) -> Result<BTreeMap<String, Entry>, String> {
    if text.trim().is_empty() {
        return Ok(BTreeMap::new());
    }
    let table = config::File::from_str(text, FileFormat::Yaml)
        .collect()
        .map_err(|error| format!("it is not a flat YAML map of flag names: {error}"))?;
    let mut values = BTreeMap::new();
    for (key, value) in table {
        let name = key.to_ascii_lowercase();
        let entry = match value.kind {
            ValueKind::Nil => continue,
            ValueKind::Table(_) => return Err(format!("{key}: a map is not a value here; the file is flat")),
            ValueKind::Array(items) => Entry::Many(
                items.into_iter().map(|item| scalar(&name, item.kind, None)).collect::<Result<_, _>>()?,
            ),
            kind => Entry::One(scalar(&name, kind, written(text, &key))?),
        };
        if values.insert(name, entry).is_some() {
            return Err(format!("{key}: the key stands there twice"));
        }
    }
    Ok(values)
}

/// The value's text. YAML reads `0123` and `1e6` as numbers, which would change a text such as a client id without a word.
fn scalar(name: &str, kind: ValueKind, written: Option<&str>) -> Result<String, String> {
    let text = match kind {
        ValueKind::String(text) => return Ok(text),
        ValueKind::Boolean(value) => value.to_string(),
        ValueKind::I64(value) => value.to_string(),
        ValueKind::I128(value) => value.to_string(),
        ValueKind::U64(value) => value.to_string(),
        ValueKind::U128(value) => value.to_string(),
        ValueKind::Float(value) => value.to_string(),
        ValueKind::Nil | ValueKind::Table(_) | ValueKind::Array(_) => {
            return Err(format!("{name}: the items of a list are plain values"));
        }
    };
    let is_text = all().any(|setting| {
        setting.name == name && matches!(setting.kind, Kind::Text | Kind::Secret | Kind::Path)
    });
    if is_text && written.is_some_and(|written| written != text) {
        return Err(format!("{name}: YAML reads this value as a number or bool; put it in quotes"));
    }
    Ok(text)
}

/// What stands behind `key:` in the file, for a plain value on one line.
fn written<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    text.lines().find_map(|line| {
        let value = line.trim_start().strip_prefix(key)?.trim_start().strip_prefix(':')?;
        Some(value.split(" #").next().unwrap_or(value).trim())
    })
}
