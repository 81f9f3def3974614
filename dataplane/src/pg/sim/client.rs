//! A client: what it sends, and when.

use lazaret_proto::pg::frontend::Target;

use super::database::{COPY_IN, TEXTS};
use super::messages::*;
use super::random::Random;

/// What is sent in one piece, up to what the client then waits for.
pub(super) struct Exchange {
    pub(super) bytes: Vec<u8>,
    /// ReadyForQuery messages that answer it.
    pub(super) readies: usize,
    /// What follows once the server says that it takes COPY data.
    pub(super) copy: Option<Vec<u8>>,
}

/// A session's worth of exchanges.
pub(super) fn script(random: &mut Random) -> Vec<Exchange> {
    let count = 3 + random.below(8);
    let mut script: Vec<_> = (0..count).map(|_| exchange(random)).collect();
    // Whatever happened, the session is to be usable in the end.
    script.push(simple("ROLLBACK"));
    script.push(simple("SELECT code FROM labs"));
    script
}

fn exchange(random: &mut Random) -> Exchange {
    match random.below(10) {
        0..4 => simple(random.pick(&TEXTS)),
        4 => {
            let several = [random.pick(&TEXTS), random.pick(&TEXTS), random.pick(&TEXTS)];
            simple(&several.join("; "))
        }
        5 => copy_in(random),
        _ => pipeline(random),
    }
}

fn simple(text: &str) -> Exchange {
    Exchange { bytes: query(text), readies: 1, copy: None }
}

fn copy_in(random: &mut Random) -> Exchange {
    let mut data = Vec::new();
    for _ in 0..random.below(5) {
        let row: &[u8] = if random.once_in(6) { b"bad" } else { b"2345-7\tmg\n" };
        data.push(copy_data(row));
        if random.once_in(8) {
            data.push(flush());
        }
    }
    data.push(if random.once_in(4) { copy_fail() } else { copy_done() });
    let extended = random.once_in(2);
    let (bytes, readies) = match extended {
        false => (query(COPY_IN), 1),
        // As libpq does it: one Sync before it knows of the COPY, and one behind it.
        true => {
            data.push(sync());
            let messages = [parse("", COPY_IN), bind("", "", &[]), describe(""), execute("", 0)];
            (all(&[messages.concat(), sync()]), 1)
        }
    };
    Exchange { bytes, readies, copy: Some(data.concat()) }
}

fn pipeline(random: &mut Random) -> Exchange {
    const STATEMENTS: [&str; 3] = ["", "s", "t"];
    const PORTALS: [&str; 3] = ["", "p", "q"];
    let mut messages = Vec::new();
    let mut readies = 0;
    for _ in 0..1 + random.below(10) {
        let statement = random.pick(&STATEMENTS);
        let portal = random.pick(&PORTALS);
        match random.below(12) {
            0..2 => messages.push(parse(statement, random.pick(&TEXTS))),
            2 => messages.push(bind(portal, statement, &[])),
            3 => messages.push(describe(portal)),
            4 => messages.push(describe_statement(statement)),
            5 => messages.push(execute(portal, [0, 1, 2][random.below(3)])),
            6 => messages.push(close(Target::Portal(portal.as_bytes()))),
            7 => messages.push(close(Target::Statement(statement.as_bytes()))),
            8 => messages.push(flush()),
            9 if random.once_in(3) => {
                messages.push(sync());
                readies += 1;
            }
            // The whole of it, as most drivers do.
            _ => messages.extend([
                parse("", random.pick(&TEXTS)),
                bind(portal, "", &[]),
                execute(portal, 0),
                close(Target::Portal(portal.as_bytes())),
            ]),
        }
    }
    messages.push(sync());
    Exchange { bytes: messages.concat(), readies: readies + 1, copy: None }
}
