//! What may be true, false or unknown about an account, two bits each. Unknown is not false.

/// A fact about an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Fact {
    /// May sign in.
    Enabled,
    /// Is a System Administrator.
    Administrator,
    /// Reaches every organization.
    PermitAllClients,
    /// Is notified about every organization.
    NotifyAllClients,
    /// Has to change the password at the next sign-in.
    MustChangePassword,
    /// Has a second factor.
    MfaConfigured,
    /// Is managed by SCIM.
    ScimUser,
    /// Sees the whole organization in the portal.
    FullPortalAccess,
}

/// All facts of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Flags(u32);

impl Flags {
    /// The fact, when known.
    pub(super) fn get(self, fact: Fact) -> Option<bool> {
        match self.0 >> shift(fact) & 0b11 {
            0b10 => Some(false),
            0b11 => Some(true),
            _ => None,
        }
    }

    /// Sets the fact; what is not known leaves it as it was.
    pub(super) fn learn(&mut self, fact: Fact, value: Option<bool>) {
        if let Some(value) = value {
            self.0 = self.0 & !(0b11 << shift(fact)) | (0b10 | u32::from(value)) << shift(fact);
        }
    }

    /// Takes over what is known there and not here.
    pub(super) fn fill(&mut self, other: Self) {
        // A pair is known when its high bit is set; spread that bit over the pair.
        let known = self.0 & 0xAAAA_AAAA;
        let mask = known | known >> 1;
        self.0 |= other.0 & !mask;
    }
}

fn shift(fact: Fact) -> u32 {
    2 * fact as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_said_stays_unknown_and_what_was_said_first_stays() {
        let (mut first, mut second) = (Flags::default(), Flags::default());
        first.learn(Fact::Enabled, Some(false));
        first.learn(Fact::FullPortalAccess, Some(true));
        first.learn(Fact::FullPortalAccess, None);
        second.learn(Fact::Enabled, Some(true));
        second.learn(Fact::MfaConfigured, Some(false));
        first.fill(second);
        assert_eq!(first.get(Fact::Enabled), Some(false));
        assert_eq!(first.get(Fact::MfaConfigured), Some(false));
        assert_eq!(first.get(Fact::FullPortalAccess), Some(true));
        assert_eq!(first.get(Fact::ScimUser), None);
    }
}
