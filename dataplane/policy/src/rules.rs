//! The rules that hold on every resource that masks, unless a permit's `@lift` names one.
//!
//! Each names a way by which data could get past the masks, and has a name of its own in the record.
//! Messages quote only words of this file, never the statement.

use lazaret_sql::{Access, FunctionUse, Kind, Setting, SettingScope, Statement};

use crate::leave::Leave;
use crate::reach::{names_masked, reads_masked};
use crate::system::{self, WayOut};
use crate::{Catalog, Reach};

/// Why a statement is refused. The client sees `message` and `hint`; neither quotes data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// 42501 in general.
    pub sqlstate: [u8; 5],
    pub message: String,
    pub hint: Option<String>,
    /// The Cedar policy or the fixed rule that decided, for the record.
    pub rule: String,
}

/// A rule that refuses, with what the client reads.
pub(crate) struct Rule {
    pub(crate) name: &'static str,
    message: &'static str,
    hint: &'static str,
}

impl From<&Rule> for Refusal {
    fn from(rule: &Rule) -> Self {
        Self {
            sqlstate: *b"42501",
            message: rule.message.to_owned(),
            hint: Some(rule.hint.to_owned()),
            rule: format!("rule:{}", rule.name),
        }
    }
}

const PINNED_SETTING: Rule = Rule {
    name: "pinned-setting",
    message: "this setting can't be changed through the gateway",
    hint: "The gateway pins the settings on which its reading of statements and results depends, \
           and those that change who the session is.",
};

const UNNAMED_SETTING: Rule = Rule {
    name: "unnamed-setting",
    message: "set_config() needs a literal as its first argument",
    hint: "Name the setting in the statement, not in a parameter or an expression.",
};

const SETTING_FROM_DATA: Rule = Rule {
    name: "setting-from-data",
    message: "a setting can't be set from protected data",
    hint: "Pass literals to set_config().",
};

const COPY_SERVER: Rule = Rule {
    name: "copy-server",
    message: "COPY to or from a file or a program of the server is not allowed",
    hint: "Use COPY ... TO STDOUT or COPY ... FROM STDIN.",
};

const COPY_OPTION: Rule = Rule {
    name: "copy-option",
    message: "this COPY has an option that the gateway doesn't know, or another encoding than UTF8",
    hint: "Use the options FORMAT, HEADER, DELIMITER, NULL, QUOTE, ESCAPE and FORCE_QUOTE.",
};

pub(crate) const COPIES_MASKED: Rule = Rule {
    name: "copies-masked",
    message: "protected data can't be copied into another table or column",
    hint: "Write literals or parameters, or read the data where it is.",
};

const DEFINES_MASKED: Rule = Rule {
    name: "defines-masked",
    message: "the definition of a relation with protected data can't be changed through the gateway",
    hint: "Definitions, views, rules and triggers decide what is masked: change them directly.",
};

const LABELS_MASKED: Rule = Rule {
    name: "labels-masked",
    message: "comments and labels on a relation with protected data can't be changed through the \
              gateway",
    hint: "Classes are declared in the gateway's own configuration.",
};

const DEFINES_FOREIGN: Rule = Rule {
    name: "defines-foreign",
    message: "a definition that calls code outside pg_catalog can't be made through the gateway",
    hint: "A default, a generated column or a trigger may bring protected data into a relation that \
           is not masked: make it directly.",
};

const EXECUTE_ARGUMENTS: Rule = Rule {
    name: "execute-arguments",
    message: "EXECUTE with arguments that call code outside pg_catalog is not allowed",
    hint: "Pass literals: what a prepared statement does with its parameters is not followed.",
};

const UNREADABLE: Rule = Rule {
    name: "unreadable",
    message: "the gateway can't read all of this statement",
    hint: "CREATE FOREIGN TABLE is one: make it directly.",
};

const OPAQUE_CODE: Rule = Rule {
    name: "opaque-code",
    message: "DO is not allowed through the gateway",
    hint: "What a code block reads and writes can't be told: send its statements one by one.",
};

const PRIVATE_RELATION: Rule = Rule {
    name: "private-relation",
    message: "this system relation is not readable through the gateway",
    hint: "It shows other sessions' statements, samples of data, or secrets.",
};

const WAY_OUT: Rule = Rule {
    name: "way-out",
    message: "this function is not allowed through the gateway",
    hint: "It runs a text as SQL, or reads or changes what no mask covers.",
};

pub(crate) const CHANNEL: Rule = Rule {
    name: "channel",
    message: "protected data can't be passed to other sessions",
    hint: "Call this function with literals or parameters only.",
};

/// Not [`refuse`]'s: parameters and copied data come after the statement that was decided.
pub(crate) const WRITES_MASK: Rule = Rule {
    name: "writes-mask",
    message: "a mask can't be written over the data that it stands for",
    hint: "Write only columns whose values you know: leave the masked ones out.",
};

/// The rules that a permit's `@lift` may lift. Of the others, what the gateway understands of
/// statements and results depends.
pub(crate) const LIFTABLE: &[&str] = &[
    CHANNEL.name,
    COPIES_MASKED.name,
    COPY_SERVER.name,
    DEFINES_FOREIGN.name,
    DEFINES_MASKED.name,
    EXECUTE_ARGUMENTS.name,
    LABELS_MASKED.name,
    OPAQUE_CODE.name,
    PRIVATE_RELATION.name,
    SETTING_FROM_DATA.name,
    WAY_OUT.name,
    WRITES_MASK.name,
];

/// The first rule that refuses the statement and isn't lifted.
pub(crate) fn refuse(
    statement: &Statement,
    reach: Reach,
    catalog: Option<&Catalog>,
    leave: &Leave,
) -> Option<Refusal> {
    let exposed = reach.masked || reach.foreign_function;
    let copied = copies(statement, reach, catalog).then_some(&COPIES_MASKED);
    let singly = [
        settings(statement, exposed),
        copy_server(statement),
        copy_option(statement),
        opaque_code(statement),
        unreadable(statement),
        execute_arguments(statement, catalog),
        definitions(statement, reach, catalog),
        relations(statement),
    ];
    let rules = singly
        .into_iter()
        .flatten()
        .chain(functions(&statement.functions, exposed))
        .chain(attributes(statement, catalog))
        .chain(copied);
    let mut standing = rules.filter(|rule| !leave.lifts(rule.name));
    standing.next().map(Into::into)
}

fn settings(statement: &Statement, exposed: bool) -> Option<&'static Rule> {
    if statement.unnamed_setting {
        return Some(&UNNAMED_SETTING);
    }
    let mut calls = statement.functions.iter().filter(|of| of.name == "set_config").peekable();
    let by_function = calls.peek().is_some();
    let pinned = statement.settings.iter().any(|of| !is_settable(of, by_function));
    if pinned || updates_settings(statement) {
        return Some(&PINNED_SETTING);
    }
    let from_data = exposed && calls.any(|function| !function.constant);
    from_data.then_some(&SETTING_FROM_DATA)
}

/// `UPDATE pg_settings` sets, and so does an UPDATE of a view over it.
fn updates_settings(statement: &Statement) -> bool {
    let defines = statement.kind == Kind::Ddl;
    let mut settings = statement.relations.iter().filter(|of| system::is_settings(of));
    settings.any(|of| of.access == Access::Write || defines)
}

/// Whether a setting may have this value. Without a literal, SET goes back to the value that the
/// session was started with, and `set_config` may set any.
fn is_settable(setting: &Setting, by_function: bool) -> bool {
    let value = setting.value.as_deref();
    let resets = value.is_none() && !by_function && setting.scope != SettingScope::Stored;
    match setting.name.as_str() {
        "client_encoding" => resets || value.is_some_and(is_utf8),
        "standard_conforming_strings" => resets || value.is_some_and(is_true),
        "role" => resets || value.is_some_and(|value| value.eq_ignore_ascii_case("none")),
        "session_authorization" => resets,
        "allow_system_table_mods"
        | "dynamic_library_path"
        | "extension_control_path"
        | "lo_compat_privileges"
        | "local_preload_libraries"
        | "session_preload_libraries"
        | "session_replication_role"
        | "shared_preload_libraries" => false,
        _ => true,
    }
}

/// The names that PostgreSQL takes for UTF8: only letters and digits count.
pub(crate) fn is_utf8(name: &str) -> bool {
    let letters: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    matches!(letters.to_ascii_lowercase().as_str(), "utf8" | "unicode")
}

fn is_true(value: &str) -> bool {
    matches!(value.to_ascii_lowercase().as_str(), "on" | "true" | "yes" | "1" | "t" | "y")
}

fn copy_server(statement: &Statement) -> Option<&'static Rule> {
    (statement.kind == Kind::CopyServer).then_some(&COPY_SERVER)
}

fn copy_option(statement: &Statement) -> Option<&'static Rule> {
    let copy = statement.copy.as_ref()?;
    let recoded = copy.encoding.as_deref().is_some_and(|encoding| !is_utf8(encoding));
    (copy.unknown_option || recoded).then_some(&COPY_OPTION)
}

fn has(statement: &Statement, kind: Kind) -> bool {
    statement.kind == kind || statement.inner == Some(kind) || statement.nested.contains(&kind)
}

fn opaque_code(statement: &Statement) -> Option<&'static Rule> {
    has(statement, Kind::Do).then_some(&OPAQUE_CODE)
}

fn unreadable(statement: &Statement) -> Option<&'static Rule> {
    statement.relations.iter().any(|of| of.name.is_empty()).then_some(&UNREADABLE)
}

fn execute_arguments(statement: &Statement, catalog: Option<&Catalog>) -> Option<&'static Rule> {
    let calls = match catalog {
        None => !statement.functions.is_empty(),
        Some(catalog) => catalog.code().is_called_by(statement),
    };
    (has(statement, Kind::Execute) && calls).then_some(&EXECUTE_ARGUMENTS)
}

fn definitions(
    statement: &Statement,
    reach: Reach,
    catalog: Option<&Catalog>,
) -> Option<&'static Rule> {
    let rule = match statement.kind {
        Kind::Ddl => &DEFINES_MASKED,
        Kind::Label => &LABELS_MASKED,
        _ => return None,
    };
    let refused = match catalog {
        None => !statement.relations.is_empty(),
        Some(catalog) => names_masked(statement, catalog) || reads_unknown(statement, catalog),
    };
    if refused {
        return Some(rule);
    }
    (statement.kind == Kind::Ddl && reach.foreign_function).then_some(&DEFINES_FOREIGN)
}

fn relations(statement: &Statement) -> Option<&'static Rule> {
    let mut relations = statement.relations.iter();
    let private = relations.any(|of| system::is_private(of.schema.as_deref(), &of.name));
    private.then_some(&PRIVATE_RELATION)
}

/// A view or a rule over a relation that can't be resolved.
fn reads_unknown(statement: &Statement, catalog: &Catalog) -> bool {
    statement.relations.iter().filter(|of| of.access == Access::Read).any(|of| {
        let schema = of.schema.as_deref();
        !system::is_relation(schema, &of.name) && catalog.resolve(schema, &of.name).next().is_none()
    })
}

fn functions(functions: &[FunctionUse], exposed: bool) -> impl Iterator<Item = &'static Rule> {
    functions.iter().filter_map(move |function| match system::way_out(function)? {
        WayOut::Always => Some(&WAY_OUT),
        WayOut::ByArguments => (exposed && !function.constant).then_some(&CHANNEL),
    })
}

/// What an attribute computes from is data. One that a relation of the statement has is no function.
fn attributes(
    statement: &Statement,
    catalog: Option<&Catalog>,
) -> impl Iterator<Item = &'static Rule> {
    let is_column = move |name: &str| {
        statement.relations.iter().any(|of| {
            let mut meant =
                catalog.into_iter().flat_map(|c| c.resolve(of.schema.as_deref(), &of.name));
            meant.any(|relation| relation.column_named(name).is_some())
        })
    };
    let called = statement.attributes.iter().filter(move |name| !is_column(name));
    let ways = called.filter_map(|name| system::way_out_by_name(name));
    ways.map(|way_out| match way_out {
        WayOut::Always => &WAY_OUT,
        WayOut::ByArguments => &CHANNEL,
    })
}

fn copies(statement: &Statement, reach: Reach, catalog: Option<&Catalog>) -> bool {
    statement.copies && (reads_masked(statement, catalog) || reach.foreign_function)
}
