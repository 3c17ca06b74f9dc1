//! The device filter `df` (API.md 9.2): terms joined by AND, nothing else.

use super::{errors::Refusal, inventory::Device};

type Term = Box<dyn Fn(&Device) -> bool + Send>;

/// A filter; without a status term it lets only approved devices through.
pub(super) struct Filter(Vec<Term>);

impl Filter {
    pub(super) fn parse(text: &str) -> Result<Self, Refusal> {
        let mut terms: Vec<Term> = Vec::new();
        let mut with_status = false;
        let text = text.replace("&&", " and ").replace(" AND ", " and ");
        for piece in text.split(" and ").map(str::trim).filter(|piece| !piece.is_empty()) {
            with_status |= piece.starts_with("status");
            terms.push(
                term(piece).ok_or_else(|| Refusal::invalid(format!("Invalid device filter '{piece}'")))?,
            );
        }
        if !with_status {
            terms.push(Box::new(|device| device.approval_status.text() == "APPROVED"));
        }
        Ok(Self(terms))
    }

    pub(super) fn lets(&self, device: &Device) -> bool {
        self.0.iter().all(|term| term(device))
    }
}

fn term(piece: &str) -> Option<Term> {
    match piece {
        "online" => return Some(Box::new(|device| !device.offline.is_true())),
        "offline" => return Some(Box::new(|device| device.offline.is_true())),
        _ => {}
    }
    let end = piece.find(|letter: char| !letter.is_ascii_alphabetic())?;
    let (key, rest) = piece.split_at(end);
    let rest = rest.trim();
    let (wanted, values) = if let Some(value) = rest.strip_prefix("!=") {
        (false, vec![value.trim().to_owned()])
    } else if let Some(value) = rest.strip_prefix('=') {
        (true, vec![value.trim().to_owned()])
    } else if let Some(list) = rest.strip_prefix("notin") {
        (false, values(list)?)
    } else {
        (true, values(rest.strip_prefix("in")?)?)
    };
    let read: fn(&Device) -> Option<String> = match key {
        "org" | "organization" => |device| device.organization_id.value().map(ToString::to_string),
        "loc" | "location" => |device| device.location_id.value().map(ToString::to_string),
        "role" => |device| device.node_role_id.value().map(ToString::to_string),
        "id" => |device| Some(device.id.to_string()),
        "class" => |device| device.node_class.value().cloned(),
        "status" => |device| device.approval_status.value().cloned(),
        _ => return None,
    };
    Some(Box::new(move |device| read(device).is_some_and(|value| values.contains(&value)) == wanted))
}

fn values(list: &str) -> Option<Vec<String>> {
    let inner = list.trim().strip_prefix('(')?.strip_suffix(')')?;
    Some(inner.split(',').map(|value| value.trim().to_owned()).collect())
}
