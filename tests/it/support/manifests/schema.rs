//! Kubernetes' own view of an object: which fields there are, of what type, and which of them must be there.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// The fields that every supported release of Kubernetes knows.
const TABLE: &str = include_str!("../../data/kubernetes.txt");

/// Fields that the schemas call plain text and the API server holds to a few words.
const WORDS: &[(&str, &[&str])] = &[
    ("Container.imagePullPolicy", &["Always", "IfNotPresent", "Never"]),
    ("ContainerPort.protocol", &["TCP", "UDP", "SCTP"]),
    ("CronJobSpec.concurrencyPolicy", &["Allow", "Forbid", "Replace"]),
    ("DeploymentStrategy.type", &["Recreate", "RollingUpdate"]),
    ("HTTPGetAction.scheme", &["HTTP", "HTTPS"]),
    ("NetworkPolicyPort.protocol", &["TCP", "UDP", "SCTP"]),
    ("NetworkPolicySpec.policyTypes", &["Ingress", "Egress"]),
    (
        "PersistentVolumeClaimSpec.accessModes",
        &["ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod"],
    ),
    ("PodSecurityContext.fsGroupChangePolicy", &["OnRootMismatch", "Always"]),
    ("PodSpec.restartPolicy", &["Always", "OnFailure", "Never"]),
    ("SeccompProfile.type", &["Localhost", "RuntimeDefault", "Unconfined"]),
    ("ServicePort.protocol", &["TCP", "UDP", "SCTP"]),
    ("ServiceSpec.type", &["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"]),
    ("TopologySpreadConstraint.whenUnsatisfiable", &["DoNotSchedule", "ScheduleAnyway"]),
];

struct Field {
    type_: &'static str,
    required: bool,
}

type Fields = BTreeMap<&'static str, Field>;

/// The table, read.
pub struct Schema {
    /// By `apiVersion kind`.
    kinds: BTreeMap<&'static str, Fields>,
    types: BTreeMap<&'static str, Fields>,
}

impl Schema {
    pub fn load() -> Self {
        let (mut kinds, mut types) = (BTreeMap::new(), BTreeMap::new());
        let mut open: Option<&mut Fields> = None;
        for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
            if let Some(member) = line.strip_prefix(' ') {
                let (name, type_) = member.split_once(' ').unwrap();
                let field = Field { type_, required: name.ends_with('!') };
                open.as_mut().unwrap().insert(name.trim_end_matches('!'), field);
            } else {
                let (sort, name) = line.split_once(' ').unwrap();
                let table = if sort == "kind" { &mut kinds } else { &mut types };
                open = Some(table.entry(name).or_insert_with(Fields::new));
            }
        }
        Self { kinds, types }
    }

    /// Everything in the object that the API server would not take, each with its path.
    pub fn faults(&self, object: &Value) -> Vec<String> {
        let mut faults = Vec::new();
        let text = |field: &str| object[field].as_str().unwrap_or_default().to_owned();
        let kind = format!("{} {}", text("apiVersion"), text("kind"));
        let Some(fields) = self.kinds.get(kind.as_str()) else {
            return vec![format!("unknown kind {kind}")];
        };
        let path = format!("{}/{}", text("kind"), object["metadata"]["name"].as_str().unwrap_or_default());
        self.object(fields, "", object, &path, &["apiVersion", "kind"], &mut faults);
        faults
    }

    fn object(
        &self,
        fields: &Fields,
        owner: &str,
        value: &Value,
        path: &str,
        free: &[&str],
        faults: &mut Vec<String>,
    ) {
        let Some(members) = value.as_object() else {
            faults.push(format!("{path}: not a map"));
            return;
        };
        let there: BTreeSet<_> = members.keys().map(String::as_str).collect();
        for (name, _) in fields.iter().filter(|(name, field)| field.required && !there.contains(**name)) {
            faults.push(format!("{path}.{name}: missing"));
        }
        for (name, member) in members.iter().filter(|(name, _)| !free.contains(&name.as_str())) {
            let path = format!("{path}.{name}");
            match fields.get(name.as_str()) {
                None => faults.push(format!("{path}: no such field")),
                Some(field) => self.value(field.type_, &format!("{owner}.{name}"), member, &path, faults),
            }
        }
    }

    fn value(&self, type_: &'static str, field: &str, value: &Value, path: &str, faults: &mut Vec<String>) {
        if let Some(inner) = type_.strip_prefix('[') {
            let inner = inner.strip_suffix(']').unwrap();
            match value.as_array() {
                None => faults.push(format!("{path}: not a list")),
                Some(items) => {
                    for (at, item) in items.iter().enumerate() {
                        self.value(inner, field, item, &format!("{path}[{at}]"), faults);
                    }
                }
            }
        } else if let Some(inner) = type_.strip_prefix('{') {
            let inner = inner.strip_suffix('}').unwrap();
            match value.as_object() {
                None => faults.push(format!("{path}: not a map")),
                Some(members) => {
                    for (name, member) in members {
                        self.value(inner, field, member, &format!("{path}.{name}"), faults);
                    }
                }
            }
        } else if let Some(fields) = self.types.get(type_) {
            self.object(fields, type_, value, path, &[], faults);
        } else {
            let fits = match type_ {
                "string" => value.is_string(),
                "boolean" => value.is_boolean(),
                "integer" => value.is_i64(),
                "number" => value.is_number(),
                "int|string" => value.is_i64() || value.is_string(),
                "quantity" => value.is_i64() || value.as_str().is_some_and(is_quantity),
                "any" => true,
                other => panic!("the table has no type {other}"),
            };
            if !fits {
                faults.push(format!("{path}: {value} is not of type {type_}"));
            }
            let held = WORDS.iter().filter(|(name, _)| *name == field);
            for (_, words) in
                held.filter(|(_, words)| !value.as_str().is_some_and(|text| words.contains(&text)))
            {
                faults.push(format!("{path}: {value} is none of {words:?}"));
            }
        }
    }

    /// The words that are held to a field that does not exist.
    pub fn stray_words(&self) -> Vec<&'static str> {
        let known = |name: &str| {
            let (owner, field) = name.split_once('.').unwrap();
            self.types.get(owner).is_some_and(|fields| fields.contains_key(field))
        };
        WORDS.iter().map(|(name, _)| *name).filter(|name| !known(name)).collect()
    }
}

/// `250m`, `32Mi`, `1.5`.
fn is_quantity(text: &str) -> bool {
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let number = &text[..text.len() - unit.len()];
    let known = ["", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
    number.parse::<f64>().is_ok() && known.contains(&unit)
}
