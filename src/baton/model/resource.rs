//! Resource types and resources. What a trait and the resource both can say is written in both places: older readers look
//! into the trait, newer ones at the resource.

use prost::{Message, Name};
use prost_types::{Any, Struct, Timestamp};

use crate::wire::{pack, v2};

/// A resource type.
#[derive(Debug, Clone, Default)]
pub struct ResourceTypeBuilder(v2::ResourceType);

impl ResourceTypeBuilder {
    /// A type by id, name and description.
    #[must_use]
    pub fn new(id: &str, display_name: &str, description: &str) -> Self {
        Self(v2::ResourceType {
            id: id.to_owned(),
            display_name: display_name.to_owned(),
            description: description.to_owned(),
            ..Default::default()
        })
    }

    /// With a trait, which every resource of the type then carries.
    #[must_use]
    pub fn with_trait(mut self, which: v2::resource_type::Trait) -> Self {
        self.0.traits.push(which.into());
        self
    }

    /// With an annotation.
    #[must_use]
    pub fn annotated<M: Message + Name>(mut self, annotation: &M) -> Self {
        self.0.annotations.push(pack(annotation));
        self
    }

    /// The message.
    #[must_use]
    pub fn build(self) -> v2::ResourceType {
        self.0
    }
}

/// The parts that every resource has.
#[derive(Debug, Clone, Default)]
pub struct Built {
    /// Type and id.
    pub id: v2::ResourceId,
    /// The name that people see; never empty.
    pub display_name: String,
    /// What else is known.
    pub profile: Option<Struct>,
    /// When it came to be.
    pub created_at: Option<Timestamp>,
    /// Further annotations.
    pub annotations: Vec<Any>,
}

/// A user: `facts` holds what is particular to the trait; profile and creation time are mirrored into it.
#[must_use]
#[allow(deprecated)] // the trait's own copy is for readers that know no other
pub fn user(mut built: Built, mut facts: v2::UserTrait) -> v2::Resource {
    // Lent to the trait while it is encoded, instead of copied: there is one for every user.
    facts.profile = built.profile.take();
    facts.created_at = built.created_at;
    let annotation = pack(&facts);
    built.profile = facts.profile;
    // The two enumerations agree in their numbers.
    let status = facts.status.map(|s| v2::Status { status: s.status, details: s.details });
    v2::Resource { status, ..plain(built, annotation) }
}

/// A role.
#[must_use]
#[allow(deprecated)] // as above
pub fn role(mut built: Built) -> v2::Resource {
    let facts = v2::RoleTrait { profile: built.profile.take(), ..Default::default() };
    let annotation = pack(&facts);
    built.profile = facts.profile;
    plain(built, annotation)
}

fn plain(built: Built, facts: Any) -> v2::Resource {
    let mut annotations = Vec::with_capacity(1 + built.annotations.len());
    annotations.push(facts);
    annotations.extend(built.annotations);
    v2::Resource {
        id: Some(built.id),
        display_name: built.display_name,
        annotations,
        profile: built.profile,
        created_at: built.created_at,
        ..Default::default()
    }
}
