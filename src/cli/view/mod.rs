//! One sync of a `.c1z` file, indexed for people: names instead of ids, users by what one calls them, entitlements by what
//! they are on. Records with all their details stay in the file and are read from it one after the other, so a sync of a
//! hundred thousand users costs its names and not more.

mod facts;
mod find;
mod grants;
mod ids;

use std::collections::{BTreeMap, HashMap};

use crate::{
    baton::c1z::{C1z, C1zError, Choice, Filter, SyncRun, SyncType},
    cli::error::CliError,
    wire::v2,
};

pub(super) use facts::Facts;
pub(super) use find::{Who, find};
pub(super) use grants::{Held, How};
pub(super) use ids::{Ids, Number};

/// A resource type.
pub(super) struct Type {
    pub(super) name: String,
    /// In lower case, without their prefix.
    pub(super) traits: Vec<String>,
}

/// What is kept of a resource.
pub(super) struct Thing {
    pub(super) name: Box<str>,
    /// Empty when there is none.
    pub(super) email: Box<str>,
    pub(super) aliases: Box<[Box<str>]>,
    pub(super) status: Option<&'static str>,
    pub(super) is_user: bool,
    /// Of all its facts; 0 unless asked for.
    pub(super) digest: u64,
}

/// An entitlement.
pub(super) struct Right {
    pub(super) id: Box<str>,
    /// The resource that it is on.
    pub(super) on: Number,
    pub(super) slug: String,
    pub(super) name: String,
    pub(super) description: String,
    pub(super) purpose: Option<&'static str>,
    pub(super) grantable_to: Vec<String>,
    pub(super) immutable: bool,
}

/// One sync.
pub(super) struct View<'f> {
    pub(super) file: &'f C1z,
    pub(super) sync: SyncRun,
    pub(super) types: BTreeMap<String, Type>,
    /// By the number of the resource.
    things: Vec<Option<Thing>>,
    pub(super) rights: Vec<Right>,
    rights_by_id: HashMap<Box<str>, usize>,
    /// How many entitlements a resource has.
    rights_on: HashMap<Number, usize>,
}

impl<'f> View<'f> {
    /// A sync of which nothing is known yet but its types.
    pub(super) fn open(file: &'f C1z, sync: &SyncRun) -> Result<Self, C1zError> {
        Ok(Self {
            file,
            sync: sync.clone(),
            types: types(file, sync)?,
            things: Vec::new(),
            rights: Vec::new(),
            rights_by_id: HashMap::new(),
            rights_on: HashMap::new(),
        })
    }

    /// A sync with its names and entitlements. `digest` makes one number out of all facts of a resource.
    pub(super) fn load(
        file: &'f C1z,
        sync: &SyncRun,
        ids: &mut Ids,
        digest: Option<fn(&Facts<'_>) -> u64>,
    ) -> Result<Self, C1zError> {
        let mut view = Self::open(file, sync)?;
        for resource in file.records::<v2::Resource>(&sync.id, Filter::All) {
            let resource = resource?;
            let Some(id) = &resource.id else { continue };
            let number = ids.number(&id.resource_type, &id.resource);
            let facts = Facts::of(&resource);
            let thing = Thing {
                name: facts.name().into(),
                email: facts.email().unwrap_or_default().into(),
                aliases: facts.aliases().map(Into::into).collect(),
                status: facts.status(),
                is_user: facts.is_user() || view.has_trait(&id.resource_type, "user"),
                digest: digest.map_or(0, |digest| digest(&facts)),
            };
            view.put(number, thing);
        }
        for entitlement in file.records::<v2::Entitlement>(&sync.id, Filter::All) {
            view.learn(entitlement?, ids);
        }
        Ok(view)
    }

    fn put(&mut self, number: Number, thing: Thing) {
        if self.things.len() <= number.at() {
            self.things.resize_with(number.at() + 1, || None);
        }
        self.things[number.at()] = Some(thing);
    }

    fn learn(&mut self, entitlement: v2::Entitlement, ids: &mut Ids) {
        use v2::entitlement::PurposeValue;
        let Some(on) = entitlement.resource.as_ref().and_then(|r| r.id.as_ref()) else { return };
        let on = ids.number(&on.resource_type, &on.resource);
        let right = Right {
            on,
            purpose: match entitlement.purpose() {
                PurposeValue::Unspecified => None,
                PurposeValue::Assignment => Some("assignment"),
                PurposeValue::Permission => Some("permission"),
                PurposeValue::Ownership => Some("ownership"),
            },
            immutable: crate::wire::find::<v2::EntitlementImmutable>(&entitlement.annotations).is_some(),
            grantable_to: entitlement.grantable_to.into_iter().map(|t| t.id).collect(),
            id: entitlement.id.into(),
            slug: entitlement.slug,
            name: entitlement.display_name,
            description: entitlement.description,
        };
        self.rights_by_id.insert(right.id.clone(), self.rights.len());
        *self.rights_on.entry(on).or_default() += 1;
        self.rights.push(right);
    }

    fn has_trait(&self, resource_type: &str, wanted: &str) -> bool {
        self.types.get(resource_type).is_some_and(|t| t.traits.iter().any(|t| t == wanted))
    }

    /// What is known of a resource; None when this sync does not have it.
    pub(super) fn thing(&self, number: Number) -> Option<&Thing> {
        self.things.get(number.at())?.as_ref()
    }

    /// All resources.
    pub(super) fn things(&self) -> impl Iterator<Item = (Number, &Thing)> {
        let numbered = self.things.iter().enumerate();
        numbered.filter_map(|(at, thing)| Some((Number::from_index(at), thing.as_ref()?)))
    }

    /// An entitlement by id.
    pub(super) fn right(&self, id: &str) -> Option<&Right> {
        self.rights_by_id.get(id).map(|&at| &self.rights[at])
    }

    /// The name of a resource, else its id.
    pub(super) fn name<'a>(&'a self, number: Number, ids: &'a Ids) -> &'a str {
        self.thing(number).map_or(ids.of(number).1, |thing| &thing.name)
    }

    /// What holding an entitlement is called: the name of what it is on, and which one if there are several.
    pub(super) fn holding(&self, right: &Right, ids: &Ids) -> String {
        let name = self.name(right.on, ids);
        let only = self.rights_on.get(&right.on).is_none_or(|&n| n == 1);
        if only { name.to_owned() } else { format!("{name}: {}", short_name(right)) }
    }

    /// The type that a filter names.
    pub(super) fn known_type(&self, wanted: Option<&str>) -> Result<Option<String>, CliError> {
        known_type([&self.types], wanted)
    }
}

fn short_name(right: &Right) -> &str {
    [right.slug.as_str(), right.name.as_str()].into_iter().find(|t| !t.is_empty()).unwrap_or(&right.id)
}

/// The type that a filter names, if one of these syncs has it.
pub(super) fn known_type<'a>(
    syncs: impl IntoIterator<Item = &'a BTreeMap<String, Type>>,
    wanted: Option<&str>,
) -> Result<Option<String>, CliError> {
    let Some(wanted) = wanted else { return Ok(None) };
    let mut known = std::collections::BTreeSet::new();
    for types in syncs {
        if types.contains_key(wanted) {
            return Ok(Some(wanted.to_owned()));
        }
        known.extend(types.keys().map(String::as_str));
    }
    let known: Vec<_> = known.into_iter().collect();
    Err(CliError::new(format!(
        "type: there is no resource type {wanted:?}; there is {}",
        list(&known, "and")
    )))
}

/// `a, b and c`
pub(super) fn list(items: &[impl AsRef<str>], last: &str) -> String {
    match items {
        [] => "none".to_owned(),
        [one] => one.as_ref().to_owned(),
        [most @ .., end] => {
            let most: Vec<_> = most.iter().map(AsRef::as_ref).collect();
            format!("{} {last} {}", most.join(", "), end.as_ref())
        }
    }
}

/// The resource types of a sync.
pub(super) fn types(file: &C1z, sync: &SyncRun) -> Result<BTreeMap<String, Type>, C1zError> {
    let types = file.records::<v2::ResourceType>(&sync.id, Filter::All);
    let read = types.map(|found| {
        let found = found?;
        let traits = found.traits().map(|t| t.as_str_name().trim_start_matches("TRAIT_").to_lowercase());
        let traits = traits.collect();
        let name = if found.display_name.is_empty() { found.id.clone() } else { found.display_name };
        Ok((found.id, Type { name, traits }))
    });
    read.collect()
}

/// The sync to look at: the one asked for, else the newest finished full one, else whatever there is; with what is odd
/// about it.
pub(super) fn choose<'f>(
    file: &'f C1z,
    wanted: Option<&str>,
) -> Result<(&'f SyncRun, Option<String>), CliError> {
    let sync = match wanted {
        Some(id) => file.choose(&Choice::Id(id.to_owned())).map_err(|error| {
            let there: Vec<_> = file.syncs().iter().map(|run| run.id.as_str()).collect();
            CliError::new(format!("{error}; it has {}", list(&there, "and")))
        })?,
        None => match file.choose(&Choice::Default) {
            Ok(run) if run.ended_at.is_some() => run,
            other => file.choose(&Choice::NewestFinished).or(other)?,
        },
    };
    let odd = if sync.ended_at.is_none() {
        Some(format!("sync {} did not finish: something may be missing", sync.id))
    } else if sync.kind != SyncType::Full {
        Some(format!("sync {} is not a full one but {}: something may be missing", sync.id, sync.kind))
    } else {
        None
    };
    Ok((sync, odd))
}
