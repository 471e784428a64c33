//! Files that people attach to what they write: small pictures, logs and lists.

use serde_json::{Value, json};

use super::moment::Moment;
use super::random::Random;

/// Ids of files begin behind this.
const IDS_START_AFTER: u64 = 7_000_000_000;

/// What files are called, before the number of their comment, and how they end.
const NAMES: [(&str, &str); 6] = [
    ("screenshot", "svg"),
    ("checkout log", "txt"),
    ("orders", "csv"),
    ("sizes", "csv"),
    ("parcel", "svg"),
    ("invoice", "txt"),
];

/// A file of a comment.
#[derive(Clone, Debug)]
pub(crate) struct Attached {
    id: u64,
    pub(crate) name: String,
    pub(crate) bytes: String,
}

impl Attached {
    /// The file of a comment that was written then.
    pub(super) fn to(comment: u64, at: Moment) -> Attached {
        let mut random = Random::for_row(IDS_START_AFTER, comment);
        let (stem, ending) = *random.pick(&NAMES);
        let bytes = match ending {
            "svg" => format!(
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"90\" height=\"20\"><text y=\"15\">{comment}</text></svg>\n"
            ),
            "csv" => format!("order,pieces\n{comment},{}\n", random.between(1, 9)),
            _ => format!(
                "{} order {comment}: the address lacks a house number\n",
                at.civil()
            ),
        };
        Attached {
            id: IDS_START_AFTER + comment,
            name: format!("{stem} {comment}.{ending}"),
            bytes,
        }
    }

    /// As the comment names it.
    pub(super) fn object(&self) -> Value {
        let id = self.id;
        json!({
            "id": id,
            "file_name": self.name,
            "content_url": format!("https://example.zendesk.com/attachments/token/{id}/?name={id}"),
            "size": self.bytes.len(),
        })
    }
}
