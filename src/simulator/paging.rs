//! Pages by last id: `pageSize` and `after` (API.md 4).

use super::{
    errors::Refusal,
    options::{PageOrder, Paging},
    params::Params,
};

/// The page asked for out of all elements, whatever their order.
pub(super) fn page<'a, T>(
    paging: Paging,
    params: &Params,
    all: impl Iterator<Item = &'a T>,
    id: impl Fn(&T) -> i32,
) -> Result<Vec<&'a T>, Refusal> {
    let size = match params.number::<usize>("pageSize")? {
        Some(0) => return Err(Refusal::invalid("Invalid value for 'pageSize'")),
        Some(size) => size.min(paging.cap),
        None => paging.default_size.min(paging.cap),
    };
    let after = params.number::<i32>("after")?;
    let mut rest: Vec<&T> = all
        .filter(|item| {
            let id = id(item);
            after.is_none_or(|after| id > after || (paging.after_inclusive && id == after))
        })
        .collect();
    rest.sort_by_key(|item| id(item));
    rest.truncate(size);
    if paging.order == PageOrder::Scattered {
        rest.reverse();
    }
    Ok(rest)
}
