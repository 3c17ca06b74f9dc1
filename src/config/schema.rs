//! What the `config` subcommand prints: the fields that the control plane's form asks for.
//!
//! Source of truth: section 4 of the reference's command line; the JSON is the protobuf JSON form of
//! `c1.config.v1.Configuration`, where 64-bit numbers are strings and zero values are left out.

use serde::Serialize;

use super::setting::{Kind, Rule, Setting, all};

/// `c1.config.v1.Configuration`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Configuration {
    /// The operations fields of the SDK, then the connector's own.
    pub fields: Vec<Field>,
    /// The connector's name.
    pub display_name: &'static str,
}

/// `c1.config.v1.Field`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Field {
    /// The flag's name.
    pub name: &'static str,
    /// Its label in a form.
    pub display_name: &'static str,
    /// What it means.
    pub description: &'static str,
    /// What a form shows before anything is typed.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub placeholder: &'static str,
    /// It must be given.
    #[serde(skip_serializing_if = "is_false")]
    pub is_required: bool,
    /// It concerns operations rather than the connector.
    #[serde(skip_serializing_if = "is_false")]
    pub is_ops: bool,
    /// It must not be shown.
    #[serde(skip_serializing_if = "is_false")]
    pub is_secret: bool,
    /// Its kind, default and rules.
    #[serde(flatten)]
    pub kind: FieldKind,
}

/// The `field` oneof of `c1.config.v1.Field`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum FieldKind {
    /// A text.
    StringField {
        /// The default.
        #[serde(skip_serializing_if = "str::is_empty")]
        default_value: &'static str,
        /// The rules.
        #[serde(skip_serializing_if = "Option::is_none")]
        rules: Option<StringRules>,
    },
    /// A 64-bit number.
    IntField {
        /// The default.
        #[serde(skip_serializing_if = "str::is_empty")]
        default_value: &'static str,
        /// The rules.
        #[serde(skip_serializing_if = "Option::is_none")]
        rules: Option<IntRules>,
    },
    /// True or false; the default is false.
    BoolField {},
    /// Several texts.
    StringSliceField {
        /// The default.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        default_value: Vec<&'static str>,
    },
}

/// `c1.config.v1.StringRules`, as far as used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StringRules {
    /// The allowed values.
    #[serde(rename = "in", skip_serializing_if = "Vec::is_empty")]
    pub one_of: Vec<&'static str>,
    /// An empty text is refused.
    #[serde(skip_serializing_if = "is_false")]
    pub is_required: bool,
}

/// `c1.config.v1.Int64Rules`, as far as used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct IntRules {
    /// The largest value.
    pub lte: String,
    /// The smallest value.
    pub gte: String,
}

/// The exported fields.
pub fn schema() -> Configuration {
    let exported = || all().filter(|setting| setting.form.is_some());
    let ops = exported().filter(|setting| setting.ops);
    let own = exported().filter(|setting| !setting.ops);
    Configuration { fields: ops.chain(own).map(field).collect(), display_name: "NinjaOne" }
}

/// [`schema`] as JSON, indented by two spaces, without a final line break.
pub fn schema_json() -> String {
    serde_json::to_string_pretty(&schema()).unwrap_or_default()
}

fn field(setting: &'static Setting) -> Field {
    let (display_name, placeholder) = setting.form.unwrap_or_default();
    Field {
        name: setting.name,
        display_name,
        description: setting.help,
        placeholder,
        is_required: setting.required,
        is_ops: setting.ops,
        is_secret: setting.kind == Kind::Secret,
        kind: kind(setting),
    }
}

fn kind(setting: &'static Setting) -> FieldKind {
    match setting.kind {
        Kind::Bool => FieldKind::BoolField {},
        Kind::List => FieldKind::StringSliceField {
            default_value: setting.default.split(',').filter(|item| !item.is_empty()).collect(),
        },
        Kind::Int => FieldKind::IntField {
            default_value: if setting.default == "0" { "" } else { setting.default },
            rules: match setting.rule {
                Rule::Range(least, most) => Some(IntRules { lte: most.to_string(), gte: least.to_string() }),
                _ => None,
            },
        },
        _ => {
            let one_of = match setting.rule {
                Rule::OneOf(values) => values.to_vec(),
                _ => Vec::new(),
            };
            let rules = StringRules { one_of, is_required: setting.required };
            FieldKind::StringField {
                default_value: setting.default,
                rules: Some(rules).filter(|rules| rules.is_required || !rules.one_of.is_empty()),
            }
        }
    }
}

// The signature is what serde asks for.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_false(value: &bool) -> bool {
    !value
}
