//! `page`: walks the list of tickets. HubSpot: 100 tickets a page, in ascending id
//! order; the cursor is opaque.

use crate::hubspot::Client;
use crate::hubspot::error::CallError;
use crate::hubspot::records::Record;
use crate::model::schema::ObjectType;

/// The list, page by page.
pub struct Pages {
    client: Client,
    properties: Vec<String>,
    after: Option<String>,
    ended: bool,
}

impl Pages {
    /// All live tickets with these properties.
    pub fn new(client: Client, properties: Vec<String>) -> Pages {
        Pages {
            client,
            properties,
            after: None,
            ended: false,
        }
    }

    /// The next page, or nothing after the last.
    ///
    /// # Errors
    /// When the portal can't be read any further.
    pub async fn next(&mut self) -> Result<Option<Vec<Record>>, CallError> {
        if self.ended {
            return Ok(None);
        }
        let after = self.after.as_deref();
        let page = self
            .client
            .list(ObjectType::Tickets, &self.properties, after, false)
            .await?;
        self.ended = page.after.is_none();
        self.after = page.after;
        Ok(Some(page.results))
    }
}
