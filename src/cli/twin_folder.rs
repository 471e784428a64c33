//! Where the sandbox of a twin is.

use std::path::{Path, PathBuf};

/// The default folder of a twin's sandbox: one for each portal or copy.
pub fn folder_of(like: &str, data: &Path) -> PathBuf {
    let plain = like
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    let name = match plain && !like.ends_with(".toml") {
        true => like.to_owned(),
        false => {
            let path = std::path::absolute(like).unwrap_or_else(|_| like.into());
            let hash = blake3::hash(path.as_os_str().as_encoded_bytes());
            hash.to_hex()[..16].to_owned()
        }
    };
    data.join("twins").join(name)
}
