//! What a comment becomes: a note, an e-mail, a call or another activity, with the properties
//! that HubSpot needs for each.

use std::sync::Arc;

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
/// HubSpot: required of a message, and has one value.
const LOGGED_FROM: &str = "hs_communication_logged_from";

/// What comments become.
#[derive(Debug)]
pub(crate) enum Becomes {
    /// Notes.
    Note,
    /// E-mails, if possible.
    Email(Box<Mail>),
    /// Calls.
    Call(Box<Call>),
    /// Tasks, meetings or messages, with where their subject is.
    Other(Activity, Option<Box<Words>>),
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
    /// The recipients of blind copies.
    pub(crate) bcc: Option<Words>,
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
    pub(super) more: Vec<(Arc<str>, String)>,
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
            Becomes::Other(activity, subject) => Ok(other(*activity, subject.as_deref(), element)),
        }
    }

    /// Kinds of record that comments may become.
    pub(crate) fn activities(&self) -> &[Activity] {
        match self {
            Becomes::Note => &[Activity::Note],
            Becomes::Email(_) => &[Activity::Note, Activity::Email],
            Becomes::Call(_) => &[Activity::Call],
            Becomes::Other(activity, _) => std::slice::from_ref(activity),
        }
    }

    /// The kind of record that it asks for.
    pub(crate) fn activity(&self) -> Activity {
        match self {
            Becomes::Note => Activity::Note,
            Becomes::Email(_) => Activity::Email,
            Becomes::Call(_) => Activity::Call,
            Becomes::Other(activity, _) => *activity,
        }
    }

    /// The subject of a comment.
    pub(super) fn subject(&self, element: &Element<'_>) -> Option<String> {
        let subject = match self {
            Becomes::Note => None,
            Becomes::Email(mail) => mail.subject.as_ref(),
            Becomes::Call(call) => call.subject.as_ref(),
            Becomes::Other(_, subject) => subject.as_deref(),
        };
        subject.and_then(|subject| subject.of(element))
    }
}

impl Mail {
    /// The e-mail; none if an address is not known.
    fn made(&self, element: &Element<'_>, incoming: Option<bool>) -> Option<Made> {
        let mut from = addresses(&self.from.of(element)?)?.into_iter();
        let (from, to) = (from.next()?, addresses(&self.to.of(element)?)?);
        let copies = |words: Option<&Words>| {
            let words = words.and_then(|words| words.of(element));
            words.map_or_else(|| Some(Vec::new()), |words| addresses(&words))
        };
        let (cc, bcc) = (copies(self.cc.as_ref())?, copies(self.bcc.as_ref())?);
        if to.is_empty() {
            return None;
        }
        let list = |all: &[Address]| -> Vec<_> { all.iter().map(Address::json).collect() };
        let headers = json!({
            "from": from.json(),
            "sender": from.json(),
            "to": list(&to),
            "cc": list(&cc),
            "bcc": list(&bcc),
        });
        let direction = match incoming {
            Some(true) => "INCOMING_EMAIL",
            Some(false) | None => "EMAIL",
        };
        let mut more = vec![
            (EMAIL_DIRECTION.into(), direction.to_owned()),
            ("hs_email_status".into(), "SENT".to_owned()),
            ("hs_email_headers".into(), headers.to_string()),
        ];
        more.extend(subject(Activity::Email, self.subject.as_ref(), element));
        Some(Made {
            activity: Activity::Email,
            more,
            lacks_address: false,
        })
    }
}

impl Call {
    fn made(&self, element: &Element<'_>, incoming: Option<bool>) -> Made {
        let mut more = vec![("hs_call_status".into(), "COMPLETED".to_owned())];
        let direction = incoming.map(|incoming| if incoming { "INBOUND" } else { "OUTBOUND" });
        more.extend(direction.map(|word| (CALL_DIRECTION.into(), word.to_owned())));
        more.extend(subject(Activity::Call, self.subject.as_ref(), element));
        Made {
            activity: Activity::Call,
            more,
            lacks_address: false,
        }
    }
}

/// A task, meeting or message.
fn other(activity: Activity, words: Option<&Words>, element: &Element<'_>) -> Made {
    let logged = (activity == Activity::Communication).then(|| (LOGGED_FROM.into(), "CRM".into()));
    let subject = subject(activity, words, element);
    Made {
        activity,
        more: logged.into_iter().chain(subject).collect(),
        lacks_address: false,
    }
}

/// The subject, under its property.
fn subject(
    activity: Activity,
    words: Option<&Words>,
    element: &Element<'_>,
) -> Option<(Arc<str>, String)> {
    Some((activity.subject()?.into(), words?.of(element)?))
}
