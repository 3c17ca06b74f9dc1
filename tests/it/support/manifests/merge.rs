//! Strategic merge: maps are merged, null removes, lists of named things are merged by that name, other lists are replaced.

use serde_json::{Map, Value};

/// What tells the elements of a list apart.
const KEYS: &[(&str, &[&str])] = &[
    ("containers", &["name"]),
    ("env", &["name"]),
    ("volumes", &["name"]),
    ("volumeMounts", &["mountPath"]),
    ("ports", &["containerPort", "port"]),
];

/// Applies a patch.
pub fn merge(target: &mut Value, patch: &Value) {
    let Some(changes) = patch.as_object() else {
        *target = patch.clone();
        return;
    };
    if changes.get("$patch").is_some_and(|how| how == "replace") {
        let rest = changes.iter().filter(|(key, _)| *key != "$patch");
        *target = Value::Object(rest.map(|(key, value)| (key.clone(), value.clone())).collect());
        return;
    }
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let members = target.as_object_mut().unwrap();
    for (key, change) in changes {
        let merge_keys = KEYS.iter().find(|(list, _)| list == key).map(|(_, keys)| *keys);
        match (change, merge_keys) {
            (Value::Null, _) => {
                members.remove(key);
            }
            (Value::Array(patches), Some(keys)) => {
                merge_list(members.entry(key.as_str()).or_insert(Value::Array(Vec::new())), patches, keys);
            }
            _ => merge(members.entry(key.as_str()).or_insert(Value::Null), change),
        }
    }
}

fn merge_list(target: &mut Value, patches: &[Value], keys: &[&str]) {
    let items = target.as_array_mut().unwrap();
    let mut new = Vec::new();
    for patch in patches {
        let key = keys.iter().find(|key| patch.get(**key).is_some());
        let key = key.unwrap_or_else(|| panic!("{patch} has none of {keys:?}"));
        let at = items.iter().position(|item| item.get(*key) == patch.get(*key));
        match at {
            Some(at) if patch.get("$patch").is_some_and(|how| how == "delete") => {
                items.remove(at);
            }
            Some(at) => merge(&mut items[at], patch),
            None => new.push(patch.clone()),
        }
    }
    items.splice(0..0, new);
}

#[test]
fn a_patch_merges_by_name_removes_by_null_and_replaces_when_told() {
    use serde_json::json;
    let mut target = json!({ "spec": { "env": [{ "name": "a", "value": "1" }, { "name": "b" }], "args": ["x"], "gone": 1,
        "probe": { "httpGet": {}, "period": 1 } } });
    let patch = json!({ "spec": { "env": [{ "name": "a", "value": "2" }, { "name": "b", "$patch": "delete" }, { "name": "c" }],
        "args": ["y"], "gone": null, "probe": { "$patch": "replace", "grpc": {} } } });
    merge(&mut target, &patch);
    let wanted = json!({ "spec": { "env": [{ "name": "c" }, { "name": "a", "value": "2" }], "args": ["y"],
        "probe": { "grpc": {} } } });
    assert_eq!(target, wanted);
}
