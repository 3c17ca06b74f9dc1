//! ProtoJSON of any message of the contract, `Any` included, by way of its descriptor.

use std::sync::OnceLock;

use prost::{Message, Name};
use prost_reflect::{
    DescriptorPool, DeserializeOptions, DynamicMessage, ReflectMessage as _, SerializeOptions,
};
use serde_json::Value;

use super::DESCRIPTORS;

/// Why a message and its JSON form do not fit together.
#[derive(Debug, thiserror::Error)]
#[error("{message}: {reason}")]
pub struct JsonError {
    message: String,
    reason: String,
}

/// The descriptors of the contract.
///
/// # Panics
/// Never in a build that passed its tests: the descriptors are compiled in.
#[allow(clippy::expect_used)] // the bytes are a constant of the build
pub fn pool() -> &'static DescriptorPool {
    static POOL: OnceLock<DescriptorPool> = OnceLock::new();
    POOL.get_or_init(|| DescriptorPool::decode(DESCRIPTORS).expect("the compiled descriptors parse"))
}

/// The message as ProtoJSON: camelCase names, defaults left out.
///
/// # Errors
/// When an `Any` inside holds a type that the contract does not know.
pub fn to_json<M: Message + Name>(message: &M) -> Result<Value, JsonError> {
    let error = |reason: String| JsonError { message: M::full_name(), reason };
    let mut dynamic = empty::<M>()?;
    dynamic.transcode_from(message).map_err(|e| error(e.to_string()))?;
    let options = SerializeOptions::new().skip_default_fields(true).stringify_64_bit_integers(true);
    let value = dynamic.serialize_with_options(serde_json::value::Serializer, &options);
    value.map(whole_numbers).map_err(|e| error(e.to_string()))
}

/// Whole doubles without a fraction, as the reference prints them: `101`, not `101.0`.
#[allow(clippy::cast_possible_truncation)] // within the bound a double holds every integer exactly
fn whole_numbers(value: Value) -> Value {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match value {
        Value::Number(n) => match n.as_f64().filter(|f| n.is_f64() && f.fract() == 0.0 && f.abs() < EXACT) {
            Some(whole) => Value::from(whole as i64),
            None => Value::Number(n),
        },
        Value::Array(items) => items.into_iter().map(whole_numbers).collect(),
        Value::Object(fields) => fields.into_iter().map(|(k, v)| (k, whole_numbers(v))).collect(),
        other => other,
    }
}

/// The message that a ProtoJSON value describes; camelCase and original names are both taken.
///
/// # Errors
/// When the value has a field that the message lacks, or one of another type.
pub fn from_json<M: Message + Name + Default>(value: &Value) -> Result<M, JsonError> {
    let error = |reason: String| JsonError { message: M::full_name(), reason };
    let descriptor = empty::<M>()?.descriptor();
    let dynamic = DynamicMessage::deserialize_with_options(descriptor, value, &DeserializeOptions::new())
        .map_err(|e| error(e.to_string()))?;
    dynamic.transcode_to().map_err(|e| error(e.to_string()))
}

fn empty<M: Name>() -> Result<DynamicMessage, JsonError> {
    let descriptor = pool().get_message_by_name(&M::full_name());
    let reason = "is not part of the contract".to_owned();
    descriptor.map(DynamicMessage::new).ok_or(JsonError { message: M::full_name(), reason })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a failing unwrap is a failing test

    use prost_types::{Struct, Value as ProtoValue, value::Kind};

    use super::*;
    use crate::wire::{pack, v2};

    #[test]
    fn a_message_survives_the_way_to_json_and_back() {
        let number = |n| ProtoValue { kind: Some(Kind::NumberValue(n)) };
        let profile =
            Struct { fields: [("id".to_owned(), number(101.0)), ("part".to_owned(), number(0.5))].into() };
        let trait_ = v2::RoleTrait::default();
        let resource = v2::Resource {
            display_name: "A role".to_owned(),
            profile: Some(profile),
            annotations: vec![pack(&trait_)],
            ..Default::default()
        };
        let json = to_json(&resource).unwrap();
        assert_eq!(json["profile"].to_string(), r#"{"id":101,"part":0.5}"#);
        assert_eq!(json["annotations"][0]["@type"], "type.googleapis.com/c1.connector.v2.RoleTrait");
        assert_eq!(json["displayName"], "A role");
        assert_eq!(from_json::<v2::Resource>(&json).unwrap(), resource);
    }

    #[test]
    fn a_field_that_is_not_there_is_named() {
        let error = from_json::<v2::Resource>(&serde_json::json!({"nonsense": 1})).unwrap_err().to_string();
        assert!(error.contains("c1.connector.v2.Resource") && error.contains("nonsense"), "{error}");
    }
}
