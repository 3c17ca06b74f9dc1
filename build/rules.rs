//! From the `validate.rules` and `validate.required` options of a descriptor pool to Rust source: for every message of the
//! contract an `impl Validate` that checks its fields in declaration order, oneofs last, and stops at the first violation.

use std::{error::Error, fmt::Write as _};

use heck::{ToSnakeCase, ToUpperCamelCase};
use prost_reflect::{
    Cardinality, DescriptorPool, DynamicMessage, ExtensionDescriptor, FieldDescriptor, Kind,
    MessageDescriptor, OneofDescriptor, ReflectMessage as _, Value,
};

/// The packages whose messages are ours to check. Well-known types have no rules.
const OURS: &[&str] = &["c1.", "baton."];

/// The whole source file.
pub(crate) fn generate(pool: &DescriptorPool) -> Result<String, Box<dyn Error>> {
    let options = Options {
        rules: pool.get_extension_by_name("validate.rules").ok_or("proto/validate has no `rules`")?,
        required: pool
            .get_extension_by_name("validate.required")
            .ok_or("proto/validate has no `required`")?,
    };
    let mut out = String::new();
    for message in pool.all_messages().filter(|m| is_ours(m.full_name()) && !m.is_map_entry()) {
        let mut body = String::new();
        for field in message.fields().filter(|f| real_oneof(f).is_none()) {
            options.field(&mut body, &field)?;
        }
        for oneof in message.oneofs().filter(|o| !is_synthetic(o)) {
            options.oneof(&mut body, &message, &oneof)?;
        }
        let name = message
            .full_name()
            .trim_start_matches(message.package_name())
            .trim_start_matches('.')
            .replace('.', "_");
        writeln!(
            out,
            "impl Validate for {} {{\n    const NAME: &'static str = {name:?};",
            rust_path(message.full_name())
        )?;
        writeln!(
            out,
            "    #[allow(deprecated)]\n    fn validate(&self) -> Result<(), Violation> {{\n{body}        Ok(())\n    }}\n}}"
        )?;
    }
    Ok(out)
}

struct Options {
    rules: ExtensionDescriptor,
    required: ExtensionDescriptor,
}

impl Options {
    fn rules_of(&self, field: &FieldDescriptor) -> Option<DynamicMessage> {
        let options = field.options();
        options
            .has_extension(&self.rules)
            .then(|| options.get_extension(&self.rules).as_message().cloned())
            .flatten()
    }

    /// The checks of a field outside any oneof.
    fn field(&self, body: &mut String, field: &FieldDescriptor) -> Result<(), Box<dyn Error>> {
        let rules = self.rules_of(field);
        let (go, rust) = (go_name(field.name()), rust_field(field.name()));
        if field.is_map() {
            let entry = field.kind().as_message().cloned().ok_or("a map field without an entry")?;
            self.map(body, &go, &rust, &entry, rules.as_ref())?;
        } else if field.cardinality() == Cardinality::Repeated {
            self.repeated(body, &go, &rust, field, rules.as_ref())?;
        } else if let Kind::Message(inner) = field.kind() {
            if rules.as_ref().and_then(|r| part(r, "message")).is_some_and(|m| flag(&m, "required")) {
                writeln!(body, "        required::<Self>(\"{go}\", self.{rust}.is_some())?;")?;
            }
            if is_ours(inner.full_name()) {
                writeln!(
                    body,
                    "        if let Some(v) = &self.{rust} {{ embedded::<Self, _>(\"{go}\", v)?; }}"
                )?;
            } else if let Some(duration) = rules.as_ref().and_then(|r| part(r, "duration")) {
                let (low, high) = (seconds(&duration, "gte"), seconds(&duration, "lte"));
                writeln!(
                    body,
                    "        if let Some(v) = &self.{rust} {{ duration::<Self>(\"{go}\", v, {low:?}, {high:?})?; }}"
                )?;
            }
        } else if let Some(rules) = rules {
            let checks = scalar(&go, field, &rules, "v");
            if checks.is_empty() {
                // nothing the generator knows to check
            } else if field.supports_presence() {
                writeln!(body, "        if let Some(v) = &self.{rust} {{ {checks} }}")?;
            } else {
                writeln!(body, "        {{ let v = &self.{rust}; {checks} }}")?;
            }
        }
        Ok(())
    }

    fn repeated(
        &self,
        body: &mut String,
        go: &str,
        rust: &str,
        field: &FieldDescriptor,
        rules: Option<&DynamicMessage>,
    ) -> Result<(), Box<dyn Error>> {
        let repeated = rules.and_then(|r| part(r, "repeated"));
        if let Some(r) = &repeated {
            let (low, high) = (number(r, "min_items"), number(r, "max_items"));
            if low.is_some() || high.is_some() {
                writeln!(body, "        items::<Self>(\"{go}\", self.{rust}.len(), {low:?}, {high:?})?;")?;
            }
            if flag(r, "unique") {
                writeln!(body, "        unique::<Self, _>(\"{go}\", &self.{rust})?;")?;
            }
        }
        let checks = match (field.kind(), repeated.and_then(|r| part(&r, "items"))) {
            (Kind::Message(inner), _) if is_ours(inner.full_name()) => {
                "embedded::<Self, _>(&at, v)?;".to_owned()
            }
            (Kind::Message(_), _) | (_, None) => String::new(),
            (_, Some(items)) => scalar_at("&at", field, &items, "v"),
        };
        if !checks.is_empty() {
            writeln!(
                body,
                "        for (i, v) in self.{rust}.iter().enumerate() {{ let at = Index(\"{go}\", i); {checks} }}"
            )?;
        }
        Ok(())
    }

    fn map(
        &self,
        body: &mut String,
        go: &str,
        rust: &str,
        entry: &MessageDescriptor,
        rules: Option<&DynamicMessage>,
    ) -> Result<(), Box<dyn Error>> {
        let map = rules.and_then(|r| part(r, "map"));
        if let Some(m) = &map {
            let (low, high) = (number(m, "min_pairs"), number(m, "max_pairs"));
            writeln!(body, "        pairs::<Self>(\"{go}\", self.{rust}.len(), {low:?}, {high:?})?;")?;
        }
        let mut checks = String::new();
        if let Some(keys) = map.as_ref().and_then(|m| part(m, "keys")) {
            checks += &scalar_at("&at", &entry.map_entry_key_field(), &keys, "k");
        }
        match entry.map_entry_value_field().kind() {
            Kind::Message(inner) if is_ours(inner.full_name()) => checks += "embedded::<Self, _>(&at, v)?;",
            Kind::Message(_) => {}
            _ => {
                if let Some(values) = map.as_ref().and_then(|m| part(m, "values")) {
                    checks += &scalar_at("&at", &entry.map_entry_value_field(), &values, "v");
                }
            }
        }
        if !checks.is_empty() {
            writeln!(
                body,
                "        for (k, v) in &self.{rust} {{ let (at, _) = (Index(\"{go}\", k), v); {checks} }}"
            )?;
        }
        Ok(())
    }

    /// The members of a oneof, and that one is set where that is required.
    fn oneof(
        &self,
        body: &mut String,
        message: &MessageDescriptor,
        oneof: &OneofDescriptor,
    ) -> Result<(), Box<dyn Error>> {
        let rust = rust_field(oneof.name());
        let type_path =
            format!("{}::{}", rust_module(message.full_name()), oneof.name().to_upper_camel_case());
        let mut arms = String::new();
        for field in oneof.fields() {
            let (go, variant) = (go_name(field.name()), field.name().to_upper_camel_case());
            let checks = match (field.kind(), self.rules_of(&field)) {
                (Kind::Message(inner), _) if is_ours(inner.full_name()) => {
                    format!("embedded::<Self, _>(\"{go}\", v)?")
                }
                (Kind::Message(_), _) | (_, None) => continue,
                (_, Some(rules)) => scalar(&go, &field, &rules, "v"),
            };
            if !checks.is_empty() {
                writeln!(arms, "            Some({type_path}::{variant}(v)) => {{ {checks} }}")?;
            }
        }
        let required = oneof.options().get_extension(&self.required).as_bool() == Some(true);
        if required {
            writeln!(
                body,
                "        required::<Self>(\"{}\", self.{rust}.is_some())?;",
                go_name(oneof.name())
            )?;
        }
        if !arms.is_empty() {
            writeln!(body, "        match &self.{rust} {{\n{arms}            _ => {{}}\n        }}")?;
        }
        Ok(())
    }
}

/// The checks of one scalar value named `var` (a reference), reported under the Go field name.
fn scalar(go: &str, field: &FieldDescriptor, rules: &DynamicMessage, var: &str) -> String {
    scalar_at(&format!("\"{go}\""), field, rules, var)
}

fn scalar_at(at: &str, field: &FieldDescriptor, rules: &DynamicMessage, var: &str) -> String {
    let mut checks = Vec::new();
    let mut ignore_empty = None;
    if let Some(r) = part(rules, "string") {
        ignore_empty = flag(&r, "ignore_empty").then(|| format!("!{var}.is_empty()"));
        let list: Vec<_> = r
            .get_field_by_name("in")
            .map(|v| v.into_owned())
            .and_then(|v| v.as_list().map(<[Value]>::to_vec))
            .unwrap_or_default();
        if !list.is_empty() {
            let items: Vec<_> = list.iter().filter_map(|v| v.as_str()).collect();
            checks.push(format!("one_of::<Self>({at}, {var}, &{items:?})?;"));
        }
        for (low, high, unit, length) in [
            ("min_len", "max_len", "runes", format!("{var}.chars().count()")),
            ("min_bytes", "max_bytes", "bytes", format!("{var}.len()")),
        ] {
            checks.extend(length_check(&r, at, low, high, unit, &length));
        }
        if let Some(prefix) = text(&r, "prefix") {
            checks.push(format!("prefix::<Self>({at}, {var}, {prefix:?})?;"));
        }
        if flag(&r, "email") {
            checks.push(format!("email::<Self>({at}, {var})?;"));
        }
        if flag(&r, "uri") {
            checks.push(format!("uri::<Self>({at}, {var})?;"));
        }
        if let Some(pattern) = text(&r, "pattern") {
            let get = format!("{{ static P: Pattern = Pattern::new(|| Regex::new({pattern:?})); &P }}");
            checks.push(format!("pattern::<Self>({at}, {var}, {get}, {pattern:?})?;"));
        }
    }
    for name in ["uint32", "int64"] {
        if let Some(r) = part(rules, name) {
            ignore_empty = ignore_empty.or_else(|| flag(&r, "ignore_empty").then(|| format!("*{var} != 0")));
            let (gt, gte, lte) = (number(&r, "gt"), number(&r, "gte"), number(&r, "lte"));
            checks.push(format!("range::<Self>({at}, i128::from(*{var}), {gt:?}, {gte:?}, {lte:?})?;"));
        }
    }
    if let Some(r) = part(rules, "bytes") {
        checks.extend(length_check(&r, at, "min_len", "max_len", "bytes", &format!("{var}.len()")));
        if let Some(length) = number(&r, "len") {
            checks.push(format!("exact::<Self>({at}, {var}.len(), {length})?;"));
        }
    }
    if let (Some(r), Kind::Enum(kind)) = (part(rules, "enum"), field.kind())
        && flag(&r, "defined_only")
    {
        let kind = rust_path(kind.full_name());
        checks.push(format!("defined::<Self>({at}, {kind}::try_from(*{var}).is_ok())?;"));
    }
    match (checks.is_empty(), ignore_empty) {
        (true, _) => String::new(),
        (_, Some(condition)) => format!("if {condition} {{ {} }}", checks.join(" ")),
        _ => checks.join(" "),
    }
}

fn length_check(
    rules: &DynamicMessage,
    at: &str,
    low: &str,
    high: &str,
    unit: &str,
    length: &str,
) -> Option<String> {
    let (low, high) = (number(rules, low), number(rules, high));
    (low.is_some_and(|n| n > 0) || high.is_some())
        .then(|| format!("length::<Self>({at}, {length}, {low:?}, {high:?}, \"{unit}\")?;"))
}

fn part(message: &DynamicMessage, name: &str) -> Option<DynamicMessage> {
    message.has_field_by_name(name).then(|| message.get_field_by_name(name)?.as_message().cloned()).flatten()
}

fn flag(message: &DynamicMessage, name: &str) -> bool {
    message.get_field_by_name(name).is_some_and(|v| v.as_bool() == Some(true))
}

fn text(message: &DynamicMessage, name: &str) -> Option<String> {
    message
        .has_field_by_name(name)
        .then(|| message.get_field_by_name(name)?.as_str().map(str::to_owned))
        .flatten()
}

fn number(message: &DynamicMessage, name: &str) -> Option<i128> {
    if message.descriptor().get_field_by_name(name).is_none() || !message.has_field_by_name(name) {
        return None;
    }
    match *message.get_field_by_name(name)? {
        Value::U64(n) => Some(n.into()),
        Value::U32(n) => Some(n.into()),
        Value::I64(n) => Some(n.into()),
        Value::I32(n) => Some(n.into()),
        _ => None,
    }
}

/// A `google.protobuf.Duration` bound in whole seconds.
fn seconds(rules: &DynamicMessage, name: &str) -> Option<i64> {
    let bound = part(rules, name)?;
    i64::try_from(number(&bound, "seconds").unwrap_or(0)).ok()
}

fn is_ours(full_name: &str) -> bool {
    OURS.iter().any(|p| full_name.starts_with(p))
}

fn real_oneof(field: &FieldDescriptor) -> Option<OneofDescriptor> {
    field.containing_oneof().filter(|o| !is_synthetic(o))
}

fn is_synthetic(oneof: &OneofDescriptor) -> bool {
    oneof.fields().len() == 1 && oneof.fields().all(|f| f.field_descriptor_proto().proto3_optional())
}

/// `c1.connector.v2.ResourceType.Trait` as `c1::connector::v2::resource_type::Trait`.
fn rust_path(full_name: &str) -> String {
    let (outer, name) = full_name.rsplit_once('.').unwrap_or(("", full_name));
    format!("{}::{}", rust_module(outer), name.to_upper_camel_case())
}

/// The module in which the members of a package or message stand.
fn rust_module(full_name: &str) -> String {
    full_name.split('.').map(|p| p.to_snake_case()).collect::<Vec<_>>().join("::")
}

/// The struct field that prost makes of a name: keywords as raw identifiers.
fn rust_field(name: &str) -> String {
    let snake = name.to_snake_case();
    if matches!(snake.as_str(), "type" | "in" | "const" | "match" | "ref" | "move" | "enum") {
        format!("r#{snake}")
    } else {
        snake
    }
}

/// The name that a reader of the reference's messages knows: `page_size` is `PageSize`, `field_1` is `Field_1`.
fn go_name(name: &str) -> String {
    let (mut out, mut upper) = (String::new(), true);
    let mut rest = name.chars().peekable();
    while let Some(c) = rest.next() {
        if c == '_' && rest.peek().is_some_and(char::is_ascii_lowercase) {
            upper = true;
        } else {
            out.push(if upper { c.to_ascii_uppercase() } else { c });
            upper = c.is_ascii_digit();
        }
    }
    out
}
