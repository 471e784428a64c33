//! The mappings that ship with the tool, for the systems whose exports it knows.

/// Each by the name that `map init --from` takes, with its text.
pub const PRESETS: [(&str, &str); 17] = [
    ("zendesk", include_str!("../../mappings/zendesk.toml")),
    ("freshdesk", include_str!("../../mappings/freshdesk.toml")),
    ("jira", include_str!("../../mappings/jira.toml")),
    ("servicenow", include_str!("../../mappings/servicenow.toml")),
    ("intercom", include_str!("../../mappings/intercom.toml")),
    ("zoho-desk", include_str!("../../mappings/zoho-desk.toml")),
    ("osticket", include_str!("../../mappings/osticket.toml")),
    ("bugzilla", include_str!("../../mappings/bugzilla.toml")),
    ("glpi", include_str!("../../mappings/glpi.toml")),
    ("otrs", include_str!("../../mappings/otrs.toml")),
    (
        "zendesk-json",
        include_str!("../../mappings/zendesk-json.toml"),
    ),
    (
        "freshdesk-json",
        include_str!("../../mappings/freshdesk-json.toml"),
    ),
    (
        "intercom-json",
        include_str!("../../mappings/intercom-json.toml"),
    ),
    (
        "helpscout-json",
        include_str!("../../mappings/helpscout-json.toml"),
    ),
    ("comments", include_str!("../../mappings/comments.toml")),
    ("hubspot-ui", include_str!("../../mappings/hubspot-ui.toml")),
    ("tickethaul", include_str!("../../mappings/tickethaul.toml")),
];
