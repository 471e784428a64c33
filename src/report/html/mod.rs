//! report.html: a run as a page that stands for itself. It asks nothing of any address,
//! needs no script, and can be printed for whoever signs a migration off.

mod chart;

use minijinja::{Environment, Value, context};

use super::summary::meaning;
use super::words::duration;
use crate::model::count::{count, counted};
use crate::model::outcome::Fate;
use crate::model::run_report::{
    CallBin, CallsOverTime, ReportedFile, ReportedRefusals, ReportedTicket, RunReport,
};
use chart::{calls_chart, fates_chart};

/// Values of a remark that are shown.
const VALUES: usize = 20;

/// The page.
///
/// # Errors
/// When the template is broken, which a test rules out.
pub fn run_html(report: &RunReport) -> Result<String, minijinja::Error> {
    let mut pages = Environment::new();
    // Its name says that what is filled in is escaped as HTML.
    pages.add_template("run.html", include_str!("run.html"))?;
    pages.get_template("run.html")?.render(page(report))
}

fn page(report: &RunReport) -> Value {
    let (begun, ended) = report.times;
    let took = ended.duration_since(begun).unsigned_abs();
    context! {
        run => &report.run,
        parent => &report.parent,
        operation => &report.operation,
        portal_id => report.portal_id,
        portal => &report.portal,
        state => &report.state,
        begun => moment(begun),
        ended => moment(ended),
        took => duration(took),
        tool => report.tool,
        inputs => report.inputs.iter().map(file).collect::<Vec<_>>(),
        mapping => file(&report.mapping),
        read => counted(report.tally.read(), "row"),
        fates => fates(report),
        fates_chart => Value::from_safe_string(fates_chart(report)),
        facts => &report.facts,
        refused => counted(report.rows(Fate::Refused), "row"),
        refused_file => &report.refused_file,
        refusals => report.refusals.iter().map(refusals).collect::<Vec<_>>(),
        remarks => remarks(report),
        calls => report.calls.as_ref().map(calls),
        tickets => report.tickets.iter().map(ticket).collect::<Vec<_>>(),
        verified => report.verified.as_ref().map(|findings| {
            let findings = findings.iter();
            let findings = findings.map(|found| context! {
                word => &found.word,
                meaning => found.meaning,
                number => count(found.number),
            });
            findings.collect::<Vec<_>>()
        }),
    }
}

fn calls(calls: &CallsOverTime) -> Value {
    let sum = |of: fn(&CallBin) -> u64| count(calls.bins.iter().map(of).sum::<u64>());
    context! {
        all => sum(|bin| bin.all()),
        limited => sum(|bin| bin.limited),
        failed => sum(|bin| bin.failed),
        chart => Value::from_safe_string(calls_chart(calls)),
        start => moment(calls.start),
        width => duration(calls.width),
        most => count(calls.most()),
    }
}

fn ticket(ticket: &ReportedTicket) -> Value {
    context! {
        place => &ticket.place,
        key => &ticket.key,
        id => &ticket.id,
        url => &ticket.url,
        change => ticket.change,
    }
}

/// A moment that a reader in another zone can't misread.
fn moment(at: jiff::Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

fn file(file: &ReportedFile) -> Value {
    context! {
        name => &file.name,
        bytes => counted(file.bytes, "byte"),
        hash => &file.hash,
    }
}

fn fates(report: &RunReport) -> Vec<Value> {
    let with_rows = Fate::ALL.into_iter().filter(|fate| report.rows(*fate) > 0);
    let fates = with_rows.map(|fate| {
        context! {
            word => fate.word(),
            rows => count(report.rows(fate)),
            meaning => meaning(fate),
        }
    });
    fates.collect()
}

fn refusals(group: &ReportedRefusals) -> Value {
    let examples = group.examples.iter().map(|example| {
        context! {
            place => &example.place,
            key => &example.key,
            column => &example.column,
            value => &example.value,
            hint => &example.hint,
        }
    });
    context! {
        code => &group.code,
        rows => counted(group.rows, "row"),
        more => group.rows > group.examples.len() as u64,
        shown => count(group.examples.len() as u64),
        examples => examples.collect::<Vec<_>>(),
    }
}

fn remarks(report: &RunReport) -> Vec<Value> {
    let remarks = report.remarks.iter().map(|(remark, rows)| {
        let values = report.values.iter();
        let values = values.filter(|(placed, _)| placed.remark == *remark);
        let values = values.take(VALUES).map(|(placed, times)| {
            context! {
                place => placed.place(),
                value => &*placed.value,
                times => count(*times),
            }
        });
        context! {
            rows => count(*rows),
            words => remark.words(),
            values => values.collect::<Vec<_>>(),
        }
    });
    remarks.collect()
}

#[cfg(test)]
mod tests;
