//! it
mod replies; // literal replies of HubSpot, fed to the client
