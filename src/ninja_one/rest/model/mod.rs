//! What NinjaOne sends, decoded tolerantly (section 6): every field may be missing, null or of another type, and is then
//! `None`; enums are open; unknown fields are skipped. Strings borrow from the body, so that a large list costs no
//! allocation per field. What must hold for a list to be believed is checked by the calls, not here.

mod activity;
mod device;
mod id;
mod lenient;
mod open_enum;
mod organization;
mod role;
mod time;
mod user;

pub use self::activity::{Activity, ActivityPage};
pub use self::device::Device;
pub use self::id::{ActivityId, DeviceId, OrganizationId, RoleId, UserId, UserUid};
pub use self::open_enum::{InvitationStatus, UserType};
pub use self::organization::Organization;
pub use self::role::{RoleMember, UserRole};
pub use self::time::EpochSeconds;
pub use self::user::{EndUser, Technician, User};
