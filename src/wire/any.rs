//! Annotations and details: messages inside `google.protobuf.Any`.

use prost::{Message, Name};
use prost_types::Any;

/// What stands before the full name in a type URL.
pub const ANY_PREFIX: &str = "type.googleapis.com/";

/// The message as an `Any`, its type URL with the prefix that the protocol expects.
pub fn pack<M: Message + Name>(message: &M) -> Any {
    Any { type_url: format!("{ANY_PREFIX}{}", M::full_name()), value: message.encode_to_vec() }
}

/// The message inside, when the `Any` holds one of this type that parses.
pub fn unpack<M: Message + Name + Default>(any: &Any) -> Option<M> {
    (any.type_url.strip_prefix(ANY_PREFIX)? == M::full_name())
        .then(|| M::decode(any.value.as_slice()).ok())?
}

/// The first annotation of this type.
pub fn find<M: Message + Name + Default>(annotations: &[Any]) -> Option<M> {
    annotations.iter().find_map(unpack)
}
