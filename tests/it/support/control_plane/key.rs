//! The key pairs that a connector proves itself with.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::json;

/// A key pair, as a client secret and as what verifies its signatures.
pub struct Key {
    pub secret: String,
    pub(super) public: String,
}

impl Key {
    /// The key of RFC 8037, appendix A.1.
    pub fn first() -> Self {
        Self::of("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A", "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")
    }

    /// The key of RFC 8032, section 7.1, test 2.
    pub fn second() -> Self {
        Self::of("TM0Imyj_ltqdtsNG7BFOD1uKMZ81q6Yk2oz27U-4pvs", "PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw")
    }

    fn of(d: &str, x: &str) -> Self {
        let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": x, "d": d}).to_string();
        let secret = format!("secret-token:conductorone.com:v1:{}", URL_SAFE_NO_PAD.encode(jwk));
        Self { secret, public: x.to_owned() }
    }
}
