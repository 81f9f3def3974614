//! The key of masks that take one, which control never has.

use std::path::Path;

use lazaret_link::Secret;

/// What `lazaret init` writes has 43 characters.
const SHORTEST: usize = 32;

/// `None` where there is no key: then such masks are redactions.
pub(super) fn read(path: &Path) -> Option<Secret> {
    let refuse = |why: &str| {
        let mend = "write 32 random bytes in base64 there; until then token, hmac, fpe and date-shift redact";
        tracing::warn!(path = %path.display(), mend, "the key of masks {why}");
        None
    };
    match std::fs::read_to_string(path) {
        Ok(text) if text.trim().len() >= SHORTEST => Some(Secret::new(text.trim().to_owned())),
        Ok(_) => refuse("is too short"),
        Err(_) => refuse("can't be read"),
    }
}
