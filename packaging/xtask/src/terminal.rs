//! How the tasks look in a terminal, and in a file: the same, without colours.

use std::io::IsTerminal;

/// The width that fits everywhere.
pub(crate) const WIDTH: usize = 100;

#[derive(Clone, Copy)]
pub(crate) enum Colour {
    Bold,
    Dim,
    Red,
    Green,
    Cyan,
}

/// The text in a colour, where one can be shown.
pub(crate) fn paint(colour: Colour, text: &str) -> String {
    let colours = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let code = match colour {
        Colour::Bold => "1",
        Colour::Dim => "2",
        Colour::Red => "31",
        Colour::Green => "32",
        Colour::Cyan => "36",
    };
    if colours { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_string() }
}

/// A heading over what follows.
pub(crate) fn heading(text: &str) {
    println!("\n{}\n", paint(Colour::Bold, text));
}

/// What the person would type.
pub(crate) fn typed(text: &str) {
    for (number, line) in text.lines().enumerate() {
        let prompt = if number == 0 { "$" } else { " " };
        println!("  {} {}", paint(Colour::Dim, prompt), paint(Colour::Cyan, line));
    }
}

/// What was found to be as it should.
pub(crate) fn shown(text: &str) {
    println!("  {} {text}", paint(Colour::Green, "✓"));
}

/// Output of something else, set in.
pub(crate) fn quoted(text: &str) {
    for line in text.trim_end().lines() {
        println!("    {line}");
    }
}

/// Three columns: a name, and two texts that are wrapped within theirs.
pub(crate) fn side_by_side(heads: [&str; 2], rows: &[(String, String, String)]) {
    let names = rows.iter().map(|(name, _, _)| name.chars().count()).max().unwrap_or(0);
    let width = (WIDTH - names - 8) / 2;
    let pad = |text: &str, width: usize| format!("{text:width$}");
    println!(
        "    {} {} │ {}",
        pad("", names),
        paint(Colour::Bold, &pad(heads[0], width)),
        paint(Colour::Bold, heads[1])
    );
    for (name, left, right) in rows {
        let (lefts, rights) = (wrapped(left, width), wrapped(right, width));
        let colour = if left == right { Colour::Dim } else { Colour::Green };
        for line in 0..lefts.len().max(rights.len()) {
            let cell = |lines: &[String]| lines.get(line).cloned().unwrap_or_default();
            println!(
                "    {} {} │ {}",
                paint(Colour::Dim, &pad(if line == 0 { name } else { "" }, names)),
                pad(&cell(&lefts), width),
                paint(colour, &cell(&rights))
            );
        }
    }
    println!();
}

/// Lines no longer than `width`, broken at spaces where there are any.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let mut line = String::new();
        for word in paragraph.split(' ') {
            let room = width.saturating_sub(line.chars().count());
            if !line.is_empty() && word.chars().count() >= room {
                lines.push(std::mem::take(&mut line));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            for letter in word.chars() {
                if line.chars().count() == width {
                    lines.push(std::mem::take(&mut line));
                }
                line.push(letter);
            }
        }
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::wrapped;

    #[test]
    fn text_is_wrapped_at_spaces_and_long_words_are_cut() {
        assert_eq!(wrapped("one two three", 8), ["one two", "three"]);
        assert_eq!(wrapped("abcdefghij k", 4), ["abcd", "efgh", "ij k"]);
        assert_eq!(wrapped("a\n\nb", 4), ["a", "", "b"]);
    }
}
