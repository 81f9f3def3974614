//! Which settings a statement changes.

use crate::SettingScope::{Session, Stored, Transaction};

use super::one;

#[test]
fn settings_are_found_wherever_they_are_set() {
    for (text, name, value, scope) in [
        ("SET DateStyle = 'ISO, DMY'", "datestyle", Some("ISO, DMY"), Session),
        ("SET LOCAL a.b TO 1", "a.b", Some("1"), Transaction),
        ("SET search_path = a, \"B\"", "search_path", Some("a, B"), Session),
        ("SET NAMES 'SJIS'", "client_encoding", Some("SJIS"), Session),
        ("SET NAMES DEFAULT", "client_encoding", None, Session),
        ("SET TIME ZONE 'UTC'", "timezone", Some("UTC"), Session),
        ("SET TIME ZONE INTERVAL '1' HOUR TO MINUTE", "timezone", None, Session),
        ("SET SCHEMA 'x'", "search_path", Some("x"), Session),
        ("SET ROLE x", "role", Some("x"), Session),
        ("SET ROLE NONE", "role", Some("none"), Session),
        ("RESET ROLE", "role", None, Session),
        ("SET SESSION AUTHORIZATION x", "session_authorization", Some("x"), Session),
        ("SET XML OPTION DOCUMENT", "xmloption", Some("DOCUMENT"), Session),
        ("SET x TO DEFAULT", "x", None, Session),
        ("RESET \"Client_Encoding\"", "client_encoding", None, Session),
        ("ALTER ROLE r SET x TO 1", "x", Some("1"), Stored),
        ("ALTER ROLE ALL IN DATABASE d RESET x", "x", None, Stored),
        ("ALTER DATABASE d SET x TO 1", "x", Some("1"), Stored),
        ("ALTER SYSTEM SET x = 1", "x", Some("1"), Stored),
        ("CREATE FUNCTION f() RETURNS int LANGUAGE sql SET x = 1 AS ''", "x", Some("1"), Stored),
        ("ALTER FUNCTION f() SET x FROM CURRENT", "x", None, Stored),
        ("SELECT set_config('X', 'y', false)", "x", Some("y"), Session),
        ("SELECT pg_catalog.set_config('x'::text, 'y'::text, 't')", "x", Some("y"), Transaction),
        ("SELECT set_config('x', a, true) FROM t", "x", None, Transaction),
        ("SELECT set_config('x', $1, $2)", "x", None, Session),
        ("CREATE VIEW v AS SELECT set_config('x', 'y', false)", "x", Some("y"), Session),
    ] {
        let statement = one(text);
        let [setting] = statement.settings.as_slice() else { panic!("{text}: {statement:?}") };
        let found = (setting.name.as_str(), setting.value.as_deref(), setting.scope);
        assert_eq!(found, (name, value, scope), "{text}");
        assert!(!statement.unnamed_setting, "{text}");
    }
}

#[test]
fn a_setting_whose_name_is_not_in_the_text_is_told() {
    for text in [
        "SELECT set_config($1, 'x', false)",
        "SELECT set_config(a, 'x', false) FROM t",
        "SELECT set_config('a' || 'b', 'x', false)",
        "SELECT set_config(setting_name => 'a', new_value => 'x', is_local => false)",
        "SELECT set_config()",
        "SELECT 1 WHERE s.set_config(VARIADIC a)",
    ] {
        assert!(one(text).unnamed_setting, "{text}");
    }
}

#[test]
fn resets_of_everything_name_no_setting() {
    for text in ["RESET ALL", "DISCARD ALL", "SET TRANSACTION READ ONLY", "SHOW x"] {
        assert_eq!(one(text).settings, [], "{text}");
    }
}
