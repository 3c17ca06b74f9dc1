//! Static entitlements: the templates of a type, multiplied over its resources.

use super::{BATCH, Stop, Walk};
use crate::{
    baton::{
        c1z::{id_of, is},
        model::entitlement_id,
        sync::{Sink, Stage, listing::Templates},
    },
    wire::{pack, unpack, v2},
};

impl<S: Sink> Walk<'_, S> {
    /// Multiplies the templates of each type over its resources.
    pub(super) async fn static_entitlements(&mut self) -> Result<(), Stop> {
        for at in 0..self.types.facts.len() {
            let resource_type = self.types.facts[at].id.clone();
            let mut templates = Vec::new();
            let mut pages = self.fetch.start(Templates(resource_type.clone()));
            while let Some(page) = pages.next().await {
                templates.extend(page.map_err(|e| pages.failed(e))?.items);
            }
            self.actions += 1;
            let came = templates.len();
            templates.retain(|template| !template.slug.is_empty());
            self.drop_records("static entitlement", came - templates.len(), &resource_type);
            if templates.is_empty() {
                continue;
            }
            let mut mark = 0;
            loop {
                let (resource_type, from) = (resource_type.clone(), mark);
                let read = move |sink: &mut S| sink.resources_after(&resource_type, from, BATCH);
                let (resources, next) = self.feed.ask(read).await?;
                if resources.is_empty() {
                    break;
                }
                mark = next;
                let all = resources.iter().flat_map(|r| templates.iter().filter_map(|t| instance(t, r)));
                self.put_entitlements(all.collect(), Stage::StaticEntitlements).await?;
            }
        }
        Ok(())
    }
}

/// A template made the entitlement of a resource.
fn instance(template: &v2::Entitlement, resource: &v2::Resource) -> Option<v2::Entitlement> {
    let id = id_of(Some(resource))?;
    let mut entitlement = template.clone();
    entitlement.id = entitlement_id(id, &template.slug);
    entitlement.resource = Some(resource.clone());
    if entitlement.display_name.is_empty() {
        entitlement.display_name.clone_from(&resource.display_name);
    }
    if entitlement.description.is_empty() {
        entitlement.description.clone_from(&resource.description);
    }
    for any in entitlement.annotations.iter_mut().filter(|a| is::<v2::EntitlementExclusionGroup>(a)) {
        if let Some(mut group) = unpack::<v2::EntitlementExclusionGroup>(any)
            && group.scope_to_resource
        {
            group.exclusion_group_id = format!("{}-{}", group.exclusion_group_id, id.resource);
            *any = pack(&group);
        }
    }
    Some(entitlement)
}
