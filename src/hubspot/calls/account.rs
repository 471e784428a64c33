//! The account that a token belongs to, and how much of its day is used.

use crate::hubspot::client::Client;
use crate::hubspot::error::CallError;
use crate::hubspot::records::{Account, DailyUsage};
use crate::hubspot::wire;

impl Client {
    /// The account that the token belongs to. From its time zone the client knows when
    /// the day's allowance is reset.
    pub async fn account(&self) -> Result<Account, CallError> {
        let account = self.get(self.api().account(), wire::account).await?;
        self.day_is_in(&account.time_zone);
        Ok(account)
    }

    /// Calls of private apps today; none if the portal does not count them.
    pub async fn daily_usage(&self) -> Result<Option<DailyUsage>, CallError> {
        self.get(self.api().daily_usage(), wire::daily_usage).await
    }
}
