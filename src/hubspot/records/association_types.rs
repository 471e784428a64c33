//! HubSpot's own kinds of link (category `HUBSPOT_DEFINED`) between tickets and other
//! records. HubSpot: associations guide, default types. A kind has a
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
