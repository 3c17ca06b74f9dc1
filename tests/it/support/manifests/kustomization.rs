//! As much of kustomize as the overlays use: resources, components, generators with name hashes, strategic-merge patches,
//! images, labels and the namespace. Anything else is refused, so that an overlay cannot say what this does not read.

use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{documents, kind, merge::merge, name};

const KNOWN: &[&str] = &[
    "apiVersion",
    "kind",
    "namespace",
    "labels",
    "resources",
    "components",
    "configMapGenerator",
    "secretGenerator",
    "patches",
    "images",
];

/// Kinds that belong to no namespace.
const CLUSTER_WIDE: &[&str] = &["Namespace"];

/// The objects that the kustomization in this folder describes.
pub fn render(folder: &Path) -> Vec<Value> {
    let mut objects = build(folder, Vec::new());
    resolve_generated_names(&mut objects);
    objects
}

fn build(folder: &Path, mut objects: Vec<Value>) -> Vec<Value> {
    let path = folder.join("kustomization.yaml");
    let kustomization = documents(&path).remove(0);
    for key in kustomization.as_object().unwrap().keys() {
        assert!(KNOWN.contains(&key.as_str()), "{}: `{key}` is not read here", path.display());
    }
    for resource in list(&kustomization, "resources") {
        let resource = folder.join(resource.as_str().unwrap());
        let more = if resource.is_dir() { build(&resource, Vec::new()) } else { documents(&resource) };
        objects.extend(more);
    }
    for (key, made) in [("configMapGenerator", "ConfigMap"), ("secretGenerator", "Secret")] {
        objects.extend(list(&kustomization, key).iter().map(|options| generate(folder, made, options)));
    }
    for component in list(&kustomization, "components") {
        objects = build(&folder.join(component.as_str().unwrap()), objects);
    }
    for patch in list(&kustomization, "patches") {
        assert_eq!(patch.as_object().unwrap().len(), 1, "{}: a patch is a path", path.display());
        for patch in documents(&folder.join(patch["path"].as_str().unwrap())) {
            let same = |object: &&mut Value| kind(object) == kind(&patch) && name(object) == name(&patch);
            let target = objects.iter_mut().find(same);
            merge(target.unwrap_or_else(|| panic!("{}: nothing to patch", path.display())), &patch);
        }
    }
    for label in list(&kustomization, "labels") {
        objects.iter_mut().for_each(|object| add_labels(object, label));
    }
    for image in list(&kustomization, "images") {
        objects.iter_mut().for_each(|object| set_image(object, image));
    }
    if let Some(namespace) = kustomization.get("namespace") {
        for object in &mut objects {
            let place = if CLUSTER_WIDE.contains(&kind(object)) { "name" } else { "namespace" };
            object["metadata"][place] = namespace.clone();
        }
    }
    objects
}

fn list<'a>(of: &'a Value, key: &str) -> &'a [Value] {
    of.get(key).map_or(&[], |found| found.as_array().unwrap())
}

/// A ConfigMap or Secret from files of `NAME=value` lines. Until the end it carries in `$hash` whether its name gets one.
fn generate(folder: &Path, made: &str, options: &Value) -> Value {
    let mut data = BTreeMap::new();
    for (key, files) in options.as_object().unwrap() {
        match key.as_str() {
            "name" | "options" => {}
            "envs" => {
                for file in files.as_array().unwrap() {
                    data.extend(env_file(&folder.join(file.as_str().unwrap())));
                }
            }
            other => panic!("{}: `{other}` of a generator is not read here", folder.display()),
        }
    }
    let hashed = options.pointer("/options/disableNameSuffixHash") != Some(&Value::Bool(true));
    let mut object =
        json!({ "apiVersion": "v1", "kind": made, "metadata": { "name": options["name"] }, "$hash": hashed });
    if made == "Secret" {
        object["type"] = "Opaque".into();
        data = data.into_iter().map(|(key, text)| (key, STANDARD.encode(text))).collect();
    }
    object["data"] = json!(data);
    object
}

/// The variables of a file that holds one a line.
pub fn env_file(path: &Path) -> BTreeMap<String, String> {
    let text = fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let lines = text.lines().map(str::trim_start).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let pair = |line: &str| line.split_once('=').map(|(key, value)| (key.to_owned(), value.to_owned()));
    lines.map(|line| pair(line).unwrap_or_else(|| panic!("{}: {line}", path.display()))).collect()
}

/// Gives each generated object the hash of its content as a suffix, and tells everything that names it.
fn resolve_generated_names(objects: &mut [Value]) {
    let mut renamed = Vec::new();
    for object in objects.iter_mut() {
        if object.as_object_mut().unwrap().remove("$hash") == Some(Value::Bool(true)) {
            let plain = name(object).to_owned();
            let new = format!("{plain}-{}", hash(object));
            object["metadata"]["name"] = new.as_str().into();
            renamed.push((kind(object).to_owned(), plain, new));
        }
    }
    for object in objects {
        for (kind, old, new) in &renamed {
            rename(object, kind, old, new);
        }
    }
}

fn rename(value: &mut Value, kind: &str, old: &str, new: &str) {
    let references: &[(&str, &str)] = match kind {
        "Secret" => &[("secretRef", "name"), ("secretKeyRef", "name"), ("secret", "secretName")],
        _ => &[("configMapRef", "name"), ("configMapKeyRef", "name"), ("configMap", "name")],
    };
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| rename(item, kind, old, new)),
        Value::Object(members) => {
            for (holder, field) in references {
                let named = members.get_mut(*holder).and_then(|held| held.get_mut(*field));
                if let Some(named) = named.filter(|named| *named == old) {
                    *named = new.into();
                }
            }
            members.values_mut().for_each(|member| rename(member, kind, old, new));
        }
        _ => {}
    }
}

/// The ten letters that kustomize appends: of the SHA-256 of kind, type and data, in an alphabet without words in it.
pub fn hash(object: &Value) -> String {
    let mut content = BTreeMap::from([("data", &object["data"]), ("kind", &object["kind"])]);
    // It hashes before the object has its name.
    let name = Value::from("");
    content.insert("name", &name);
    if let Some(kind) = object.get("type") {
        content.insert("type", kind);
    }
    let digest = Sha256::digest(serde_json::to_vec(&content).unwrap());
    let hex = digest.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    });
    let letter = |c| match c {
        '0' => 'g',
        '1' => 'h',
        '3' => 'k',
        'a' => 'm',
        'e' => 't',
        other => other,
    };
    hex.chars().take(10).map(letter).collect()
}

fn add_labels(object: &mut Value, label: &Value) {
    let keys: Vec<_> = label.as_object().unwrap().keys().map(String::as_str).collect();
    assert!(
        keys.iter().all(|k| ["pairs", "includeTemplates"].contains(k)),
        "labels with {keys:?} are not read here"
    );
    let mut places = vec!["/metadata"];
    if label["includeTemplates"] == true {
        places.extend([
            "/spec/template/metadata",
            "/spec/jobTemplate/metadata",
            "/spec/jobTemplate/spec/template/metadata",
        ]);
    }
    for place in places {
        // A job template without metadata gets some; other kinds have no such place.
        let (parent, _) = place.rsplit_once('/').unwrap();
        if object.pointer(parent).is_some() {
            let labels = &mut object.pointer_mut(parent).unwrap()["metadata"]["labels"];
            merge(labels, &label["pairs"]);
        }
    }
}

fn set_image(value: &mut Value, image: &Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| set_image(item, image)),
        Value::Object(members) => {
            if members.get("image") == Some(&image["name"]) {
                let new = image.get("newName").unwrap_or(&image["name"]).as_str().unwrap();
                let tag = image["newTag"].as_str().unwrap();
                members.insert("image".into(), format!("{new}:{tag}").into());
            }
            members.values_mut().for_each(|member| set_image(member, image));
        }
        _ => {}
    }
}
