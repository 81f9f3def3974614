//! Whatever follows the header of an X12 interchange, and whatever begins as one does.

#![no_main]

const HEADER: &[u8] = b"ISA*00*          *00*          *ZZ*A              *ZZ*B              \
    *140309*1015*^*00501*000000905*0*T*:~";

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    lazaret_fuzz::check(bytes);
    lazaret_fuzz::check(&[HEADER, bytes].concat());
});
