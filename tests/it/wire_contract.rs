//! The compiled descriptors are the contract, field by field: nothing is missing, nothing is ours alone.

use std::{collections::BTreeSet, fmt::Write as _};

use baton_ninja_one::wire::pool;
use prost_reflect::{Cardinality, FieldDescriptor, Kind, MessageDescriptor};

/// The contract as a table: `package`, then `message`, `enum` or `service`, each with its members, one a line.
const TABLE: &str = include_str!("data/wire.txt");

/// Each member of the table as one line that stands for itself: `message a.b.C 1 id one string`.
fn table() -> BTreeSet<String> {
    let (mut package, mut owner) = (String::new(), String::new());
    let mut lines = BTreeSet::new();
    for line in TABLE.lines().filter(|l| !l.starts_with('#') && !l.is_empty()) {
        if let Some(name) = line.strip_prefix("package ") {
            package = name.to_owned();
        } else if let Some(member) = line.strip_prefix(' ') {
            let whole = member.split(' ').map(|word| absolute(word, &package)).collect::<Vec<_>>().join(" ");
            lines.insert(format!("{owner} {whole}"));
        } else {
            let (kind, name) = line.split_once(' ').unwrap();
            owner = format!("{kind} {package}.{name}");
            lines.insert(owner.clone());
        }
    }
    lines
}

/// A type of the same package is written with a leading dot.
fn absolute(word: &str, package: &str) -> String {
    let word = if word.starts_with('.') { format!("{package}{word}") } else { word.to_owned() };
    word.replace(",.", &format!(",{package}."))
}

fn compiled() -> BTreeSet<String> {
    let mut lines = BTreeSet::new();
    let ours = |name: &str| name.starts_with("c1.") || name.starts_with("baton.");
    for message in pool().all_messages().filter(|m| ours(m.full_name()) && !m.is_map_entry()) {
        let owner = format!("message {}", message.full_name());
        lines.extend(message.fields().map(|f| format!("{owner} {}", field(&message, &f))));
        lines.insert(owner);
    }
    for kind in pool().all_enums().filter(|e| ours(e.full_name())) {
        let owner = format!("enum {}", kind.full_name());
        lines.extend(kind.values().map(|v| format!("{owner} {} {}", v.number(), v.name())));
        lines.insert(owner);
    }
    for service in pool().services().filter(|s| ours(s.full_name())) {
        let owner = format!("service {}", service.full_name());
        for method in service.methods() {
            let mut line = format!("{owner} {} ", method.name());
            let stream = |on: bool| if on { "stream " } else { "" };
            let (input, output) = (method.input(), method.output());
            write!(line, "{}{} -> ", stream(method.is_client_streaming()), input.full_name()).unwrap();
            write!(line, "{}{}", stream(method.is_server_streaming()), output.full_name()).unwrap();
            lines.insert(line);
        }
        lines.insert(owner);
    }
    lines
}

fn field(message: &MessageDescriptor, field: &FieldDescriptor) -> String {
    let real_oneof = field.containing_oneof().filter(|_| !field.field_descriptor_proto().proto3_optional());
    let (label, kind) = match (field.kind(), real_oneof) {
        (Kind::Message(entry), _) if field.is_map() => {
            let (key, value) = (entry.map_entry_key_field(), entry.map_entry_value_field());
            ("map".to_owned(), format!("map<{},{}>", name(&key.kind()), name(&value.kind())))
        }
        (kind, Some(oneof)) => (format!("in:{}", oneof.name()), name(&kind)),
        (kind, None) if field.cardinality() == Cardinality::Repeated => ("many".to_owned(), name(&kind)),
        (kind, None) if field.field_descriptor_proto().proto3_optional() => ("maybe".to_owned(), name(&kind)),
        (kind, None) => ("one".to_owned(), name(&kind)),
    };
    assert!(!message.full_name().is_empty());
    format!("{} {} {label} {kind}", field.number(), field.name())
}

fn name(kind: &Kind) -> String {
    match kind {
        Kind::Message(m) => m.full_name().to_owned(),
        Kind::Enum(e) => e.full_name().to_owned(),
        scalar => format!("{scalar:?}").to_lowercase(),
    }
}

#[test]
fn the_compiled_contract_has_every_member_of_the_table() {
    let missing: Vec<_> = table().difference(&compiled()).cloned().collect();
    assert!(missing.is_empty(), "missing or different in proto/: {missing:#?}");
}

#[test]
fn the_compiled_contract_has_no_member_beside_the_table() {
    let extra: Vec<_> = compiled().difference(&table()).cloned().collect();
    assert!(extra.is_empty(), "in proto/, but not in the contract: {extra:#?}");
}
