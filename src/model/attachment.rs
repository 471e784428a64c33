//! A file that a ticket or a comment of the source names, on its way to the portal: what
//! identifies it, and the folder and name that it gets there (protocol H5).

use deunicode::deunicode;

/// The top folder of all uploads.
pub const ROOT: &str = "tickethaul";

/// The name of a system if the mapping names none.
const UNNAMED: &str = "import";

/// Digits before the name of a stored file, by which it is searched for.
const MARK: usize = 16;

/// Characters of a name that are kept, and of its extension.
const LONGEST: usize = 80;
const LONGEST_ENDING: usize = 10;

/// Characters with a special meaning on other systems or in addresses.
const SPECIAL: &str = "/\\:*?\"<>|#%&{}$!'`@+=;";

/// A file as its source names it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attachment {
    /// Its id in the source.
    pub id: Option<String>,
    /// Its name.
    pub name: String,
    /// Where its bytes are: an address, or a path in the folder of attachments.
    pub url: Option<String>,
    /// Its size in bytes, according to the source.
    pub size: Option<u64>,
    /// Whether it is a picture within a text. It is uploaded if its host was named; otherwise the
    /// text keeps its address.
    pub is_picture: bool,
}

impl Attachment {
    /// Identifies it among all files of a source: its id with its address or name, since some
    /// sources number files separately in each ticket; else its address, else its ticket and name.
    /// Comments and tickets that name the same one share it.
    pub fn key(&self, ticket: &str) -> String {
        let mut hasher = blake3::Hasher::new();
        let mut take = |text: &str| {
            let _same = hasher.update(&(text.len() as u64).to_le_bytes());
            let _same = hasher.update(text.as_bytes());
        };
        match (&self.id, &self.url) {
            (Some(id), Some(url)) => ["id", id, unsigned(url)].into_iter().for_each(&mut take),
            (Some(id), None) => ["id", id, &self.name].into_iter().for_each(&mut take),
            (None, Some(url)) => ["url", url].into_iter().for_each(&mut take),
            (None, None) => ["name", ticket, &self.name].into_iter().for_each(&mut take),
        }
        let hash = hasher.finalize();
        hash.to_hex()[..32].to_owned()
    }

    /// The name that the file gets: a mark by which a search finds it, then its own name
    /// without special characters.
    pub fn stored_name(&self, ticket: &str) -> String {
        format!("{}-{}", &self.key(ticket)[..MARK], safe_name(&self.name))
    }
}

/// An address without its query: a signature in it is different in each export.
fn unsigned(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or(url)
}

/// The name that a file had before it was stored by us under a path with its mark.
pub fn own_name<'n>(path: &str, name: &'n str) -> &'n str {
    let is_ours = path
        .trim_start_matches('/')
        .starts_with(&format!("{ROOT}/"));
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    match name.split_once('-') {
        Some((mark, own)) if is_ours && mark.len() == MARK && mark.bytes().all(is_digit) => own,
        _ => name,
    }
}

/// The folder for the files of a ticket, in characters that no portal changes.
pub fn folder(source: &str, ticket: &str) -> String {
    format!("{}{}", system_folder(source), plain(ticket))
}

/// The folder for the files of a system, with a slash after it.
pub fn system_folder(source: &str) -> String {
    let source = if source.is_empty() { UNNAMED } else { source };
    format!("/{ROOT}/{}/", plain(source))
}

/// A name that can be stored anywhere.
pub fn safe_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let keeps = |letter: char| !letter.is_control() && !SPECIAL.contains(letter);
    let letters = last
        .chars()
        .map(|letter| if keeps(letter) { letter } else { '-' });
    let safe: String = letters.collect();
    let safe = safe.trim_matches([' ', '.', '-']);
    let (stem, ending) = match safe.rsplit_once('.') {
        Some((stem, ending)) if ending.chars().count() <= LONGEST_ENDING && !stem.is_empty() => {
            (stem, format!(".{ending}"))
        }
        _ => (safe, String::new()),
    };
    let stem: String = stem.chars().take(LONGEST).collect();
    match stem.trim_matches([' ', '.']) {
        "" => format!("file{ending}"),
        stem => format!("{stem}{ending}"),
    }
}

/// A part of a path in plain letters. If that changes it, its hash keeps it distinct.
fn plain(text: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
    let same = !text.is_empty() && text.len() <= LONGEST && text.chars().all(is_plain);
    if same {
        return text.to_owned();
    }
    let letters = deunicode(text);
    let letters = letters
        .chars()
        .map(|letter| if is_plain(letter) { letter } else { '-' });
    let shown: String = letters.take(LONGEST).collect();
    let hash = blake3::hash(text.as_bytes()).to_hex();
    format!("{}-{}", shown.trim_matches('-'), &hash[..8])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_nowhere_else() {
        let long = "x".repeat(300);
        for (name, clean) in [
            ("invoice.pdf", "invoice.pdf"),
            ("../../etc/passwd", "passwd"),
            ("..\\..\\boot.ini", "boot.ini"),
            ("Größe 3.png", "Größe 3.png"),
            ("a\u{7}b\n.txt", "a-b-.txt"),
            ("what?*.csv", "what--.csv"),
            ("..", "file"),
            ("", "file"),
            (".htaccess", "htaccess"),
            ("con.", "con"),
            (long.as_str(), &long[..80]),
        ] {
            assert_eq!(safe_name(name), clean, "{name}");
        }
        assert_eq!(
            safe_name(&format!("{long}.jpeg")),
            format!("{}.jpeg", &long[..80])
        );
    }

    #[test]
    fn a_file_is_known_by_its_id_and_place_else_its_address_else_its_ticket_and_name() {
        let file = |id: Option<&str>, url: Option<&str>, name: &str| Attachment {
            id: id.map(str::to_owned),
            url: url.map(str::to_owned),
            name: name.to_owned(),
            ..Attachment::default()
        };
        let key = |one: &Attachment, ticket: &str| one.key(ticket);
        let by_id = file(Some("9"), Some("https://a.example/1"), "a.png");
        let signed = file(Some("9"), Some("https://a.example/1?sig=x"), "b.png");
        assert_eq!(key(&by_id, "t1"), key(&signed, "t2"));
        // Ids that are numbered separately in each ticket.
        let other = file(Some("9"), Some("https://a.example/2"), "a.png");
        assert_ne!(key(&by_id, "t1"), key(&other, "t2"));
        let named = file(Some("9"), None, "a.png");
        assert_eq!(key(&named, "t1"), key(&named, "t2"));
        assert_ne!(
            key(&named, "t1"),
            key(&file(Some("9"), None, "b.png"), "t1")
        );
        let by_url = file(None, Some("https://a.example/1"), "a.png");
        assert_eq!(key(&by_url, "t1"), key(&by_url, "t2"));
        assert_ne!(key(&by_url, "t1"), key(&by_id, "t1"));
        let by_name = file(None, None, "a.png");
        assert_ne!(key(&by_name, "t1"), key(&by_name, "t2"));
        let stored = by_name.stored_name("t1");
        assert_eq!(stored[..16], key(&by_name, "t1")[..16]);
        assert!(stored.ends_with("-a.png"));
    }

    #[test]
    fn a_stored_name_leads_back_to_the_own_one() {
        let file = Attachment {
            name: "a-b.png".to_owned(),
            ..Attachment::default()
        };
        let stored = file.stored_name("t1");
        assert_eq!(own_name("/tickethaul/desk/t1/x.png", &stored), "a-b.png");
        for (path, name) in [
            ("/other/t1", stored.as_str()),
            ("/tickethaul/desk/t1", "a-b.png"),
            ("/tickethaul/desk/t1", "0123456789abcdeX-b.png"),
        ] {
            assert_eq!(own_name(path, name), name);
        }
    }

    #[test]
    fn folders_are_of_plain_letters() {
        assert_eq!(
            folder("Zendesk", "zendesk-7"),
            "/tickethaul/Zendesk/zendesk-7"
        );
        let odd = folder("Mein Système", "a/../b");
        assert!(odd.starts_with("/tickethaul/Mein-Systeme-"), "{odd}");
        assert_eq!(odd.matches('/').count(), 3, "{odd}");
        assert_ne!(folder("s", "a/b"), folder("s", "a b"));
        assert_eq!(folder("", "k"), "/tickethaul/import/k");
    }
}
