//! What an error body says, whichever family of keys it uses.

use serde_json::Value;

/// Bytes of foreign text that an error may repeat.
pub(super) const QUOTE: usize = 300;

/// What an error body says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Facts {
    /// The first is the one to show.
    pub(super) codes: Vec<String>,
    pub(super) text: Option<String>,
    pub(super) incident_id: Option<String>,
    pub(super) json: bool,
    /// A JSON value without any key of an error.
    pub(super) unlike_an_error: bool,
}

impl Facts {
    pub(super) fn read(body: &str) -> Self {
        let Ok(value) = serde_json::from_str::<Value>(body) else {
            let text = body.trim();
            let text = if text.starts_with('<') { title(text) } else { text };
            return Self { text: non_blank(text), ..Self::default() };
        };
        let Value::Object(object) = &value else {
            let text = value.as_str().and_then(non_blank);
            return Self { json: true, unlike_an_error: text.is_none(), text, ..Self::default() };
        };
        let string = |value: Option<&Value>| match value {
            Some(Value::String(text)) => non_blank(text),
            Some(Value::Number(number)) => Some(number.to_string()),
            _ => None,
        };
        let message_code = object.get("errorMessage").and_then(|message| message.get("code"));
        let codes: Vec<String> =
            [object.get("resultCode"), object.get("error"), object.get("errorCode"), message_code]
                .into_iter()
                .filter_map(string)
                .collect();
        let text = ["errorMessage", "error_description", "message"].into_iter();
        let text = text.filter_map(|key| object.get(key)?.as_str().and_then(non_blank)).next();
        // With `errorMessage` an object, its code is the only thing that tells one refusal from another.
        let text = text.or_else(|| string(message_code)).or_else(|| string(object.get("errorDetails")));
        let incident_id = string(object.get("incidentId"));
        let unlike_an_error = codes.is_empty() && text.is_none() && incident_id.is_none();
        Self { codes, text, incident_id, json: true, unlike_an_error }
    }

    pub(super) fn has_code(&self, code: &str) -> bool {
        self.codes.iter().any(|known| known.eq_ignore_ascii_case(code))
    }

    pub(super) fn has_any(&self, codes: &[&str]) -> bool {
        codes.iter().any(|code| self.has_code(code))
    }

    pub(super) fn mentions(&self, words: &str) -> bool {
        self.codes.iter().chain(&self.text).any(|text| text.to_ascii_lowercase().contains(words))
    }
}

pub(super) fn non_blank(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| cut(text))
}

fn title(html: &str) -> &str {
    let lower = html.to_ascii_lowercase();
    let inner = lower.find("<title>").map(|at| at + "<title>".len());
    inner.and_then(|from| Some(&html[from..from + lower[from..].find("</title>")?])).unwrap_or("an HTML page")
}

/// At most [`QUOTE`] bytes, cut between characters.
fn cut(text: &str) -> String {
    match text.char_indices().map(|(at, _)| at).take_while(|at| *at <= QUOTE).last() {
        Some(at) if text.len() > QUOTE => format!("{}...", &text[..at]),
        _ => text.to_owned(),
    }
}
