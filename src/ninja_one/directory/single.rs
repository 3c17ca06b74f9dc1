//! Snapshots of one account, or a few: what a single read or the answer to a write says, in the same shape as everything else.

use std::time::SystemTime;

use super::{
    build::{Extras, UserList, join},
    snapshot::Snapshot,
};
use crate::ninja_one::rest::model::{EndUser, Technician, User, UserType};

impl Snapshot {
    /// The technician alone.
    #[must_use]
    pub fn of_technician(technician: &Technician<'_>) -> Self {
        let mut extras = Extras::default();
        extras.push_technician(technician);
        let user = User {
            id: technician.id,
            uid: technician.uid.clone(),
            first_name: technician.first_name.clone(),
            last_name: technician.last_name.clone(),
            email: technician.email.clone(),
            phone: technician.phone.clone(),
            user_type: Some(UserType::Technician),
            invitation_status: technician.invitation_status.clone(),
            ..User::default()
        };
        Self::of_users([&user], extras)
    }

    /// The end user alone.
    #[must_use]
    pub fn of_end_user(end_user: &EndUser<'_>) -> Self {
        let mut extras = Extras::default();
        extras.push_end_user(end_user);
        let user = User {
            id: end_user.id,
            uid: end_user.uid.clone(),
            first_name: end_user.first_name.clone(),
            last_name: end_user.last_name.clone(),
            email: end_user.email.clone(),
            phone: end_user.phone.clone(),
            user_type: Some(UserType::EndUser),
            invitation_status: end_user.invitation_status.clone(),
            organization_id: end_user.organization_id,
            ..User::default()
        };
        Self::of_users([&user], extras)
    }

    /// A row of the users list alone.
    #[must_use]
    pub fn of_user(user: &User<'_>) -> Self {
        Self::of_users([user], Extras::default())
    }

    fn of_users<'a>(users: impl IntoIterator<Item = &'a User<'a>>, extras: Extras) -> Self {
        let mut list = UserList::default();
        users.into_iter().for_each(|user| list.push(user));
        // Only a record without an id makes no account; there is nothing to show then.
        join(list, &[extras], None, SystemTime::now()).unwrap_or_default()
    }
}
