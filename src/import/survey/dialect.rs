//! A survey of an input in its most likely dialect: whatever its head and its rows suggest about
//! how it is written is tried, and reported together with the keys that a mapping needs for it.
//! Only `check` and `map init` read a file in this way; an import reads it as its mapping says.

use super::{Survey, survey};
use crate::error::Error;
use crate::import::read::{Input, Oddity};
use crate::mapping::propose::missing_header;
use crate::model::dialect::Dialect;

/// An input with what was found out about its dialect.
pub struct DialectSurvey {
    /// What is in it, read by `dialect`.
    pub survey: Survey,
    /// The dialect that a mapping has to name.
    pub dialect: Dialect,
    /// What was found, in words.
    pub findings: Vec<String>,
}

/// Surveys an input that was opened with a dialect. It is read again if its rows show a different
/// dialect.
///
/// # Errors
/// When it can't be read.
pub fn survey_dialect(input: Input, given: &Dialect) -> Result<DialectSurvey, Error> {
    let first = Sounding::begin(input, given)?;
    // JSON has no dialects.
    let last = match first.input.is_json() {
        true => first,
        false => first
            .with_escapes()?
            .with_text_formulas()?
            .with_header()?
            .without_footers()?,
    };
    Ok(last.found)
}

/// An input that is read again with each finding.
struct Sounding {
    input: Input,
    found: DialectSurvey,
}

impl Sounding {
    /// Applies what the head shows, and surveys the rows.
    fn begin(mut input: Input, given: &Dialect) -> Result<Sounding, Error> {
        let mut dialect = given.clone();
        let mut findings = Vec::new();
        let odd: Vec<(String, Oddity)> = input
            .oddities()
            .into_iter()
            .map(|(name, oddity)| (name.to_owned(), oddity.clone()))
            .collect();
        for (name, oddity) in &odd {
            findings.push(format!("{name}: {}", oddity.words()));
            match oddity {
                Oddity::LinesAbove(lines) => dialect.skip_lines = *lines,
                Oddity::SingleQuotes => dialect.quote = Some(b'\''),
                Oddity::QuotedLines => {}
            }
        }
        if dialect != *given {
            input = input.reopened(&dialect)?;
        }
        let found = DialectSurvey {
            survey: survey(&mut input)?,
            dialect,
            findings,
        };
        Ok(Sounding { input, found })
    }

    fn again(mut self) -> Result<Sounding, Error> {
        self.input = self.input.reopened(&self.found.dialect)?;
        self.found.survey = survey(&mut self.input)?;
        Ok(self)
    }

    fn with_escapes(mut self) -> Result<Sounding, Error> {
        if !self.input.has_escapes() || self.found.dialect.escape.is_some() {
            return Ok(self);
        }
        self.found.dialect.escape = Some(b'\\');
        let said = std::mem::take(&mut self.found.survey.notices);
        self.found.findings.extend(said);
        self.again()
    }

    fn with_text_formulas(mut self) -> Result<Sounding, Error> {
        let example = self.found.survey.cells.text_formula();
        let Some(example) = example.filter(|_| !self.found.dialect.text_formulas) else {
            return Ok(self);
        };
        self.found.findings.push(format!(
            "{example} and the like are texts written as formulas: `text_formulas = true` under [source] reads \
             them without the marks"
        ));
        self.found.dialect.text_formulas = true;
        self.again()
    }

    fn with_header(mut self) -> Result<Sounding, Error> {
        if self.found.dialect.header.is_some() {
            return Ok(self);
        }
        let Some(missing) = missing_header(&self.found.survey.cells) else {
            return Ok(self);
        };
        self.found.findings.push(format!(
            "no header: {}; `header = […]` under [source] names the columns, else the first row is lost",
            missing.reason
        ));
        self.found.dialect.header = Some(missing.claim);
        self.again()
    }

    fn without_footers(mut self) -> Result<Sounding, Error> {
        if self.found.dialect.skip_last > 0 {
            return Ok(self);
        }
        let DialectSurvey {
            survey, findings, ..
        } = &mut self.found;
        let Some(records) = leave_out(survey, findings) else {
            return Ok(self);
        };
        self.found.dialect.skip_last = records;
        self.again()
    }
}

/// Reports which records at the ends of the files are not rows; returns how many a
/// mapping can leave out, if that is the same for all files.
fn leave_out(found: &Survey, findings: &mut Vec<String>) -> Option<usize> {
    let first = found.footers.first()?;
    let is_same = found.footers.len() == found.texts.len()
        && found
            .footers
            .iter()
            .all(|footer| footer.records == first.records);
    for footer in &found.footers {
        let name = found
            .texts
            .get(footer.file as usize)
            .map_or("", |facts| facts.name.as_str());
        let what = match footer.records {
            1 => "the last record is not a row".to_owned(),
            several => format!("the last {several} records are not rows"),
        };
        let them = if footer.records == 1 { "it" } else { "them" };
        let way = match is_same {
            true => format!(
                ": `skip_last = {}` under [source] leaves {them} out",
                footer.records
            ),
            false => format!(": take {them} away, or {them} may be refused"),
        };
        findings.push(format!(
            "{name}: {what} (\"{}\" in line {}){way}",
            footer.text, footer.line
        ));
    }
    is_same.then_some(first.records)
}
