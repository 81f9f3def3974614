//! Which mask a class gets: what the preset allows, what configuration and permits ask for.
//!
//! A permit goes before a column's own mask, and that before its class's; where nobody asks, the
//! preset decides. 45 CFR 164.514(c) and HHS's guidance of 2012-11-26 bound what a preset allows:
//! a code derived from the individual's information is no Safe Harbor code, and the last four
//! digits of a number are a part of the identifier.

use std::collections::{BTreeMap, HashMap};

use lazaret_detectors::Class;
use serde::{Deserialize, Serialize};

use crate::{Action, Preset};

/// A mask that configuration or a permit may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mask {
    /// As long as the value.
    Redact,
    /// As long for every value.
    RedactFixed,
    /// The last four letters or digits stay.
    #[serde(rename = "keep-last-4")]
    KeepLast4,
    Null,
    Year,
    AgeCap,
    Zip3,
    /// A keyed code, the same for equal values of one scope.
    Hmac,
    /// FF1 of NIST SP 800-38G: digits for digits, letters for letters.
    Fpe,
    /// All dates of a scope are as many days off.
    DateShift,
    /// What control's vault made at random, the same for equal values of one scope.
    Token,
}

impl Mask {
    pub const ALL: [Self; 11] = [
        Self::Redact,
        Self::RedactFixed,
        Self::KeepLast4,
        Self::Null,
        Self::Year,
        Self::AgeCap,
        Self::Zip3,
        Self::Hmac,
        Self::Fpe,
        Self::DateShift,
        Self::Token,
    ];

    /// The word used in configuration and in `@mask`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Redact => "redact",
            Self::RedactFixed => "redact-fixed",
            Self::KeepLast4 => "keep-last-4",
            Self::Null => "null",
            Self::Year => "year",
            Self::AgeCap => "age-cap",
            Self::Zip3 => "zip3",
            Self::Hmac => "hmac",
            Self::Fpe => "fpe",
            Self::DateShift => "date-shift",
            Self::Token => "token",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mask| mask.name() == name)
    }

    /// Whether it is made from the value with a key.
    const fn is_derived(self) -> bool {
        matches!(self, Self::Hmac | Self::Fpe | Self::DateShift)
    }

    /// Whether it is made, or asked for, with a key.
    pub const fn is_keyed(self) -> bool {
        self.is_derived() || matches!(self, Self::Token)
    }

    /// Whether values of the class can be masked so. A mask that lets a part stay lets stay what
    /// the rule names for that class, and would show something else of another.
    pub fn suits(self, class: Class) -> bool {
        match self {
            Self::Redact | Self::RedactFixed | Self::Null => class.is_masked(),
            Self::Year | Self::DateShift => class == Class::Date,
            Self::AgeCap => class == Class::Age,
            Self::Zip3 => class == Class::Zip,
            Self::KeepLast4 | Self::Hmac | Self::Fpe | Self::Token => {
                matches!(class, Class::Direct(_))
            }
        }
    }

    /// The class of a column of which nothing is known but that it is to be masked so.
    pub(crate) fn implies(self) -> Class {
        match self {
            Self::Year | Self::DateShift => Class::Date,
            Self::AgeCap => Class::Age,
            Self::Zip3 => Class::Zip,
            Self::Redact
            | Self::RedactFixed
            | Self::KeepLast4
            | Self::Null
            | Self::Hmac
            | Self::Fpe
            | Self::Token => Class::UNTRACED,
        }
    }

    /// Of two masks that are both asked for.
    pub(crate) fn stricter(self, other: Self) -> Self {
        if self == other { self } else { Self::Redact }
    }

    /// What is done to a column of the class; one that the mask doesn't suit is covered whole.
    fn action(self, class: Class) -> Action {
        match self {
            _ if !self.suits(class) => Action::Whole,
            Self::Redact => Action::Whole,
            Self::RedactFixed => Action::Fixed,
            Self::KeepLast4 => Action::KeepLast4,
            Self::Null => Action::Null,
            Self::Year => Action::Year,
            Self::AgeCap => Action::AgeCap,
            Self::Zip3 => Action::Zip3,
            Self::Hmac => Action::Hmac,
            Self::Fpe => Action::Fpe,
            Self::DateShift => Action::DateShift,
            Self::Token => Action::Token,
        }
    }
}

/// Why a mask can't be had, and what would help.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MaskRefusal {
    pub message: String,
    pub mend: String,
}

impl Preset {
    /// The word used in configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SafeHarbor => "safe-harbor",
            Self::LimitedDataSet => "limited-data-set",
            Self::Expert => "expert",
            Self::Transparent => "transparent",
        }
    }

    /// Whether the preset lets a mask be asked for, for a class if that is known.
    pub fn check(self, mask: Mask, class: Option<Class>) -> Result<(), MaskRefusal> {
        let name = mask.name();
        let refuse =
            |message: String, mend: &str| Err(MaskRefusal { message, mend: mend.to_owned() });
        match (self, mask) {
            (Self::Transparent, _) => {
                return refuse(
                    format!("`{name}` is asked for, and preset transparent masks nothing"),
                    "remove it, or choose another preset",
                );
            }
            (Self::SafeHarbor | Self::LimitedDataSet, Mask::KeepLast4) => {
                return refuse(
                    format!(
                        "`{name}` leaves a part of an identifier, which preset {} has to remove \
                             (45 CFR 164.514)",
                        self.name()
                    ),
                    "choose redact; or, once an expert has determined that the risk is very small, \
                     preset = \"expert\"",
                );
            }
            (Self::SafeHarbor, mask) if mask.is_derived() => {
                return refuse(
                    format!(
                        "`{name}` makes a code from the individual's information, which is no Safe \
                         Harbor code (45 CFR 164.514(c))"
                    ),
                    "choose token, redact, redact-fixed or null; or preset = \"limited-data-set\" or \
                     \"expert\", if that is what has been determined",
                );
            }
            _ => {}
        }
        match class {
            Some(class) if !mask.suits(class) => refuse(
                format!("`{name}` is no mask for class `{class}`"),
                "year and date-shift go with date, age-cap with age, zip3 with zip; keep-last-4, hmac, \
                 fpe and token with identifiers; redact, redact-fixed and null with all",
            ),
            _ => Ok(()),
        }
    }
}

/// The masks of one statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Masks {
    preset: Preset,
    /// By configuration.
    classes: HashMap<Class, Mask>,
    /// By the permits that let the statement run.
    permitted: HashMap<Class, Mask>,
}

impl Masks {
    /// `classes` are by the names of classes; a name that is none is left out, which leaves the class
    /// to the preset.
    pub fn new(preset: Preset, classes: &BTreeMap<String, Mask>) -> Self {
        let named =
            classes.iter().filter_map(|(name, &mask)| Some((Class::from_name(name)?, mask)));
        Self { preset, classes: named.collect(), permitted: HashMap::new() }
    }

    pub fn preset(&self) -> Preset {
        self.preset
    }

    /// With what permits ask for. Where two disagree, the class is covered whole.
    pub(crate) fn with(&self, permitted: &[(Class, Mask)]) -> Self {
        let mut masks = self.clone();
        for &(class, mask) in permitted {
            let asked = masks.permitted.entry(class).or_insert(mask);
            *asked = asked.stricter(mask);
        }
        masks
    }

    /// What somebody asks for, for a column of the class with perhaps a mask of its own.
    pub(crate) fn asked(&self, class: Class, own: Option<Mask>) -> Option<Action> {
        if !class.is_masked() {
            return None;
        }
        let permitted = self.permitted.get(&class).copied();
        let mask = permitted.or(own).or_else(|| self.classes.get(&class).copied())?;
        Some(mask.action(class))
    }
}

/// What `@mask("ssn = keep-last-4, zip = redact")` asks for.
pub(crate) fn parse_annotation(
    text: &str,
    preset: Preset,
) -> Result<Vec<(Class, Mask)>, MaskRefusal> {
    let mut asked = Vec::new();
    for pair in text.split(',') {
        let parts = pair.split_once('=').map(|(class, mask)| (class.trim(), mask.trim()));
        let known = parts.and_then(|(class, mask)| {
            let class = Class::from_name(class).filter(|class| class.is_masked())?;
            Some((class, Mask::from_name(mask)?))
        });
        let Some((class, mask)) = known else {
            return Err(MaskRefusal {
                message: format!("@mask can't be read at `{}`", pair.trim()),
                mend:
                    "write class = mask, with commas between: @mask(\"ssn = redact, zip = zip3\")"
                        .to_owned(),
            });
        };
        preset.check(mask, Some(class))?;
        asked.push((class, mask));
    }
    Ok(asked)
}
