//! Bearer tokens from files: `NAME:RIGHTS:TOKEN` a line, RIGHTS `read` or `provision`; `#` starts a comment line.
//!
//! A name may stand on several lines, so that a token can be replaced without a gap: add the new one, change the client, take
//! the old one out. Only digests are kept, and the comparison takes the same time whatever is presented.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use sha2::{Digest, Sha256};
use subtle::{ConditionallySelectable as _, ConstantTimeEq as _};

use super::{DoorError, File, identity::Identity, right::Right};

/// A shorter token could be guessed.
const SHORTEST: usize = 20;

/// The tokens that are in force.
#[derive(Default, PartialEq, Eq)]
pub(super) struct Tokens(Vec<Token>);

#[derive(PartialEq, Eq)]
struct Token {
    digest: [u8; 32],
    name: Arc<str>,
    right: Right,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|token| (&token.name, token.right))).finish()
    }
}

impl Tokens {
    /// Reads all files.
    pub(super) fn load(files: &[PathBuf]) -> Result<Self, DoorError> {
        let mut tokens = Vec::new();
        for path in files {
            let text = fs::read_to_string(path).map_err(|source| DoorError::Read {
                what: File::Tokens,
                path: path.clone(),
                source,
            })?;
            parse(&text, path, &mut tokens)?;
        }
        Ok(Self(tokens))
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whose token it is.
    pub(super) fn owner(&self, presented: &[u8]) -> Option<Identity> {
        let digest: [u8; 32] = Sha256::digest(presented).into();
        // Every token is looked at, so that the time says nothing about which one fitted.
        let mut at = u64::MAX;
        for (index, token) in (0..).zip(&self.0) {
            at = u64::conditional_select(&at, &index, digest.ct_eq(&token.digest));
        }
        let found = self.0.get(usize::try_from(at).ok()?)?;
        Some(Identity::token(&found.name, found.right))
    }
}

fn parse(text: &str, path: &Path, tokens: &mut Vec<Token>) -> Result<(), DoorError> {
    let before = tokens.len();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        // The line itself is never quoted: it holds a secret.
        let wrong =
            |why: &str| DoorError::content(File::Tokens, path, format!("is wrong in line {number}: {why}"));
        let mut parts = line.splitn(3, ':').map(str::trim);
        let (Some(name), Some(right), Some(token)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(wrong("write NAME:RIGHTS:TOKEN"));
        };
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.@/".contains(c)) {
            return Err(wrong("a name has letters, digits and -_.@/"));
        }
        let right = match right {
            "read" => Right::Read,
            "provision" => Right::Provision,
            _ => return Err(wrong("the rights are `read` or `provision`")),
        };
        if token.len() < SHORTEST || !token.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(wrong(
                "a token has at least 20 visible ASCII characters, such as `openssl rand -hex 32` gives",
            ));
        }
        tokens.push(Token { digest: Sha256::digest(token).into(), name: name.into(), right });
    }
    if tokens.len() == before {
        return Err(DoorError::content(File::Tokens, path, "holds no token; write NAME:RIGHTS:TOKEN"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    // A test that cannot go on says so by panicking.
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaa";
    const B: &str = "bbbbbbbbbbbb:bbbbbbbbbbb";

    fn read(text: &str) -> Result<Tokens, String> {
        let mut tokens = Vec::new();
        parse(text, Path::new("t"), &mut tokens).map_err(|e| e.to_string())?;
        Ok(Tokens(tokens))
    }

    #[test]
    fn each_token_has_its_owner_and_right_and_nothing_else_has() {
        let tokens =
            read(&format!("# who\n\none:read:{A}\n two : provision : {B} \none:read:{B}x\n")).unwrap();
        let owner = |token: &str| tokens.owner(token.as_bytes()).map(|id| (id.to_string(), id.right()));
        assert_eq!(owner(A), Some(("token:one".to_owned(), Right::Read)));
        assert_eq!(owner(B), Some(("token:two".to_owned(), Right::Provision)));
        assert_eq!(owner(&format!("{B}x")), Some(("token:one".to_owned(), Right::Read)));
        for wrong in ["", "a", &A[1..], &format!("{A}a"), "one", &format!("one:read:{A}")] {
            assert_eq!(owner(wrong), None, "{wrong}");
        }
        assert_eq!(Tokens::default().owner(b""), None);
    }

    #[test]
    fn a_line_that_is_wrong_is_named_by_its_number_and_not_quoted() {
        for (text, line) in [
            (format!("one:read:{A}\ntwo:write:{B}"), 2),
            (format!("one:{A}"), 1),
            ("one:read:secret".to_owned(), 1),
            (format!(":read:{A}"), 1),
            (format!("one:read:{A} {A}"), 1),
        ] {
            let told = read(&text).unwrap_err();
            assert!(told.contains(&format!("line {line}")), "{told}");
            assert!(!told.contains("aaaa") && !told.contains("bbbb") && !told.contains("secret"), "{told}");
        }
        assert!(read("# nothing\n").unwrap_err().contains("holds no token"));
    }

    #[test]
    fn what_is_printed_holds_no_token() {
        assert!(!format!("{:?}", read(&format!("one:read:{A}")).unwrap()).contains("aaaa"));
    }
}
