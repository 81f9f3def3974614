use serde::{Deserialize, Serialize};

/// The identifiers of 45 CFR 164.514(b)(2)(i), (A) to (R), in the rule's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Identifier {
    Name = 0,
    Geography = 1,
    Date = 2,
    Telephone = 3,
    Fax = 4,
    Email = 5,
    Ssn = 6,
    MedicalRecord = 7,
    HealthPlan = 8,
    Account = 9,
    License = 10,
    Vehicle = 11,
    Device = 12,
    Url = 13,
    IpAddress = 14,
    Biometric = 15,
    Photograph = 16,
    UniqueCode = 17,
}

impl Identifier {
    pub const COUNT: usize = 18;
    pub const ALL: [Self; Self::COUNT] = [
        Self::Name,
        Self::Geography,
        Self::Date,
        Self::Telephone,
        Self::Fax,
        Self::Email,
        Self::Ssn,
        Self::MedicalRecord,
        Self::HealthPlan,
        Self::Account,
        Self::License,
        Self::Vehicle,
        Self::Device,
        Self::Url,
        Self::IpAddress,
        Self::Biometric,
        Self::Photograph,
        Self::UniqueCode,
    ];

    /// The name used in configuration, findings, records and metric labels.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Geography => "geography",
            Self::Date => "date",
            Self::Telephone => "telephone",
            Self::Fax => "fax",
            Self::Email => "email",
            Self::Ssn => "ssn",
            Self::MedicalRecord => "medical_record",
            Self::HealthPlan => "health_plan",
            Self::Account => "account",
            Self::License => "license",
            Self::Vehicle => "vehicle",
            Self::Device => "device",
            Self::Url => "url",
            Self::IpAddress => "ip_address",
            Self::Biometric => "biometric",
            Self::Photograph => "photograph",
            Self::UniqueCode => "unique_code",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|identifier| identifier.name() == name)
    }
}
