//! The ranges against a list that answers in any order, changes meanwhile, and may behave
//! differently from HubSpot's.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

const PAGE: usize = 100;

/// How a portal understands `after`.
#[derive(Clone, Copy, Debug, PartialEq)]
enum After {
    /// The lowest id that is shown, as in HubSpot.
    AtLeast,
    /// The highest id that is not shown.
    Above,
    /// A number of tickets to skip.
    Offset,
    /// Opaque text; anything else is refused.
    Opaque,
}

struct List {
    ids: BTreeSet<u64>,
    after: After,
}

/// A page, or nothing when the cursor is refused.
type Page = Option<(Vec<u64>, Option<String>)>;

impl List {
    fn page(&self, after: Option<&str>) -> Page {
        let number = match after {
            None => 0,
            Some(word) => match (self.after, word.strip_prefix('x')) {
                (After::Opaque, None) => return None,
                (_, rest) => rest.unwrap_or(word).parse().expect("a cursor of ours"),
            },
        };
        let ids: Vec<u64> = match self.after {
            After::AtLeast | After::Opaque => {
                self.ids.range(number..).take(PAGE + 1).copied().collect()
            }
            After::Above => {
                let above = self.ids.range(number..).filter(|id| **id > number);
                above.take(PAGE + 1).copied().collect()
            }
            After::Offset => {
                let from = usize::try_from(number).expect("small");
                self.ids.iter().skip(from).take(PAGE + 1).copied().collect()
            }
        };
        let more = ids.len() > PAGE;
        let ids: Vec<u64> = ids.into_iter().take(PAGE).collect();
        let next = ids.last().filter(|_| more).map(|last| match self.after {
            After::AtLeast => (last + 1).to_string(),
            After::Above => last.to_string(),
            After::Offset => (number + 100).to_string(),
            After::Opaque => format!("x{}", last + 1),
        });
        Some((ids, next))
    }
}

/// The result of reading.
#[derive(Debug, Default)]
struct Read {
    ids: Vec<u64>,
    pages: Vec<(u64, u64, Option<String>)>,
    calls: usize,
    seconds: f64,
}

/// Reads a list with this many calls in flight; `choose` picks the one that is answered next,
/// `meanwhile` changes the list after each.
fn read(
    ranges: &mut Ranges,
    list: &mut List,
    width: usize,
    mut choose: impl FnMut(usize) -> usize,
    mut meanwhile: impl FnMut(&mut List),
) -> Read {
    let mut read = Read::default();
    let mut flying = Vec::new();
    loop {
        while flying.len() < width {
            match ranges.next() {
                Some(ask) => flying.push(ask),
                None => break,
            }
        }
        if flying.is_empty() {
            return read;
        }
        let ask = flying.swap_remove(choose(flying.len()));
        read.calls += 1;
        let Some((ids, after)) = list.page(ask.after.as_deref()) else {
            assert!(ranges.refused(&ask), "refused: {ask:?}");
            continue;
        };
        keep(ranges, &ask, &ids, after, &mut read);
        meanwhile(list);
    }
}

fn keep(ranges: &mut Ranges, ask: &Ask, ids: &[u64], after: Option<String>, read: &mut Read) {
    let kept = ranges.take(ask, ids, after).expect("a list");
    if let Some(kept) = kept.filter(|kept| !kept.records.is_empty()) {
        let new = &ids[kept.records];
        read.ids.extend(new);
        read.pages
            .push((kept.range, new[new.len() - 1], kept.after));
    }
}

/// Ids in bursts with gaps, some of them very wide.
fn gappy(steps: &[(u16, u8)]) -> BTreeSet<u64> {
    let mut last = 10_000_000_000_u64;
    let mut ids = BTreeSet::new();
    for (burst, gap) in steps {
        for step in 0..u64::from(*burst % 400) {
            last += 1 + step % 7;
            let _new = ids.insert(last);
        }
        last += 1 << (gap % 34);
    }
    ids
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn every_ticket_comes_once_whatever_the_cursor_means(
        steps in prop::collection::vec((any::<u16>(), any::<u8>()), 0..40),
        width in 1_usize..20,
        seed in any::<u64>(),
        after in prop::sample::select(vec![After::AtLeast, After::Above, After::Offset, After::Opaque]),
    ) {
        let ids = gappy(&steps);
        let mut list = List { ids: ids.clone(), after };
        let mut random = fastrand::Rng::with_seed(seed);
        let mut ranges = Ranges::default();
        let mut read = read(&mut ranges, &mut list, width, |calls| random.usize(..calls), |_| ());
        prop_assert!(ranges.ranges.values().all(|reader| reader.after.is_none()));
        read.ids.sort_unstable();
        prop_assert_eq!(read.ids, ids.into_iter().collect::<Vec<_>>());
    }

    #[test]
    fn what_is_there_throughout_is_never_missing_and_nothing_is_twice(
        steps in prop::collection::vec((any::<u16>(), any::<u8>()), 1..40),
        width in 1_usize..20,
        seed in any::<u64>(),
    ) {
        let mut list = List { ids: gappy(&steps), after: After::AtLeast };
        let mut stay = list.ids.clone();
        let mut random = fastrand::Rng::with_seed(seed);
        let mut archiving = fastrand::Rng::with_seed(seed ^ 1);
        let mut ranges = Ranges::default();
        let read = read(&mut ranges, &mut list, width, |calls| random.usize(..calls), |list| {
            let some = archiving.usize(..list.ids.len().max(1));
            if let Some(gone) = list.ids.iter().nth(some).copied() {
                let _was = list.ids.remove(&gone);
                let _was = stay.remove(&gone);
            }
            let top = list.ids.last().copied().unwrap_or(10_000_000_000);
            let _new = list.ids.insert(top + archiving.u64(1..50));
        });
        let seen: BTreeSet<u64> = read.ids.iter().copied().collect();
        prop_assert_eq!(seen.len(), read.ids.len(), "nothing twice");
        prop_assert!(stay.is_subset(&seen), "missing: {:?}", stay.difference(&seen).next());
    }

    #[test]
    fn any_part_of_the_pages_can_be_gone_on_from(
        steps in prop::collection::vec((any::<u16>(), any::<u8>()), 1..40),
        width in 1_usize..20,
        seed in any::<u64>(),
        share in 0.0..1.0,
    ) {
        let ids = gappy(&steps);
        let mut list = List { ids: ids.clone(), after: After::AtLeast };
        let mut random = fastrand::Rng::with_seed(seed);
        let whole = read(&mut Ranges::default(), &mut list, width, |calls| random.usize(..calls), |_| ());
        #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a few")]
        let left = (whole.pages.len() as f64 * share) as usize;
        let mut ranges = Ranges::default();
        let mut kept = BTreeSet::new();
        for ((range, last, after), first) in whole.pages[..left].iter().zip(firsts(&whole, left)) {
            ranges.restore(*range, *last, after.clone());
            kept.extend(ids.range(first..=*last).copied());
        }
        let rest = read(&mut ranges, &mut list, width, |calls| random.usize(..calls), |_| ());
        for id in &rest.ids {
            prop_assert!(kept.insert(*id), "{} is twice", id);
        }
        prop_assert_eq!(kept, ids);
    }
}

/// First ids of the first pages that were kept.
fn firsts(read: &Read, pages: usize) -> Vec<u64> {
    let mut before = BTreeMap::new();
    let mut firsts = Vec::new();
    for (range, last, _) in &read.pages[..pages] {
        let first = before
            .insert(*range, *last)
            .map_or(*range, |last: u64| last + 1);
        firsts.push(first);
    }
    firsts
}

/// Reads under a limit of 190 calls in 10 s with 200 ms of latency, eight at once: a
/// slot is free again 10 s after its reply.
fn timed(ids: &BTreeSet<u64>) -> Read {
    let list = List {
        ids: ids.clone(),
        after: After::AtLeast,
    };
    let mut ranges = Ranges::default();
    let mut read = Read::default();
    let mut flying: Vec<(f64, Ask)> = Vec::new();
    let mut free = vec![0.0_f64; 190];
    let mut now = 0.0_f64;
    loop {
        while flying.len() < 8 {
            let Some(ask) = ranges.next() else { break };
            free.sort_by(f64::total_cmp);
            let ends = free[0].max(now) + 0.2;
            free[0] = ends + 10.0;
            flying.push((ends, ask));
        }
        flying.sort_by(|left, right| right.0.total_cmp(&left.0));
        let Some((ends, ask)) = flying.pop() else {
            break;
        };
        now = ends;
        read.calls += 1;
        let (ids, after) = list.page(ask.after.as_deref()).expect("a page");
        keep(&mut ranges, &ask, &ids, after, &mut read);
    }
    read.seconds = now;
    read
}

/// The least time that reading this many tickets can take under that limit.
#[expect(clippy::cast_precision_loss, reason = "a few")]
fn ideal(tickets: usize) -> f64 {
    let calls = tickets.div_ceil(PAGE);
    let waves = (calls.saturating_sub(1) / 190) as f64;
    let in_the_last = (calls - 190 * (calls.saturating_sub(1) / 190)) as f64;
    waves * 10.2 + (in_the_last / 8.0).ceil() * 0.2
}

#[test]
fn skewed_ids_cost_little_more_than_the_ideal_time() {
    let mut random = fastrand::Rng::with_seed(7);
    let mut shapes: Vec<(&str, BTreeSet<u64>)> = Vec::new();
    let dense = |from: u64, tickets: u64| (0..tickets).map(move |step| from + 3 * step);
    let thin = |tickets: u64, step: u64| (1..=tickets).map(move |n| 10_000_000_000 + n * step);
    shapes.push(("even", thin(60_000, 700_000).collect()));
    shapes.push(("dense", dense(35_000_000_000, 60_000).collect()));
    let cluster = dense(33_333_333_333, 57_000);
    shapes.push((
        "95 % in the middle",
        thin(3_000, 15_000_000).chain(cluster).collect(),
    ));
    let cluster = dense(10_000_000_007, 57_000);
    shapes.push((
        "95 % at the start",
        thin(3_000, 15_000_000).chain(cluster).collect(),
    ));
    let cluster = dense(60_000_000_000, 57_000);
    shapes.push((
        "95 % at the end",
        thin(3_000, 15_000_000).chain(cluster).collect(),
    ));
    let mut last = 15_000_000_000;
    let steps = (0..60_000).map(|_| {
        last += match random.u32(..100_000) {
            0..2 => random.u64(1..1_000_000_000),
            2..100 => random.u64(1..1_000_000),
            100..5_000 => random.u64(1..10_000),
            _ => random.u64(1..10),
        };
        last
    });
    shapes.push(("bursts", steps.collect()));
    for (name, ids) in shapes {
        let read = timed(&ids);
        assert_eq!(read.ids.len(), ids.len(), "{name}");
        let ideal = ideal(ids.len());
        assert!(
            read.seconds <= 1.3 * ideal,
            "{name}: {} s of {ideal} s",
            read.seconds
        );
    }
}

#[test]
fn a_cursor_that_stands_still_or_a_page_out_of_order_ends_the_reading() {
    let mut ranges = Ranges::default();
    let ask = ranges.next().expect("the first page");
    assert_eq!(ranges.take(&ask, &[2, 1], None), Err(BadPage::OutOfOrder));
    let _kept = ranges.take(&ask, &[1, 2], Some("3".to_owned()));
    let ask = ranges.next().expect("the second page");
    let still = ranges.take(&ask, &[], Some("3".to_owned()));
    assert_eq!(still, Err(BadPage::StandsStill));
}

/// Pages of a list that is read by one cursor: the cursor used, the ids, the cursor after them.
#[test]
fn a_list_that_is_read_by_one_cursor_has_to_make_progress() {
    type Page = (Option<&'static str>, &'static [u64], Option<&'static str>);
    let cases: [(&str, &[Page], Result<(), BadPage>); 7] = [
        (
            "whole, with a page of tickets that are gone",
            &[
                (None, &[5, 7], Some("8")),
                (Some("8"), &[], Some("x")),
                (Some("x"), &[9], None),
            ],
            Ok(()),
        ),
        (
            "out of order",
            &[(None, &[7, 5], None)],
            Err(BadPage::OutOfOrder),
        ),
        ("twice", &[(None, &[5, 5], None)], Err(BadPage::OutOfOrder)),
        (
            "again",
            &[(None, &[5, 7], Some("8")), (Some("8"), &[7, 9], None)],
            Err(BadPage::Backwards),
        ),
        (
            "back",
            &[(None, &[5, 7], Some("8")), (Some("8"), &[1, 2], None)],
            Err(BadPage::Backwards),
        ),
        (
            "still",
            &[(None, &[5], Some("8")), (Some("8"), &[9], Some("8"))],
            Err(BadPage::StandsStill),
        ),
        ("none", &[(None, &[], None)], Ok(())),
    ];
    for (story, pages, expected) in cases {
        let mut list = OneByOne::behind(None);
        let mut take = |(asked, ids, after): &Page| list.take(*asked, ids, *after);
        assert_eq!(pages.iter().try_for_each(&mut take), expected, "{story}");
    }
    let mut list = OneByOne::behind(Some(5));
    assert_eq!(list.take(None, &[5], None), Err(BadPage::Backwards));
    let mut list = OneByOne::default();
    let mut empty = (0..1_000).map(|n| list.take(None, &[], Some(&n.to_string())));
    assert_eq!(empty.find(Result::is_err), Some(Err(BadPage::Barren)));
}

#[test]
fn no_range_goes_back_or_on_for_ever() {
    let after = |n: u64| Some(n.to_string());
    let mut ranges = Ranges::default();
    let ask = ranges.next().expect("the first page");
    let _kept = ranges.take(&ask, &[100, 200], after(201)).expect("a page");
    let ask = ranges.next().expect("the second page");
    let back = ranges.take(&ask, &[1, 2], None);
    assert_eq!(back, Err(BadPage::Backwards));
    let mut ranges = Ranges::default();
    let mut bad = None;
    for n in 0..1_000 {
        let ask = ranges.next().expect("there is always one more");
        bad = ranges.take(&ask, &[], after(n)).err();
        if bad.is_some() {
            break;
        }
    }
    assert_eq!(bad, Some(BadPage::Barren));
}
