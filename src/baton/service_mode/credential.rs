//! The client secret: a private Ed25519 key in JSON, packed into one text; and the assertion that it signs.
//!
//! Source of truth: RFC 7517 and RFC 8037 for the key, RFC 7523 for the assertion.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header};
use secrecy::{ExposeSecret as _, SecretString, zeroize::Zeroizing};
use serde::{Deserialize, Serialize};

use super::{ClientId, CredentialError};

/// How long before and after now an assertion holds, so that clocks may differ a little.
const VALID: Duration = Duration::from_secs(120);
/// What stands before the 32 bytes of a private Ed25519 key in PKCS #8 (RFC 8410).
const PKCS8: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

/// A secret that is asked for anew whenever it is needed, so that a mounted file can rotate.
#[derive(Clone)]
pub struct SecretFn(Arc<dyn Fn() -> SecretString + Send + Sync>);

impl SecretFn {
    /// Takes the secret from `read`, which must not block for long.
    pub fn new(read: impl Fn() -> SecretString + Send + Sync + 'static) -> Self {
        Self(Arc::new(read))
    }

    pub(super) fn read(&self) -> SecretString {
        (self.0)()
    }
}

impl fmt::Debug for SecretFn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretFn")
    }
}

/// A parsed client secret.
#[derive(Clone)]
pub struct ClientSecret {
    key: EncodingKey,
    kid: Option<String>,
}

/// The private key as it is written.
#[derive(Deserialize)]
struct Jwk {
    kty: Option<String>,
    crv: Option<String>,
    x: Option<String>,
    d: Option<SecretString>,
    kid: Option<String>,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    iat: u64,
    nbf: u64,
    exp: u64,
}

impl ClientSecret {
    /// Reads `<any>:<any>:v1:<key>`.
    ///
    /// # Errors
    /// Which part is wrong, without quoting it.
    pub fn parse(secret: &SecretString) -> Result<Self, CredentialError> {
        let wrong = |why| CredentialError::ClientSecret(why);
        let mut parts = secret.expose_secret().splitn(4, ':').skip(2);
        let (Some(version), Some(payload)) = (parts.next(), parts.next()) else {
            return Err(wrong("it has fewer than four parts divided by colons"));
        };
        if version != "v1" {
            return Err(wrong("its third part, the version, is not v1"));
        }
        let json = URL_SAFE_NO_PAD.decode(payload);
        let json = Zeroizing::new(json.map_err(|_| wrong("its last part is not base64url without padding"))?);
        let jwk: Jwk =
            serde_json::from_slice(&json).map_err(|_| wrong("its last part holds no key in JSON"))?;
        if jwk.kty.as_deref() != Some("OKP") {
            return Err(wrong("its key is not of type OKP"));
        }
        if jwk.crv.as_deref() != Some("Ed25519") {
            return Err(wrong("its key is not on the curve Ed25519"));
        }
        let d = jwk.d.ok_or_else(|| wrong("its key is a public one, without d"))?;
        let d = URL_SAFE_NO_PAD.decode(d.expose_secret()).map(Zeroizing::new);
        let d = d.ok().filter(|d| d.len() == 32).ok_or_else(|| wrong("d of its key is not 32 bytes"))?;
        let x = jwk.x.ok_or_else(|| wrong("its key has no x"))?;
        if URL_SAFE_NO_PAD.decode(&x).map(|x| x.len()) != Ok(32) {
            return Err(wrong("x of its key is not 32 bytes"));
        }
        let der = Zeroizing::new([PKCS8.as_slice(), &d].concat());
        let key = EncodingKey::from_ed_der(&der);
        if !belong_together(&key, &x) {
            return Err(wrong("x and d of its key do not belong together"));
        }
        Ok(Self { key, kid: jwk.kid.filter(|kid| !kid.is_empty()) })
    }

    /// A signed statement that we are `id`, for one token request.
    pub(super) fn assertion(
        &self,
        id: &ClientId,
        now: SystemTime,
        nonce: u128,
    ) -> Result<SecretString, CredentialError> {
        let now = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        let claims = Claims {
            iss: id.as_str(),
            sub: id.as_str(),
            aud: id.audience(),
            iat: now,
            nbf: now.saturating_sub(VALID.as_secs()),
            exp: now + VALID.as_secs(),
        };
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = None;
        header.kid.clone_from(&self.kid);
        header.nonce = Some(format!("{nonce:032x}"));
        let signed = jsonwebtoken::encode(&header, &claims, &self.key);
        signed.map(SecretString::from).map_err(|e| CredentialError::Sign(e.to_string()))
    }
}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientSecret").field("kid", &self.kid).finish_non_exhaustive()
    }
}

/// Signs something and looks at it with the public part.
fn belong_together(key: &EncodingKey, x: &str) -> bool {
    let told = b"one key";
    let signed = jsonwebtoken::crypto::sign(told, key, Algorithm::EdDSA);
    let public = DecodingKey::from_ed_components(x);
    match (signed, public) {
        (Ok(signed), Ok(public)) => {
            jsonwebtoken::crypto::verify(&signed, told, &public, Algorithm::EdDSA).unwrap_or(false)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a failing unwrap is a failing test

    use serde_json::{Value, json};

    use super::*;

    // The key of RFC 8037, appendix A.1.
    const D: &str = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";
    const X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

    fn secret(jwk: &Value) -> SecretString {
        format!("secret-token:conductorone.com:v1:{}", URL_SAFE_NO_PAD.encode(jwk.to_string())).into()
    }

    fn jwk() -> Value {
        json!({"kty": "OKP", "crv": "Ed25519", "x": X, "d": D})
    }

    fn part(jws: &SecretString, number: usize) -> Value {
        let text = jws.expose_secret().split('.').nth(number).unwrap();
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap()
    }

    #[test]
    fn an_assertion_holds_exactly_what_the_control_plane_expects() {
        let id: ClientId = "app@tenant.example.com:8443/dir".parse().unwrap();
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        let jws = ClientSecret::parse(&secret(&jwk())).unwrap().assertion(&id, now, 0xab).unwrap();
        assert_eq!(part(&jws, 0), json!({"alg": "EdDSA", "nonce": "000000000000000000000000000000ab"}));
        let whole = "app@tenant.example.com:8443/dir";
        let claims = json!({"iss": whole, "sub": whole, "aud": "tenant.example.com", "iat": 1_000_000, "nbf": 999_880, "exp": 1_000_120});
        assert_eq!(part(&jws, 1), claims);
        let (message, signature) = jws.expose_secret().rsplit_once('.').unwrap();
        let public = DecodingKey::from_ed_components(X).unwrap();
        let fits =
            jsonwebtoken::crypto::verify(signature, message.as_bytes(), &public, Algorithm::EdDSA).unwrap();
        assert!(fits, "the signature is not by the key");
    }

    #[test]
    fn a_key_with_an_id_is_named_in_the_header() {
        let mut named = jwk();
        named["kid"] = "key-7".into();
        let id: ClientId = "app@host/dir".parse().unwrap();
        let jws = ClientSecret::parse(&secret(&named)).unwrap();
        let jws = jws.assertion(&id, SystemTime::UNIX_EPOCH, 0).unwrap();
        assert_eq!(part(&jws, 0)["kid"], "key-7");
    }

    #[test]
    fn a_bad_secret_is_refused_by_the_part_that_is_wrong_and_never_quoted() {
        let with = |key: &str, value: Value| {
            let mut changed = jwk();
            changed[key] = value;
            secret(&changed)
        };
        let other = URL_SAFE_NO_PAD.encode([9; 32]);
        let cases: Vec<(SecretString, &str)> = vec![
            ("canary".into(), "fewer than four parts"),
            ("a:b:canary".into(), "fewer than four parts"),
            ("a:b:v2:canary".into(), "not v1"),
            ("a:b:v1:canary!".into(), "not base64url"),
            (format!("a:b:v1:{}", URL_SAFE_NO_PAD.encode("canary")).into(), "no key in JSON"),
            (with("kty", "canary".into()), "not of type OKP"),
            (with("crv", "X25519".into()), "not on the curve Ed25519"),
            (with("d", Value::Null), "a public one"),
            (with("d", "canary".into()), "d of its key is not 32 bytes"),
            (with("x", "canary".into()), "x of its key is not 32 bytes"),
            (with("x", Value::Null), "has no x"),
            (with("x", other.as_str().into()), "do not belong together"),
        ];
        for (text, why) in cases {
            let error = ClientSecret::parse(&text).unwrap_err();
            let told = format!("{error} {error:?}");
            assert!(
                error.to_string().starts_with("invalid client secret: ") && told.contains(why),
                "{told} lacks {why}"
            );
            assert!(!told.contains("canary") && !told.contains(D), "{told}");
        }
    }
}
