//! Every line of the README's shell blocks, as it stands.

use crate::support::followed::follow;

#[test]
fn every_command_of_the_readme_does_what_it_says() {
    let commands = follow("README.md", |here, line| {
        if line.starts_with("tickethaul retry rehearsal") {
            crate::support::samples::repair_in_place(here, "rehearsal/refused.csv");
        }
    });
    assert!(commands >= 20, "the README has {commands} commands");
}
