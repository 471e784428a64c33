//! How a column writes its dates, found from all of its cells. Each is read by the
//! formats of the table that the converters use (`convert/formats`), and a format that a
//! filled cell disproves is rejected.

use jiff::civil::DateTime;

use crate::mapping::convert::{
    ISO, KnownFormat, Order, Reading, SPREADSHEET, known_formats, plain_reading, read_serial,
};
use crate::mapping::propose::belief::{At, Counter};

/// After this many filled cells without a date, the rest is not tried.
const PATIENCE: u64 = 500;

/// In a mask: with day and month in another order it is a different day.
const DIFFER: u32 = 1 << 31;

/// Two-digit years that are read as later than this are not dates.
const LATEST: i16 = 2035;

/// How the cells of a column can be read as dates.
#[derive(Clone, Debug, Default)]
pub(crate) struct Dates {
    /// Filled cells.
    tried: u64,
    /// Read as ISO 8601.
    plain: u64,
    /// Digits alone that may be an instant since 1970, or a day without marks.
    digits: u64,
    /// Numbers that may be days of a spreadsheet.
    serials: u64,
    forms: Vec<Form>,
    timed: u64,
    against: Option<Counter>,
}

/// The cells of one skeleton.
#[derive(Clone, Debug)]
struct Form {
    formats: &'static [KnownFormat],
    /// Which of the formats read them, a bit each; how many; the first.
    seen: Vec<(u32, u64, Counter)>,
}

/// What the dates of a column are.
#[derive(Clone, Debug, PartialEq)]
pub struct DateFormats {
    /// The formats that together read what can be read, the one of most cells first;
    /// `iso` and `spreadsheet` are among them.
    pub formats: Vec<&'static str>,
    /// The same cells in another order of day and month, if the column leaves that open.
    pub other: Option<OtherOrder>,
    /// Cells that one of the formats reads.
    pub read: u64,
    /// Whether there are times, not only days.
    pub timed: bool,
    /// The first cell that they do not read.
    pub against: Option<Counter>,
}

/// An ambiguous column.
#[derive(Clone, Debug, PartialEq)]
pub struct OtherOrder {
    /// The formats of the other way.
    pub formats: Vec<&'static str>,
    /// A cell with its two readings: by the formats, and by the others.
    pub example: Counter,
    /// The two readings.
    pub readings: [String; 2],
    /// Whether there is evidence for both, so that neither can be right for all.
    pub contradicted: bool,
}

impl DateFormats {
    /// Whether every filled cell is read, in one way only.
    pub fn is_sure(&self) -> bool {
        self.other.is_none() && self.against.is_none()
    }
}

impl Dates {
    /// Reads a filled cell.
    pub(crate) fn add(&mut self, at: At<'_>) {
        self.tried += 1;
        if self.tried > PATIENCE && self.are_none() {
            return;
        }
        if !self.read(at) && self.against.is_none() {
            self.against = Some(at.counter());
        }
    }

    /// Whether no cell was a date so far.
    fn are_none(&self) -> bool {
        self.plain + self.digits + self.serials == 0 && self.forms.is_empty()
    }

    fn found(&self) -> u64 {
        let formed = self.forms.iter().flat_map(|form| &form.seen);
        let formed: u64 = formed.map(|(_, count, _)| count).sum();
        self.plain + self.digits + self.serials + formed
    }

    fn read(&mut self, at: At<'_>) -> bool {
        let cell = at.cell;
        if !(5..=50).contains(&cell.len()) {
            return false;
        }
        if cell
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.')
        {
            return self.digits(at);
        }
        if cell.as_bytes()[0].is_ascii_digit()
            && cell.contains('-')
            && let Some(reading) = plain_reading(cell)
        {
            self.plain += 1;
            self.timed += u64::from(!matches!(reading, Reading::Day(_)));
            return true;
        }
        self.formatted(at)
    }

    /// Digits are dates only if the column's name suggests it.
    fn digits(&mut self, at: At<'_>) -> bool {
        let is_serial = ("20000"..="80000").contains(&&at.cell[..5])
            && (at.cell.len() == 5 || at.cell.as_bytes()[5] == b'.')
            && read_serial(at.cell).is_some();
        if is_serial {
            self.serials += 1;
            self.timed += u64::from(at.cell.contains('.'));
            return true;
        }
        if at.cell.contains('.') {
            return self.formatted(at);
        }
        let reading = plain_reading(at.cell)
            .filter(|reading| (1990..=LATEST).contains(&reading.local().year()));
        self.digits += u64::from(reading.is_some());
        self.timed += u64::from(matches!(reading, Some(Reading::Epoch(_))));
        reading.is_some()
    }

    fn formatted(&mut self, at: At<'_>) -> bool {
        let formats = known_formats(at.cell);
        let mut mask = 0;
        let mut first = None;
        for (idx, known) in formats.iter().enumerate() {
            let moment = known.format.read(at.cell).map(|reading| reading.local());
            let is_near = |moment: &DateTime| moment.year() <= LATEST || has_long_year(at.cell);
            let Some(moment) = moment.filter(is_near) else {
                continue;
            };
            mask |= 1 << idx;
            if *first.get_or_insert(moment) != moment && known.order != Order::ShortYear {
                mask |= DIFFER;
            }
        }
        if mask == 0 {
            return false;
        }
        self.timed += u64::from(formats.iter().any(|known| known.timed));
        let same = |form: &&mut Form| std::ptr::eq(form.formats, formats);
        let form = match self.forms.iter_mut().find(same) {
            Some(form) => form,
            None => {
                self.forms.push(Form {
                    formats,
                    seen: Vec::new(),
                });
                match self.forms.last_mut() {
                    Some(form) => form,
                    None => return false,
                }
            }
        };
        match form.seen.iter_mut().find(|(other, ..)| *other == mask) {
            Some((_, count, _)) => *count += 1,
            None => form.seen.push((mask, 1, at.counter())),
        }
        true
    }

    /// Whether the column's digits alone may be dates: only to be believed if the name of the
    /// column suggests dates.
    pub(crate) fn are_digits(&self) -> bool {
        self.serials + self.digits > 0 && self.serials + self.digits == self.found()
    }

    /// What the dates of the column are; none if no cell is one.
    pub(crate) fn formats(&self) -> Option<DateFormats> {
        let found = self.found();
        if found == 0 {
            return None;
        }
        let orders = self.orders();
        let chosen = self.chosen(orders.first);
        let other = orders
            .other
            .and_then(|other| self.other(orders.first, other, orders.contradicted));
        let unread = self.first_unread(orders.first);
        let read = found - unread.as_ref().map_or(0, |(count, _)| *count);
        let against = unread.map(|(_, counter)| counter);
        Some(DateFormats {
            formats: chosen,
            other,
            read,
            timed: self.timed * 2 > found,
            against: self.against.clone().or(against),
        })
    }

    /// The order of day and month for which there is evidence.
    fn orders(&self) -> Orders {
        let [
            mut day_only,
            mut month_only,
            mut both,
            mut same,
            mut short_only,
        ] = [0; 5];
        let mut short = 0;
        for (form, (mask, count, _)) in self.seen() {
            let reads = |order| reads(form, *mask, order);
            let (day, month) = (reads(Order::Day), reads(Order::Month));
            match (day, month) {
                (true, true) if mask & DIFFER == 0 => same += count,
                (true, true) => both += count,
                (true, false) => day_only += count,
                (false, true) => month_only += count,
                (false, false) => short_only += count * u64::from(reads(Order::ShortYear)),
            }
            short += count * u64::from(reads(Order::ShortYear));
        }
        let all = day_only + month_only + both + same + short_only;
        if short_only > 0 && short == all || short == all && day_only > 0 && month_only > 0 {
            return Orders::one(Order::ShortYear);
        }
        match (day_only, month_only) {
            (0, 0) if both == 0 && same == 0 => Orders::one(Order::Year),
            (0, 0) if both == 0 => Orders::one(Order::Day),
            (0, 0) => Orders::two(Order::Day, Order::Month, false),
            (_, 0) => Orders::one(Order::Day),
            (0, _) => Orders::one(Order::Month),
            (day, month) if day >= month => Orders::two(Order::Day, Order::Month, true),
            _ => Orders::two(Order::Month, Order::Day, true),
        }
    }

    fn seen(&self) -> impl Iterator<Item = (&Form, &(u32, u64, Counter))> {
        let forms = self.forms.iter();
        forms.flat_map(|form| form.seen.iter().map(move |seen| (form, seen)))
    }

    /// The formats of an order, those of most cells first.
    fn chosen(&self, order: Order) -> Vec<&'static str> {
        let mut counted: Vec<(u64, &'static str)> = Vec::new();
        let plain = self.plain + self.digits;
        counted.extend((plain > 0).then_some((plain, ISO)));
        counted.extend((self.serials > 0).then_some((self.serials, SPREADSHEET)));
        for form in &self.forms {
            let Some(known) = of_order(form, order) else {
                continue;
            };
            let read = form
                .seen
                .iter()
                .filter(|(mask, ..)| reads(form, *mask, known.order));
            let read: u64 = read.map(|(_, count, _)| count).sum();
            counted.push((read, known.format.text()));
        }
        counted.retain(|(count, _)| *count > 0);
        counted.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
        counted.into_iter().map(|(_, format)| format).collect()
    }

    /// How many cells the formats of an order leave unread, and the first.
    fn first_unread(&self, order: Order) -> Option<(u64, Counter)> {
        let unread = self.seen().filter(|(form, (mask, ..))| {
            of_order(form, order).is_none_or(|known| !reads(form, *mask, known.order))
        });
        unread.fold(None, |found, (_, (_, count, counter))| match found {
            None => Some((*count, counter.clone())),
            Some((sum, first)) => Some((sum + count, first)),
        })
    }

    fn other(&self, first: Order, second: Order, contradicted: bool) -> Option<OtherOrder> {
        let telling = self.seen().find_map(|(form, (_, _, counter))| {
            let read = |order| {
                let format = of_order(form, order).filter(|known| known.order == order)?;
                Some(format.format.read(&counter.value)?.local())
            };
            let (one, other) = (read(first)?, read(second)?);
            (one != other).then(|| (counter.clone(), [one, other]))
        });
        // Cells such as 03/03/2024 read the same in both orders.
        let (example, readings) = telling?;
        Some(OtherOrder {
            formats: self.chosen(second),
            example,
            readings: readings.map(|moment| moment.date().to_string()),
            contradicted,
        })
    }

    /// What another column of the file has proved is assumed for this one too.
    pub(crate) fn proven(&self) -> Option<Order> {
        let orders = self.orders();
        let is_told = matches!(orders.first, Order::Day | Order::Month);
        (is_told && orders.other.is_none()).then_some(orders.first)
    }

    /// The formats of the column if days and months are in this order.
    pub(crate) fn formats_as(&self, order: Order) -> Option<DateFormats> {
        let found = self.formats()?;
        match &found.other {
            Some(other) if !other.contradicted => Some(DateFormats {
                formats: self.chosen(order),
                other: None,
                ..found
            }),
            _ => Some(found),
        }
    }
}

/// The orders that a column can be read in.
struct Orders {
    first: Order,
    other: Option<Order>,
    contradicted: bool,
}

impl Orders {
    fn one(first: Order) -> Orders {
        Orders {
            first,
            other: None,
            contradicted: false,
        }
    }

    fn two(first: Order, other: Order, contradicted: bool) -> Orders {
        Orders {
            first,
            other: Some(other),
            contradicted,
        }
    }
}

/// The format of a skeleton that has this order, or the only one that leaves no choice.
fn of_order(form: &Form, order: Order) -> Option<&'static KnownFormat> {
    let free = |known: &&KnownFormat| matches!(known.order, Order::Year | Order::Named);
    form.formats
        .iter()
        .find(|known| known.order == order)
        .or_else(|| form.formats.iter().find(free))
}

fn reads(form: &Form, mask: u32, order: Order) -> bool {
    let mut formats = form.formats.iter().enumerate();
    formats.any(|(idx, known)| known.order == order && mask & (1 << idx) != 0)
}

/// Whether a year has four digits, which is unambiguous.
fn has_long_year(cell: &str) -> bool {
    let mut run = 0;
    cell.bytes().any(|byte| {
        run = if byte.is_ascii_digit() { run + 1 } else { 0 };
        run == 4
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn formats(cells: &[&str]) -> Option<DateFormats> {
        let mut dates = Dates::default();
        for (line, cell) in (2..).zip(cells) {
            dates.add(At { line, cell });
        }
        dates.formats()
    }

    #[test]
    fn the_whole_column_tells_days_from_months() {
        let table: [(&[&str], &[&str], bool); 14] = [
            (
                &["2024-03-10 07:30:00", "2024-03-10T07:30:00Z"],
                &["iso"],
                true,
            ),
            (&["03/04/2024", "13/04/2024"], &["%d/%m/%Y"], true),
            (&["03/04/2024", "04/13/2024"], &["%m/%d/%Y"], true),
            (&["03/04/2024", "05/06/2024"], &["%d/%m/%Y"], false),
            (&["03/03/2024", "05/05/2024"], &["%d/%m/%Y"], true),
            (&["13/04/2024", "04/13/2024"], &["%d/%m/%Y"], false),
            (
                &["06-11-2024 08:40:12", "05-30-2024 12:00:31"],
                &["%m-%d-%Y %H:%M:%S"],
                true,
            ),
            (
                &["04/09/24", "27/05/24", "18/11/23", "02/03/22"],
                &["%d/%m/%y"],
                true,
            ),
            (&["99-09-30", "03-10-02"], &["%y-%m-%d"], true),
            (
                &[
                    "26/Feb/24 8:12 AM",
                    "2024-02-27 03:29:38.037",
                    "26/Feb/24 8:12 PM",
                ],
                &["%d/%b/%y %I:%M %p", "iso"],
                true,
            ),
            (&["13/04/2024", "soon"], &["%d/%m/%Y"], false),
            (&["45366", "45366.52083333"], &["spreadsheet"], true),
            (&["1710055800", "1710055801"], &["iso"], true),
            (
                &["3.5.2024", "13.5.2024 07:30"],
                &["%d.%m.%Y", "%d.%m.%Y %H:%M"],
                true,
            ),
        ];
        for (cells, expected, sure) in table {
            let found = formats(cells).unwrap_or_else(|| panic!("{cells:?}"));
            assert_eq!(found.formats, expected, "{cells:?}");
            assert_eq!(found.is_sure(), sure, "{cells:?}: {found:?}");
        }
        for cells in [
            &["hello", "x"][..],
            &["10021", "10022"],
            &["4.2"],
            &["58213"],
        ] {
            let found = formats(cells);
            assert!(
                found.is_none_or(|found| found.formats == ["spreadsheet"]),
                "{cells:?}"
            );
        }
    }

    #[test]
    fn a_choice_comes_with_both_readings_of_a_cell() {
        let found = formats(&["03/03/2024", "03/04/2024"]).expect("dates");
        let other = found.other.expect("another order");
        assert_eq!(other.formats, ["%m/%d/%Y"]);
        assert_eq!(
            (other.example.line, &*other.example.value),
            (3, "03/04/2024")
        );
        assert_eq!(other.readings, ["2024-04-03", "2024-03-04"]);
    }
}
