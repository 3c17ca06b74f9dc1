//! Word lists for generated tenants. All names are invented; no list is meant to be complete or fair.

pub(super) const FIRST: [&str; 48] = [
    "Ada", "Amir", "Anouk", "Asha", "Bela", "Bruno", "Carmen", "Chidi", "Dara", "Deniz", "Edda", "Emil",
    "Farah", "Finn", "Gita", "Goran", "Hana", "Hugo", "Ines", "Ivo", "Jana", "Joao", "Kaya", "Kofi", "Lena",
    "Luca", "Mara", "Milo", "Nadia", "Nils", "Olga", "Omar", "Petra", "Pius", "Quinn", "Rafa", "Rosa",
    "Sami", "Selma", "Tariq", "Tilda", "Uma", "Vera", "Viktor", "Wanda", "Yara", "Yusuf", "Zoe",
];

pub(super) const LAST: [&str; 48] = [
    "Abbott", "Adeyemi", "Almeida", "Arslan", "Becker", "Bianchi", "Castro", "Chen", "Dahl", "Dubois",
    "Eriksen", "Farkas", "Fischer", "Garcia", "Gruber", "Haddad", "Hansen", "Ibarra", "Ito", "Jansen",
    "Kaplan", "Keller", "Kowalski", "Larsen", "Lehto", "Lopez", "Mensah", "Meyer", "Moreau", "Nakamura",
    "Novak", "Okafor", "Olsen", "Patel", "Petrov", "Quist", "Ribeiro", "Rossi", "Sato", "Schmid", "Singh",
    "Silva", "Tanaka", "Torres", "Urban", "Vargas", "Weber", "Zeller",
];

pub(super) const COMPANY: [&str; 16] = [
    "Harbor", "Cedar", "Summit", "Lantern", "Meadow", "Granite", "Willow", "Beacon", "Orchard", "Falcon",
    "Juniper", "Copper", "Maple", "River", "Saffron", "Birch",
];

pub(super) const TRADE: [&str; 12] = [
    "Logistics",
    "Dental",
    "Bakery",
    "Legal",
    "Foods",
    "Textiles",
    "Media",
    "Energy",
    "Clinics",
    "Travel",
    "Builders",
    "Insurance",
];

pub(super) const STAFF_ROLE: [&str; 12] = [
    "Service Desk",
    "Patch Operators",
    "Auditors",
    "Network Team",
    "Backup Operators",
    "Onboarding",
    "Security Operations",
    "Remote Support",
    "Script Authors",
    "Reporting",
    "Field Engineers",
    "Night Shift",
];

pub(super) const PORTAL_ROLE: [&str; 8] = [
    "Portal Basic",
    "Restore Requesters",
    "Ticket Submitters",
    "Site Contacts",
    "Remote Workers",
    "Approvers",
    "Asset Viewers",
    "Contractors",
];
