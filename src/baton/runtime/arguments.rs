//! Arguments of an action against its schema: names, types, rules, and the relations between them. All mistakes are told in one
//! answer, before anything is begun.

use prost_types::{Struct, value::Kind};
use tonic::Status;

use crate::{
    baton::connector::{argument, resource_id},
    wire::{
        c1::config::v1::{ConstraintKind, Field, ResourceIdField, StringField, field::Field as Typed},
        v2::BatonActionSchema,
    },
};

/// Refuses arguments that do not fit.
pub(super) fn check(schema: &BatonActionSchema, args: &Struct) -> Result<(), Status> {
    let mut mistakes: Vec<_> = args
        .fields
        .keys()
        .filter(|name| !schema.arguments.iter().any(|field| field.name == **name))
        .map(|name| format!("{name} is not an argument of it"))
        .collect();
    mistakes.sort();
    for field in &schema.arguments {
        match argument(args, &field.name) {
            None if field.is_required => mistakes.push(format!("{} is required", field.name)),
            None => {}
            Some(value) => {
                mistakes.extend(misfit(field, value).map(|what| format!("{} {what}", field.name)));
            }
        }
    }
    mistakes.extend(broken_relations(schema, args));
    if mistakes.is_empty() {
        return Ok(());
    }
    Err(Status::invalid_argument(format!("action {}: {}", schema.name, mistakes.join("; "))))
}

/// What is wrong with a value. Kinds of field that no schema here uses are left to the connector.
fn misfit(field: &Field, value: &Kind) -> Option<String> {
    let must = |fits: bool, what: &str| (!fits).then(|| format!("must be {what}"));
    match (field.field.as_ref()?, value) {
        (Typed::StringField(rules), Kind::StringValue(text)) => text_misfit(rules, text),
        (Typed::StringField(_), _) => must(false, "a text"),
        (Typed::BoolField(_), value) => must(matches!(value, Kind::BoolValue(_)), "true or false"),
        (Typed::IntField(_), value) => {
            must(matches!(value, Kind::NumberValue(n) if n.fract() == 0.0), "a whole number")
        }
        (Typed::StringSliceField(_), Kind::ListValue(list)) => {
            let texts = list.values.iter().all(|v| matches!(v.kind, Some(Kind::StringValue(_))));
            must(texts, "a list of texts")
        }
        (Typed::StringSliceField(_), _) => must(false, "a list of texts"),
        (Typed::ResourceIdField(rules), value) => resource_misfit(rules, value),
        _ => None,
    }
}

fn text_misfit(field: &StringField, text: &str) -> Option<String> {
    let rules = field.rules.as_ref()?;
    let length = text.chars().count() as u64;
    match (rules.min_len, rules.max_len) {
        (Some(least), _) if length < least => Some(format!("must have at least {least} characters")),
        (_, Some(most)) if length > most => Some(format!("must have at most {most} characters")),
        _ => None,
    }
}

fn resource_misfit(field: &ResourceIdField, value: &Kind) -> Option<String> {
    let Some(id) = resource_id(value) else {
        return Some("must be an object with resource_type_id and resource_id".to_owned());
    };
    let allowed = field.rules.as_ref().map(|r| r.allowed_resource_type_ids.as_slice()).unwrap_or_default();
    (!allowed.is_empty() && !allowed.contains(&id.resource_type))
        .then(|| format!("must be a resource of the type {}", allowed.join(" or ")))
}

fn broken_relations<'a>(
    schema: &'a BatonActionSchema,
    args: &'a Struct,
) -> impl Iterator<Item = String> + 'a {
    let given = |name: &String| argument(args, name).is_some();
    schema.constraints.iter().filter_map(move |constraint| {
        let names = &constraint.field_names;
        let there = names.iter().filter(|n| given(n)).count();
        let list = names.join(", ");
        match constraint.kind() {
            ConstraintKind::RequiredTogether if there != 0 && there != names.len() => {
                Some(format!("{list} go together"))
            }
            ConstraintKind::AtLeastOne if there == 0 => Some(format!("one of {list} is required")),
            ConstraintKind::MutuallyExclusive if there > 1 => {
                Some(format!("only one of {list} may be given"))
            }
            ConstraintKind::DependentOn
                if there > 0 && !constraint.secondary_field_names.iter().all(given) =>
            {
                Some(format!("{list} need {}", constraint.secondary_field_names.join(", ")))
            }
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use prost_types::Value;

    use super::*;
    use crate::wire::c1::config::v1::{
        BoolField, Constraint, IntField, ResourceIdRules, StringRules, StringSliceField,
    };

    fn field(name: &str, is_required: bool, field: Typed) -> Field {
        Field { name: name.into(), is_required, field: Some(field), ..Field::default() }
    }

    fn schema() -> BatonActionSchema {
        let rules = StringRules { min_len: Some(1), max_len: Some(3), ..StringRules::default() };
        let users = ResourceIdRules { allowed_resource_type_ids: vec!["user".into()] };
        BatonActionSchema {
            name: "act".into(),
            arguments: vec![
                field(
                    "who",
                    true,
                    Typed::ResourceIdField(ResourceIdField { rules: Some(users), ..Default::default() }),
                ),
                field(
                    "text",
                    false,
                    Typed::StringField(StringField { rules: Some(rules), ..Default::default() }),
                ),
                field("flag", false, Typed::BoolField(BoolField::default())),
                field("count", false, Typed::IntField(IntField::default())),
                field("list", false, Typed::StringSliceField(StringSliceField::default())),
            ],
            constraints: vec![Constraint {
                kind: ConstraintKind::AtLeastOne.into(),
                field_names: vec!["text".into(), "flag".into()],
                ..Constraint::default()
            }],
            ..BatonActionSchema::default()
        }
    }

    fn args(fields: &[(&str, Kind)]) -> Struct {
        let fields =
            fields.iter().map(|(name, kind)| ((*name).to_owned(), Value { kind: Some(kind.clone()) }));
        Struct { fields: fields.collect() }
    }

    fn id(names: [&str; 2], resource_type: &str) -> Kind {
        let text = |t: &str| Kind::StringValue(t.to_owned());
        Kind::StructValue(args(&[(names[0], text(resource_type)), (names[1], text("7"))]))
    }

    #[test]
    fn arguments_that_fit_pass_under_every_name_of_a_resource_id() {
        for names in [
            ["resource_type_id", "resource_id"],
            ["resource_type", "resource"],
            ["resourceTypeId", "resourceId"],
        ] {
            let given = args(&[("who", id(names, "user")), ("flag", Kind::BoolValue(false))]);
            assert!(check(&schema(), &given).is_ok(), "{names:?}");
        }
    }

    #[test]
    fn all_mistakes_are_told_at_once() {
        let given = args(&[
            ("who", id(["resource_type", "resource"], "role")),
            ("text", Kind::StringValue("four".into())),
            ("count", Kind::NumberValue(1.5)),
            ("list", Kind::StringValue("a".into())),
            ("flag", Kind::StringValue("yes".into())),
            ("typo", Kind::BoolValue(true)),
        ]);
        let told = check(&schema(), &given).err().map(|s| s.message().to_owned()).unwrap_or_default();
        for name in ["who", "text", "flag", "count", "list", "typo"] {
            assert!(told.contains(&format!("{name} ")), "{name} in {told}");
        }
    }

    #[test]
    fn what_is_required_must_be_there_and_null_is_not() {
        let given = args(&[("who", Kind::NullValue(0)), ("text", Kind::StringValue(String::new()))]);
        let told = check(&schema(), &given).err().map(|s| s.message().to_owned()).unwrap_or_default();
        assert_eq!(told, "action act: who is required; text must have at least 1 characters");
        let told = check(&schema(), &Struct::default()).err().map(|s| s.message().to_owned());
        assert_eq!(told.as_deref(), Some("action act: who is required; one of text, flag is required"));
    }
}
