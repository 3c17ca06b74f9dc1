//! Arguments of actions: how they are written inside a `google.protobuf.Struct`.

use prost_types::{Struct, value::Kind};

use crate::wire::v2;

/// The argument, when it is given; null is not.
#[must_use]
pub fn argument<'a>(args: &'a Struct, name: &str) -> Option<&'a Kind> {
    args.fields.get(name)?.kind.as_ref().filter(|kind| !matches!(kind, Kind::NullValue(_)))
}

/// A resource id: an object with the type and the id, under any of the names that are in use for them.
#[must_use]
pub fn resource_id(value: &Kind) -> Option<v2::ResourceId> {
    let Kind::StructValue(object) = value else { return None };
    let text = |names: [&str; 3]| {
        names.iter().find_map(|name| match argument(object, name)? {
            Kind::StringValue(text) if !text.is_empty() => Some(text.clone()),
            _ => None,
        })
    };
    Some(v2::ResourceId {
        resource_type: text(["resource_type_id", "resourceTypeId", "resource_type"])?,
        resource: text(["resource_id", "resourceId", "resource"])?,
        ..Default::default()
    })
}
