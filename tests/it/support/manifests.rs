//! The manifests of deploy/, read as `kubectl kustomize` reads them, and looked into.

pub mod kustomization;
pub mod merge;
pub mod schema;

use std::{collections::BTreeMap, fs, path::Path};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Map, Value};
use yaml_rust2::{Yaml, YamlLoader};

/// The folder of the overlays, from the crate's root.
pub const OVERLAYS: &str = "deploy/kubernetes/overlays";

/// The name that every object carries.
pub const NAME: &str = "baton-ninja-one";

/// The names of all overlays.
pub fn overlays() -> Vec<String> {
    let entries = fs::read_dir(OVERLAYS).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<_> = entries.map(|name| name.into_string().unwrap()).collect();
    names.sort_unstable();
    names
}

/// The objects that an overlay puts into the cluster.
pub fn rendered(overlay: &str) -> Vec<Value> {
    kustomization::render(&Path::new(OVERLAYS).join(overlay))
}

/// Every overlay: its name and its objects.
pub fn every_overlay() -> Vec<(String, Vec<Value>)> {
    let all: Vec<_> = overlays().into_iter().map(|overlay| (overlay.clone(), rendered(&overlay))).collect();
    assert!(all.len() >= 5, "the overlays are found");
    all
}

/// The documents of a YAML file.
pub fn documents(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let documents = YamlLoader::load_from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    documents.iter().map(value).collect()
}

fn value(yaml: &Yaml) -> Value {
    match yaml {
        Yaml::Null => Value::Null,
        Yaml::Boolean(truth) => Value::Bool(*truth),
        Yaml::Integer(number) => Value::from(*number),
        Yaml::Real(number) => Value::from(number.parse::<f64>().unwrap()),
        Yaml::String(text) => Value::from(text.as_str()),
        Yaml::Array(items) => items.iter().map(value).collect(),
        Yaml::Hash(members) => {
            let member = |(name, held): (&Yaml, &Yaml)| (name.as_str().unwrap().to_owned(), value(held));
            Value::Object(members.iter().map(member).collect::<Map<_, _>>())
        }
        Yaml::Alias(_) | Yaml::BadValue => panic!("not plain YAML: {yaml:?}"),
    }
}

/// An object's kind.
pub fn kind(object: &Value) -> &str {
    object["kind"].as_str().unwrap()
}

/// An object's name.
pub fn name(object: &Value) -> &str {
    object["metadata"]["name"].as_str().unwrap()
}

/// The objects of a kind.
pub fn of_kind<'a>(objects: &'a [Value], wanted: &str) -> Vec<&'a Value> {
    objects.iter().filter(|object| kind(object) == wanted).collect()
}

/// The pod templates, each with the object that makes pods of it.
pub fn pods(objects: &[Value]) -> Vec<(&Value, &Value)> {
    let template = |object: &'static str| match object {
        "Deployment" => Some("/spec/template"),
        "CronJob" => Some("/spec/jobTemplate/spec/template"),
        _ => None,
    };
    let kinds = ["Deployment", "CronJob"];
    let found = kinds.iter().flat_map(|wanted| {
        of_kind(objects, wanted).into_iter().map(|o| (o, o.pointer(template(wanted).unwrap()).unwrap()))
    });
    found.collect()
}

/// The one container of a pod template.
pub fn container(template: &Value) -> &Value {
    let containers = template["spec"]["containers"].as_array().unwrap();
    assert_eq!(containers.len(), 1, "one container a pod");
    assert!(template["spec"].get("initContainers").is_none(), "and nothing before it");
    &containers[0]
}

/// What a ConfigMap or Secret holds, as text.
pub fn data(object: &Value) -> BTreeMap<String, String> {
    let decode = |text: &str| match kind(object) {
        "Secret" => String::from_utf8(STANDARD.decode(text).unwrap()).unwrap(),
        _ => text.to_owned(),
    };
    let members = object["data"].as_object().unwrap().iter();
    members.map(|(key, text)| (key.clone(), decode(text.as_str().unwrap()))).collect()
}

/// The environment that the kubelet gives the container: what it draws from, then its own variables.
pub fn environment(objects: &[Value], container: &Value) -> BTreeMap<String, String> {
    let mut variables = BTreeMap::new();
    for source in container["envFrom"].as_array().into_iter().flatten() {
        for (field, wanted) in [("secretRef", "Secret"), ("configMapRef", "ConfigMap")] {
            if let Some(reference) = source.get(field) {
                let from =
                    of_kind(objects, wanted).into_iter().find(|o| o["metadata"]["name"] == reference["name"]);
                variables.extend(data(from.unwrap_or_else(|| panic!("no {wanted} for {reference}"))));
            }
        }
    }
    for variable in container["env"].as_array().into_iter().flatten() {
        let text = variable["value"].as_str().unwrap_or_else(|| panic!("a literal value: {variable}"));
        variables.insert(variable["name"].as_str().unwrap().to_owned(), text.to_owned());
    }
    variables
}

/// The container's arguments.
pub fn arguments(container: &Value) -> Vec<&str> {
    container["args"].as_array().into_iter().flatten().map(|a| a.as_str().unwrap()).collect()
}
