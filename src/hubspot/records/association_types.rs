//! HubSpot's own kinds of link (category `HUBSPOT_DEFINED`) between tickets and other
//! records, and from notes. HubSpot: associations guide, default types. A kind has a
//! direction; those that exist in one direction only are left out.

use crate::model::schema::ObjectType;

/// The category of all kinds in this file.
pub const HUBSPOT_DEFINED: &str = "HUBSPOT_DEFINED";

/// A kind of link between tickets and something else, by its two type ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TicketLink {
    /// From the ticket to the other record.
    pub from_ticket: u32,
    /// From the other record to the ticket.
    pub to_ticket: u32,
}

impl TicketLink {
    const fn new(from_ticket: u32, to_ticket: u32) -> TicketLink {
        TicketLink {
            from_ticket,
            to_ticket,
        }
    }
}

/// With contacts.
pub const CONTACT: TicketLink = TicketLink::new(16, 15);
/// With companies, without a label.
pub const COMPANY: TicketLink = TicketLink::new(339, 340);
/// With the primary company; it brings the plain link with it.
pub const PRIMARY_COMPANY: TicketLink = TicketLink::new(26, 25);
/// With deals.
pub const DEAL: TicketLink = TicketLink::new(28, 27);
/// With other tickets.
pub const TICKET: TicketLink = TicketLink::new(452, 452);
/// With notes.
pub const NOTE: TicketLink = TicketLink::new(227, 228);
/// With calls.
pub const CALL: TicketLink = TicketLink::new(219, 220);
/// With e-mails.
pub const EMAIL: TicketLink = TicketLink::new(223, 224);
/// With meetings.
pub const MEETING: TicketLink = TicketLink::new(225, 226);
/// With tasks.
pub const TASK: TicketLink = TicketLink::new(229, 230);
/// With messages by SMS, WhatsApp or LinkedIn.
pub const COMMUNICATION: TicketLink = TicketLink::new(84, 83);
/// With letters.
pub const POSTAL_MAIL: TicketLink = TicketLink::new(456, 455);
/// With answers to surveys.
pub const FEEDBACK_SUBMISSION: TicketLink = TicketLink::new(99, 100);
/// With orders.
pub const ORDER: TicketLink = TicketLink::new(526, 525);
/// With appointments.
pub const APPOINTMENT: TicketLink = TicketLink::new(947, 946);
/// With courses.
pub const COURSE: TicketLink = TicketLink::new(941, 940);
/// With listings.
pub const LISTING: TicketLink = TicketLink::new(943, 942);
/// With services.
pub const SERVICE: TicketLink = TicketLink::new(797, 796);
/// With commerce subscriptions.
pub const SUBSCRIPTION: TicketLink = TicketLink::new(1122, 1121);
/// With commerce payments.
pub const PAYMENT: TicketLink = TicketLink::new(1355, 1354);
/// With projects.
pub const PROJECT: TicketLink = TicketLink::new(1241, 1240);

/// From a note to a contact.
pub const NOTE_TO_CONTACT: u32 = 202;
/// From a note to a company.
pub const NOTE_TO_COMPANY: u32 = 190;
/// From a note to a deal.
pub const NOTE_TO_DEAL: u32 = 214;

/// HubSpot's own plain kind of link from tickets to a kind of record; none for custom ones,
/// whose links every portal numbers itself.
pub fn from_ticket(to: ObjectType) -> Option<u32> {
    let link = match to {
        ObjectType::Tickets => TICKET,
        ObjectType::Contacts => CONTACT,
        ObjectType::Companies => COMPANY,
        ObjectType::Deals => DEAL,
        ObjectType::Notes => NOTE,
        ObjectType::Emails => EMAIL,
        ObjectType::Calls => CALL,
        ObjectType::Meetings => MEETING,
        ObjectType::Tasks => TASK,
        ObjectType::Communications => COMMUNICATION,
        ObjectType::Custom(_) => return None,
    };
    Some(link.from_ticket)
}
