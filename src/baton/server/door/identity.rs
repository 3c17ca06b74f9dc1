//! Who a caller is: the owner of a token, or a name in a client certificate.

use std::fmt;

use rustls::pki_types::CertificateDer;
use x509_parser::extensions::GeneralName;

use super::{denial::Denial, right::Right};

/// A caller that has proved who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Identity {
    who: String,
    right: Right,
}

impl Identity {
    pub(super) fn token(name: &str, right: Right) -> Self {
        Self { who: format!("token:{name}"), right }
    }

    fn certificate(name: &str, right: Right) -> Self {
        Self { who: format!("certificate:{name}"), right }
    }

    /// The same caller with a second proof. It may do what both allow.
    pub(super) fn and(self, other: &Self) -> Self {
        Self { who: format!("{self} {other}"), right: self.right.min(other.right) }
    }

    pub(super) fn right(&self) -> Right {
        self.right
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.who)
    }
}

/// Which names in client certificates may do what.
#[derive(Debug)]
pub(super) struct CertificateRules {
    allowed: Vec<String>,
    provisioners: Vec<String>,
    /// What a name may do that is not among the provisioners.
    otherwise: Right,
}

impl CertificateRules {
    /// With tokens as the second proof, and no names to provision, the tokens decide about that alone.
    pub(super) fn new(allowed: &[String], provisioners: &[String], with_tokens: bool) -> Self {
        let otherwise = if with_tokens && provisioners.is_empty() { Right::Provision } else { Right::Read };
        Self { allowed: allowed.to_vec(), provisioners: provisioners.to_vec(), otherwise }
    }

    /// The identity of a certificate that the authority has vouched for, by its names.
    pub(super) fn identify(&self, names: &[String]) -> Result<Identity, Denial> {
        let among = |list: &[String]| names.iter().find(|name| list.iter().any(|known| same(known, name)));
        if let Some(name) = among(&self.provisioners) {
            return Ok(Identity::certificate(name, Right::Provision));
        }
        let reader = if self.allowed.is_empty() { names.first() } else { among(&self.allowed) };
        reader.map(|name| Identity::certificate(name, self.otherwise)).ok_or(Denial::NameNotAllowed)
    }
}

/// DNS names are the same in any case; URIs and e-mail addresses are not.
fn same(a: &str, b: &str) -> bool {
    a == b || (a.eq_ignore_ascii_case(b) && !a.contains(['/', ':', '@']))
}

/// The names of a certificate: DNS names, URIs and e-mail addresses of the alternative names; the common name only where
/// there are none of them, because authorities check the former with more care.
pub(super) fn names(certificate: &CertificateDer<'_>) -> Vec<String> {
    let Ok((_, parsed)) = x509_parser::parse_x509_certificate(certificate) else {
        return Vec::new();
    };
    let mut names = Vec::new();
    if let Ok(Some(alternatives)) = parsed.subject_alternative_name() {
        for name in &alternatives.value.general_names {
            match name {
                GeneralName::DNSName(text) | GeneralName::URI(text) | GeneralName::RFC822Name(text) => {
                    names.push((*text).to_owned());
                }
                _ => {}
            }
        }
    }
    if names.is_empty() {
        names
            .extend(parsed.subject().iter_common_name().filter_map(|cn| cn.as_str().ok()).map(str::to_owned));
    }
    names.retain(|name| !name.is_empty() && !name.chars().any(char::is_control));
    names
}

#[cfg(test)]
mod tests {
    // A test that cannot go on says so by panicking.
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use rcgen::{CertificateParams, DnType, KeyPair, SanType};

    use super::*;

    fn rules(allowed: &[&str], provisioners: &[&str]) -> CertificateRules {
        let owned = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
        CertificateRules::new(&owned(allowed), &owned(provisioners), false)
    }

    fn who(rules: &CertificateRules, names: &[&str]) -> Result<(String, Right), Denial> {
        let names: Vec<_> = names.iter().map(|n| (*n).to_owned()).collect();
        rules.identify(&names).map(|id| (id.to_string(), id.right()))
    }

    #[test]
    fn a_certificate_may_do_what_its_name_may() {
        let open = rules(&[], &["Boss.example.org"]);
        assert_eq!(who(&open, &["any"]), Ok(("certificate:any".to_owned(), Right::Read)));
        let boss = Ok(("certificate:boss.example.org".to_owned(), Right::Provision));
        assert_eq!(who(&open, &["any", "boss.example.org"]), boss);
        let strict = rules(&["reader"], &["boss.example.org"]);
        assert_eq!(who(&strict, &["x", "reader"]), Ok(("certificate:reader".to_owned(), Right::Read)));
        assert_eq!(who(&strict, &["boss.example.org"]), boss);
        for stranger in [&["any"][..], &["reader.example.org"], &[]] {
            assert_eq!(who(&strict, stranger), Err(Denial::NameNotAllowed), "{stranger:?}");
        }
        let by_uri = rules(&["spiffe://house/a"], &[]);
        assert!(who(&by_uri, &["spiffe://house/a"]).is_ok());
        assert_eq!(who(&by_uri, &["spiffe://house/A"]), Err(Denial::NameNotAllowed), "another identity");
        assert_eq!(who(&open, &[]), Err(Denial::NameNotAllowed), "a certificate without a name is nobody's");
    }

    #[test]
    fn two_proofs_allow_what_both_allow() {
        let named = |provisioners: &[String]| CertificateRules::new(&[], provisioners, true);
        let who = |rules: &CertificateRules, right| {
            let certificate = rules.identify(&["x".to_owned()]).unwrap();
            let both = Identity::token("t", right).and(&certificate);
            (both.to_string(), both.right())
        };
        let both = "token:t certificate:x".to_owned();
        assert_eq!(who(&named(&[]), Right::Provision), (both.clone(), Right::Provision));
        assert_eq!(who(&named(&[]), Right::Read), (both.clone(), Right::Read));
        assert_eq!(who(&named(&["y".to_owned()]), Right::Provision), (both.clone(), Right::Read));
        assert_eq!(who(&named(&["x".to_owned()]), Right::Provision), (both, Right::Provision));
    }

    #[test]
    fn the_common_name_counts_only_where_there_is_no_alternative_name() {
        let mut params = CertificateParams::new(vec!["a.example.org".to_owned()]).unwrap();
        params.subject_alt_names.push(SanType::URI("spiffe://house/a".try_into().unwrap()));
        params.subject_alt_names.push(SanType::Rfc822Name("a@example.org".try_into().unwrap()));
        params.distinguished_name.push(DnType::CommonName, "common");
        let key = KeyPair::generate().unwrap();
        let with = params.self_signed(&key).unwrap();
        assert_eq!(names(with.der()), ["a.example.org", "spiffe://house/a", "a@example.org"]);
        params.subject_alt_names.clear();
        let without = params.self_signed(&key).unwrap();
        assert_eq!(names(without.der()), ["common"]);
    }
}
