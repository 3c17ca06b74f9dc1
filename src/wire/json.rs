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
    dynamic.serialize_with_options(serde_json::value::Serializer, &options).map_err(|e| error(e.to_string()))
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
