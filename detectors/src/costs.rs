//! Groups of candidates, to tell what each costs: for the table in `COSTS.md`.
//!
//! A group is the anchors of one rule, the tokens of one shape, the keys or the words. The clock is
//! whoever asks's: from here come counts, and scans in which some groups' rules are left out.

use crate::Scanner;
use crate::anchors::{Anchor, Rule};
use crate::batch::Batch;
use crate::engine::{self, Floors};
use crate::events::Event;

/// A group that an event may be of.
pub type Group = &'static str;

impl Scanner {
    /// The group of each candidate of a batch, in no order.
    pub fn groups<'s>(&'s mut self, batch: &'s Batch) -> impl Iterator<Item = Group> + 's {
        self.candidates(batch);
        let anchors = &self.pack.seeker().anchors;
        self.events.iter().map(|event| group(event, anchors, batch.bytes()))
    }

    /// Scans as [`Scanner::scan_batch`] does, but for the rules of the groups that are not kept.
    pub fn scan_groups(&mut self, batch: &Batch, keep: &dyn Fn(Group) -> bool) -> usize {
        let (text, cells) = (batch.bytes(), batch.cells());
        let range = 0..text.len();
        self.found.clear();
        self.walks.clear();
        self.walks.extend(batch.walks());
        self.seek(text, &range);
        let anchors = &self.pack.seeker().anchors;
        self.events.retain(|event| keep(group(event, anchors, text)));
        let at = (&range, Floors::default());
        engine::on_events(text, cells.clone(), &self.pack, at, &self.events, &mut self.found);
        self.finish(text, &cells);
        self.settled.len()
    }
}

fn group(event: &Event, anchors: &[Anchor], text: &[u8]) -> Group {
    match event {
        Event::Site { .. } => "a site's own",
        Event::Key { .. } => "keys of JSON",
        Event::Word { .. } => "words that may be names",
        Event::Run { .. } => "runs that may be base64",
        Event::Beyond { .. } => "beyond ASCII",
        Event::Token { digit, end } => {
            let token = text.get(*digit as usize..*end as usize).unwrap_or_default();
            let digits = token.iter().take_while(|byte| byte.is_ascii_digit()).count();
            of_token(digits, digits == token.len())
        }
        Event::Hit { anchor, .. } => anchors.get(*anchor as usize).map_or("", of_anchor),
    }
}

fn of_token(digits: usize, is_number: bool) -> Group {
    match digits {
        _ if !is_number => "tokens: letters and digits",
        1 | 2 => "tokens: 1 or 2 digits",
        3 => "tokens: 3 digits",
        4 => "tokens: 4 digits",
        5 => "tokens: 5 digits",
        _ => "tokens: 6 digits and more",
    }
}

fn of_anchor(anchor: &Anchor) -> Group {
    match anchor.rule {
        Rule::Label(label) => label.why,
        Rule::Email => "@",
        Rule::Url => "://",
        Rule::Www => "www.",
        Rule::Column => "columns",
        Rule::Title => "titles",
        Rule::Credential => "credentials",
        Rule::Relation => "relations",
        Rule::Signature => "signatures",
        Rule::Employer => "employers",
        Rule::Month => "months",
        Rule::Weekday => "weekdays",
        Rule::YearsOld => "years old",
        Rule::Street => "streets",
        Rule::Unit | Rule::PoBox | Rule::Military => "units, boxes",
        Rule::State | Rule::Town | Rule::ListedTown | Rule::County => "states",
        Rule::Secret(_) | Rule::PrivateKey => "secrets (Hyperscan)",
        Rule::Image | Rule::Template => "images, templates (Hyperscan)",
        Rule::Escape | Rule::Message => "escapes, messages (Hyperscan)",
    }
}
