//! The client against literal replies, call by call.

mod calls; // every call's request, and literal replies to it
mod replies; // literal replies of HubSpot, fed to the client
mod status_table; // every kind of trouble against every kind of call, and what the client did
mod contract; // literal requests of the API contract, and the shapes of the replies
