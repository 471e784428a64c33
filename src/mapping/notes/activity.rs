//! What a comment becomes: a note, an e-mail or a call, with the properties that HubSpot
//! needs for each.

use serde_json::json;

use super::Element;
use super::address::{Address, addresses};
use super::words::{Public, Words};
use crate::model::issue::Reason;
use crate::model::note::Activity;

/// HubSpot: direction of an e-mail.
const EMAIL_DIRECTION: &str = "hs_email_direction";
/// HubSpot: direction of a call.
const CALL_DIRECTION: &str = "hs_call_direction";

/// What comments become.
#[derive(Debug)]
pub(crate) enum Becomes {
    /// Notes.
    Note,
    /// E-mails, if possible.
    Email(Box<Mail>),
    /// Calls.
    Call(Box<Call>),
}

/// The properties of e-mails.
#[derive(Debug)]
pub(crate) struct Mail {
    /// Its sender.
    pub(crate) from: Words,
    /// Its recipients.
    pub(crate) to: Words,
    /// The recipients of copies.
    pub(crate) cc: Option<Words>,
    /// Its subject.
    pub(crate) subject: Option<Words>,
    /// Whether it came from outside.
    pub(crate) incoming: Public,
}

/// The properties of calls.
#[derive(Debug)]
pub(crate) struct Call {
    /// What it was about.
    pub(crate) subject: Option<Words>,
    /// Whether it came from outside.
    pub(crate) incoming: Option<Public>,
}

/// What one comment becomes.
#[derive(Debug, Default)]
pub(super) struct Made {
    pub(super) activity: Activity,
    /// Properties other than time and text.
    pub(super) more: Vec<(&'static str, String)>,
    /// Whether it would be an e-mail if all addresses were known.
    pub(super) lacks_address: bool,
}

impl Becomes {
    /// What a comment becomes; else the property, the reason and the value that is wrong. A
    /// comment that is not public does not become an e-mail, and neither does one without
    /// addresses.
    pub(super) fn of(
        &self,
        element: &Element<'_>,
        public: Option<bool>,
    ) -> Result<Made, (&'static str, Reason, String)> {
        let wrong = |property| move |(reason, value)| (property, reason, value);
        match self {
            Becomes::Note => Ok(Made::default()),
            Becomes::Email(_) if public == Some(false) => Ok(Made::default()),
            Becomes::Email(mail) => {
                let incoming = mail.incoming.of(element).map_err(wrong(EMAIL_DIRECTION))?;
                Ok(mail.made(element, incoming).unwrap_or(Made {
                    lacks_address: true,
                    ..Made::default()
                }))
            }
            Becomes::Call(call) => {
                let incoming = call.incoming.as_ref().map(|incoming| incoming.of(element));
                let incoming = incoming.transpose().map_err(wrong(CALL_DIRECTION))?;
                Ok(call.made(element, incoming.flatten()))
            }
        }
    }

    /// Kinds of record that comments may become.
    pub(crate) fn activities(&self) -> &'static [Activity] {
        match self {
            Becomes::Note => &[Activity::Note],
            Becomes::Email(_) => &[Activity::Note, Activity::Email],
            Becomes::Call(_) => &[Activity::Call],
        }
    }
}

impl Mail {
    /// The e-mail; none if an address is not known.
    fn made(&self, element: &Element<'_>, incoming: Option<bool>) -> Option<Made> {
        let mut from = addresses(&self.from.of(element)?)?.into_iter();
        let (from, to) = (from.next()?, addresses(&self.to.of(element)?)?);
        let cc = self.cc.as_ref().and_then(|cc| cc.of(element));
        let cc = cc.map_or_else(|| Some(Vec::new()), |cc| addresses(&cc))?;
        if to.is_empty() {
            return None;
        }
        let list = |all: &[Address]| -> Vec<_> { all.iter().map(Address::json).collect() };
        let headers = json!({
            "from": from.json(),
            "sender": from.json(),
            "to": list(&to),
            "cc": list(&cc),
            "bcc": [],
        });
        let direction = match incoming {
            Some(true) => "INCOMING_EMAIL",
            Some(false) | None => "EMAIL",
        };
        let mut more = vec![
            (EMAIL_DIRECTION, direction.to_owned()),
            ("hs_email_status", "SENT".to_owned()),
            ("hs_email_headers", headers.to_string()),
        ];
        let subject = self.subject.as_ref().and_then(|words| words.of(element));
        more.extend(subject.map(|subject| ("hs_email_subject", subject)));
        Some(Made {
            activity: Activity::Email,
            more,
            lacks_address: false,
        })
    }
}

impl Call {
    fn made(&self, element: &Element<'_>, incoming: Option<bool>) -> Made {
        let mut more = vec![("hs_call_status", "COMPLETED".to_owned())];
        let direction = incoming.map(|incoming| if incoming { "INBOUND" } else { "OUTBOUND" });
        more.extend(direction.map(|word| (CALL_DIRECTION, word.to_owned())));
        let subject = self.subject.as_ref().and_then(|words| words.of(element));
        more.extend(subject.map(|subject| ("hs_call_title", subject)));
        Made {
            activity: Activity::Call,
            more,
            lacks_address: false,
        }
    }
}
