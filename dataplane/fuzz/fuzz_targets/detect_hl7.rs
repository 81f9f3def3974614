//! Whatever follows a header of HL7 v2, and whatever begins as one does.

#![no_main]

const HEADER: &[u8] = b"MSH|^~\\&|A|B\r";

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    lazaret_fuzz::check(bytes);
    lazaret_fuzz::check(&[HEADER, bytes].concat());
});
