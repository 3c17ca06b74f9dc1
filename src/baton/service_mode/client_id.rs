//! The client id: who we are at the control plane, and where that is.

use std::{fmt, str::FromStr};

use super::CredentialError;

/// A client id, `NAME@HOST[:PORT]/PATH`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientId {
    whole: String,
    name: usize,
    authority: usize,
}

impl ClientId {
    /// What stands before the `@`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.whole[..self.name]
    }

    /// The host, with its port if it names one.
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.whole[self.name + 1..self.authority]
    }

    /// The host without a port: whom our assertions are for.
    #[must_use]
    pub fn audience(&self) -> &str {
        let authority = self.authority();
        // The colons of a bracketed IPv6 address are no port.
        let from = authority.rfind(']').map_or(0, |at| at + 1);
        authority[from..].find(':').map_or(authority, |at| &authority[..from + at])
    }

    /// All of it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.whole
    }
}

impl FromStr for ClientId {
    type Err = CredentialError;

    fn from_str(text: &str) -> Result<Self, CredentialError> {
        let wrong = |why| Err(CredentialError::ClientId(why));
        if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return wrong("it holds white space");
        }
        let Some(name) = text.find('@') else { return wrong("there is no @ in it") };
        let Some(slash) = text[name..].find('/') else {
            return wrong("there is no / after the host");
        };
        let id = Self { whole: text.to_owned(), name, authority: name + slash };
        if id.name().is_empty() {
            return wrong("there is no name before the @");
        }
        if id.audience().is_empty() || id.authority().contains('@') {
            return wrong("there is no host between @ and /");
        }
        Ok(id)
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.whole)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a failing unwrap is a failing test

    use super::*;

    #[test]
    fn a_client_id_names_who_and_where() {
        let id: ClientId = "cool-app-123@tenant.example.com:8443/dir/more".parse().unwrap();
        assert_eq!(
            (id.name(), id.authority(), id.audience()),
            ("cool-app-123", "tenant.example.com:8443", "tenant.example.com")
        );
        let id: ClientId = "a@[::1]:9/".parse().unwrap();
        assert_eq!((id.authority(), id.audience()), ("[::1]:9", "[::1]"));
        let id: ClientId = "a@[::1]/".parse().unwrap();
        assert_eq!((id.authority(), id.audience()), ("[::1]", "[::1]"));
    }

    #[test]
    fn what_is_wrong_with_a_client_id_is_said() {
        for (text, why) in [
            ("tenant.example.com/dir", "there is no @ in it"),
            ("app@tenant.example.com", "there is no / after the host"),
            ("@tenant.example.com/x", "there is no name before the @"),
            ("app@/x", "there is no host between @ and /"),
            ("app@:443/x", "there is no host between @ and /"),
            ("app@host/x\n", "it holds white space"),
        ] {
            let error = text.parse::<ClientId>().unwrap_err().to_string();
            assert_eq!(error, format!("invalid client id: {why}; it reads NAME@HOST/PATH"), "{text}");
        }
    }
}
