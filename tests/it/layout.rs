//! The house rules that a compiler does not see: which room may import from which, and what no file may hold.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// A room, and what its files must not import.
const WALLS: &[(&str, &[&str])] = &[
    ("src/baton", &["crate::ninja_one", "crate::cli", "crate::simulator", "crate::config"]),
    (
        "src/ninja_one",
        &[
            "crate::baton::server",
            "crate::baton::c1z",
            "crate::baton::service_mode",
            "crate::cli",
            "crate::simulator",
        ],
    ),
    (
        "src/simulator",
        &[
            "crate::ninja_one",
            "crate::baton",
            "crate::cli",
            "crate::config",
            "crate::telemetry",
            "crate::wire",
        ],
    ),
    (
        "src/config",
        &["crate::ninja_one", "crate::baton", "crate::cli", "crate::simulator", "crate::telemetry"],
    ),
    ("src/telemetry", &["crate::ninja_one", "crate::baton", "crate::cli", "crate::simulator"]),
    (
        "src/wire",
        &[
            "crate::ninja_one",
            "crate::baton",
            "crate::cli",
            "crate::simulator",
            "crate::config",
            "crate::telemetry",
        ],
    ),
];

fn sources(folder: &Path) -> Vec<PathBuf> {
    let (mut found, mut open) = (Vec::new(), vec![folder.to_path_buf()]);
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                found.push(path);
            }
        }
    }
    found
}

/// `use crate::{baton::connector, ninja_one}` as `crate::baton::connector` and `crate::ninja_one`.
fn imports(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices("crate::") {
        let rest: String = text[at + 7..].chars().take_while(|&c| c != ';' && c != '(').collect();
        match rest.strip_prefix('{') {
            None => found.push(format!("crate::{rest}")),
            Some(list) => {
                let mut depth = 0;
                let mut item = String::new();
                for c in list.chars() {
                    match c {
                        '{' => depth += 1,
                        '}' => depth -= 1,
                        ',' if depth == 0 => {
                            found.push(format!("crate::{}", item.trim()));
                            item.clear();
                            continue;
                        }
                        _ => {}
                    }
                    if depth < 0 {
                        break;
                    }
                    item.push(c);
                }
                found.push(format!("crate::{}", item.trim()));
            }
        }
    }
    found.iter().map(|i| i.split_whitespace().collect::<String>()).collect()
}

#[test]
fn imports_run_only_the_way_the_architecture_says() {
    let mut broken = Vec::new();
    for (room, walls) in WALLS {
        for path in sources(Path::new(room)) {
            let text = fs::read_to_string(&path).unwrap();
            let used = imports(&text);
            for wall in *walls {
                let inside = wall.replace("::", "::{");
                if used.iter().any(|i| i.starts_with(wall) || i.starts_with(&inside)) {
                    broken.push(format!("{} imports {wall}", path.display()));
                }
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn grouped_imports_are_seen() {
    let text = "use crate::{\n    baton::connector::{A, B},\n    ninja_one::rest,\n};\nuse crate::wire;";
    let found = imports(text);
    assert!(found.iter().any(|i| i == "crate::baton::connector::{A,B}"), "{found:?}");
    assert!(found.iter().any(|i| i == "crate::ninja_one::rest"), "{found:?}");
    assert!(found.iter().any(|i| i == "crate::wire"), "{found:?}");
}

#[test]
fn no_source_file_is_without_a_word_on_what_it_is_for() {
    let silent: Vec<_> = ["src", "tests", "benches", "build"]
        .iter()
        .filter(|f| Path::new(f).is_dir())
        .flat_map(|f| sources(Path::new(f)))
        .filter(|p| !fs::read_to_string(p).unwrap().starts_with("//!"))
        .collect();
    assert!(silent.is_empty(), "{silent:#?}");
}
