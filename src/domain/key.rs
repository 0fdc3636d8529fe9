//! How a key may look that we ask for.

/// What any HTTP header and any ATS's form takes.
pub const RULE: &str = "16 to 170 visible ASCII characters";

/// Whether `key` may be one.
pub fn is_well_formed(key: &str) -> bool {
    (16..=170).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic())
}
