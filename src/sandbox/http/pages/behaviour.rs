//! How the portal behaves: planning and cancelling troubles, turning switches, and
//! removing all records, while programs keep calling.

use minijinja::{Value as Shown, context};

use super::render::Page;
use super::visit::Visit;
use crate::sandbox::http::front::Front;
use crate::sandbox::switches::{KnownSwitch, Switch, Switches};
use crate::sandbox::troubles::{KnownTrouble, Trouble};

/// A switch that only takes effect at the start.
const AT_START: &str = "day_ends";

/// Where the page is.
const HERE: &str = "/pages/behaviour";

/// The page, and why the last form was refused, if it was.
pub(super) fn page(front: &Front, refused: Option<&str>) -> Page {
    let switches = front.portal.switches();
    let rows = Switches::TABLE
        .iter()
        .filter(|known| known.name != AT_START);
    let rows: Vec<Shown> = rows
        .map(|known| row(known, switches.value(known)))
        .collect();
    let known = KnownTrouble::TABLE.iter();
    let known: Vec<Shown> = known
        .map(|known| context! { form => known.form(), what => known.what })
        .collect();
    Page::html(
        "behaviour.html",
        ("Behaviour", "behaviour"),
        context! {
            planned => front.troubles.planned(),
            known,
            switches => rows,
            refused,
        },
    )
}

/// Does what a form requests.
pub(super) fn change(front: &Front, visit: &Visit, what: &str) -> Page {
    let done = match what {
        "add-trouble" => add(front, visit.field("trouble").trim()),
        "remove-trouble" => remove(front, visit.field("place")),
        "turn" => turn(front, visit),
        "remove-records" => remove_records(front, visit),
        _ => Err("This form is not known.".to_owned()),
    };
    match done {
        Ok(()) => Page::moved(HERE),
        Err(why) => page(front, Some(&why)),
    }
}

fn add(front: &Front, text: &str) -> Result<(), String> {
    let trouble: Trouble = text.parse().map_err(|error| format!("{error}"))?;
    front.troubles.add(trouble);
    Ok(())
}

fn remove(front: &Front, place: &str) -> Result<(), String> {
    let place = place.parse().ok();
    let is_gone = place.is_some_and(|place| front.troubles.remove(place));
    let gone_before = || "That trouble is not planned any more.".to_owned();
    is_gone.then_some(()).ok_or_else(gone_before)
}

/// Turns the switches whose values the form changed.
fn turn(front: &Front, visit: &Visit) -> Result<(), String> {
    let mut switches = (*front.portal.switches()).clone();
    for (name, value) in visit.fields() {
        let switch: Switch = format!("{name}={value}")
            .parse()
            .map_err(|error| format!("{error}"))?;
        switches.set(switch);
    }
    let (searches, daily) = (switches.search_rate.0, switches.daily_limit.0);
    front
        .portal
        .turn(switches)
        .map_err(|_| "The portal can't be turned.".to_owned())?;
    front.limit(searches, daily);
    Ok(())
}

fn remove_records(front: &Front, visit: &Visit) -> Result<(), String> {
    if visit.field("sure") != "yes" {
        return Err("Tick the box first: nothing brings the records back.".to_owned());
    }
    let removed = front.portal.remove_records();
    removed.map_err(|_| "The records could not be removed.".to_owned())
}

fn row(known: &KnownSwitch, value: &str) -> Shown {
    context! {
        name => known.name,
        what => known.what,
        values => known.values.to_vec(),
        form => known.form,
        value,
        is_turned => value != known.values[0],
    }
}
