use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Catalog, DeclaredClass, Mask};

/// Which masks a resource gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// 45 CFR 164.514(b)(2).
    SafeHarbor,
    /// 45 CFR 164.514(e).
    LimitedDataSet,
    /// 45 CFR 164.514(b)(1).
    Expert,
    /// Permits everything and masks nothing; recording goes on.
    Transparent,
}

/// Everything a data plane decides by, compiled by control. Its hash is in every record made under it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Snapshot {
    /// Grows by one with each change.
    pub version: u64,
    /// SHA-256 over what decides (policies, preset, masks, declared classes), in hex.
    pub hash: String,
    pub resource: String,
    pub preset: Preset,
    /// By the name of a class, where the preset's own is not wanted.
    pub masks: BTreeMap<String, Mask>,
    /// Cedar, by file name.
    pub policies: BTreeMap<String, String>,
    pub declared: Vec<DeclaredClass>,
    /// By database name. A database that is not here is not known: everything in it is masked whole.
    pub catalogs: BTreeMap<String, Catalog>,
}
