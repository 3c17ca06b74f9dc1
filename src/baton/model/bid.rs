//! Baton ids (BID): the escaped, parseable names of resources, as `--sync-resources` takes them.

use std::{fmt, str::FromStr};

use crate::wire::v2;

/// A resource by its BID: `bid:r:[parent type/parent id/]type/id`, with `\`, `/` and `:` escaped by `\`.
#[derive(Debug, Clone, PartialEq)]
pub struct Bid {
    /// The resource.
    pub resource: v2::ResourceId,
    /// Its parent, when the BID names one.
    pub parent: Option<v2::ResourceId>,
}

/// Why a text is no resource BID, and where it goes wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid baton id: {reason}\n  {text}\n  {caret:>width$}", caret = "^", width = at + 1)]
pub struct BidError {
    text: String,
    reason: &'static str,
    at: usize,
}

impl FromStr for Bid {
    type Err = BidError;

    fn from_str(text: &str) -> Result<Self, BidError> {
        let error =
            |reason, at: usize| BidError { text: text.to_owned(), reason, at: text[..at].chars().count() };
        let rest =
            text.strip_prefix("bid:r:").ok_or_else(|| error("a resource id begins with `bid:r:`", 0))?;
        let start = text.len() - rest.len();
        let (mut parts, mut part, mut escape) = (Vec::new(), String::new(), None);
        for (at, c) in rest.char_indices() {
            match (escape.take(), c) {
                (Some(_), '\\' | '/' | ':') => part.push(c),
                (Some(_), _) => return Err(error("`\\` may only stand before `\\`, `/` or `:`", start + at)),
                (None, '\\') => escape = Some(at),
                (None, '/') if part.is_empty() => return Err(error("a part is empty", start + at)),
                (None, '/') => parts.push(std::mem::take(&mut part)),
                (None, ':') => return Err(error("`:` has to be written `\\:`", start + at)),
                (None, _) => part.push(c),
            }
        }
        if let Some(at) = escape {
            return Err(error("nothing follows `\\`", start + at));
        }
        if part.is_empty() {
            return Err(error("a part is empty", text.len()));
        }
        parts.push(part);
        let id = |resource_type, resource| v2::ResourceId { resource_type, resource, ..Default::default() };
        let mut parts = parts.into_iter();
        match (parts.next(), parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(t), Some(r), None, ..) => Ok(Self { resource: id(t, r), parent: None }),
            (Some(pt), Some(p), Some(t), Some(r), None) => {
                Ok(Self { resource: id(t, r), parent: Some(id(pt, p)) })
            }
            _ => Err(error("it takes type/id or parent type/parent id/type/id", start)),
        }
    }
}

impl fmt::Display for Bid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let escape = |part: &str| part.replace('\\', "\\\\").replace('/', "\\/").replace(':', "\\:");
        f.write_str("bid:r:")?;
        if let Some(p) = &self.parent {
            write!(f, "{}/{}/", escape(&p.resource_type), escape(&p.resource))?;
        }
        write!(f, "{}/{}", escape(&self.resource.resource_type), escape(&self.resource.resource))
    }
}
