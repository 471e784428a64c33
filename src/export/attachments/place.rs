//! Where a file goes below the folder of attachments: `<ticket>/<file id>-<name>`. The id makes
//! it unique, keeps reserved names from being used alone, and identifies it later; characters
//! with which a name could lead elsewhere are removed. Pure.

use std::path::PathBuf;

use crate::hubspot::StoredFile;
use crate::model::attachment::{own_name, safe_name};

/// Maximum length of a name in bytes: file systems accept 255.
const LONGEST: usize = 180;

/// The name of a file, without the marker that our import added.
pub fn name_of(file: &StoredFile) -> String {
    let whole = match file.extension.as_str() {
        "" => file.name.clone(),
        extension => format!("{}.{extension}", file.name),
    };
    own_name(&file.path, &whole).to_owned()
}

/// The path of a file below the folder, with `/` between its parts.
pub fn place_of(ticket: u64, id: u64, name: &str) -> String {
    let name = safe_name(name);
    let (stem, ending) = match name.rsplit_once('.') {
        Some((stem, ending)) => (stem, format!(".{ending}")),
        None => (name.as_str(), String::new()),
    };
    let most = LONGEST.saturating_sub(ending.len()).min(stem.len());
    let cut = (0..=most).rev().find(|at| stem.is_char_boundary(*at));
    format!("{ticket}/{id}-{}{ending}", &stem[..cut.unwrap_or_default()])
}

/// The same as a path of this operating system.
pub fn path_of(place: &str) -> PathBuf {
    place.split('/').collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_leads_elsewhere_or_is_too_long() {
        let long = "x".repeat(300);
        for (name, expected) in [
            ("a.pdf", "7/9-a.pdf".to_owned()),
            ("../../etc/passwd", "7/9-passwd".to_owned()),
            ("..\\x", "7/9-x".to_owned()),
            ("con", "7/9-con".to_owned()),
            ("NUL.txt", "7/9-NUL.txt".to_owned()),
            ("a\u{0}\r\nb.txt", "7/9-a---b.txt".to_owned()),
            ("", "7/9-file".to_owned()),
            ("...", "7/9-file".to_owned()),
            (long.as_str(), format!("7/9-{}", "x".repeat(80))),
        ] {
            assert_eq!(place_of(7, 9, name), expected, "{name}");
        }
        let wide = format!("{}.jpeg", "\u{1f4ce}".repeat(300));
        let place = place_of(7, 9, &wide);
        assert!(place.len() < 200 && place.ends_with(".jpeg"), "{place}");
    }
}
