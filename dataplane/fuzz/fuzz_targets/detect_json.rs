//! Whatever a JSON text holds, it is one afterwards.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let masked = lazaret_fuzz::check(bytes);
    let is_json = |text: &[u8]| serde_json::from_slice::<serde_json::Value>(text).is_ok();
    if matches!(bytes.first(), Some(b'{' | b'[')) && is_json(&bytes[..masked.len()]) {
        assert!(is_json(&masked));
    }
});
