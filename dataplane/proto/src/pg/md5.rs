//! The answer to AuthenticationMD5Password: `md5` and the hex digits of
//! MD5(hex(MD5(password, user)), salt).

use md5::{Digest, Md5};

/// The password that a PasswordMessage carries.
pub fn response(user: &[u8], password: &[u8], salt: [u8; 4]) -> String {
    let inner = hex(Md5::new().chain_update(password).chain_update(user));
    let outer = hex(Md5::new().chain_update(inner.as_bytes()).chain_update(salt));
    format!("md5{outer}")
}

fn hex(hasher: Md5) -> String {
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_is_the_one_that_postgresql_expects() {
        // SELECT 'md5' || md5(convert_to(md5('pencil' || 'alice'), 'UTF8') || '\x01020304')
        assert_eq!(
            response(b"alice", b"pencil", [1, 2, 3, 4]),
            "md537cba386e8b90f1e3941a0e792722253"
        );
    }
}
