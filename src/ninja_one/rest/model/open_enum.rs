//! Enums that NinjaOne may extend at any time: an unknown value is kept as it came.

use std::fmt;

macro_rules! open_enums {
    ($($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$vdoc])* $variant,)*
            /// A value that this release does not know.
            Other(String),
        }

        impl $name {
            /// The value as the wire writes it.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)*
                    Self::Other(text) => text,
                }
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                match text {
                    $(_ if text.eq_ignore_ascii_case($text) => Self::$variant,)*
                    _ => Self::Other(text.to_owned()),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    )*};
}

open_enums! {
    /// Which kind of login a user, or the users of a role, have.
    UserType {
        /// Staff, tenant-wide.
        Technician = "TECHNICIAN",
        /// A customer's user, in one organization.
        EndUser = "END_USER",
    }
    /// What became of the invitation.
    InvitationStatus {
        /// Accepted.
        Registered = "REGISTERED",
        /// Open.
        Pending = "PENDING",
        /// Lapsed after 24 hours.
        Expired = "EXPIRED",
    }
}
