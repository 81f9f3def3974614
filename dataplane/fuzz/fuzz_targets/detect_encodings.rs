//! Whatever is encoded however: findings are in order, masks keep the length, a stream equals the
//! whole, and what was UTF-8 is so afterwards.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let masked = lazaret_fuzz::check(bytes);
    if std::str::from_utf8(&bytes[..masked.len()]).is_ok() {
        assert!(std::str::from_utf8(&masked).is_ok());
    }
});
