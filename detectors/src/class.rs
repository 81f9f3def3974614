//! What a column holds, told from its declared class or its name.
//!
//! [`by_name`] reads a name as a person would: it is cut into words (`patientBirthDate`,
//! `PATIENT_BIRTH_DATE`, `patientbirthdate` and `PT_BRTH_DT` are the same three), and rules ask for words, with
//! the relation's name as context where a word alone is ambiguous. A wrong yes costs a masked
//! column that configuration can declare clear; a wrong no leaves the column to the content scan.
//! So a word that says "this describes the thing, it is not the thing" (`phone_type`,
//! `city_count`) ends the matter, and an ambiguous word alone counts in a relation about people
//! only: `name` in `patients` is a person's, `name` in `products` is not.

mod abbreviations;
mod rules;
mod words;

use std::fmt;

use crate::Identifier;

/// The class of a column. Labels found upstream may raise a class, never lower it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Class {
    /// Declared, in our own configuration, to hold no PHI.
    Clear,
    /// Nothing is known: its text is scanned.
    #[default]
    Unclassified,
    /// Holds versions of things: scanned, but four numbers with dots are no address.
    Version,
    /// Holds this identifier: masked whole.
    Direct(Identifier),
    /// A date about an individual: the year may stay (164.514(b)(2)(i)(C)).
    Date,
    /// An age in years: capped at 90 (164.514(b)(2)(i)(C)).
    Age,
    /// A ZIP code: three digits may stay (164.514(b)(2)(i)(B)).
    Zip,
}

impl Class {
    /// The class of what can't be traced or resolved: any other code (164.514(b)(2)(i)(R)).
    pub const UNTRACED: Self = Self::Direct(Identifier::UniqueCode);

    /// Whether a relation with such a column holds data about individuals.
    pub fn is_masked(self) -> bool {
        self.identifier().is_some()
    }

    /// The identifier that is masked, whole or in part.
    pub fn identifier(self) -> Option<Identifier> {
        match self {
            Self::Clear | Self::Unclassified | Self::Version => None,
            Self::Direct(identifier) => Some(identifier),
            Self::Date | Self::Age => Some(Identifier::Date),
            Self::Zip => Some(Identifier::Geography),
        }
    }

    /// The stricter of the two. Two that each let a different part stay leave nothing together.
    pub fn raise(self, other: Self) -> Self {
        match (self.strictness(), other.strictness()) {
            _ if self == other => self,
            (Strictness::Part, Strictness::Part) => {
                Self::Direct(self.identifier().unwrap_or(Identifier::UniqueCode))
            }
            (mine, others) if others > mine => other,
            _ => self,
        }
    }

    /// The word used in configuration: `clear`, `version`, `zip`, `age`, `date`, or an identifier's
    /// name.
    /// A date masked whole is no word of its own: `unique_code` masks whole.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "clear" => Some(Self::Clear),
            "version" => Some(Self::Version),
            "date" => Some(Self::Date),
            "age" => Some(Self::Age),
            "zip" => Some(Self::Zip),
            _ => Identifier::from_name(name).map(Self::Direct),
        }
    }

    /// The inverse of [`Class::from_name`]; empty for an unclassified column.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Clear => "clear",
            Self::Unclassified => "",
            Self::Version => "version",
            Self::Direct(identifier) => identifier.name(),
            Self::Date => "date",
            Self::Age => "age",
            Self::Zip => "zip",
        }
    }

    fn strictness(self) -> Strictness {
        match self {
            Self::Clear => Strictness::Clear,
            Self::Version => Strictness::ScanMostly,
            Self::Unclassified => Strictness::Scan,
            Self::Date | Self::Age | Self::Zip => Strictness::Part,
            Self::Direct(_) => Strictness::Whole,
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Classes a column by its name: `ssn`, `patient_name`, `dob`, `zip_code` ... `relation` is the
/// bare name of its table or view, and empty where there is none (a JSON key, a function's
/// result), which makes ambiguous words (`name`, `first`) innocent.
pub fn by_name(relation: &str, column: &str) -> Option<Class> {
    let relation = words::Words::of(relation);
    let column = words::Words::of(column);
    rules::classify(words::Context::of(&relation), &column)
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Strictness {
    Clear,
    ScanMostly,
    Scan,
    Part,
    Whole,
}

#[cfg(test)]
mod tests;
