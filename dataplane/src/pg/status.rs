//! ParameterStatus: which values a client is told.
//!
//! Some settings take any text, so a statement can carry data out in one. Known names pass, with
//! values of the form that the setting has; those of free form pass only while nothing that reads
//! masked data runs. The two settings that the lexer depends on may not change at all.

/// What to do with a ParameterStatus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Vetted<'v> {
    Pass,
    Instead(&'v str),
    Drop,
    /// This setting was pinned.
    Unpinned(&'static str),
}

/// What the client said at start-up, which it is told whatever the upstream says.
#[derive(Clone, Copy)]
pub(super) struct Own<'v> {
    pub(super) user: &'v str,
    pub(super) application_name: &'v str,
}

/// `quiet` says that no statement runs that may have put data there.
pub(super) fn vet<'v>(name: &[u8], value: &[u8], own: Own<'v>, quiet: bool) -> Vetted<'v> {
    let pass = match name {
        b"client_encoding" if value != b"UTF8" => return Vetted::Unpinned("client_encoding"),
        b"standard_conforming_strings" if value != b"on" => {
            return Vetted::Unpinned("standard_conforming_strings");
        }
        b"client_encoding" | b"standard_conforming_strings" => true,
        b"application_name" => return Vetted::Instead(own.application_name),
        // The upstream's is the gateway's service user.
        b"session_authorization" => return Vetted::Instead(own.user),
        b"default_transaction_read_only"
        | b"in_hot_standby"
        | b"integer_datetimes"
        | b"is_superuser" => matches!(value, b"on" | b"off"),
        b"DateStyle" => is_date_style(value),
        b"IntervalStyle" => {
            matches!(value, b"postgres" | b"postgres_verbose" | b"sql_standard" | b"iso_8601")
        }
        b"scram_iterations" => value.len() <= 10 && value.iter().all(u8::is_ascii_digit),
        b"server_encoding" => is_word(value, 20, b"_"),
        b"server_version" => is_word(value, 100, b" .()~+:_-"),
        b"TimeZone" => quiet && is_word(value, 64, b"_+-/<>:"),
        b"search_path" => quiet && is_word(value, 1000, b"_$\", "),
        _ => false,
    };
    if pass { Vetted::Pass } else { Vetted::Drop }
}

/// Letters, digits and what `also` allows, at most `max_bytes` of them.
fn is_word(value: &[u8], max_bytes: usize, also: &[u8]) -> bool {
    let known = |byte: &u8| byte.is_ascii_alphanumeric() || also.contains(byte);
    value.len() <= max_bytes && value.iter().all(known)
}

fn is_date_style(value: &[u8]) -> bool {
    const STYLES: [&[u8]; 4] = [b"ISO", b"SQL", b"Postgres", b"German"];
    const ORDERS: [&[u8]; 3] = [b", MDY", b", DMY", b", YMD"];
    let order = STYLES.iter().find_map(|style| value.strip_prefix(*style));
    order.is_some_and(|order| ORDERS.contains(&order))
}

#[cfg(test)]
mod tests {
    use super::{Own, Vetted, vet};

    const OWN: Own<'_> = Own { user: "ci-agent", application_name: "psql" };

    fn check(name: &str, value: &str, quiet: bool, expected: Vetted<'_>) {
        assert_eq!(vet(name.as_bytes(), value.as_bytes(), OWN, quiet), expected, "{name}={value}");
    }

    #[test]
    fn what_servers_report_at_start_up_passes() {
        for (name, value) in [
            ("client_encoding", "UTF8"),
            ("DateStyle", "ISO, MDY"),
            ("IntervalStyle", "postgres"),
            ("is_superuser", "off"),
            ("scram_iterations", "4096"),
            ("search_path", "\"$user\", public"),
            ("server_encoding", "UTF8"),
            ("server_version", "15.18 (Debian 15.18-0+deb12u1)"),
            ("standard_conforming_strings", "on"),
            ("TimeZone", "America/Argentina/Buenos_Aires"),
            ("TimeZone", "<-05>+05"),
        ] {
            check(name, value, true, Vetted::Pass);
        }
    }

    #[test]
    fn a_client_is_told_its_own_names_whatever_a_statement_set() {
        check("application_name", "123-45-6789", false, Vetted::Instead("psql"));
        check("session_authorization", "lazaret_service", true, Vetted::Instead("ci-agent"));
    }

    #[test]
    fn a_setting_of_free_form_says_nothing_while_masked_data_is_read() {
        check("TimeZone", "<123-45>6", false, Vetted::Drop);
        check("search_path", "smith", false, Vetted::Drop);
    }

    #[test]
    fn a_value_that_the_setting_cannot_have_is_dropped() {
        check("DateStyle", "ISO, 123-45-6789", true, Vetted::Drop);
        check("is_superuser", "smith", true, Vetted::Drop);
        check("server_version", "15\u{e9}", true, Vetted::Drop);
        check("my.setting", "on", true, Vetted::Drop);
    }

    #[test]
    fn the_lexer_may_not_change() {
        check("client_encoding", "SJIS", true, Vetted::Unpinned("client_encoding"));
        let name = "standard_conforming_strings";
        check(name, "off", true, Vetted::Unpinned(name));
    }
}
