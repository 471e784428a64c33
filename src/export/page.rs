//! `page`: walks the list of tickets. HubSpot: 100 tickets a page, in ascending id
//! order; the cursor is opaque.

use crate::hubspot::client::Client;
use crate::hubspot::error::CallError;
use crate::hubspot::records::{Page, Record};
use crate::model::schema::ObjectType;

/// Characters of property names that go into a URL. Above some 8,000 HubSpot
/// answers 414; then values are read by a batch read instead.
const URL_NAMES: usize = 6_000;

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
        let names: usize = self.properties.iter().map(|name| name.len() + 1).sum();
        let page = match names <= URL_NAMES {
            true => self.list(&self.properties).await?,
            false => self.list_then_read().await?,
        };
        self.ended = page.after.is_none();
        self.after = page.after;
        Ok(Some(page.results))
    }

    async fn list(&self, properties: &[String]) -> Result<Page, CallError> {
        let after = self.after.as_deref();
        self.client.list_tickets(properties, after, false).await
    }

    async fn list_then_read(&self) -> Result<Page, CallError> {
        let mut page = self.list(&[]).await?;
        let ids: Vec<String> = page.results.iter().map(|record| record.id.clone()).collect();
        if ids.is_empty() {
            return Ok(page);
        }
        let names: Vec<&str> = self.properties.iter().map(String::as_str).collect();
        let read = self
            .client
            .batch_read(ObjectType::Tickets, None, &ids, &names, false)
            .await?;
        page.results = read.results;
        page.results
            .sort_by(|left, right| (left.id.len(), &left.id).cmp(&(right.id.len(), &right.id)));
        Ok(page)
    }
}
